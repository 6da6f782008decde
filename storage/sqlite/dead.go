package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	selectOwners   = `SELECT id, owner FROM sessions WHERE id IN (SELECT value FROM json_each(?))`
	requeueSession = `UPDATE sessions SET job = ?1, updated = ?2,
		status = iif(status = 'failed', 'queued', status),
		code   = iif(status = 'failed', '', code),
		detail = iif(status = 'failed', NULL, detail) WHERE id = ?3`
)

// DeadJobs implements [storage.Jobs].
func (s *Store) DeadJobs(ctx context.Context, before int64, limit int) ([]storage.DeadJob, error) {
	dead, err := s.queue.Dead(ctx, before, limit)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(dead))
	for i, d := range dead {
		ids[i] = d.Session
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("dead jobs: %w", err)
	}
	type owned struct{ id, owner string }
	sessions, err := collect(ctx, s.reader, func(scan func(...any) error) (o owned, err error) {
		return o, scan(&o.id, &o.owner)
	}, selectOwners, string(list))
	if err != nil {
		return nil, fmt.Errorf("owners of dead jobs: %w", err)
	}
	owners := make(map[string]string, len(sessions))
	for _, o := range sessions {
		owners[o.id] = o.owner
	}
	for i := range dead {
		dead[i].Owner = owners[dead[i].Session]
	}
	return dead, nil
}

// RetryJob implements [storage.Jobs].
func (s *Store) RetryJob(ctx context.Context, id int64) error {
	err := s.writer.write(ctx, func(t tx) error {
		session, err := s.queue.DeadTx(t.ctx, t.Tx, id)
		if err != nil {
			return err
		}
		found, err := t.state(session)
		if err != nil {
			return fmt.Errorf("session %s: %w", session, err)
		}
		if found.status == storage.Ready || found.status == storage.Completed {
			return fmt.Errorf("session %s is %s: %w", session, found.status, storage.ErrConflict)
		}
		job, err := s.queue.RetryTx(t.ctx, t.Tx, id)
		if err != nil {
			return err
		}
		_, err = t.exec(requeueSession, job, micros(s.now()), session)
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
	err := s.writer.write(ctx, func(t tx) error { return s.queue.DiscardTx(t.ctx, t.Tx, id) })
	if err != nil {
		return fmt.Errorf("discard job %d: %w", id, err)
	}
	return nil
}
