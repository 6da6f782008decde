package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/learnsnap/learnsnap-go/storage"
)

// The queue's tables are River's. Its states are text, its times too.
const (
	// The lock on the folder proves that no other process lives, so whatever runs
	// or leads was a dead one's.
	resetRunning = `UPDATE river_job SET state = 'available', attempt = max(attempt - 1, 0),
		scheduled_at = strftime('%Y-%m-%d %H:%M:%f', 'now'),
		metadata = jsonb_set(metadata, '$.crashes', coalesce(metadata ->> '$.crashes', 0) + ?) WHERE state = 'running'`
	resetLeader = `DELETE FROM river_leader`

	depth = `SELECT
		coalesce(sum(state IN ('available', 'retryable', 'scheduled', 'pending')), 0),
		coalesce(sum(state = 'running'), 0),
		coalesce(sum(state IN ('discarded', 'cancelled')), 0),
		CAST(round(unixepoch(min(CASE WHEN state IN ('available', 'retryable', 'scheduled', 'pending') THEN created_at END), 'subsec') * 1e6) AS INTEGER)
		FROM river_job WHERE state IN ('available', 'retryable', 'scheduled', 'pending', 'running', 'discarded', 'cancelled')`
)

func riverDriver(db *sql.DB) *riversqlite.Driver { return riversqlite.New(db) }

// resetJobs makes the jobs of dead workers due again, without spending an attempt,
// and adds to the crashes that each of them has seen.
func resetJobs(ctx context.Context, db *sql.DB, crashes int) error {
	_, err := db.ExecContext(ctx, resetRunning, crashes)
	if err == nil {
		_, err = db.ExecContext(ctx, resetLeader)
	}
	if err != nil {
		return fmt.Errorf("reset the jobs that were running: %w", err)
	}
	return nil
}

// Work implements [storage.Jobs]. Close ends it too.
func (s *Store) Work(ctx context.Context, c storage.WorkConfig, handle func(context.Context, storage.Job) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()

	if err := s.enter(ctx); err != nil {
		if ctx.Err() != nil && !errors.Is(err, errClosed) {
			return nil // ended before it began
		}
		return fmt.Errorf("work: %w", err)
	}
	defer s.leave()
	return s.queue.Work(ctx, c, handle)
}

// enter counts one more call of Work. When there is no other, nothing can be
// running: what says so was left by a worker that could not say that it stopped. It
// has not taken the process with it.
func (s *Store) enter(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	if s.workers == 0 && ctx.Err() == nil {
		if err := resetJobs(ctx, s.write, 0); err != nil {
			return err
		}
	}
	s.workers++
	s.working.Add(1)
	return nil
}

func (s *Store) leave() {
	s.mu.Lock()
	s.workers--
	s.mu.Unlock()
	s.working.Done()
}

// Depth implements [storage.Jobs].
func (s *Store) Depth(ctx context.Context) (storage.Depth, error) {
	var d storage.Depth
	var oldest sql.Null[int64]
	if err := s.reader.row(ctx, depth, nil, &d.Waiting, &d.Running, &d.Dead, &oldest); err != nil {
		return storage.Depth{}, fmt.Errorf("depth of the queue: %w", err)
	}
	if oldest.Valid {
		d.Oldest = fromMicros(oldest.V).Truncate(time.Millisecond)
	}
	return d, nil
}
