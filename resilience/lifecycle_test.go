package resilience_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// A journal notes who has stopped.
type journal struct {
	mu    sync.Mutex
	names []string
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.names
}

// until blocks until its context ends and then notes its name.
func until(name string, j *journal) func(context.Context) error {
	return func(ctx context.Context) error {
		<-ctx.Done()
		j.mu.Lock()
		defer j.mu.Unlock()
		j.names = append(j.names, name)
		return nil
	}
}

func TestLifecycleStopsInTheReverseOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		var out bytes.Buffer
		l := resilience.NewLifecycle(resilience.LifecycleConfig{Drain: 5 * time.Second, Log: slog.New(slog.NewTextHandler(&out, nil))})
		for _, name := range []string{"store", "service", "http"} {
			l.Add(name, until(name, &log))
		}
		require.False(t, l.Ready())
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- l.Run(ctx) }()
		synctest.Wait()
		require.True(t, l.Ready())
		stop()
		synctest.Wait()
		require.False(t, l.Ready(), "readiness goes first")
		require.Empty(t, log.all(), "and members go on while a load balancer notices")
		began := time.Now()
		require.NoError(t, <-ended)
		require.Equal(t, 5*time.Second, time.Since(began))
		require.Equal(t, []string{"http", "service", "store"}, log.all())
		require.Contains(t, out.String(), "msg=stopped member=http")
	})
}

func TestLifecycleEndsWhenAMemberDoes(t *testing.T) {
	for name, c := range map[string]struct {
		run  func(context.Context) error
		want string
	}{
		"with an error":    {func(context.Context) error { return errBoom }, "worker: ended early: boom"},
		"without an error": {func(context.Context) error { return nil }, "worker: ended early"},
		"in a panic":       {func(context.Context) error { panic("lost") }, "worker: ended early: panic: lost"},
	} {
		t.Run(name, func(t *testing.T) {
			var log journal
			l := resilience.NewLifecycle(resilience.LifecycleConfig{Drain: time.Hour})
			l.Add("store", until("store", &log))
			l.Add("worker", c.run)
			err := l.Run(t.Context())
			require.ErrorIs(t, err, resilience.ErrEnded)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, []string{"store"}, log.all(), "the others are stopped in good order, without a drain")
		})
	}
}

func TestLifecycleNamesWhoDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log journal
		release := make(chan struct{})
		l := resilience.NewLifecycle(resilience.LifecycleConfig{})
		l.Add("store", until("store", &log))
		l.Add("stuck", func(context.Context) error { <-release; return nil })
		l.Add("http", until("http", &log))
		ctx, stop := context.WithCancel(t.Context())
		stop()
		began := time.Now()
		ended := make(chan error)
		go func() { ended <- l.Run(ctx) }()
		time.Sleep(27*time.Second + 1)
		synctest.Wait()
		require.Equal(t, []string{"http", "store"}, log.all(), "the rest has a tenth of the time left, whoever is stuck")
		require.EqualError(t, <-ended, "stuck has not stopped within 30s")
		require.Equal(t, 30*time.Second, time.Since(began))
		close(release)
		synctest.Wait()
	})
}

func TestLifecycleWithoutABoundWaitsForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := resilience.NewLifecycle(resilience.LifecycleConfig{StopWithin: -1})
		l.Add("slow", func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(time.Hour)
			return ctx.Err()
		})
		ctx, stop := context.WithCancel(t.Context())
		stop()
		require.NoError(t, l.Run(ctx), "the context's own error is none")
	})
}

func TestLifecycleJoinsTheErrorsOfAll(t *testing.T) {
	l := resilience.NewLifecycle(resilience.LifecycleConfig{})
	errClose := errors.New("disk full")
	for _, name := range []string{"store", "cache"} {
		l.Add(name, func(ctx context.Context) error { <-ctx.Done(); return errClose })
	}
	l.Add("worker", func(context.Context) error { return errBoom })
	err := l.Run(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.EqualError(t, err, "worker: ended early: boom\nstop cache: disk full\nstop store: disk full", "each by its name")
}

func TestLifecycleNoticesWhoEndsBeforeItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := resilience.NewLifecycle(resilience.LifecycleConfig{Log: slog.New(slog.NewTextHandler(&out, nil)), Drain: time.Minute, StopWithin: time.Hour})
		ctx, stop := context.WithCancel(t.Context())
		l.Add("store", func(context.Context) error { time.Sleep(2 * time.Second); return nil })
		l.Add("http", func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(5 * time.Second)
			return nil
		})
		l.Add("worker", func(context.Context) error { time.Sleep(time.Second); return nil })
		stop()
		began := time.Now()
		err := l.Run(ctx)
		require.EqualError(t, err, "worker: ended early\nstore: ended early")
		require.Equal(t, 6*time.Second, time.Since(began), "a failure ends the drain")
		for _, step := range []string{"msg=started member=store", "msg=ready", "msg=stopping", "msg=drained took=1s", "msg=\"ended early\" member=store", "msg=stopped member=http took=5s", "msg=ended took=6s clean=false"} {
			require.Contains(t, out.String(), step)
		}
	})
}

func TestLifecycleSurvivesAMemberWhoseGoroutineExits(t *testing.T) {
	l := resilience.NewLifecycle(resilience.LifecycleConfig{})
	l.Add("worker", func(context.Context) error { runtime.Goexit(); return nil })
	require.EqualError(t, l.Run(t.Context()), "worker: ended early: its goroutine exited")
}

func TestLifecycleMembersSeeTheCallersValuesButNotItsEnd(t *testing.T) {
	type key struct{}
	l := resilience.NewLifecycle(resilience.LifecycleConfig{})
	var value any
	l.Add("first", func(ctx context.Context) error { <-ctx.Done(); return nil })
	l.Add("second", func(ctx context.Context) error { value = ctx.Value(key{}); <-ctx.Done(); return ctx.Err() })
	ctx, stop := context.WithCancel(context.WithValue(t.Context(), key{}, "id"))
	stop()
	require.NoError(t, l.Run(ctx))
	require.Equal(t, "id", value)
}

func TestLifecycleStopsWhenItIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		cause error
		want  string
	}{
		"with a cause": {resilience.ErrMemory, "memory near its limit"},
		"without one":  {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log journal
				var out bytes.Buffer
				l := resilience.NewLifecycle(resilience.LifecycleConfig{Drain: 5 * time.Second, Log: slog.New(slog.NewTextHandler(&out, nil))})
				l.Add("http", until("http", &log))
				ended := make(chan error)
				go func() { ended <- l.Run(t.Context()) }()
				time.Sleep(time.Minute)
				l.Stop(c.cause)
				l.Stop(errBoom) // the first counts
				synctest.Wait()
				require.False(t, l.Ready())
				began := time.Now()
				if err := <-ended; c.want == "" {
					require.NoError(t, err)
				} else {
					require.EqualError(t, err, c.want)
					require.ErrorIs(t, err, c.cause)
				}
				require.Equal(t, 5*time.Second, time.Since(began), "with a drain: all is well but for the cause")
				require.Contains(t, out.String(), "served=1m0s")
			})
		})
	}
}

func TestLifecycleMayBeAskedBeforeItRuns(t *testing.T) {
	l := resilience.NewLifecycle(resilience.LifecycleConfig{})
	l.Add("worker", func(ctx context.Context) error { <-ctx.Done(); return nil })
	l.Stop(errBoom)
	require.ErrorIs(t, l.Run(t.Context()), errBoom)
}

func ExampleLifecycle() {
	l := resilience.NewLifecycle(resilience.LifecycleConfig{})
	l.Add("worker", func(ctx context.Context) error {
		<-ctx.Done()
		fmt.Println("worker: bye")
		return nil
	})
	ctx, stop := context.WithTimeout(context.Background(), time.Millisecond) // in a program: signal.NotifyContext
	defer stop()
	fmt.Println(l.Run(ctx))
	// Output:
	// worker: bye
	// <nil>
}
