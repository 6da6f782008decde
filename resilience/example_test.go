package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// A call that is not a function, such as a stream, enters and leaves by hand.
func ExampleGate() {
	var gate resilience.Gate = resilience.NewBreaker(resilience.BreakerConfig{Name: "ticker"})
	done, err := gate.Enter(context.Background())
	if err != nil {
		fmt.Println("not now:", err)
		return
	}
	for price := range 3 {
		fmt.Println("price", price)
	}
	done(nil) // the stream has come to its end
	// Output:
	// price 0
	// price 1
	// price 2
}

func ExampleGates() {
	gate := resilience.Gates(
		resilience.NewBreaker(resilience.BreakerConfig{Name: "weather", Failures: 1, OpenFor: time.Minute}),
		resilience.NewQuota(resilience.QuotaConfig{Name: "weather", Requests: 60}),
	)
	call := func(context.Context) (string, error) { return "", errors.New("no answer") }

	_, err := resilience.Do(context.Background(), gate, call)
	fmt.Println(err)
	_, err = resilience.Do(context.Background(), gate, call)
	after, known := resilience.RetryAfter(fmt.Errorf("ask for the weather: %w", err))
	fmt.Println(errors.Is(err, resilience.ErrOpen), after.Round(time.Second), known)
	// Output:
	// no answer
	// true 1m0s true
}
