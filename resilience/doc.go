// Package resilience keeps a program standing while what it calls does not.
//
// # One verb
//
// A [Gate] is asked before a call and told afterwards how it went. That is all there
// is to learn: what refuses is a Gate, and what is refused gets a [*RejectedError].
//
//	done, err := gate.Enter(ctx)
//	if err != nil {
//		return err // not called; RetryAfter(err) says when to come back
//	}
//	reply, err := call(ctx)
//	done(err)
//
// [Do] is these lines, and minds panics. Enter and done are apart because not every
// call is a function: a stream is over when its reader says so.
//
// Four gates come with the package. A [Breaker] stops asking a callee that keeps
// failing. A [Limiter] bounds the calls at a time and finds the bound by itself. A
// [Quota] spaces calls so that a rate limit is not met. A [Watchdog] refuses new work
// while the program's memory is short. [Gates] makes one gate of several; the one that
// refuses at the least cost stands first:
//
//	gate := resilience.Gates(
//		resilience.NewBreaker(resilience.BreakerConfig{Name: "gemini"}),
//		resilience.NewLimiter(resilience.LimiterConfig{Name: "gemini"}),
//		resilience.NewQuota(resilience.QuotaConfig{Name: "gemini", Requests: 60}),
//	)
//
// A cancelled call is no answer: its result, [context.Canceled], gives the place
// back and counts neither way. What the callee says about its limits goes to every
// [Learner] among the gates. [RetryAfter] asks any error, joined or wrapped, when to
// come back.
//
// # One shape for what runs
//
// What works in the background is a function that blocks until its context ends:
// func(ctx) error. A [Lifecycle] owns those of a program. It starts them in order
// and stops them in the reverse order within a deadline, turns readiness off before
// anything else, and ends the program in good order when one of them fails.
//
//	life := resilience.NewLifecycle(resilience.LifecycleConfig{Drain: 5 * time.Second, Log: log})
//	life.Add("jobs", service.Run)
//	life.Add("http", server.Run)
//	err := life.RunUntilSignal(ctx)
//
// # What it is not
//
// It does not retry: whoever calls knows whether a second try is worth it. It has no
// metrics: OnChange tells of a breaker's changes, and State, Limit and Inflight are
// there to be read. It keeps no globals, imports the standard library alone, and
// starts no goroutine that it does not end.
package resilience
