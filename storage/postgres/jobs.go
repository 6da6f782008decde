package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	depth = `SELECT
		count(*) FILTER (WHERE state IN ('available', 'retryable', 'scheduled', 'pending')),
		count(*) FILTER (WHERE state = 'running'),
		count(*) FILTER (WHERE state IN ('discarded', 'cancelled')),
		min(created_at) FILTER (WHERE state IN ('available', 'retryable', 'scheduled', 'pending'))
		FROM river_job WHERE state IN ('available', 'retryable', 'scheduled', 'pending', 'running', 'discarded', 'cancelled')`
	selectOwners = `SELECT id, owner FROM sessions WHERE id = ANY($1)`
	lockJob      = `SELECT FROM river_job WHERE id = $1 FOR UPDATE`
	requeue      = `UPDATE sessions SET job = $2, updated = $3, code = '', detail = NULL,
		status = CASE status WHEN 'failed' THEN 'queued' ELSE status END WHERE id = $1`
)

// Work implements [storage.Jobs]. It holds a lease; when that is lost, its handlers
// are cancelled as at the end of ctx, and it takes another. Close ends it too.
func (s *Store) Work(ctx context.Context, c storage.WorkConfig, handle func(context.Context, storage.Job) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	if err := s.enter(); err != nil {
		return fmt.Errorf("work: %w", err)
	}
	defer s.working.Done()

	for wait := time.Duration(0); ; wait = leaseAgain {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		if err := s.workUnderLease(ctx, c, handle); err != nil && ctx.Err() == nil {
			s.log.Warn("work has stopped and begins again", "error", err)
		}
	}
}

func (s *Store) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	s.working.Add(1)
	return nil
}

// Depth implements [storage.Jobs].
func (s *Store) Depth(ctx context.Context) (storage.Depth, error) {
	var d storage.Depth
	var oldest *time.Time
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, depth).Scan(&d.Waiting, &d.Running, &d.Dead, &oldest)
	})
	if err != nil {
		return storage.Depth{}, fmt.Errorf("depth of the queue: %w", err)
	}
	if oldest != nil {
		d.Oldest = oldest.UTC()
	}
	return d, nil
}

// DeadJobs implements [storage.Jobs].
func (s *Store) DeadJobs(ctx context.Context, before int64, limit int) ([]storage.DeadJob, error) {
	var dead []storage.DeadJob
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error { // bounds how many ask at once
		var err error
		dead, err = s.queue.Dead(ctx, before, limit)
		if err != nil || len(dead) == 0 {
			return err
		}
		ids := make([]string, len(dead))
		for i, d := range dead {
			ids[i] = d.Session
		}
		rows, err := conn.Query(ctx, selectOwners, ids)
		if err != nil {
			return err
		}
		owners := map[string]string{}
		var id, owner string
		if _, err := pgx.ForEachRow(rows, []any{&id, &owner}, func() error { owners[id] = owner; return nil }); err != nil {
			return err
		}
		for i := range dead {
			dead[i].Owner = owners[dead[i].Session]
		}
		return nil
	})
	return dead, err
}

// RetryJob implements [storage.Jobs].
func (s *Store) RetryJob(ctx context.Context, id int64) error {
	err := s.pool.tx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockJob, id); err != nil {
			return err
		}
		session, err := s.queue.DeadTx(ctx, tx, id)
		if err != nil {
			return err
		}
		var st state
		if err := tx.QueryRow(ctx, lockState, session).Scan(&st.owner, &st.status, &st.claim); err != nil {
			return notFound(err)
		}
		if st.status == storage.Ready || st.status == storage.Completed {
			return storage.ErrConflict
		}
		job, err := s.queue.RetryTx(ctx, tx, id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, requeue, session, job, s.now())
		return err
	})
	if err != nil {
		return fmt.Errorf("retry job %d: %w", id, err)
	}
	s.queue.Wake()
	return nil
}

// DiscardJob implements [storage.Jobs].
func (s *Store) DiscardJob(ctx context.Context, id int64) error {
	err := s.pool.tx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockJob, id); err != nil {
			return err
		}
		return s.queue.DiscardTx(ctx, tx, id)
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("discard job %d: %w", id, err)
	}
	return err
}
