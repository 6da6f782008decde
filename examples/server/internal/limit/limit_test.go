package limit_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit/redistest"
	"github.com/learnsnap/learnsnap-go/storage/postgres/pgtest"
)

// server is for the tests that need Postgres.
var server *pgtest.Server

func TestMain(m *testing.M) {
	code := pgtest.Main(m, &server)
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func Example() {
	store := limit.NewMemory(limit.MemoryConfig{})
	policy := limit.Policy{Name: "create", Limit: 2, Window: time.Minute}
	for range 3 {
		result, err := policy.Take(context.Background(), store, "device:1")
		if err != nil {
			fmt.Println(err)
			return
		}
		h := http.Header{}
		result.WriteHeaders(h, policy.Name)
		fmt.Printf("%v %s %s %q\n", result.Allowed, h.Get("RateLimit-Policy"), h.Get("RateLimit"), h.Get("Retry-After"))
	}
	// Output:
	// true "create";q=2;w=60 "create";r=1;t=60 ""
	// true "create";q=2;w=60 "create";r=0;t=60 ""
	// false "create";q=2;w=60 "create";r=0;t=60 "60"
}

func openRedis(t testing.TB, url string) *limit.Redis {
	t.Helper()
	r, err := limit.OpenRedis(url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// each runs a test on every store.
func each(t *testing.T, test func(t *testing.T, s limit.Store)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, limit.NewMemory(limit.MemoryConfig{})) })
	t.Run("redis", func(t *testing.T) { test(t, openRedis(t, redistest.New(t).URL())) })
	t.Run("postgres", func(t *testing.T) {
		test(t, limit.NewShared(limit.SharedConfig{Limits: openPostgres(t, server.Database(t))}))
	})
	t.Run("fallback", func(t *testing.T) {
		test(t, limit.NewFallback(limit.FallbackConfig{Shared: openRedis(t, redistest.New(t).URL()), Within: time.Minute}))
	})
}

func TestAKeyHasItsLimit(t *testing.T) {
	each(t, func(t *testing.T, s limit.Store) {
		for n := range 3 {
			got, err := s.Take(t.Context(), "a", 3, time.Hour)
			require.NoError(t, err)
			require.True(t, got.Allowed)
			require.Equal(t, 2-n, got.Left)
			require.Equal(t, 3, got.Limit)
			require.Equal(t, time.Hour, got.Window)
			require.Positive(t, got.Reset)
			require.LessOrEqual(t, got.Reset, time.Hour)
		}
		for range 2 {
			got, err := s.Take(t.Context(), "a", 3, time.Hour)
			require.NoError(t, err)
			require.False(t, got.Allowed)
			require.Zero(t, got.Left)
		}
		got, err := s.Take(t.Context(), "b", 3, time.Hour)
		require.NoError(t, err)
		require.True(t, got.Allowed, "others have theirs")
		got, err = s.Take(t.Context(), "a", 2, time.Hour)
		require.NoError(t, err)
		require.False(t, got.Allowed, "a limit that was lowered")
		got, err = s.Take(t.Context(), "c", 0, time.Hour)
		require.NoError(t, err)
		require.False(t, got.Allowed)
	})
}

func TestManyAtOnceTakeNoMoreThanTheLimit(t *testing.T) {
	each(t, func(t *testing.T, s limit.Store) {
		var allowed atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				for range 4 {
					got, err := s.Take(t.Context(), "a", 60, time.Hour)
					if err == nil && got.Allowed {
						allowed.Add(1)
					}
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 60, allowed.Load())
	})
}

func TestAWindowEnds(t *testing.T) {
	each(t, func(t *testing.T, s limit.Store) {
		const window = 50 * time.Millisecond
		for {
			first, err := s.Take(t.Context(), "a", 1, window)
			require.NoError(t, err)
			require.True(t, first.Allowed)
			again, err := s.Take(t.Context(), "a", 1, window)
			require.NoError(t, err)
			if !again.Allowed {
				require.LessOrEqual(t, again.Reset, window)
				time.Sleep(again.Reset + 5*time.Millisecond)
				break
			} // a slow machine: the window was over before the second take
		}
		got, err := s.Take(t.Context(), "a", 1, window)
		require.NoError(t, err)
		require.True(t, got.Allowed)
	})
}

func TestMemoryWindowBeginsWithItsFirstTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limit.NewMemory(limit.MemoryConfig{})
		take := func() limit.Result {
			got, err := m.Take(t.Context(), "a", 2, time.Minute)
			require.NoError(t, err)
			return got
		}
		time.Sleep(37 * time.Second)
		require.Equal(t, limit.Result{Allowed: true, Limit: 2, Left: 1, Window: time.Minute, Reset: time.Minute}, take())
		time.Sleep(59 * time.Second)
		require.Equal(t, limit.Result{Allowed: true, Limit: 2, Window: time.Minute, Reset: time.Second}, take())
		require.Equal(t, limit.Result{Limit: 2, Window: time.Minute, Reset: time.Second}, take())
		time.Sleep(time.Second)
		require.Equal(t, limit.Result{Allowed: true, Limit: 2, Left: 1, Window: time.Minute, Reset: time.Minute}, take(), "what was refused counts for nothing")
	})
}

func TestAFloodOfKeysFreesNobodyWhoHasUsedTheirsUp(t *testing.T) {
	m := limit.NewMemory(limit.MemoryConfig{MaxKeys: 1600})
	for range 10 {
		_, err := m.Take(t.Context(), "greedy", 10, time.Hour)
		require.NoError(t, err)
	}
	for n := range 100_000 {
		_, err := m.Take(t.Context(), fmt.Sprint("flood ", n), 10, time.Hour)
		require.NoError(t, err)
	}
	got, err := m.Take(t.Context(), "greedy", 10, time.Hour)
	require.NoError(t, err)
	require.False(t, got.Allowed)
}

func TestPolicies(t *testing.T) {
	m := limit.NewMemory(limit.MemoryConfig{})
	off := limit.Policy{Name: "off", Limit: -1, Window: time.Minute}
	got, err := off.Take(t.Context(), m, "a")
	require.NoError(t, err)
	require.True(t, got.Allowed)
	h := http.Header{}
	got.WriteHeaders(h, off.Name)
	require.Empty(t, h, "what is not limited says nothing of limits")

	one := limit.Policy{Name: "one", Limit: 1, Window: time.Minute}
	other := limit.Policy{Name: "other", Limit: 1, Window: time.Minute}
	long := strings.Repeat("x", 1000)
	for _, p := range []limit.Policy{one, other} {
		for _, caller := range []string{"a", long, long + "y"} {
			got, err := p.Take(t.Context(), m, caller)
			require.NoError(t, err)
			require.True(t, got.Allowed, "each counts for itself")
			got, err = p.Take(t.Context(), m, caller)
			require.NoError(t, err)
			require.False(t, got.Allowed)
		}
	}
}

func TestDefaultsAreThoseOfTheDocuments(t *testing.T) {
	got := limit.Default()
	for _, c := range []struct {
		policy limit.Policy
		want   string
	}{
		{got.Create, "create 10 1m0s"}, {got.Submit, "submit 60 1m0s"}, {got.Device, "device 20 1h0m0s"}, {got.Checkout, "checkout 10 1h0m0s"},
		{got.Report, "report 10 1h0m0s"}, {got.Admin, "admin 60 1m0s"}, {got.Token, "token 20 1m0s"},
	} {
		require.Equal(t, c.want, fmt.Sprintf("%s %d %v", c.policy.Name, c.policy.Limit, c.policy.Window))
	}
}

func TestHeadersOfSeveralPolicies(t *testing.T) {
	h := http.Header{}
	limit.Result{Allowed: true, Limit: 10, Left: 4, Window: time.Minute, Reset: 1100 * time.Millisecond}.WriteHeaders(h, "owner")
	require.Empty(t, h.Get("Retry-After"))
	limit.Result{Limit: 20, Window: time.Hour, Reset: 59*time.Minute + time.Millisecond}.WriteHeaders(h, "address")
	limit.Result{Limit: 5, Window: time.Second, Reset: 0}.WriteHeaders(h, "burst")
	require.Equal(t, http.Header{
		"Ratelimit-Policy": {`"owner";q=10;w=60`, `"address";q=20;w=3600`, `"burst";q=5;w=1`},
		"Ratelimit":        {`"owner";r=4;t=2`, `"address";r=0;t=3541`, `"burst";r=0;t=1`},
		"Retry-After":      {"3541"},
	}, h, "the longest wait is the one that helps")
}

func BenchmarkMemory(b *testing.B) {
	m := limit.NewMemory(limit.MemoryConfig{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		keys := make([]string, 1024)
		for i := range keys {
			keys[i] = fmt.Sprint("create:device:", i)
		}
		for i := 0; pb.Next(); i++ {
			_, _ = m.Take(context.Background(), keys[i%len(keys)], 10, time.Minute) // it has no errors
		}
	})
}

func BenchmarkMemoryFlooded(b *testing.B) {
	m := limit.NewMemory(limit.MemoryConfig{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _ = m.Take(context.Background(), fmt.Sprint("create:device:", i), 10, time.Hour) // it has no errors
	}
}

func BenchmarkRedis(b *testing.B) {
	r := openRedis(b, redistest.New(b).URL())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Take(b.Context(), "create:device:1", 1<<40, time.Hour); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHeaders(b *testing.B) {
	r := limit.Result{Allowed: true, Limit: 10, Left: 4, Window: time.Minute, Reset: time.Second}
	b.ReportAllocs()
	for b.Loop() {
		r.WriteHeaders(http.Header{}, "create")
	}
}
