// Command resilience calls a service that limps, through a breaker, a limiter and a
// quota. It needs nothing and ends by itself.
//
//	go run ./examples/resilience
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/learnsnap/learnsnap-go/resilience"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "resilience:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	breaker := resilience.NewBreaker(resilience.BreakerConfig{
		Name:    "weather",
		OpenFor: time.Second, // 3 minutes where it is left out
		OnChange: func(name string, from, to resilience.State) {
			fmt.Fprintf(out, "  breaker %s: %v, then %v\n", name, from, to)
		},
	})
	gate := resilience.Gates( // what refuses at the least cost comes first
		breaker,
		resilience.NewLimiter(resilience.LimiterConfig{Name: "weather"}),
		resilience.NewQuota(resilience.QuotaConfig{Name: "weather", Requests: 6000}), // one each 10 ms
	)
	down := errors.New("no answer")
	weather := service{nil, busy(20 * time.Millisecond), nil, down, down, down, nil}
	for call := 1; len(weather) > 0; call++ {
		answer, err := resilience.Do(ctx, gate, weather.ask)
		var rejected *resilience.RejectedError
		switch {
		case err == nil:
			fmt.Fprintf(out, "call %d: %s\n", call, answer)
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &rejected): // nobody was asked
			fmt.Fprintf(out, "call %d: refused: %v\n", call, rejected.Err)
			after, _ := resilience.RetryAfter(err) // works on every error, wrapped or joined
			if err := wait(ctx, after); err != nil {
				return err
			}
		default:
			fmt.Fprintf(out, "call %d: %v\n", call, err)
		}
	}
	fmt.Fprintln(out, "breaker:", breaker.State())
	return nil
}

// A service answers its calls by these errors, one after the other.
type service []error

func (s *service) ask(context.Context) (string, error) {
	err := (*s)[0]
	*s = (*s)[1:]
	return "sunny", err
}

// busy is a refusal that says when to come back: the limiter then admits less, and
// the quota lets nobody through before that.
type busy time.Duration

func (b busy) Error() string             { return "too busy" }
func (b busy) RetryAfter() time.Duration { return time.Duration(b) }

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
