package resilience

import (
	"context"
	"sync"
	"time"
)

// A QuotaConfig configures a [Quota]. The zero value learns the limits from what
// the callee reports.
type QuotaConfig struct {
	Name     string        // shown in errors
	Requests int           // requests allowed in a window; 0 means as reported, −1 not counted
	Tokens   int           // tokens allowed in a window; 0 means as reported, −1 not counted
	Window   time.Duration // what the limits count over; 0 means 1 minute
	Share    float64       // share of a limit that is used; 0 means 0.95

	// Estimate is the tokens that a call is taken to cost until calls have told
	// what they cost; 0 means 2000.
	Estimate int

	// MaxWait bounds how long Enter waits for a turn; a longer wait is refused at
	// once. 0 means 30 seconds, −1 that Enter never waits.
	MaxWait time.Duration

	// Refused reports whether a result says that the limit was hit all the same. The
	// gate then stays shut for as long as the result's RetryAfter says. Nil takes
	// every error that knows when to come back.
	Refused func(error) bool
}

// A Quota keeps calls under a callee's rate limits, so that it slows down before
// the callee refuses. Requests are spaced evenly over the window (the generic
// cell rate algorithm of ITU-T I.371 without burst, which is safe whether the
// callee counts in buckets or in fixed windows); tokens are reserved at their
// moving mean and settled by what [Quota.Learn] is told.
//
// A quota without any limit lets one call through at a time until the first
// answer, for its headers may name the limits.
type Quota struct {
	config     QuotaConfig
	done, only func(error) // what Enter hands out, made once
	born       time.Time   // times below are since then: reading the clock that way costs half

	mu       sync.Mutex
	requests pace
	tokens   pace
	mean     float64       // moving mean of the tokens of a call
	shut     time.Duration // refused by the callee until then
	cold     chan struct{} // closed when the first call has ended; nil once it is known what limits there are
	first    bool          // the first call is under way
}

// A pace is one dimension of a limit as a theoretical arrival time.
type pace struct {
	off  bool
	unit time.Duration // time that one unit takes at the used share of the limit; 0 means no limit
	next time.Duration // when the units given so far are paid for
}

// How a moving mean and a bucket of tokens are sized.
const (
	meanWeight = 0.1 // of the newest call
	tokenBurst = 5   // mean calls
	shortest   = time.Millisecond
)

// NewQuota returns a quota.
func NewQuota(c QuotaConfig) *Quota {
	c.Window = orDefault(c.Window, time.Minute)
	if c.Share <= 0 {
		c.Share = 0.95
	}
	if c.Estimate <= 0 {
		c.Estimate = 2000
	}
	if c.MaxWait == 0 {
		c.MaxWait = 30 * time.Second
	}
	if c.Refused == nil {
		c.Refused = func(err error) bool { _, known := RetryAfter(err); return known }
	}
	q := &Quota{config: c, born: time.Now(), mean: float64(c.Estimate)}
	q.done, q.only = q.answer, q.firstAnswer
	q.requests.off, q.tokens.off = c.Requests < 0, c.Tokens < 0
	q.requests.unit, q.tokens.unit = q.unit(c.Requests), q.unit(c.Tokens)
	if c.Requests == 0 && c.Tokens <= 0 && !(q.requests.off && q.tokens.off) {
		q.cold = make(chan struct{})
	}
	return q
}

func (q *Quota) unit(limit int) time.Duration {
	if limit <= 0 {
		return 0
	}
	return time.Duration(float64(q.config.Window) / (q.config.Share * float64(limit)))
}

// Enter waits for the call's turn. A turn further away than MaxWait, or than ctx
// allows, is refused at once with a [*RejectedError] that wraps [ErrQuota] and
// says when it comes. A ctx that ends while waiting gives the turn back.
func (q *Quota) Enter(ctx context.Context) (done func(error), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q.mu.Lock()
	for q.cold != nil {
		if !q.first {
			q.first = true
			q.mu.Unlock()
			return q.only, nil
		}
		cold := q.cold
		q.mu.Unlock()
		select {
		case <-cold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		q.mu.Lock()
	}
	now := time.Since(q.born)
	wait := q.wait(now)
	if q.tooLong(ctx, wait) {
		q.mu.Unlock()
		return nil, &RejectedError{Gate: q.config.Name, After: wait, Err: ErrQuota}
	}
	mean := q.mean
	q.take(now, mean)
	q.mu.Unlock()
	if wait > 0 && !sleep(ctx, max(wait, shortest)) {
		q.giveBack(mean)
		return nil, ctx.Err()
	}
	return q.done, nil
}

// wait returns how long the next call has to wait. The lock is held.
func (q *Quota) wait(now time.Duration) time.Duration {
	burst := time.Duration(tokenBurst * q.mean * float64(q.tokens.unit))
	return max(0, q.shut-now, q.requests.next-now, q.tokens.next-burst-now)
}

func (q *Quota) tooLong(ctx context.Context, wait time.Duration) bool {
	if wait > q.config.MaxWait && wait > 0 {
		return true
	}
	if wait <= 0 {
		return false
	}
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < wait
}

// take books one call of that many tokens. The lock is held.
func (q *Quota) take(now time.Duration, tokens float64) {
	q.requests.take(now, 1)
	q.tokens.take(now, tokens)
}

func (p *pace) take(now time.Duration, units float64) {
	if p.unit == 0 {
		return
	}
	p.next = max(p.next, now) + time.Duration(units*float64(p.unit))
}

func (q *Quota) giveBack(tokens float64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.requests.next -= q.requests.unit
	q.tokens.next -= time.Duration(tokens * float64(q.tokens.unit))
}

// answer takes the result of a call.
func (q *Quota) answer(result error) {
	if result == nil || isCancelled(result) || !q.config.Refused(result) {
		return
	}
	after, _ := RetryAfter(result)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.shut = max(q.shut, time.Since(q.born)+after)
}

// firstAnswer ends the call that a quota without limits has let through alone. An
// answer of any kind is all there is to learn from; a cancelled call is none.
func (q *Quota) firstAnswer(result error) {
	q.mu.Lock()
	if q.cold != nil {
		close(q.cold)
		q.cold = nil
		if isCancelled(result) {
			q.cold = make(chan struct{})
		}
	}
	q.first = false
	q.mu.Unlock()
	q.answer(result)
}

// Learn takes what a reply said. A limit that the configuration names is not
// changed. A window that is clearly longer than the configured one (a day's
// quota) is not spread evenly: the gate shuts when nothing is left of it.
func (q *Quota) Learn(s Signal) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Since(q.born)
	q.learn(&q.requests, q.config.Requests, s.Requests, now)
	q.learn(&q.tokens, q.config.Tokens, s.Tokens, now)
	if s.Spent > 0 {
		if q.tokens.unit > 0 {
			q.tokens.next += time.Duration((float64(s.Spent) - q.mean) * float64(q.tokens.unit))
		}
		q.mean += meanWeight * (float64(s.Spent) - q.mean)
	}
}

func (q *Quota) learn(p *pace, configured int, w Window, now time.Duration) {
	switch {
	case configured != 0 || w.Limit <= 0:
	case w.Reset > 2*q.config.Window:
		if w.Left <= 0 {
			q.shut = max(q.shut, now+w.Reset)
		}
	default:
		p.unit = q.unit(w.Limit)
	}
}

// sleep waits and reports whether it waited to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
