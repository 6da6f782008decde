//go:build unix

package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/postgres/pgtest"
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
)

// durable is a server that keeps every answered write, whatever happens to the
// machine: the default of Postgres.
func durable(b *testing.B) *pgtest.Server { return pgtest.New(b) }

// BenchmarkFloorDeduct is what the next one is measured against: a transaction of
// four statements for each caller.
func BenchmarkFloorDeduct(b *testing.B) {
	u := durable(b).Database(b)
	pool, err := pgxpool.New(b.Context(), u+"?pool_max_conns=20")
	require.NoError(b, err)
	defer pool.Close()
	_, err = pool.Exec(b.Context(), `CREATE TABLE b (owner text PRIMARY KEY, pages bigint CHECK (pages >= 0));
		CREATE TABLE e (id bigserial PRIMARY KEY, owner text, pages int, cause text, UNIQUE (owner, cause)); INSERT INTO b VALUES ('amal', 1000000000)`)
	require.NoError(b, err)
	share(b, 200, func(caller, n int) error {
		return pgx.BeginFunc(b.Context(), pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(b.Context(), `UPDATE b SET pages = pages - 1 WHERE owner = 'amal'`); err != nil {
				return err
			}
			_, err := tx.Exec(b.Context(), `INSERT INTO e (owner, pages, cause) VALUES ('amal', -1, $1)`, fmt.Sprintf("%d-%d", caller, n))
			return err
		})
	})
}

// BenchmarkDeduct takes pages of one balance.
func BenchmarkDeduct(b *testing.B) {
	for _, callers := range []int{1, 200} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			store := open(b, durable(b).Database(b))
			_, err := store.Grant(b.Context(), "amal", "welcome", 1_000_000_000)
			require.NoError(b, err)
			share(b, callers, func(caller, n int) error {
				_, err := store.Adjust(b.Context(), "amal", fmt.Sprintf("%d-%d", caller, n), -1)
				return err
			})
		})
	}
}

// BenchmarkCreateSession takes pages of one balance: the hold, the session and its
// job in one step.
func BenchmarkCreateSession(b *testing.B) {
	for _, callers := range []int{1, 32, 200} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			store := open(b, durable(b).Database(b))
			_, err := store.Grant(b.Context(), "amal", "welcome", 1_000_000_000)
			require.NoError(b, err)
			share(b, callers, func(caller, n int) error {
				s := storage.Session{ID: fmt.Sprintf("s%d-%d", caller, n), Owner: "amal", Pages: 2, Request: []byte(`{}`)}
				return store.CreateSession(b.Context(), s, true)
			})
		})
	}
}

// BenchmarkAppendItem appends durable items of 600 bytes, each caller to a session
// of its own.
func BenchmarkAppendItem(b *testing.B) {
	for _, callers := range []int{1, 16, 200} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			store := open(b, durable(b).Database(b))
			claims := make([]int64, callers)
			for i := range callers {
				id := fmt.Sprint("s", i)
				require.NoError(b, store.CreateSession(b.Context(), storage.Session{ID: id, Owner: "amal"}, false))
				s, err := store.ClaimSession(b.Context(), id)
				require.NoError(b, err)
				claims[i] = s.Claim
			}
			body := []byte(`{"question":"` + strings.Repeat("سؤال ", 60) + `"}`)
			var mu sync.Mutex
			var took []time.Duration
			share(b, callers, func(caller, n int) error {
				began := time.Now()
				err := store.AppendItem(b.Context(), fmt.Sprint("s", caller), claims[caller], storage.Item{Seq: n, Kind: "question", JSON: body})
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
				return err
			})
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// BenchmarkTakeOver is the time from the death of a worker's link to the start of
// its job elsewhere.
func BenchmarkTakeOver(b *testing.B) {
	u := durable(b).Database(b)
	store := open(b, u)
	var took []time.Duration
	for b.Loop() {
		id := fmt.Sprint("s", len(took))
		began, again := make(chan struct{}, 1), make(chan time.Time, 1)
		cmd := childOf(b, u)
		cmd.Env = append(cmd.Env, childHolds+"=1")
		require.NoError(b, cmd.Start())
		require.NoError(b, store.CreateSession(b.Context(), storage.Session{ID: id, Owner: "amal"}, false))
		for {
			d, err := store.Depth(b.Context())
			require.NoError(b, err)
			if d.Running == 1 {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan error, 1)
		go func() {
			close(began)
			ended <- store.Work(ctx, storage.WorkConfig{}, func(context.Context, storage.Job) error {
				again <- time.Now()
				return nil
			})
		}()
		<-began
		time.Sleep(time.Second + rand.N(time.Second)) // both live, and the death comes at any moment between two looks
		killed := time.Now()
		require.NoError(b, cmd.Process.Kill())
		took = append(took, (<-again).Sub(killed))
		_ = cmd.Wait()
		cancel()
		require.NoError(b, <-ended)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "max-ms")
}

// BenchmarkOverload is a thousand callers on twenty connections whose queries take a
// tenth of a second.
func BenchmarkOverload(b *testing.B) {
	u := durable(b).Database(b)
	store, err := postgres.Open(b.Context(), postgres.Config{URL: u + "?options=-c%20statement_timeout%3D30s"})
	require.NoError(b, err)
	defer func() { require.NoError(b, store.Close()) }()
	require.NoError(b, store.CreateSession(b.Context(), storage.Session{ID: "a", Owner: "amal"}, false))
	exec1(b, u, `ALTER TABLE sessions RENAME TO fast; CREATE VIEW sessions AS SELECT fast.* FROM fast, LATERAL (SELECT pg_sleep(0.1)) AS slow`)
	var longest atomic.Int64
	var served, refused atomic.Int64
	for b.Loop() {
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				began := time.Now()
				_, err := store.Session(b.Context(), "a")
				if took := time.Since(began); int64(took) > longest.Load() {
					longest.Store(int64(took))
				}
				if retryAfter(err) > 0 {
					refused.Add(1)
				} else if err == nil {
					served.Add(1)
				} else {
					b.Error(err)
				}
			})
		}
		all.Wait()
	}
	b.ReportMetric(float64(longest.Load())/1e6, "longest-ms")
	b.ReportMetric(float64(served.Load())/float64(b.N), "served")
	b.ReportMetric(float64(refused.Load())/float64(b.N), "refused")
}

// share runs do b.N times over callers at the same time; n counts each caller's
// calls from 1.
func share(b *testing.B, callers int, do func(caller, n int) error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ResetTimer()
	for caller := range callers {
		all.Go(func() {
			for n := 1; left.Add(-1) >= 0; n++ {
				if err := do(caller, n); err != nil && !errors.Is(err, context.Canceled) {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkTake takes of a limit, each caller of its own.
func BenchmarkTake(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			store := open(b, durable(b).Database(b))
			share(b, callers, func(caller, _ int) error {
				_, err := store.Take(b.Context(), fmt.Sprint("k", caller), 1, 1<<30, time.Hour)
				return err
			})
		})
	}
}

// BenchmarkReadSLOCounts reads 30 days of six objectives, as two replicas have counted
// them.
func BenchmarkReadSLOCounts(b *testing.B) {
	store := open(b, durable(b).Database(b))
	storagetest.BenchmarkReadSLOCounts(b, store)
}

// BenchmarkWebhookFlood has 10,000 copies of one webhook come at the same time: each is
// kept or found, pays or finds paid, and is marked.
func BenchmarkWebhookFlood(b *testing.B) {
	s := durable(b)
	for b.Loop() {
		b.StopTimer()
		store := open(b, s.Database(b))
		b.StartTimer()
		require.NoError(b, storagetest.FloodWebhook(b.Context(), store, 10_000))
		b.ReportMetric(float64(store.Stats().Refused), "turned-away")
	}
}
