package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/jobs"
)

const (
	clockEvery = 2 * time.Second // between two looks for jobs of a clock that was set back
	clockSlack = time.Second     // by which a clock may be put right without that
)

// The queue's tables are River's. Its states are text, its times too.
const (
	// The lock on the folder proves that no other process lives, so whatever runs
	// or leads was a dead one's.
	resetRunning = `UPDATE river_job SET state = 'available', attempt = max(attempt - 1, 0),
		scheduled_at = ?2,
		metadata = jsonb_set(metadata, '$.crashes', coalesce(metadata ->> '$.crashes', 0) + ?1) WHERE state = 'running'`
	resetLeader = `DELETE FROM river_leader`

	// What was made or tried at a time that is yet to come tells how far the clock was
	// set back; its wait is as much too long. So is a wait that nobody can have asked for:
	// that of a job in the midst of whose attempt the clock was set.
	fromTheFuture = `FROM river_job WHERE state IN ('available', 'retryable', 'scheduled') AND queue = 'default' AND priority = 1
		AND scheduled_at > ?1 AND (max(created_at, coalesce(attempted_at, '')) > ?2 OR attempted_at IS NOT NULL AND scheduled_at > ?3)`
	// The queue's leader, which brings jobs back that were put off, renews its term every
	// few seconds; one that ends in more than a minute would keep out the next leader.
	countFuture = `SELECT count(*) + (SELECT count(*) FROM river_leader WHERE expires_at > ?4) ` + fromTheFuture
	endTerm     = `DELETE FROM river_leader WHERE expires_at > ?`
	setBack     = `UPDATE river_job SET
		scheduled_at = CASE WHEN max(created_at, coalesce(attempted_at, '')) > ?2
			THEN strftime('%Y-%m-%d %H:%M:%f', julianday(scheduled_at) - julianday(max(created_at, coalesce(attempted_at, ''))) + julianday(?1))
			ELSE ?1 END,
		created_at = min(created_at, ?1), attempted_at = min(attempted_at, ?1) WHERE id IN (SELECT id ` + fromTheFuture + `)`

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
func resetJobs(ctx context.Context, db *sql.DB, crashes int, now time.Time) error {
	_, err := db.ExecContext(ctx, resetRunning, crashes, riverTime(now))
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
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	watch.Go(func() { s.watchClock(ctx) })
	return s.queue.Work(ctx, c, handle)
}

// watchClock makes jobs due in time whose clock was set back, until ctx ends.
func (s *Store) watchClock(ctx context.Context) {
	ticker := time.NewTicker(clockEvery)
	defer ticker.Stop()
	for {
		if err := s.setJobsBack(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("jobs from before a change of the clock may wait", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *Store) setJobsBack(ctx context.Context) error {
	now := s.now()
	present, near := riverTime(now), riverTime(now.Add(clockSlack))
	far, term := riverTime(now.Add(jobs.LongestWait+time.Minute)), riverTime(now.Add(time.Minute))
	var n int64
	if err := s.reader.row(ctx, countFuture, []any{present, near, far, term}, &n); err != nil || n == 0 {
		return err
	}
	if err := s.writer.write(ctx, func(t tx) (err error) {
		if n, err = t.exec(setBack, present, near, far); err == nil {
			_, err = t.exec(endTerm, term)
		}
		return err
	}); err != nil {
		return err
	}
	s.log.Warn("the clock was set back; jobs were made due in time", "jobs", n)
	s.queue.Wake()
	return nil
}

// riverTime is a time as the queue's tables keep it.
func riverTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000") }

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
		if err := resetJobs(ctx, s.write, 0, s.now()); err != nil {
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
