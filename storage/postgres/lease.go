package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/jobs"
)

const (
	leaseEvery  = time.Second     // between two looks after dead workers, which also prove that the lease stands
	leaseWithin = 3 * time.Second // that such a look may take; longer means that the lease is lost
	leaseAgain  = time.Second     // until a lost lease is asked for anew
	clockSlack  = 2 * time.Second // that the clocks of a process and the database may differ by, unregarded
)

// A worker's name hashes to the key of its advisory lock. Shared tries by several
// who look at the same time do not disturb each other, and a holder refuses them.
const (
	takeLease = `SELECT pg_try_advisory_lock(hashtextextended($1, 5318))`
	takeOver  = `WITH dead AS MATERIALIZED (
			SELECT worker FROM (
				SELECT DISTINCT attempted_by[array_upper(attempted_by, 1)] AS worker FROM river_job WHERE state = 'running'
				UNION SELECT leader_id FROM river_leader
			) AS workers WHERE worker <> $1 AND pg_try_advisory_xact_lock_shared(hashtextextended(worker, 5318))
		), leaders AS (
			DELETE FROM river_leader WHERE leader_id IN (SELECT worker FROM dead)
		)
		UPDATE river_job SET state = 'available', attempt = greatest(attempt - 1, 0), scheduled_at = now(),
			metadata = jsonb_set(metadata, '{crashes}', to_jsonb(coalesce((metadata ->> 'crashes')::int, 0) + 1))
		WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] IN (SELECT worker FROM dead)`
	// What was made or tried at a time that is yet to come tells how far the database's
	// clock was set back; its wait is as much too long. So is a wait that nobody can have
	// asked for: that of a job in the midst of whose attempt the clock was set.
	setBack = `UPDATE river_job SET
		scheduled_at = CASE WHEN greatest(created_at, attempted_at) > now() + interval '1 second'
			THEN scheduled_at - (greatest(created_at, attempted_at) - now()) ELSE now() END,
		created_at = least(created_at, now()), attempted_at = least(attempted_at, now())
		WHERE state IN ('available', 'retryable', 'scheduled') AND queue = 'default' AND priority = 1
		AND scheduled_at > now() AND (greatest(created_at, attempted_at) > now() + interval '1 second'
			OR attempted_at IS NOT NULL AND scheduled_at > now() + $1::bigint * interval '1 microsecond')`
	stillOurs = `SELECT id, now() FROM river_job WHERE id = ANY($1) AND state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $2`
)

// errLeaseLost ends the work of a worker whose lock is gone.
var errLeaseLost = errors.New("the worker's lease was lost")

// workUnderLease works for as long as a lease lasts.
func (s *Store) workUnderLease(ctx context.Context, c storage.WorkConfig, handle func(context.Context, storage.Job) error) error {
	name := "worker-" + rand.Text()
	conn, err := s.lease(ctx, name)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		cancel(s.keepLease(ctx, conn, name))
	}()
	err = s.queue.WorkAs(ctx, name, fencedDriver{s.driver, name, s.pool}, c, handle)
	cancel(nil)
	<-kept
	// The lock goes with the connection, and not before every handler has returned.
	closing, done := context.WithTimeout(context.Background(), leaseWithin)
	defer done()
	_ = conn.Close(closing)
	return errors.Join(err, leaseError(context.Cause(ctx)))
}

func leaseError(cause error) error {
	if errors.Is(cause, errLeaseLost) {
		return cause
	}
	return nil
}

// lease takes the lock of a name on a connection of its own.
func (s *Store) lease(ctx context.Context, name string) (*pgx.Conn, error) {
	bounded, cancel := context.WithTimeout(ctx, 2*leaseWithin)
	defer cancel()
	conn, err := pgx.ConnectConfig(bounded, s.direct)
	if err != nil {
		return nil, fmt.Errorf("connect for a lease: %w", err)
	}
	var taken bool
	err = conn.QueryRow(bounded, takeLease, name).Scan(&taken)
	if err == nil && !taken {
		err = errors.New("its lock is another's")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("take a lease: %w", err), conn.Close(bounded))
	}
	return conn, nil
}

// keepLease gives the jobs of dead workers to the living, until ctx ends or the
// lease is lost.
func (s *Store) keepLease(ctx context.Context, conn *pgx.Conn, name string) error {
	ticker := time.NewTicker(leaseEvery)
	defer ticker.Stop()
	for {
		looking, cancel := context.WithTimeout(ctx, leaseWithin)
		taken, err := conn.Exec(looking, takeOver, name)
		var back pgconn.CommandTag
		if err == nil {
			back, err = conn.Exec(looking, setBack, (jobs.LongestWait + time.Minute).Microseconds())
		}
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("%w: %w", errLeaseLost, err)
		}
		if taken.RowsAffected() > 0 {
			s.log.Info("took over the jobs of dead workers", "jobs", taken.RowsAffected())
		}
		if back.RowsAffected() > 0 {
			s.log.Warn("the database's clock was set back; jobs were made due in time", "jobs", back.RowsAffected())
		}
		if taken.RowsAffected()+back.RowsAffected() > 0 {
			s.queue.Wake()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// A fencedDriver is the queue's driver as a worker uses it that may have lost its
// jobs to another one and not know it yet.
type fencedDriver struct {
	jobs.Driver[pgx.Tx]
	worker string
	pool   *pool
}

// GetExecutor implements [riverdriver.Driver].
func (d fencedDriver) GetExecutor() riverdriver.Executor {
	return fencedExecutor{d.Driver.GetExecutor(), d.worker, d.pool}
}

// A fencedExecutor says how jobs have ended only while they are the worker's.
type fencedExecutor struct {
	riverdriver.Executor
	worker string
	pool   *pool
}

// JobSetStateIfRunningMany implements [riverdriver.Executor]. When a job is tried next
// was reckoned by the clock of this process, and is told by that of the database.
func (e fencedExecutor) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	rows, err := e.pool.inner.Query(ctx, stillOurs, p.ID, e.worker)
	if err != nil {
		return nil, err
	}
	ours := map[int64]bool{}
	var id int64
	var now time.Time
	if _, err := pgx.ForEachRow(rows, []any{&id, &now}, func() error { ours[id] = true; return nil }); err != nil {
		return nil, err
	}
	if apart := time.Until(now); len(ours) > 0 && apart.Abs() > clockSlack {
		p.ScheduledAt = slices.Clone(p.ScheduledAt)
		for i, at := range p.ScheduledAt {
			if at != nil {
				p.ScheduledAt[i] = new(at.Add(apart))
			}
		}
	}
	if len(ours) == len(p.ID) {
		return e.Executor.JobSetStateIfRunningMany(ctx, p)
	}
	left := &riverdriver.JobSetStateIfRunningManyParams{Now: p.Now, Schema: p.Schema}
	for i, id := range p.ID {
		if !ours[id] {
			continue
		}
		left.ID = append(left.ID, id)
		left.Attempt = append(left.Attempt, p.Attempt[i])
		left.ErrData = append(left.ErrData, p.ErrData[i])
		left.FinalizedAt = append(left.FinalizedAt, p.FinalizedAt[i])
		left.MetadataDoMerge = append(left.MetadataDoMerge, p.MetadataDoMerge[i])
		left.MetadataUpdates = append(left.MetadataUpdates, p.MetadataUpdates[i])
		left.ScheduledAt = append(left.ScheduledAt, p.ScheduledAt[i])
		left.State = append(left.State, p.State[i])
	}
	if len(left.ID) == 0 {
		return nil, nil
	}
	return e.Executor.JobSetStateIfRunningMany(ctx, left)
}
