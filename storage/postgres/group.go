package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	groupQueue    = 2048            // calls that may wait; more are turned away
	groupSize     = 256             // calls of one transaction at most
	groupWithin   = 8 * time.Second // of one transaction
	groupFlushers = 2               // transactions at a time: one commits while the next is filled
)

// A group gathers what many callers want done at the same time into one
// transaction. do decides about each call by itself and leaves what it thinks in
// call.err; its own error is the transaction's.
type group[T any] struct {
	pool  *pool
	do    func(ctx context.Context, tx pgx.Tx, calls []*call[T]) error
	calls chan *call[T]
	done  sync.WaitGroup

	mu     sync.RWMutex // held for reading while a call is handed over
	closed bool
}

// A call is what one caller wants.
type call[T any] struct {
	want   T
	err    error
	taken  atomic.Bool // by a flusher, or by a caller who gives up
	answer chan error
}

func newGroup[T any](p *pool, do func(context.Context, pgx.Tx, []*call[T]) error) *group[T] {
	g := &group[T]{pool: p, do: do, calls: make(chan *call[T], groupQueue)}
	for range groupFlushers {
		g.done.Go(g.loop)
	}
	return g
}

// close does the calls that wait and ends the flushers.
func (g *group[T]) close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.calls)
	}
	g.mu.Unlock()
	g.done.Wait()
}

// run does what a caller wants and returns when it is durable. When ctx ends before
// a flusher has come to it, it is never done; when it ends later, the outcome is not
// known to the caller.
func (g *group[T]) run(ctx context.Context, want T) (*call[T], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &call[T]{want: want, answer: make(chan error, 1)}
	if err := g.hand(c); err != nil {
		return nil, err
	}
	select {
	case err := <-c.answer:
		return c, err
	case <-ctx.Done():
	}
	if c.taken.CompareAndSwap(false, true) {
		return nil, ctx.Err()
	}
	select { // a flusher is at it; it may just have answered
	case err := <-c.answer:
		return c, err
	default:
		return nil, fmt.Errorf("the write was under way, its outcome is unknown: %w", ctx.Err())
	}
}

func (g *group[T]) hand(c *call[T]) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return errClosed
	}
	select {
	case g.calls <- c:
		return nil
	default:
		g.pool.refused.Add(1)
		return &busyError{"too many writes wait for the database", time.Second}
	}
}

func (g *group[T]) loop() {
	for first := range g.calls {
		batch := make([]*call[T], 0, 16)
		for c := first; c != nil; c = g.next(len(batch)) {
			if c.taken.CompareAndSwap(false, true) {
				batch = append(batch, c)
			}
		}
		if len(batch) > 0 {
			g.flush(batch)
		}
	}
}

// next returns a call that waits already, or nil.
func (g *group[T]) next(have int) *call[T] {
	if have >= groupSize {
		return nil
	}
	select {
	case c := <-g.calls:
		return c // nil when closing
	default:
		return nil
	}
}

// flush does a batch and answers everybody in it. When the database refuses the
// transaction for what somebody in it wants, each call gets one of its own, so that
// nobody pays for another's fault.
func (g *group[T]) flush(batch []*call[T]) {
	err := g.transact(batch)
	if err != nil && len(batch) > 1 && code(err) != "" && !lostPrimary(err) {
		for _, c := range batch {
			g.flush([]*call[T]{c})
		}
		return
	}
	for _, c := range batch {
		if err != nil {
			c.err = err
		}
		c.answer <- c.err
	}
}

// transact has no caller's context: it is the work of all of them.
func (g *group[T]) transact(batch []*call[T]) error {
	ctx, cancel := context.WithTimeout(context.Background(), groupWithin)
	defer cancel()
	err := g.pool.tx(ctx, func(tx pgx.Tx) error {
		for _, c := range batch {
			c.err = nil // a transaction may be tried twice
		}
		return g.do(ctx, tx, batch)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return &awayError{err}
	}
	return err
}
