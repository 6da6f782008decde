package resilience

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// A LimiterConfig configures a [Limiter]. The zero value is ready to use.
type LimiterConfig struct {
	Name  string // shown in errors
	Start int    // calls at a time in the beginning; 0 means 5, or Max where that is less
	Min   int    // lower bound; 0 means 1
	Max   int    // upper bound; 0 means 30

	// Queue bounds the callers that wait for a place; 0 means 100, −1 that nobody
	// waits.
	Queue int

	// Refused reports whether a result says that the callee has too much to do (HTTP
	// 429, 503, 529). Nil takes every error that knows when to come back.
	Refused func(error) bool

	// OnChange is called after each change of the limit, with no lock held.
	OnChange func(name string, from, to int)
}

// A Limiter is an adaptive bulkhead: it bounds how many calls are under way and
// finds out by itself how many the callee takes.
//
// It raises the limit while the callee copes with it, by steps that double
// (1, 2, 4 …), each after a call that was admitted at the very limit has
// succeeded. A refusal tells what the callee took: the limit falls to the calls
// that it accepted, and one more is tried now and then, less often each time that
// fails. A callee that slows down instead of refusing is recognised by its time
// for a unit of work (see [Signal].Output), as in TCP Vegas: the limit falls when
// the calls that seem to queue there exceed a bound.
type Limiter struct {
	config LimiterConfig
	born   time.Time // times below are since then: reading the clock that way costs half

	mu       sync.Mutex
	limit    int
	inflight int
	waiting  list.List // of *waiter, first come first served
	growth   growth
	pace     latency
}

type waiter struct {
	admitted chan struct{}
	level    int // set before admitted is closed
}

// growth is the way upwards.
type growth struct {
	step    int           // next raise
	holding bool          // refused lately: wait until the time below
	until   time.Duration // when one more may be tried
	wait    time.Duration // how long it holds next time
	trying  bool          // the last raise was a try that has not succeeded yet
}

// How long the limiter holds after a refusal before it tries one more: from the
// first to the last, doubled by each try that is refused.
const (
	firstHold = 15 * time.Second
	lastHold  = 45 * time.Second
)

// NewLimiter returns a limiter.
func NewLimiter(c LimiterConfig) *Limiter {
	c.Min = max(c.Min, 1)
	if c.Max <= 0 {
		c.Max = 30
	}
	c.Max = max(c.Max, c.Min)
	if c.Start <= 0 {
		c.Start = 5
	}
	c.Start = min(max(c.Start, c.Min), c.Max)
	if c.Queue == 0 {
		c.Queue = 100
	}
	if c.Refused == nil {
		c.Refused = func(err error) bool { _, known := RetryAfter(err); return known }
	}
	return &Limiter{config: c, born: time.Now(), limit: c.Start, growth: growth{step: 1, wait: firstHold}}
}

// Limit returns how many calls may be under way now.
func (l *Limiter) Limit() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.limit
}

// Inflight returns how many calls are under way and how many callers wait.
func (l *Limiter) Inflight() (calls, waiting int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inflight, l.waiting.Len()
}

// Enter takes a place, or waits for one in the order of arrival. When the queue is
// full it refuses at once with a [*RejectedError] that wraps [ErrFull] and says
// when a place may be free. A ctx that ends while waiting leaves the queue.
func (l *Limiter) Enter(ctx context.Context) (done func(error), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := time.Since(l.born)
	l.mu.Lock()
	if l.inflight < l.limit && l.waiting.Len() == 0 {
		l.inflight++
		level := l.inflight
		l.mu.Unlock()
		return l.leave(now, level), nil
	}
	if l.waiting.Len() >= l.config.Queue {
		after := l.pace.untilFree(l.waiting.Len()+1, l.limit)
		l.mu.Unlock()
		return nil, &RejectedError{Gate: l.config.Name, After: after, Err: ErrFull}
	}
	w := &waiter{admitted: make(chan struct{})}
	place := l.waiting.PushBack(w)
	l.mu.Unlock()

	select {
	case <-w.admitted:
		return l.leave(time.Since(l.born), w.level), nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.admitted: // both at once: the place goes to the next
		l.inflight--
		l.admit()
	default:
		l.waiting.Remove(place)
	}
	return nil, ctx.Err()
}

// admit gives free places to those who wait. The lock is held.
func (l *Limiter) admit() {
	for l.inflight < l.limit && l.waiting.Len() > 0 {
		l.inflight++
		w := l.waiting.Remove(l.waiting.Front()).(*waiter)
		w.level = l.inflight
		close(w.admitted)
	}
}

// leave returns the done of a call that began then and was the level-th at a time.
// It keeps no state of its own, so that a call costs one allocation.
func (l *Limiter) leave(began time.Duration, level int) func(error) {
	return func(result error) {
		refused := result != nil && !isCancelled(result) && l.config.Refused(result)
		now := time.Since(l.born)
		l.mu.Lock()
		l.inflight--
		from, tokens := l.limit, l.pace.ended()
		switch {
		case refused:
			l.refused(now)
		case result == nil:
			l.pace.add(began, now, tokens)
			l.succeeded(now, level)
		}
		l.limit = min(max(l.limit, l.config.Min), l.config.Max)
		to := l.limit
		l.admit()
		l.mu.Unlock()
		if from != to && l.config.OnChange != nil {
			l.config.OnChange(l.config.Name, from, to)
		}
	}
}

// refused lowers the limit to what the callee has accepted. The lock is held.
func (l *Limiter) refused(now time.Duration) {
	g := &l.growth
	if l.inflight >= l.limit && g.holding && !g.trying {
		return // of a call from before the limit fell
	}
	l.limit = min(l.limit, l.inflight)
	if g.trying || !g.holding {
		if g.trying {
			g.wait = min(2*g.wait, lastHold)
		}
		g.until = now + g.wait
	}
	g.step, g.holding, g.trying = 1, true, false
	l.pace.changed(now)
}

// succeeded raises the limit if a call at the very limit went well, and lowers it
// if the callee has slowed down. The lock is held.
func (l *Limiter) succeeded(now time.Duration, level int) {
	queued, known := l.pace.queued(l.limit)
	if full := l.pace.told >= max(l.limit/2, fewCalls); full && known && queued > manyQueued {
		l.limit -= int(queued - fewQueued)
		l.growth.step = 1
		l.pace.changed(now)
		return
	}
	if l.pace.told >= 2*l.limit {
		l.pace.close(now)
	}
	g := &l.growth
	if level < l.limit || l.limit >= l.config.Max || g.holding && now < g.until {
		return
	}
	judged := l.pace.silent() || l.pace.told >= fewCalls
	switch {
	case g.holding: // try one more
		g.holding, g.trying, g.step = false, true, 1
		l.limit++
	case !judged || known && queued > fewQueued:
		return
	default:
		if g.trying {
			g.trying, g.wait = false, firstHold
		}
		l.limit += g.step
		g.step *= 2
	}
	l.pace.changed(now)
}

// Learn takes the work that a call has cost. Call it before the call's done.
func (l *Limiter) Learn(s Signal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pace.spent(s)
}
