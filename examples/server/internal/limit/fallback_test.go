package limit_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit/redistest"
)

func TestTwoProcessesShareOneLimit(t *testing.T) {
	cache := redistest.New(t)
	a, b := openRedis(t, cache.URL()), openRedis(t, cache.URL())
	allowed := 0
	for range 10 {
		for _, s := range []limit.Store{a, b} {
			got, err := s.Take(t.Context(), "a", 10, time.Hour)
			require.NoError(t, err)
			if got.Allowed {
				allowed++
			}
		}
	}
	require.Equal(t, 10, allowed)
	require.NoError(t, a.Check(t.Context()))
}

func TestRedisURLs(t *testing.T) {
	for _, url := range []string{"", "localhost:6379", "http://localhost", "redis://user:secret@host:port/x", "redis://:secret@host:6379/x"} {
		_, err := limit.OpenRedis(url)
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "secret")
	}
}

// takeUntil takes until the fallback is in a state.
func takeUntil(t *testing.T, f *limit.Fallback, shared bool) {
	t.Helper()
	for f.State().Shared != shared {
		_, err := f.Take(t.Context(), "others", 1, time.Hour)
		require.NoError(t, err)
	}
}

func TestRedisIsKilledAndComesBack(t *testing.T) {
	cache := redistest.New(t)
	var log bytes.Buffer
	var states []limit.State
	f := limit.NewFallback(limit.FallbackConfig{
		Shared: openRedis(t, cache.URL()), Within: time.Second, Pause: 50 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(&log, nil)), OnState: func(s limit.State) { states = append(states, s) },
	})
	for range 3 {
		got, err := f.Take(t.Context(), "a", 4, time.Hour)
		require.NoError(t, err)
		require.True(t, got.Allowed)
	}
	require.Equal(t, limit.State{Shared: true}, f.State())

	require.NoError(t, cache.Kill())
	got, err := f.Take(t.Context(), "a", 4, time.Hour)
	require.NoError(t, err)
	require.True(t, got.Allowed, "requests go on")
	require.Zero(t, got.Left, "and what was taken before is not forgotten")
	got, err = f.Take(t.Context(), "a", 4, time.Hour)
	require.NoError(t, err)
	require.False(t, got.Allowed, "never open")
	takeUntil(t, f, false)
	require.Error(t, f.State().Err)
	require.False(t, f.State().Since.IsZero())

	require.NoError(t, cache.Resume())
	takeUntil(t, f, true)
	require.NoError(t, f.State().Err)
	require.Len(t, states, 2)
	require.False(t, states[0].Shared)
	require.True(t, states[1].Shared)
	require.Equal(t, 2, strings.Count(log.String(), "\n"), "one line for each: %s", &log)
}

// silent takes connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	return "redis://" + listener.Addr().String()
}

func TestASilentRedisHoldsNobody(t *testing.T) {
	f := limit.NewFallback(limit.FallbackConfig{Shared: openRedis(t, silent(t)), Within: 10 * time.Millisecond, Pause: time.Hour})
	allowed := 0
	for range 1000 {
		got, err := f.Take(t.Context(), "a", 7, time.Hour)
		require.NoError(t, err)
		if got.Allowed {
			allowed++
		}
	}
	require.Equal(t, 7, allowed)
	require.False(t, f.State().Shared)
	require.ErrorIs(t, f.State().Err, os.ErrDeadlineExceeded)
}

func TestACallerWhoLeavesBlamesNobody(t *testing.T) {
	f := limit.NewFallback(limit.FallbackConfig{Shared: openRedis(t, silent(t)), Within: time.Minute})
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		_, err := f.Take(ctx, "a", 7, time.Hour)
		require.NoError(t, err)
		cancel()
	}
	require.True(t, f.State().Shared)
}

// slow answers after a while, or when its caller gives up.
type slow struct {
	limit.Store
	mu    sync.Mutex
	calls int
	after time.Duration
}

func (s *slow) Take(ctx context.Context, key string, most int, window time.Duration) (limit.Result, error) {
	s.mu.Lock()
	s.calls++
	after := s.after
	s.mu.Unlock()
	select {
	case <-ctx.Done():
		return limit.Result{}, ctx.Err()
	case <-time.After(after):
		return s.Store.Take(ctx, key, most, window)
	}
}

func (s *slow) set(after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = after
}

func TestFallbackWaitsNoLongerThanItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &slow{Store: limit.NewMemory(limit.MemoryConfig{}), after: time.Minute}
		f := limit.NewFallback(limit.FallbackConfig{Shared: shared})
		took := func() time.Duration {
			began := time.Now()
			_, err := f.Take(t.Context(), "a", 1000, time.Hour)
			require.NoError(t, err)
			return time.Since(began)
		}
		for range 3 {
			require.Equal(t, 100*time.Millisecond, took())
		}
		for range 100 {
			require.Zero(t, took(), "then it is left alone")
		}
		require.Equal(t, 3, shared.calls)
		time.Sleep(5 * time.Second)
		require.Equal(t, 100*time.Millisecond, took(), "one caller asks again")
		require.Zero(t, took())
		require.False(t, f.State().Shared)

		shared.set(99 * time.Millisecond)
		time.Sleep(5 * time.Second)
		require.Equal(t, 99*time.Millisecond, took())
		require.True(t, f.State().Shared)
	})
}
