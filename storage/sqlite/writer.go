package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// errClosed answers writes that come after Close.
var errClosed = errors.New("the store is closed")

const (
	queued     = 1024                  // steps that may wait; more wait at the door
	batchSteps = 512                   // steps of one transaction at most
	batchTime  = 10 * time.Millisecond // that a batch is filled for at most, so that the job queue gets its turn
)

// A writer does all writes of the database, many at a time: it gathers the steps
// that wait into one transaction, so that they share one fsync. Each step runs in
// a savepoint of its own, so that its failure undoes nobody else's work, and is
// answered after the commit.
//
// It takes the only connection for one batch and gives it back in between. A step
// must therefore use nothing but the transaction it is given.
type writer struct {
	db     *sql.DB // one connection
	reader *reader // that yields
	steps  chan *step
	done   chan struct{} // closed when the loop has ended

	refused atomic.Int64

	mu     sync.RWMutex // held for reading while a step is handed over
	closed bool
}

func newWriter(db *sql.DB, r *reader) *writer {
	w := &writer{db: db, reader: r, steps: make(chan *step, queued), done: make(chan struct{})}
	go w.loop()
	return w
}

// close does the steps that wait and ends the loop.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.steps)
	}
	w.mu.Unlock()
	<-w.done
}

// A step is what one caller wants done in a transaction.
type step struct {
	do     func(tx) error
	taken  atomic.Bool // by the writer, or by a caller who gives up
	answer chan error
	err    error
}

// write runs do in a transaction and returns when that is durable. do may run
// more than once (its transaction may be lost to somebody else's fault), so it
// sets its results afresh each time.
//
// When ctx ends, or a [busyError] comes, before the writer has come to the step, the
// step is never done. When ctx ends later, the outcome is not known to the caller.
func (w *writer) write(ctx context.Context, do func(tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := &step{do: do, answer: make(chan error, 1)}
	patience := time.NewTimer(w.reader.wait)
	defer patience.Stop()
	if err := w.hand(ctx, s, patience.C); err != nil {
		return err
	}
	select {
	case err := <-s.answer:
		return err
	case <-ctx.Done():
		if s.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	case <-patience.C:
		if s.taken.CompareAndSwap(false, true) {
			return w.refuse()
		}
		select { // it is being done
		case err := <-s.answer:
			return err
		case <-ctx.Done():
		}
	}
	select { // the writer is at it; it may just have answered
	case err := <-s.answer:
		return err
	default:
		return fmt.Errorf("the write was under way, its outcome is unknown: %w", ctx.Err())
	}
}

// hand gives a step to the loop.
func (w *writer) hand(ctx context.Context, s *step, patience <-chan time.Time) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.steps <- s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-patience:
		return w.refuse()
	}
}

func (w *writer) refuse() error {
	w.refused.Add(1)
	return &busyError{"write", w.reader.wait}
}

func (w *writer) loop() {
	defer close(w.done)
	for s := range w.steps {
		if s.taken.CompareAndSwap(false, true) {
			w.batch(s)
		}
	}
}

// batch does a step and those that wait behind it. Nobody is answered before the
// commit: a step that was refused because of what another one did is only right
// when that one is kept.
func (w *writer) batch(first *step) {
	var batch []*step
	err := w.transaction(func(t tx) error {
		until := time.Now().Add(batchTime)
		for s := first; s != nil; s = w.next(len(batch), until) {
			batch = append(batch, s)
			if err := t.savepoint(s); err != nil {
				return err
			}
		}
		return nil
	})
	if len(batch) == 0 {
		batch = append(batch, first)
	}
	switch {
	case err == nil:
		for _, s := range batch {
			s.answer <- s.err
		}
	case len(batch) == 1:
		first.answer <- err
	default: // whoever's fault it was, nobody else shall pay for it
		for _, s := range batch {
			s.answer <- w.alone(s)
		}
	}
}

// next returns a step that waits already, or nil.
func (w *writer) next(have int, until time.Time) *step {
	if len(w.steps) == 0 {
		runtime.Gosched() // callers who were answered just now may be about to hand over their next
	}
	for have < batchSteps && time.Now().Before(until) {
		select {
		case s := <-w.steps:
			if s == nil {
				return nil // closing
			}
			if s.taken.CompareAndSwap(false, true) {
				return s
			}
		default:
			return nil
		}
	}
	return nil
}

// alone does one step in a transaction of its own.
func (w *writer) alone(s *step) error {
	return w.transaction(func(t tx) error { return s.do(t) })
}

// transaction runs do in a transaction on the one connection. A caller's context
// has no place here: an interrupted statement would undo the whole batch.
func (w *writer) transaction(do func(tx) error) error {
	defer w.reader.write()() // before the first statement: to begin needs a core, too
	ctx := context.Background()
	sqltx, err := w.db.BeginTx(ctx, nil)
	if code(err)&0xff == codeBusy {
		return fmt.Errorf("another program has locked the database: %w: %w", w.refuse(), err)
	}
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	t := tx{Tx: sqltx, ctx: ctx, ledger: map[string]bool{}}
	err = do(t)
	if err == nil {
		err = t.sealAll()
	}
	if err != nil {
		// SQLite may have rolled back already; then this has nothing to do.
		_ = sqltx.Rollback()
		return err
	}
	if err := sqltx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
