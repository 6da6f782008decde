package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	sessionColumns = `id, owner, status, pages, claim, items, code, created, updated, expires, request, detail, result`

	insertSession = `INSERT INTO sessions (id, owner, status, pages, job, created, updated, expires, request)
		VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?)`
	selectSession = `SELECT ` + sessionColumns + ` FROM sessions WHERE id = ?`
	claimSession  = `UPDATE sessions SET claim = claim + 1, status = 'processing', updated = ?
		WHERE id = ? AND status IN ('queued', 'processing') RETURNING ` + sessionColumns
	selectState   = `SELECT owner, status, claim, items FROM sessions WHERE id = ?`
	finishSession = `UPDATE sessions SET status = ?, code = ?, detail = ?, updated = ? WHERE id = ?`
	submitSession = `UPDATE sessions SET status = 'completed', result = ?, updated = ? WHERE id = ? AND status = 'ready'`
	selectExpired = `SELECT id, owner, status, job FROM sessions WHERE expires < ? ORDER BY expires LIMIT ?`
	deleteSession = `DELETE FROM sessions WHERE id = ?`
)

// CreateSession implements [storage.Sessions].
func (s *Store) CreateSession(ctx context.Context, n storage.Session, hold bool) error {
	if err := validSession(n); err != nil {
		return fmt.Errorf("create session: %w", err)
	}
	now := s.now()
	if n.Created.IsZero() {
		n.Created = now
	}
	err := s.writer.write(ctx, func(t tx) error {
		// Asked first: whoever creates again what is there learns that, not that
		// the pages which the first time took are missing now.
		if _, err := t.state(n.ID); !errors.Is(err, storage.ErrNotFound) {
			return cmp.Or(err, storage.ErrExists)
		}
		if hold {
			if err := t.hold(n.Owner, n.ID, n.Pages, now); err != nil {
				return err
			}
		}
		job, err := s.queue.Insert(t.ctx, t.Tx, n.ID, n.Due)
		if err != nil {
			return fmt.Errorf("enqueue: %w", err)
		}
		_, err = t.exec(insertSession, n.ID, n.Owner, n.Pages, job, micros(n.Created), micros(now), microsOrNull(n.Expires), n.Request)
		return err
	})
	if err != nil {
		return fmt.Errorf("create session %s: %w", n.ID, err)
	}
	s.queue.Wake()
	return nil
}

func validSession(n storage.Session) error {
	if !validID(n.ID) {
		return errors.New("its id is not 1 to 64 letters, digits, - or _")
	}
	if n.Owner == "" {
		return errors.New("it has no owner")
	}
	if n.Pages < 0 {
		return fmt.Errorf("it has %d pages", n.Pages)
	}
	return nil
}

// Session implements [storage.Sessions].
func (s *Store) Session(ctx context.Context, id string) (storage.Session, error) {
	found, err := scanSession(s.readers.QueryRowContext(ctx, selectSession, id))
	if err != nil {
		return storage.Session{}, fmt.Errorf("session %s: %w", printable(id), err)
	}
	return found, nil
}

// ClaimSession implements [storage.Sessions].
func (s *Store) ClaimSession(ctx context.Context, id string) (storage.Session, error) {
	var claimed storage.Session
	err := s.writer.write(ctx, func(t tx) error {
		var err error
		claimed, err = scanSession(t.row(claimSession, micros(s.now()), id))
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		if _, err := t.state(id); err != nil {
			return err
		}
		return storage.ErrConflict // it is there, so it has ended
	})
	if err != nil {
		return storage.Session{}, fmt.Errorf("claim session %s: %w", printable(id), err)
	}
	return claimed, nil
}

// FinishSession implements [storage.Sessions].
func (s *Store) FinishSession(ctx context.Context, id string, claim int64, o storage.Outcome) error {
	if o.Status != storage.Ready && o.Status != storage.Failed {
		return fmt.Errorf("finish session %s: %q is no outcome", printable(id), string(o.Status))
	}
	err := s.writer.write(ctx, func(t tx) error {
		found, err := t.claimed(id, claim)
		if err != nil {
			return err
		}
		return t.finish(id, found.owner, o, s.now())
	})
	if err != nil {
		return fmt.Errorf("finish session %s: %w", printable(id), err)
	}
	return nil
}

// SubmitSession implements [storage.Sessions].
func (s *Store) SubmitSession(ctx context.Context, id string, result []byte) error {
	err := s.writer.write(ctx, func(t tx) error {
		n, err := t.exec(submitSession, result, micros(s.now()), id)
		if err != nil || n == 1 {
			return err
		}
		if _, err := t.state(id); err != nil {
			return err
		}
		return storage.ErrConflict
	})
	if err != nil {
		return fmt.Errorf("submit session %s: %w", printable(id), err)
	}
	return nil
}

// ExpireSessions implements [storage.Sessions]. The blobs go after the commit;
// those that a crash leaves behind are SweepBlobs' to find.
func (s *Store) ExpireSessions(ctx context.Context, before time.Time, code string, limit int) (int, error) {
	var gone []string
	err := s.writer.write(ctx, func(t tx) error {
		expired, err := t.expired(before, limit)
		if err != nil {
			return err
		}
		gone = gone[:0]
		for _, e := range expired {
			if !e.status.Ended() {
				err = t.finish(e.id, e.owner, storage.Outcome{Status: storage.Failed, Code: code}, s.now())
			}
			if err == nil {
				err = s.queue.Delete(t.ctx, t.Tx, e.job)
			}
			if err == nil {
				_, err = t.exec(deleteSession, e.id)
			}
			if err != nil {
				return err
			}
			gone = append(gone, e.id)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("expire sessions: %w", err)
	}
	for _, id := range gone {
		err = errors.Join(err, s.blobs.deleteAll(id))
	}
	if err != nil {
		return len(gone), fmt.Errorf("delete the blobs of expired sessions: %w", err)
	}
	return len(gone), nil
}

// finish ends a session that is queued or processing.
func (t tx) finish(id, owner string, o storage.Outcome, now time.Time) error {
	if _, err := t.exec(finishSession, string(o.Status), o.Code, o.Detail, micros(now), id); err != nil {
		return err
	}
	if o.Status != storage.Failed {
		return nil
	}
	return t.release(owner, id, now)
}

// A state is the part of a session that a write depends on.
type state struct {
	owner  string
	status storage.Status
	claim  int64
	items  int
}

func (t tx) state(id string) (state, error) {
	var st state
	err := t.row(selectState, id).Scan(&st.owner, &st.status, &st.claim, &st.items)
	return st, notFound(err)
}

// claimed returns the state of a session on which claim is the last one and that
// has not ended.
func (t tx) claimed(id string, claim int64) (state, error) {
	st, err := t.state(id)
	switch {
	case err != nil:
		return state{}, err
	case claim < 1 || st.claim != claim:
		return state{}, storage.ErrStale
	case st.status != storage.Processing:
		return state{}, storage.ErrConflict
	}
	return st, nil
}

type expired struct {
	id, owner string
	status    storage.Status
	job       int64
}

func (t tx) expired(before time.Time, limit int) ([]expired, error) {
	rows, err := t.QueryContext(t.ctx, selectExpired, micros(before), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []expired
	for rows.Next() {
		var e expired
		if err := rows.Scan(&e.id, &e.owner, &e.status, &e.job); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

func scanSession(row *sql.Row) (storage.Session, error) {
	var s storage.Session
	var created, updated int64
	var expires sql.NullInt64
	err := row.Scan(&s.ID, &s.Owner, &s.Status, &s.Pages, &s.Claim, &s.Items, &s.Code,
		&created, &updated, &expires, &s.Request, &s.Detail, &s.Result)
	if err != nil {
		return storage.Session{}, notFound(err)
	}
	s.Created, s.Updated = fromMicros(created), fromMicros(updated)
	if expires.Valid {
		s.Expires = fromMicros(expires.Int64)
	}
	return s, nil
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return storage.ErrNotFound
	}
	return err
}
