package resilience

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// A State is where a [Breaker] stands.
type State uint8

const (
	Closed   State = iota // calls go through
	Open                  // calls are refused
	HalfOpen              // one call at a time goes through, as a probe
)

// String returns the state as it stands in metrics: CLOSED, OPEN or HALF_OPEN.
func (s State) String() string {
	switch s {
	case Closed:
		return "CLOSED"
	case Open:
		return "OPEN"
	}
	return "HALF_OPEN"
}

// A BreakerConfig configures a [Breaker]. The zero value is ready to use.
type BreakerConfig struct {
	Name     string        // shown in errors and passed to OnChange
	Failures int           // consecutive failures that open it; 0 means 3
	OpenFor  time.Duration // how long it refuses before it lets one probe through; 0 means 3 minutes
	Forget   time.Duration // a count whose last failure is older than this starts anew; 0 means 5 minutes

	// Lease is how long a probe may take. One that has not answered by then loses its
	// place to the next caller and its answer is ignored. It should be longer than
	// the longest call; 0 means 10 minutes.
	Lease time.Duration

	// Failure reports whether a result counts against the callee. It is not asked
	// about success and about a cancelled context, which is no answer at all. Nil
	// counts every other error. A result that does not count is an answer of a
	// healthy callee, like a success.
	Failure func(error) bool

	// OnChange is called after each change of state, with no lock held, in the
	// goroutine that caused it. It may use the breaker.
	OnChange func(name string, from, to State)
}

// A Breaker stops asking a callee that keeps failing (the circuit breaker of
// Nygard, "Release It!"). After a number of consecutive failures it refuses all
// calls for a while, then lets one probe through at a time: a probe that succeeds
// closes it, one that fails opens it again.
//
// Results belong to the state in which their call was admitted: an answer from
// before a change of state is ignored, so that a slow success from before an
// outage can't close the breaker, nor a slow failure reopen it.
type Breaker struct {
	config BreakerConfig
	now    atomic.Pointer[epoch]

	mu sync.Mutex // held for a change of state and for counting failures; never on the way of a success
}

// An epoch is the time between two changes of state. Closed and open epochs are
// made once and shared by all callers, so that admission costs one atomic load.
type epoch struct {
	state State
	done  func(error) // of a closed epoch: made once, handed to every caller

	pending atomic.Bool // of a closed epoch: failures > 0; lets a success leave without a write

	// Guarded by Breaker.mu.
	failures int       // of a closed epoch: consecutive ones
	last     time.Time // of a closed epoch: the last failure
	probe    int64     // of a half-open epoch: number of the probe under way; 0 means none
	probes   int64     // of a half-open epoch: probes so far
	expires  time.Time // of a half-open epoch: end of the probe's lease

	until time.Time // of an open epoch: when a probe may go through
}

// NewBreaker returns a closed breaker.
func NewBreaker(c BreakerConfig) *Breaker {
	if c.Failures <= 0 {
		c.Failures = 3
	}
	c.OpenFor = orDefault(c.OpenFor, 3*time.Minute)
	c.Forget = orDefault(c.Forget, 5*time.Minute)
	c.Lease = orDefault(c.Lease, 10*time.Minute)
	b := &Breaker{config: c}
	b.now.Store(b.closed())
	return b
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

func (b *Breaker) closed() *epoch {
	e := &epoch{state: Closed}
	e.done = func(result error) { b.answer(e, result) }
	return e
}

// Name returns the configured name.
func (b *Breaker) Name() string { return b.config.Name }

// State returns where the breaker stands now. An open breaker whose time is over
// is [HalfOpen], though nobody has asked it for a probe yet.
func (b *Breaker) State() State {
	e := b.now.Load()
	if e.state == Open && !time.Now().Before(e.until) {
		return HalfOpen
	}
	return e.state
}

// Enter asks to make one call. It never blocks: an open breaker refuses at once
// with a [*RejectedError] that wraps [ErrOpen] and says when to come back; a ctx
// that has ended is refused with its error.
//
// When err is nil, done must be called exactly once with the call's result. While
// closed, Enter takes no lock, reads no clock and allocates nothing, and a
// success writes no shared memory unless a failure came before it.
func (b *Breaker) Enter(ctx context.Context) (done func(error), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if e := b.now.Load(); e.state == Closed {
		return e.done, nil
	}
	return b.enterNotClosed()
}

func (b *Breaker) enterNotClosed() (func(error), error) {
	now := time.Now()
	b.mu.Lock()
	e := b.now.Load()
	switch {
	case e.state == Closed: // closed while we came here
		b.mu.Unlock()
		return e.done, nil
	case e.state == Open && now.Before(e.until):
		b.mu.Unlock()
		return nil, b.reject(e.until.Sub(now))
	case e.state == HalfOpen && e.probe != 0 && now.Before(e.expires):
		wait := min(e.expires.Sub(now), b.config.OpenFor)
		b.mu.Unlock()
		return nil, b.reject(wait)
	}
	from := e.state
	if from == Open {
		e = &epoch{state: HalfOpen}
		b.now.Store(e)
	}
	e.probes++
	e.probe = e.probes
	e.expires = now.Add(b.config.Lease)
	done := b.probe(e, e.probe)
	b.mu.Unlock()
	b.changed(from, HalfOpen)
	return done, nil
}

func (b *Breaker) reject(after time.Duration) error {
	return &RejectedError{Gate: b.config.Name, After: after, Err: ErrOpen}
}

// probe returns the done of one probe. Its number guards against a second call
// and against an answer that comes after the lease ran out.
func (b *Breaker) probe(e *epoch, number int64) func(error) {
	return func(result error) {
		failed := b.failed(result)
		b.mu.Lock()
		if b.now.Load() != e || e.probe != number {
			b.mu.Unlock()
			return
		}
		e.probe = 0
		to := HalfOpen
		switch {
		case failed:
			to = Open
			b.now.Store(b.opened())
		case !isCancelled(result):
			to = Closed
			b.now.Store(b.closed())
		}
		b.mu.Unlock()
		b.changed(HalfOpen, to)
	}
}

// answer takes the result of a call that a closed epoch admitted.
func (b *Breaker) answer(e *epoch, result error) {
	if result == nil && !e.pending.Load() {
		return
	}
	failed := b.failed(result) // before any lock: it is the caller's code
	if !failed && (isCancelled(result) || !e.pending.Load()) {
		return
	}
	now := time.Now()
	b.mu.Lock()
	if b.now.Load() != e {
		b.mu.Unlock()
		return
	}
	to := Closed
	switch {
	case !failed:
		e.failures = 0
	case now.Sub(e.last) > b.config.Forget:
		e.failures = 1
	default:
		e.failures++
	}
	if failed {
		e.last = now
	}
	e.pending.Store(e.failures > 0)
	if e.failures >= b.config.Failures {
		to = Open
		b.now.Store(b.opened())
	}
	b.mu.Unlock()
	b.changed(Closed, to)
}

func (b *Breaker) opened() *epoch {
	return &epoch{state: Open, until: time.Now().Add(b.config.OpenFor)}
}

func (b *Breaker) failed(result error) bool {
	if result == nil || isCancelled(result) {
		return false
	}
	return b.config.Failure == nil || b.config.Failure(result)
}

func isCancelled(result error) bool {
	return result != nil && errors.Is(result, context.Canceled)
}

// changed tells the listener, if the state did change. No lock is held.
func (b *Breaker) changed(from, to State) {
	if from != to && b.config.OnChange != nil {
		b.config.OnChange(b.config.Name, from, to)
	}
}
