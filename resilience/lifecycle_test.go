package resilience_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
		ctx, stop := context.WithCancel(t.Context())
		stop()
		began := time.Now()
		err := l.Run(ctx)
		require.ErrorContains(t, err, "stuck has not stopped within 30s")
		require.Equal(t, 30*time.Second, time.Since(began))
		close(release)
		synctest.Wait()
	})
}

func TestLifecycleJoinsTheErrorsOfAll(t *testing.T) {
	l := resilience.NewLifecycle(resilience.LifecycleConfig{})
	errClose := errors.New("disk full")
	l.Add("store", func(ctx context.Context) error { <-ctx.Done(); return errClose })
	l.Add("worker", func(context.Context) error { return errBoom })
	err := l.Run(t.Context())
	require.ErrorIs(t, err, errBoom)
	require.ErrorIs(t, err, errClose)
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
