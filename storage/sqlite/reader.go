package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	maxWait  = 3 * time.Second      // for a turn, unless [Config].Wait says otherwise
	maxYield = 5 * time.Millisecond // that reads wait for a transaction; a slow disk may take longer
)

// A busyError turns a caller away who has waited long enough.
type busyError struct {
	turn   string
	waited time.Duration
}

func (e *busyError) Error() string {
	return fmt.Sprintf("the store is busy: waited %v for a turn to %s", e.waited, e.turn)
}

// RetryAfter says when to come back.
func (e *busyError) RetryAfter() time.Duration { return time.Second }

// A reader does all reads, a few at a time.
//
// Reads that keep every core busy starve the writer, which needs little of them but
// needs it at once, between two syncs. So a read that has to wait for its turn anyway
// also lets the transaction end that is under way, for at most half of the time.
type reader struct {
	db    *sql.DB
	turns chan struct{} // one for each connection
	wait  time.Duration // for a turn at most; then the caller is turned away

	writing atomic.Pointer[chan struct{}] // closed when the transaction under way has ended; nil when there is none
	reading atomic.Int64                  // until when no read yields, in time since born
	born    time.Time

	waiting, waits, waited, refused atomic.Int64
}

func newReader(db *sql.DB, connections int) *reader {
	return &reader{db: db, turns: make(chan struct{}, connections), wait: maxWait, born: time.Now()}
}

// enter waits for a turn. After a nil error, leave must be called.
func (r *reader) enter(ctx context.Context) error {
	select {
	case r.turns <- struct{}{}:
		return nil
	default:
	}
	start := time.Now()
	r.waits.Add(1)
	r.waiting.Add(1)
	defer func() {
		r.waiting.Add(-1)
		r.waited.Add(int64(time.Since(start)))
	}()
	patience := time.NewTimer(r.wait)
	defer patience.Stop()
	select {
	case r.turns <- struct{}{}:
		r.yield()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		r.refused.Add(1)
		return &busyError{"read", r.wait}
	}
}

func (r *reader) leave() { <-r.turns }

// yield lets the transaction end that is under way, when reads have had their half.
func (r *reader) yield() {
	start := time.Since(r.born)
	ended := r.writing.Load()
	if ended == nil || int64(start) < r.reading.Load() {
		return
	}
	patience := time.NewTimer(maxYield)
	defer patience.Stop()
	select {
	case <-*ended:
	case <-patience.C:
	}
	now := time.Since(r.born)
	r.reading.Store(int64(now + (now - start)))
}

// write tells the reads that a transaction is under way, until the returned function
// is called.
func (r *reader) write() (end func()) {
	ended := make(chan struct{})
	r.writing.Store(&ended)
	return func() {
		r.writing.Store(nil)
		close(ended)
	}
}

// row runs a query for one row.
func (r *reader) row(ctx context.Context, query string, args []any, dest ...any) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.leave()
	return r.db.QueryRowContext(ctx, query, args...).Scan(dest...)
}

// collect runs a query and reads its rows; no row is a nil slice.
func collect[T any](ctx context.Context, r *reader, read func(scan func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	if err := r.enter(ctx); err != nil {
		return nil, err
	}
	defer r.leave()
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := read(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
