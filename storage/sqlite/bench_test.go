//go:build unix

package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
)

// BenchmarkFloorSync is what the others are measured against: one write of 4 KiB
// and its fsync, which every answered write has to wait for.
func BenchmarkFloorSync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	require.NoError(b, err)
	defer f.Close()
	page := make([]byte, 4096)
	for b.Loop() {
		_, err := f.Write(page)
		require.NoError(b, err)
		require.NoError(b, f.Sync())
	}
}

// BenchmarkAppendItem appends durable items of 600 bytes, each caller to a session
// of its own.
func BenchmarkAppendItem(b *testing.B) {
	for _, callers := range []int{1, 16, 200} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) { appendItems(b, open(b, b.TempDir()), callers) })
	}
}

// BenchmarkAppendItemUnderReaders does the same while two readers per core ask
// without pause.
func BenchmarkAppendItemUnderReaders(b *testing.B) {
	for _, callers := range []int{1, 16, 200} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			store := open(b, b.TempDir())
			reads, stop := readers(b, store)
			defer stop()
			before := reads.Load()
			appendItems(b, store, callers)
			b.ReportMetric(float64(reads.Load()-before)/b.Elapsed().Seconds(), "reads/s")
		})
	}
}

func appendItems(b *testing.B, store *sqlite.Store, callers int) {
	claims := make([]int64, callers)
	for i := range callers {
		id := fmt.Sprint("s", i)
		require.NoError(b, store.CreateSession(b.Context(), storage.Session{ID: id, Owner: "amal"}, false))
		s, err := store.ClaimSession(b.Context(), id)
		require.NoError(b, err)
		claims[i] = s.Claim
	}
	body := []byte(`{"question":"` + strings.Repeat("سؤال ", 60) + `"}`)
	share(b, callers, func(caller, n int) error {
		return store.AppendItem(b.Context(), fmt.Sprint("s", caller), claims[caller], storage.Item{Seq: n, Kind: "question", JSON: body})
	})
}

// readers reads the items of a session until the returned function is called.
func readers(b *testing.B, store *sqlite.Store) (reads *atomic.Int64, stop func()) {
	require.NoError(b, store.CreateSession(b.Context(), storage.Session{ID: "read", Owner: "amal"}, false))
	s, err := store.ClaimSession(b.Context(), "read")
	require.NoError(b, err)
	for seq := 1; seq <= 25; seq++ {
		require.NoError(b, store.AppendItem(b.Context(), "read", s.Claim, storage.Item{Seq: seq, Kind: "question", JSON: make([]byte, 600)}))
	}
	ctx, cancel := context.WithCancel(b.Context())
	var all sync.WaitGroup
	reads = new(atomic.Int64)
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := store.Items(ctx, "read", 0); err == nil {
					reads.Add(1)
				}
			}
		})
	}
	return reads, func() { cancel(); all.Wait() }
}

// BenchmarkGrant adds entries to one balance.
func BenchmarkGrant(b *testing.B) {
	for _, callers := range []int{1, 200} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			store := open(b, b.TempDir())
			share(b, callers, func(caller, n int) error {
				_, err := store.Grant(b.Context(), "amal", fmt.Sprintf("%d-%d", caller, n), 1)
				return err
			})
		})
	}
}

// BenchmarkCreateSession takes pages of one balance: the hold, the session and its
// job in one step.
func BenchmarkCreateSession(b *testing.B) {
	for _, callers := range []int{1, 200} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			store := open(b, b.TempDir())
			_, err := store.Grant(b.Context(), "amal", "welcome", 1<<40)
			require.NoError(b, err)
			share(b, callers, func(caller, n int) error {
				s := storage.Session{ID: fmt.Sprintf("s%d-%d", caller, n), Owner: "amal", Pages: 2, Request: []byte(`{}`)}
				return store.CreateSession(b.Context(), s, true)
			})
		})
	}
}

// BenchmarkInsertToStart is the time from the call of CreateSession to the start
// of its handler, in bursts of four every 30 ms.
func BenchmarkInsertToStart(b *testing.B) {
	store := open(b, b.TempDir())
	var created sync.Map
	ctx, cancel := context.WithCancel(b.Context())
	started := make(chan time.Duration, 1000)
	ended := make(chan error, 1)
	go func() {
		ended <- store.Work(ctx, storage.WorkConfig{Workers: 8}, func(_ context.Context, j storage.Job) error {
			at, _ := created.Load(j.Session)
			started <- time.Since(at.(time.Time))
			return nil
		})
	}()
	create := func(id string) {
		created.Store(id, time.Now())
		require.NoError(b, store.CreateSession(b.Context(), storage.Session{ID: id, Owner: "amal"}, false))
	}
	create("first") // the worker is up when it has started this one
	<-started
	var took []time.Duration
	n := 0
	for b.Loop() {
		for range 4 {
			n++
			create(fmt.Sprint("s", n))
		}
		for range 4 {
			took = append(took, <-started)
		}
		time.Sleep(30 * time.Millisecond)
	}
	cancel()
	require.NoError(b, <-ended)
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "max-ms")
}

// BenchmarkIdleWorker is what a worker with nothing to do costs in a second.
func BenchmarkIdleWorker(b *testing.B) {
	store := open(b, b.TempDir())
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- store.Work(ctx, storage.WorkConfig{}, nil) }()
	before := cpu(b)
	for b.Loop() {
		time.Sleep(time.Second)
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/s")
	cancel()
	require.NoError(b, <-ended)
}

// BenchmarkPutBlob stores pages of 4 MiB.
func BenchmarkPutBlob(b *testing.B) {
	store := open(b, b.TempDir())
	page := strings.Repeat("0123456789abcdef", 4<<20/16)
	b.SetBytes(int64(len(page)))
	n := 0
	for b.Loop() {
		n++
		_, err := store.PutBlob(b.Context(), "s", strings.NewReader(page[:len(page)-n]))
		require.NoError(b, err)
	}
}

// BenchmarkOpen opens a store that is up to date.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		store, err := sqlite.Open(b.Context(), sqlite.Config{Dir: dir})
		require.NoError(b, err)
		require.NoError(b, store.Close())
	}
}

// share runs do b.N times over callers at the same time; n counts each caller's
// calls from 1.
func share(b *testing.B, callers int, do func(caller, n int) error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ResetTimer()
	before := cpu(b)
	for caller := range callers {
		all.Go(func() {
			for n := 1; left.Add(-1) >= 0; n++ {
				if err := do(caller, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
}

// cpu is the time that this process has kept a core busy: the part of a figure
// that does not depend on who else uses the machine.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkReadSLOCounts reads 30 days of six objectives, as two replicas have counted
// them.
func BenchmarkReadSLOCounts(b *testing.B) {
	storagetest.BenchmarkReadSLOCounts(b, open(b, b.TempDir()))
}

// BenchmarkWebhookFlood has 10,000 copies of one webhook come at the same time: each is
// kept or found, pays or finds paid, and is marked.
func BenchmarkWebhookFlood(b *testing.B) {
	for b.Loop() {
		store := open(b, b.TempDir())
		require.NoError(b, storagetest.FloodWebhook(b.Context(), store, 10_000))
		b.ReportMetric(float64(store.Stats().Refused), "turned-away")
	}
}
