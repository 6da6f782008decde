package pages

import (
	"context"
	"sync"
)

// A gate lets work in while what it weighs together stays below a limit. Who must
// wait is let in in order, so that a heavy page is not passed by light ones for ever.
type gate struct {
	mu      sync.Mutex
	free    int64
	waiting []*waiter
}

type waiter struct {
	weight int64
	in     chan struct{} // closed when let in
}

// enter waits until weight is free; leave gives it back. A weight above the whole
// limit is never let in: the caller has checked.
func (g *gate) enter(ctx context.Context, weight int64) (leave func(), err error) {
	g.mu.Lock()
	w := &waiter{weight: weight, in: make(chan struct{})}
	g.waiting = append(g.waiting, w)
	g.admit()
	g.mu.Unlock()
	select {
	case <-w.in:
	case <-ctx.Done():
		if g.giveUp(w) {
			return nil, ctx.Err()
		}
	}
	return func() { g.leave(weight) }, nil
}

// admit lets in from the front of the queue. The lock is held.
func (g *gate) admit() {
	for len(g.waiting) > 0 && g.waiting[0].weight <= g.free {
		w := g.waiting[0]
		g.waiting = g.waiting[1:]
		g.free -= w.weight
		close(w.in)
	}
}

// giveUp takes w out of the queue; false when it was let in meanwhile.
func (g *gate) giveUp(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.waiting {
		if g.waiting[i] == w {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			g.admit() // who stood behind may fit
			return true
		}
	}
	return false
}

func (g *gate) leave(weight int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.free += weight
	g.admit()
}
