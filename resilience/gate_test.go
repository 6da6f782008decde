package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// noted is a gate that writes down who came and how it went.
type noted struct {
	name string
	log  *[]string
	full bool
}

func (n noted) Enter(context.Context) (func(error), error) {
	if n.full {
		return nil, &resilience.RejectedError{Gate: n.name, Err: resilience.ErrFull}
	}
	*n.log = append(*n.log, "in "+n.name)
	return func(err error) { *n.log = append(*n.log, fmt.Sprintf("out %s %v", n.name, err)) }, nil
}

func (n noted) Learn(s resilience.Signal) {
	*n.log = append(*n.log, fmt.Sprintf("learn %s %d", n.name, s.Spent))
}

func TestGatesAreEnteredInOrderAndLeftInReverse(t *testing.T) {
	var log []string
	gates := []resilience.Gate{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		gates = append(gates, noted{name: name, log: &log})
	}
	enter(t, resilience.Gates(gates...), errBoom)
	require.Equal(t, []string{
		"in a", "in b", "in c", "in d", "in e", "in f",
		"out f boom", "out e boom", "out d boom", "out c boom", "out b boom", "out a boom",
	}, log)

	log = nil
	resilience.Gates(gates...).(resilience.Learner).Learn(resilience.Signal{Spent: 7})
	require.Len(t, log, 6, "all of them learn")

	require.Equal(t, gates[0], resilience.Gates(gates[0]), "one gate is that gate")
	enter(t, resilience.Gates(), nil)
}

func TestGatesGiveTheirPlacesBackWhenOneRefuses(t *testing.T) {
	var log []string
	g := resilience.Gates(noted{name: "a", log: &log}, noted{name: "b", log: &log}, noted{name: "c", full: true}, noted{name: "d", log: &log})
	_, err := g.Enter(t.Context())
	require.ErrorIs(t, err, resilience.ErrFull)
	require.Equal(t, []string{"in a", "in b", "out b context canceled", "out a context canceled"}, log)
}

func TestDoTellsTheGateOfPanics(t *testing.T) {
	var log []string
	g := noted{name: "a", log: &log}
	_, err := resilience.Do(t.Context(), g, func(context.Context) (int, error) { return 0, errBoom })
	require.ErrorIs(t, err, errBoom)
	require.PanicsWithValue(t, "lost", func() {
		_, _ = resilience.Do(t.Context(), g, func(context.Context) (int, error) { panic("lost") })
	})
	require.Equal(t, []string{"in a", "out a boom", "in a", "out a the call panicked"}, log)

	_, err = resilience.Do(t.Context(), noted{full: true}, func(context.Context) (int, error) { panic("not called") })
	require.ErrorIs(t, err, resilience.ErrFull)
}

type silentError struct{}

func (silentError) Error() string             { return "silent" }
func (silentError) RetryAfter() time.Duration { return 0 }

func TestRetryAfterAsksTheWholeTree(t *testing.T) {
	known := &resilience.RejectedError{Gate: "b", After: time.Minute, Err: resilience.ErrOpen}
	for name, c := range map[string]struct {
		err  error
		want time.Duration
	}{
		"nil":                        {nil, 0},
		"nobody knows":               {errBoom, 0},
		"the error itself":           {known, time.Minute},
		"wrapped":                    {fmt.Errorf("ask: %w", known), time.Minute},
		"joined, behind one without": {errors.Join(errBoom, silentError{}, known), time.Minute},
		"behind one that is silent":  {fmt.Errorf("%w: %w", silentError{}, known), time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			after, ok := resilience.RetryAfter(c.err)
			require.Equal(t, c.want, after)
			require.Equal(t, c.want > 0, ok)
		})
	}
}

func ExampleDo() {
	breaker := resilience.NewBreaker(resilience.BreakerConfig{Name: "weather", Failures: 1})
	call := func(context.Context) (string, error) { return "", errors.New("no answer") }
	for range 2 {
		_, err := resilience.Do(context.Background(), breaker, call)
		fmt.Println(err)
		fmt.Println(errors.Is(err, resilience.ErrOpen))
	}
	// Output:
	// no answer
	// false
	// weather: circuit open, try again in 3m0s
	// true
}

func BenchmarkGatesOfThree(b *testing.B) {
	g := resilience.Gates(
		resilience.NewBreaker(resilience.BreakerConfig{}),
		resilience.NewLimiter(resilience.LimiterConfig{}),
		resilience.NewQuota(resilience.QuotaConfig{Requests: math.MaxInt32, Tokens: math.MaxInt32, Estimate: 1}),
	)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		done, err := g.Enter(ctx)
		if err != nil {
			b.Fatal(err)
		}
		done(nil)
	}
}
