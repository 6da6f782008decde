package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

const (
	sessionColumns = `id, owner, status, pages, claim, items, code, key, print, created, updated, expires, request, detail, result`

	selectSession = `SELECT ` + sessionColumns + ` FROM sessions WHERE id = $1`
	selectByKey   = `SELECT ` + sessionColumns + ` FROM sessions WHERE owner = $1 AND key = $2 AND key <> ''`
	claimSession  = `UPDATE sessions SET claim = claim + 1, status = 'processing', updated = $2
		WHERE id = $1 AND status IN ('queued', 'processing') RETURNING ` + sessionColumns
	selectState   = `SELECT owner, status, claim FROM sessions WHERE id = $1`
	finishSession = `UPDATE sessions SET status = $2, code = $3, detail = $4, updated = $5 WHERE id = $1`
	submitSession = `UPDATE sessions SET status = 'completed', result = $2, updated = $3 WHERE id = $1 AND status = 'ready'`

	lockState     = selectState + ` FOR UPDATE`
	selectExpired = `SELECT id, owner, status, job FROM sessions WHERE expires < $1 ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED`
	selectErased  = `SELECT id, owner, status, job FROM sessions WHERE id = $1 FOR UPDATE`
	deleteJobs    = `DELETE FROM river_job WHERE id = ANY($1) AND state NOT IN ('running', 'discarded', 'cancelled')`
	deleteSession = `DELETE FROM sessions WHERE id = ANY($1)`
)

// Session implements [storage.Sessions].
func (s *Store) Session(ctx context.Context, id string) (storage.Session, error) {
	if !valid.ID(id) {
		return storage.Session{}, fmt.Errorf("session: %w", storage.ErrNotFound)
	}
	found, err := s.session(ctx, selectSession, id)
	if err != nil {
		return storage.Session{}, fmt.Errorf("session %s: %w", id, err)
	}
	return found, nil
}

// SessionByKey implements [storage.Sessions].
func (s *Store) SessionByKey(ctx context.Context, owner, key string) (storage.Session, error) {
	found, err := s.session(ctx, selectByKey, owner, key)
	if err != nil {
		return storage.Session{}, fmt.Errorf("session of an idempotency key: %w", err)
	}
	return found, nil
}

// session runs a statement that returns a session.
func (s *Store) session(ctx context.Context, query string, args ...any) (storage.Session, error) {
	var found storage.Session
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		var err error
		found, err = scanSession(conn.QueryRow(ctx, query, args...))
		return err
	})
	return found, err
}

// ClaimSession implements [storage.Claims].
func (s *Store) ClaimSession(ctx context.Context, id string) (storage.Session, error) {
	if !valid.ID(id) {
		return storage.Session{}, fmt.Errorf("claim session: %w", storage.ErrNotFound)
	}
	claimed, err := s.session(ctx, claimSession, id, s.now())
	if errors.Is(err, storage.ErrNotFound) {
		err = s.conflict(ctx, id) // it is there, so it has ended
	}
	if err != nil {
		return storage.Session{}, fmt.Errorf("claim session %s: %w", id, err)
	}
	return claimed, nil
}

// conflict tells a session that is in the wrong state from one that is not there.
func (s *Store) conflict(ctx context.Context, id string) error {
	if _, err := s.session(ctx, selectSession, id); err != nil {
		return err
	}
	return storage.ErrConflict
}

// FinishSession implements [storage.Claims].
func (s *Store) FinishSession(ctx context.Context, id string, claim int64, o storage.Outcome) error {
	if !valid.ID(id) {
		return fmt.Errorf("finish session: %w", storage.ErrNotFound)
	}
	if o.Status != storage.Ready && o.Status != storage.Failed {
		return fmt.Errorf("finish session %s: %q is no outcome", id, string(o.Status))
	}
	err := s.pool.tx(ctx, func(tx pgx.Tx) error {
		var st state
		if err := tx.QueryRow(ctx, lockState, id).Scan(&st.owner, &st.status, &st.claim); err != nil {
			return notFound(err)
		}
		if err := st.claimed(claim); err != nil {
			return err
		}
		return s.finish(ctx, tx, id, st.owner, o)
	})
	if err != nil {
		return fmt.Errorf("finish session %s: %w", id, err)
	}
	return nil
}

// finish ends a session that is queued or processing.
func (s *Store) finish(ctx context.Context, tx pgx.Tx, id, owner string, o storage.Outcome) error {
	now := s.now()
	if _, err := tx.Exec(ctx, finishSession, id, string(o.Status), o.Code, o.Detail, now); err != nil {
		return err
	}
	books, err := openLedger(ctx, tx, settling(owner, id), nil)
	if err != nil {
		return err
	}
	if err := books.settle(owner, id, o.Status, now); err != nil {
		return err
	}
	return books.write(ctx, tx)
}

// SubmitSession implements [storage.Sessions].
func (s *Store) SubmitSession(ctx context.Context, id string, result []byte) error {
	if !valid.ID(id) {
		return fmt.Errorf("submit session: %w", storage.ErrNotFound)
	}
	var changed int64
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, submitSession, id, result, s.now())
		changed = tag.RowsAffected()
		return err
	})
	if err == nil && changed == 0 {
		err = s.conflict(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("submit session %s: %w", id, err)
	}
	return nil
}

// ExpireSessions implements [storage.Sessions].
func (s *Store) ExpireSessions(ctx context.Context, before time.Time, _ string, limit int) (int, error) {
	n, err := s.remove(ctx, selectExpired, before, limit)
	if err != nil {
		return 0, fmt.Errorf("expire sessions: %w", err)
	}
	return n, nil
}

// EraseSession implements [storage.Sessions].
func (s *Store) EraseSession(ctx context.Context, id, _ string) error {
	if !valid.ID(id) {
		return fmt.Errorf("erase session: %w", storage.ErrNotFound)
	}
	n, err := s.remove(ctx, selectErased, id)
	if err == nil && n == 0 {
		err = storage.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("erase session %s: %w", id, err)
	}
	return nil
}

// A removed session is one that goes.
type removed struct {
	id, owner string
	status    storage.Status
	job       int64
}

// remove removes the sessions that a query finds, and all that is theirs.
func (s *Store) remove(ctx context.Context, query string, args ...any) (n int, err error) {
	err = s.pool.tx(ctx, func(tx pgx.Tx) error {
		n, err = s.removeIn(ctx, tx, query, args...)
		return err
	})
	return n, err
}

func (s *Store) removeIn(ctx context.Context, tx pgx.Tx, query string, args ...any) (int, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	gone, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r removed, err error) {
		return r, row.Scan(&r.id, &r.owner, &r.status, &r.job)
	})
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	if err := s.releaseAll(ctx, tx, gone); err != nil {
		return 0, err
	}
	ids, jobs := make([]string, len(gone)), make([]int64, len(gone))
	for i, r := range gone {
		ids[i], jobs[i] = r.id, r.job
	}
	batch := &pgx.Batch{}
	batch.Queue(deleteJobs, jobs)
	batch.Queue(deletePieces, ids)
	batch.Queue(deleteBlobs, ids)
	batch.Queue(deleteSession, ids)
	return len(gone), tx.SendBatch(ctx, batch).Close()
}

// releaseAll gives back what those sessions hold that have not ended.
func (s *Store) releaseAll(ctx context.Context, tx pgx.Tx, gone []removed) error {
	var wanted []posting
	for _, r := range gone {
		if !r.status.Ended() {
			wanted = append(wanted, settling(r.owner, r.id)...)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	books, err := openLedger(ctx, tx, wanted, nil)
	if err != nil {
		return err
	}
	now := s.now()
	for _, r := range gone {
		if !r.status.Ended() {
			if err := books.settle(r.owner, r.id, storage.Failed, now); err != nil {
				return err
			}
		}
	}
	return books.write(ctx, tx)
}

// A state is the part of a session that a write depends on.
type state struct {
	owner  string
	status storage.Status
	claim  int64
}

// claimed reports whether claim is the last one and the session has not ended.
func (st state) claimed(claim int64) error {
	switch {
	case claim < 1 || st.claim != claim:
		return storage.ErrStale
	case st.status != storage.Processing:
		return storage.ErrConflict
	}
	return nil
}

func scanSession(row pgx.Row) (storage.Session, error) {
	var s storage.Session
	var expires *time.Time
	err := row.Scan(&s.ID, &s.Owner, &s.Status, &s.Pages, &s.Claim, &s.Items, &s.Code, &s.Key, &s.Print,
		&s.Created, &s.Updated, &expires, &s.Request, &s.Detail, &s.Result)
	if err != nil {
		return storage.Session{}, notFound(err)
	}
	s.Created, s.Updated = s.Created.UTC(), s.Updated.UTC()
	if expires != nil {
		s.Expires = expires.UTC()
	}
	return s, nil
}

func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return storage.ErrNotFound
	}
	return err
}
