package resilience_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/resilience"
)

var errBoom = errors.New("boom")

// enter makes a call that is admitted and ends with result.
func enter(t *testing.T, g resilience.Gate, result error) {
	t.Helper()
	done, err := g.Enter(t.Context())
	require.NoError(t, err)
	done(result)
}

// open returns a breaker that has just opened, under the defaults.
func open(t *testing.T, c resilience.BreakerConfig) *resilience.Breaker {
	t.Helper()
	b := resilience.NewBreaker(c)
	for range 3 {
		enter(t, b, errBoom)
	}
	require.Equal(t, resilience.Open, b.State())
	return b
}

func TestBreakerOpensAfterThreeConsecutiveFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := resilience.NewBreaker(resilience.BreakerConfig{Name: "gemini"})
		for _, result := range []error{errBoom, errBoom, nil, errBoom, errBoom} {
			enter(t, b, result)
			require.Equal(t, resilience.Closed, b.State(), "a success starts the count anew")
		}
		enter(t, b, errBoom)
		require.Equal(t, resilience.Open, b.State())

		time.Sleep(time.Minute)
		_, err := b.Enter(t.Context())
		require.ErrorIs(t, err, resilience.ErrOpen)
		var rejected *resilience.RejectedError
		require.ErrorAs(t, err, &rejected)
		require.Equal(t, "gemini", rejected.Gate)
		require.Equal(t, 2*time.Minute, rejected.After)
	})
}

func TestBreakerLetsOneProbeThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, resilience.BreakerConfig{})
		time.Sleep(3 * time.Minute)
		require.Equal(t, resilience.HalfOpen, b.State())
		done, err := b.Enter(t.Context())
		require.NoError(t, err, "the first caller after OpenFor is the probe")
		_, err = b.Enter(t.Context())
		require.ErrorIs(t, err, resilience.ErrOpen, "the second is not")
		done(nil)
		require.Equal(t, resilience.Closed, b.State())
		done(errBoom)
		enter(t, b, errBoom)
		enter(t, b, errBoom)
		require.Equal(t, resilience.Closed, b.State(), "a probe's second answer is ignored")
	})
}

func TestBreakerReopensOnAFailedProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, resilience.BreakerConfig{})
		time.Sleep(3 * time.Minute)
		enter(t, b, errBoom)
		require.Equal(t, resilience.Open, b.State())
		time.Sleep(3*time.Minute - 1)
		_, err := b.Enter(t.Context())
		require.ErrorIs(t, err, resilience.ErrOpen, "the time starts again")
		time.Sleep(time.Nanosecond)
		enter(t, b, nil)
		require.Equal(t, resilience.Closed, b.State())
	})
}

func TestBreakerIgnoresAnswersFromBeforeAChange(t *testing.T) {
	for name, late := range map[string]error{"success": nil, "failure": errBoom} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := resilience.NewBreaker(resilience.BreakerConfig{})
				slow, err := b.Enter(t.Context())
				require.NoError(t, err)
				for range 3 {
					enter(t, b, errBoom)
				}
				time.Sleep(3 * time.Minute)
				probe, err := b.Enter(t.Context())
				require.NoError(t, err)
				slow(late)
				require.Equal(t, resilience.HalfOpen, b.State())
				probe(nil)
				require.Equal(t, resilience.Closed, b.State())
			})
		})
	}
}

func TestBreakerGivesTheProbesPlaceBackOnCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, resilience.BreakerConfig{})
		time.Sleep(3 * time.Minute)
		enter(t, b, context.Canceled)
		require.Equal(t, resilience.HalfOpen, b.State(), "neither closed nor opened")
		enter(t, b, nil)
		require.Equal(t, resilience.Closed, b.State())
	})
}

func TestBreakerTakesTheProbesPlaceWhenItsLeaseRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, resilience.BreakerConfig{Lease: time.Minute})
		time.Sleep(3 * time.Minute)
		lost, err := b.Enter(t.Context())
		require.NoError(t, err)
		time.Sleep(time.Minute)
		next, err := b.Enter(t.Context())
		require.NoError(t, err, "the lease has run out")
		lost(nil)
		require.Equal(t, resilience.HalfOpen, b.State(), "the lost probe's answer does not count")
		next(errBoom)
		require.Equal(t, resilience.Open, b.State())
	})
}

func TestBreakerForgetsAnOldCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := resilience.NewBreaker(resilience.BreakerConfig{})
		enter(t, b, errBoom)
		enter(t, b, errBoom)
		time.Sleep(5*time.Minute + 1)
		enter(t, b, errBoom)
		enter(t, b, errBoom)
		require.Equal(t, resilience.Closed, b.State())
		enter(t, b, errBoom)
		require.Equal(t, resilience.Open, b.State())
	})
}

func TestBreakerCountsOnlyFailures(t *testing.T) {
	errBad := errors.New("bad request")
	b := resilience.NewBreaker(resilience.BreakerConfig{Failure: func(err error) bool { return !errors.Is(err, errBad) }})
	for range 10 {
		enter(t, b, errBad)
		enter(t, b, context.Canceled)
	}
	enter(t, b, errBoom)
	enter(t, b, errBoom)
	enter(t, b, context.Canceled)
	enter(t, b, errBoom)
	require.Equal(t, resilience.Open, b.State(), "a cancelled call is no answer: the failures stay consecutive")
}

func TestBreakerRefusesAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := resilience.NewBreaker(resilience.BreakerConfig{}).Enter(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestBreakerCallbacksMayCallBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b *resilience.Breaker
		var seen []resilience.State
		b = resilience.NewBreaker(resilience.BreakerConfig{
			Failure: func(error) bool { b.State(); return true },
			OnChange: func(_ string, _, to resilience.State) {
				require.Equal(t, to, b.State())
				if done, err := b.Enter(context.Background()); err == nil && to == resilience.Closed {
					done(nil)
				}
				seen = append(seen, to)
			},
		})
		for range 3 {
			enter(t, b, errBoom)
		}
		time.Sleep(3 * time.Minute)
		enter(t, b, nil)
		require.Equal(t, []resilience.State{resilience.Open, resilience.HalfOpen, resilience.Closed}, seen)
	})
}

func TestBreakerUnderConcurrentCallersCountsNothingTwice(t *testing.T) {
	b := resilience.NewBreaker(resilience.BreakerConfig{Failures: 1000})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 124 {
				enter(t, b, errBoom)
			}
		})
	}
	wg.Wait()
	require.Equal(t, resilience.Closed, b.State(), "992 failures are not 1000")
	for range 8 {
		enter(t, b, errBoom)
	}
	require.Equal(t, resilience.Open, b.State())
}

// reference is a breaker written for reading: one slot a call, no sharing.
type reference struct {
	state           resilience.State
	era, probe      int
	failures        int
	last            time.Time
	until, leaseEnd time.Time
}

type ticket struct{ era, probe int }

func (r *reference) enter(now time.Time) (ticket, bool) {
	switch {
	case r.state == resilience.Closed:
		return ticket{era: r.era}, true
	case r.state == resilience.Open && now.Before(r.until):
		return ticket{}, false
	case r.state == resilience.HalfOpen && r.probe != 0 && now.Before(r.leaseEnd):
		return ticket{}, false
	case r.state == resilience.Open:
		r.become(resilience.HalfOpen, now)
	}
	r.probe = 1 + rand.Int()>>1
	r.leaseEnd = now.Add(time.Minute)
	return ticket{r.era, r.probe}, true
}

func (r *reference) become(s resilience.State, now time.Time) {
	r.state, r.failures, r.probe, r.last = s, 0, 0, time.Time{}
	r.era++
	r.until = now.Add(3 * time.Minute)
}

func (r *reference) answer(k ticket, result error, now time.Time) {
	if k.era != r.era || k.probe != r.probe && r.state == resilience.HalfOpen {
		return
	}
	cancelled := errors.Is(result, context.Canceled)
	switch {
	case r.state == resilience.HalfOpen && cancelled:
		r.probe = 0
	case r.state == resilience.HalfOpen && result == nil:
		r.become(resilience.Closed, now)
	case r.state == resilience.HalfOpen:
		r.become(resilience.Open, now)
	case cancelled:
	case result == nil:
		r.failures = 0
	default:
		if now.Sub(r.last) > 5*time.Minute {
			r.failures = 0
		}
		r.last = now
		if r.failures++; r.failures == 3 {
			r.become(resilience.Open, now)
		}
	}
}

// FuzzBreaker plays random calls, answers (early, late, cancelled) and pauses
// against the breaker and the reference.
func FuzzBreaker(f *testing.F) {
	f.Add([]byte{0, 0, 0, 20, 20, 20, 40, 0, 21})
	f.Add([]byte("the quick brown fox jumps over the lazy dog"))
	f.Fuzz(func(t *testing.T, script []byte) {
		synctest.Test(t, func(t *testing.T) {
			b := resilience.NewBreaker(resilience.BreakerConfig{Lease: time.Minute})
			var r reference
			type call struct {
				done func(error)
				ticket
			}
			var calls []call
			results := []error{errBoom, errBoom, nil, context.Canceled}
			for _, op := range script {
				switch op % 4 {
				case 0:
					done, err := b.Enter(t.Context())
					k, ok := r.enter(time.Now())
					require.Equal(t, ok, err == nil)
					if ok {
						calls = append(calls, call{done, k})
					}
				case 1, 2:
					if len(calls) == 0 {
						continue
					}
					i := int(op/4) % len(calls)
					c := calls[i]
					calls = append(calls[:i], calls[i+1:]...)
					result := results[int(op/8)%4]
					c.done(result)
					r.answer(c.ticket, result, time.Now())
				case 3:
					time.Sleep(time.Duration(op/4) * 7 * time.Second)
				}
				want := r.state
				if want == resilience.Open && !time.Now().Before(r.until) {
					want = resilience.HalfOpen
				}
				require.Equal(t, want, b.State())
			}
		})
	})
}

func BenchmarkBreakerClosed(b *testing.B) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	breaker := resilience.NewBreaker(resilience.BreakerConfig{})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			done, err := breaker.Enter(ctx)
			if err != nil {
				b.Fatal(err)
			}
			done(nil)
		}
	})
}
