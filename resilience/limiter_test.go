package resilience_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/resilience"
)

func TestLimiterQueuesInTheOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := resilience.NewLimiter(resilience.LimiterConfig{Start: 1, Max: 1})
		done, err := l.Enter(t.Context())
		require.NoError(t, err)
		admitted := make(chan int, 3)
		for i := range 3 {
			go func() {
				done, err := l.Enter(t.Context())
				if err == nil {
					admitted <- i
					done(nil)
				}
			}()
			synctest.Wait() // so that they arrive in this order
		}
		calls, waiting := l.Inflight()
		require.Equal(t, []int{1, 3}, []int{calls, waiting})
		done(nil)
		require.Equal(t, []int{0, 1, 2}, []int{<-admitted, <-admitted, <-admitted})
	})
}

func TestLimiterRefusesAtOnceWhenItsQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := resilience.NewLimiter(resilience.LimiterConfig{Name: "openai", Start: 1, Max: 1, Queue: 1})
		warm, err := l.Enter(t.Context())
		require.NoError(t, err)
		time.Sleep(8 * time.Second)
		warm(nil)

		held, err := l.Enter(t.Context())
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { _, err := l.Enter(ctx); left <- err }()
		synctest.Wait()

		_, err = l.Enter(t.Context())
		require.ErrorIs(t, err, resilience.ErrFull)
		after, known := resilience.RetryAfter(err)
		require.True(t, known)
		require.Equal(t, 16*time.Second, after, "two calls of eight seconds are before it")

		cancel()
		require.ErrorIs(t, <-left, context.Canceled)
		_, waiting := l.Inflight()
		require.Zero(t, waiting, "who gives up leaves the queue")
		held(nil)
		enter(t, l, nil)
	})
}

func TestLimiterWithoutAQueueNeverWaits(t *testing.T) {
	l := resilience.NewLimiter(resilience.LimiterConfig{Start: 2, Queue: -1})
	for range 2 {
		_, err := l.Enter(t.Context())
		require.NoError(t, err)
	}
	_, err := l.Enter(t.Context())
	require.ErrorIs(t, err, resilience.ErrFull)
}

func TestLimiterFallsToWhatTheCalleeTook(t *testing.T) {
	var changes [][2]int
	l := resilience.NewLimiter(resilience.LimiterConfig{
		Start:    5,
		OnChange: func(_ string, from, to int) { changes = append(changes, [2]int{from, to}) },
	})
	var dones []func(error)
	for range 5 {
		done, err := l.Enter(t.Context())
		require.NoError(t, err)
		dones = append(dones, done)
	}
	dones[4](tooMany{time.Second})
	dones[3](tooMany{time.Second})
	require.Equal(t, 3, l.Limit())
	dones[0](context.Canceled)
	dones[1](errBoom)
	dones[2](nil)
	require.Equal(t, [][2]int{{5, 4}, {4, 3}}, changes, "neither a cancelled call nor another error says anything about the limit")
}

func TestLimiterKeepsItsBounds(t *testing.T) {
	l := resilience.NewLimiter(resilience.LimiterConfig{Start: 2, Min: 2, Max: 3})
	for range 5 {
		var dones []func(error)
		for range l.Limit() {
			done, err := l.Enter(t.Context())
			require.NoError(t, err)
			dones = append(dones, done)
		}
		for _, done := range dones {
			done(nil)
		}
		require.LessOrEqual(t, l.Limit(), 3)
	}
	require.Equal(t, 3, l.Limit())
	for range 5 {
		enter(t, l, tooMany{time.Second})
	}
	require.Equal(t, 2, l.Limit())
}

func TestLimiterRefusesAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := resilience.NewLimiter(resilience.LimiterConfig{}).Enter(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func BenchmarkLimiter(b *testing.B) {
	l := resilience.NewLimiter(resilience.LimiterConfig{})
	b.ReportAllocs()
	for b.Loop() {
		done, err := l.Enter(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		done(nil)
	}
}
