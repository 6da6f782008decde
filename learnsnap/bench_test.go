package learnsnap_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// BenchmarkWatchers opens a watcher on each of many sessions and reports what one
// costs: memory, stack included, and the time of a look at all of them.
func BenchmarkWatchers(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkWatchers(b, n) })
	}
}

func benchmarkWatchers(b *testing.B, n int) {
	store, err := sqlite.Open(b.Context(), sqlite.Config{Dir: b.TempDir()})
	require.NoError(b, err)
	defer store.Close()
	timed := &timedStore{Store: store}
	engine, err := learnsnap.New(learnsnap.Config{Model: goodModel()})
	require.NoError(b, err)
	service, err := learnsnap.NewService(learnsnap.ServiceConfig{Engine: engine, Store: timed})
	require.NoError(b, err)
	var creators sync.WaitGroup
	for c := range 50 { // at a time, for they commit together
		creators.Go(func() {
			for i := c; i < n; i += 50 {
				err := store.CreateSession(context.Background(), storage.Session{
					ID: fmt.Sprint("session", i), Owner: "owner", Request: []byte(`{"pages":[{}],"questions":20}`),
				}, false)
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	creators.Wait()

	for b.Loop() {
		before := memory()
		ctx, cancel := context.WithCancel(b.Context())
		var started, watchers sync.WaitGroup
		for i := range n {
			started.Add(1)
			watchers.Go(func() {
				for e := range service.Watch(ctx, "owner", fmt.Sprint("session", i), 0) {
					if e.Kind == learnsnap.ProgressEvent {
						started.Done()
					}
				}
			})
		}
		started.Wait()
		timed.reset()
		for timed.count() < 8 {
			time.Sleep(100 * time.Millisecond)
		}
		b.ReportMetric(float64(memory()-before)/float64(n), "B/watcher")
		b.ReportMetric(float64(timed.mean().Microseconds()), "µs/look")
		cancel()
		watchers.Wait()
	}
}

// memory returns the bytes of heap and stacks that are in use.
func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// A timedStore measures looks.
type timedStore struct {
	storage.Store
	mu    sync.Mutex
	looks int
	took  time.Duration
}

func (s *timedStore) Progress(ctx context.Context, ids []string) ([]storage.Progress, error) {
	start := time.Now()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.looks++
		s.took += time.Since(start)
	}()
	return s.Store.Progress(ctx, ids)
}

func (s *timedStore) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks, s.took = 0, 0
}

func (s *timedStore) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks
}

func (s *timedStore) mean() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.took / time.Duration(s.looks)
}
