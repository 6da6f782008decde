package resilience

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Gate decides whether one call may be made now. Everything in this package
// that admits work is a Gate, so that a caller learns one verb.
//
// When err is nil, done must be called exactly once with the call's result; a
// nil result is a success. When err is not nil the call must not be made, done
// is nil, and [RetryAfter] tells when to come back if the gate knows. A gate
// that waits gives up when ctx ends and returns ctx's error.
//
// A Gate is safe for concurrent use.
type Gate interface {
	Enter(ctx context.Context) (done func(error), err error)
}

// A Learner is a Gate that adapts to what the callee says about its limits.
// Wrappers such as [Gates] pass signals on to every gate that learns.
type Learner interface {
	Learn(s Signal)
}

// A Signal is what one reply said about the callee's limits. The zero value
// says nothing.
type Signal struct {
	Requests Window // the window that counts requests
	Tokens   Window // the window that counts tokens
	Spent    int    // tokens that the call has used in the end; 0 means not known
	Output   int    // of Spent: the tokens written, which is what takes time; 0 means not known
}

// A Window is one rate limit as the callee reports it. A Limit of 0 means that
// it was not reported.
type Window struct {
	Limit int           // units allowed in a window
	Left  int           // units left in the current one
	Reset time.Duration // until the current window is full again; 0 means not reported
}

// The reasons for which the gates of this package refuse.
var (
	ErrOpen  = errors.New("circuit open")
	ErrFull  = errors.New("queue full")
	ErrQuota = errors.New("quota spent")
)

// A RejectedError says which gate refused a call, why, and when to try again.
type RejectedError struct {
	Gate  string        // the gate's name
	After time.Duration // try again after this long; 0 means not known
	Err   error         // [ErrOpen], [ErrFull], [ErrQuota] or [ErrMemory]
}

func (e *RejectedError) Error() string {
	if e.After <= 0 {
		return fmt.Sprintf("%s: %v", e.Gate, e.Err)
	}
	return fmt.Sprintf("%s: %v, try again in %v", e.Gate, e.Err, e.After.Round(time.Millisecond))
}

// Unwrap returns the reason.
func (e *RejectedError) Unwrap() error { return e.Err }

// RetryAfter returns After.
func (e *RejectedError) RetryAfter() time.Duration { return e.After }

// RetryAfter asks an error when the refused work may be tried again. It takes the
// first positive answer of a RetryAfter method in err's tree; ok is false when
// nobody knows.
func RetryAfter(err error) (after time.Duration, ok bool) {
	for err != nil {
		if asked, can := err.(interface{ RetryAfter() time.Duration }); can {
			if after := asked.RetryAfter(); after > 0 {
				return after, true
			}
		}
		if many, can := err.(interface{ Unwrap() []error }); can {
			for _, one := range many.Unwrap() {
				if after, ok := RetryAfter(one); ok {
					return after, true
				}
			}
			return 0, false
		}
		err = errors.Unwrap(err)
	}
	return 0, false
}

// Gates composes gates into one: Enter asks them in order and done answers them
// in the reverse order. When one refuses, those already entered get their place
// back by a cancelled result ([context.Canceled]), which no gate counts as a
// fault. Gates of a single gate is that gate; of none it admits everything.
//
// The result is a [Learner] that passes signals on. An Enter through up to four
// gates costs one allocation; a single gate is free of that.
func Gates(gates ...Gate) Gate {
	if len(gates) == 1 {
		return gates[0]
	}
	if len(gates) > maxChain {
		return chain{Gates(gates[:maxChain]...), Gates(gates[maxChain:]...)}
	}
	return chain(slices.Clone(gates))
}

// A chain is at most maxChain gates, so that what they hand out fits into the one
// function that is made of it.
type chain []Gate

const maxChain = 4

func (c chain) Enter(ctx context.Context) (func(error), error) {
	var entered [maxChain]func(error)
	for i, g := range c {
		done, err := g.Enter(ctx)
		if err != nil {
			for i--; i >= 0; i-- {
				entered[i](context.Canceled)
			}
			return nil, err
		}
		entered[i] = done
	}
	last, dones := len(c)-1, entered
	return func(result error) {
		for i := last; i >= 0; i-- {
			dones[i](result)
		}
	}, nil
}

func (c chain) Learn(s Signal) {
	for _, g := range c {
		if l, ok := g.(Learner); ok {
			l.Learn(s)
		}
	}
}

// Do makes one call through a gate. A panic in call is reported to the gate as
// a failure and goes on up.
func Do[T any](ctx context.Context, g Gate, call func(context.Context) (T, error)) (result T, err error) {
	done, err := g.Enter(ctx)
	if err != nil {
		return result, err
	}
	err = errPanicked // stays when call does not return
	defer func() { done(err) }()
	return call(ctx)
}

var errPanicked = errors.New("the call panicked")
