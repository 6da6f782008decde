package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

const (
	sessionColumns = `id, owner, status, pages, claim, items, code, key, print, created, updated, expires, request, detail, result`

	insertSession = `INSERT INTO sessions (id, owner, status, pages, job, key, print, created, updated, expires, request)
		VALUES (?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?)`
	selectSession = `SELECT ` + sessionColumns + ` FROM sessions WHERE id = ?`
	selectByKey   = `SELECT ` + sessionColumns + ` FROM sessions WHERE owner = ? AND key = ? AND key <> ''`
	selectKeyUsed = `SELECT EXISTS (SELECT 1 FROM sessions WHERE owner = ? AND key = ? AND key <> '')`
	claimSession  = `UPDATE sessions SET claim = claim + 1, status = 'processing', updated = ?
		WHERE id = ? AND status IN ('queued', 'processing') RETURNING ` + sessionColumns
	selectState   = `SELECT owner, status, claim, items FROM sessions WHERE id = ?`
	finishSession = `UPDATE sessions SET status = ?, code = ?, detail = ?, updated = ? WHERE id = ?`
	submitSession = `UPDATE sessions SET status = 'completed', result = ?, updated = ? WHERE id = ? AND status = 'ready'`
)

// CreateSession implements [storage.Sessions].
func (s *Store) CreateSession(ctx context.Context, n storage.Session, hold bool) error {
	if err := valid.Session(n); err != nil {
		return fmt.Errorf("create session: %w", err)
	}
	now := s.now()
	if n.Created.IsZero() {
		n.Created = now
	}
	err := s.writer.write(ctx, func(t tx) error {
		// Asked first: whoever creates again what is there learns that, not that
		// the pages which the first time took are missing now.
		if err := t.unused(n); err != nil {
			return err
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
		_, err = t.exec(insertSession, n.ID, n.Owner, n.Pages, job, n.Key, n.Print,
			micros(n.Created), micros(now), microsOrNull(n.Expires), n.Request)
		return err
	})
	if err != nil {
		return fmt.Errorf("create session %s: %w", n.ID, err)
	}
	s.queue.Wake()
	return nil
}

// unused reports [storage.ErrExists] when a session has the key or the id already.
func (t tx) unused(n storage.Session) error {
	var used bool
	if err := t.row(selectKeyUsed, n.Owner, n.Key).Scan(&used); err != nil {
		return err
	}
	if used {
		return fmt.Errorf("its key was used before: %w", storage.ErrExists)
	}
	_, err := t.state(n.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return cmp.Or(err, storage.ErrExists)
}

// Session implements [storage.Sessions].
func (s *Store) Session(ctx context.Context, id string) (storage.Session, error) {
	found, err := s.session(ctx, selectSession, id)
	if err != nil {
		return storage.Session{}, fmt.Errorf("session %s: %w", printable(id), err)
	}
	return found, nil
}

// SessionByKey implements [storage.Sessions].
func (s *Store) SessionByKey(ctx context.Context, owner, key string) (storage.Session, error) {
	found, err := s.session(ctx, selectByKey, owner, key)
	if err != nil {
		return storage.Session{}, fmt.Errorf("session by key: %w", err)
	}
	return found, nil
}

// ClaimSession implements [storage.Sessions].
func (s *Store) ClaimSession(ctx context.Context, id string) (storage.Session, error) {
	var claimed storage.Session
	err := s.writer.write(ctx, func(t tx) error {
		var err error
		claimed, err = scanSession(t.row(claimSession, micros(s.now()), id).Scan)
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

// finish ends a session that is queued or processing.
func (t tx) finish(id, owner string, o storage.Outcome, now time.Time) error {
	if _, err := t.exec(finishSession, string(o.Status), o.Code, o.Detail, micros(now), id); err != nil {
		return err
	}
	if o.Status == storage.Failed {
		return t.settle(owner, id, storage.Release, now)
	}
	return t.settle(owner, id, storage.Capture, now)
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

// session reads one session.
func (s *Store) session(ctx context.Context, query string, args ...any) (storage.Session, error) {
	return scanSession(func(dest ...any) error { return s.reader.row(ctx, query, args, dest...) })
}

func scanSession(scan func(...any) error) (storage.Session, error) {
	var s storage.Session
	var created, updated int64
	var expires sql.Null[int64]
	err := scan(&s.ID, &s.Owner, &s.Status, &s.Pages, &s.Claim, &s.Items, &s.Code, &s.Key, &s.Print,
		&created, &updated, &expires, &s.Request, &s.Detail, &s.Result)
	if err != nil {
		return storage.Session{}, notFound(err)
	}
	s.Created, s.Updated = fromMicros(created), fromMicros(updated)
	if expires.Valid {
		s.Expires = fromMicros(expires.V)
	}
	return s, nil
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return storage.ErrNotFound
	}
	return err
}
