package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// The triggers of the ledger keep the balances.
const (
	insertEntry = `INSERT INTO credit_entries (owner, action, pages, cause, created) SELECT ?1, ?2, ?3, ?4, ?5
		WHERE NOT EXISTS (SELECT 1 FROM credit_entries WHERE owner = ?1 AND action = ?2 AND cause = ?4)`
	selectBalance = `SELECT coalesce((SELECT pages FROM balances WHERE owner = ?), 0)`
	selectHold    = `SELECT pages FROM credit_entries WHERE owner = ? AND action = 'hold' AND cause = ?`
	selectEntries = `SELECT id, owner, action, pages, cause, created FROM credit_entries WHERE owner = ? ORDER BY id DESC LIMIT ?`
)

// Balance implements [storage.Credits].
func (s *Store) Balance(ctx context.Context, owner string) (int, error) {
	var pages int
	if err := s.readers.QueryRowContext(ctx, selectBalance, owner).Scan(&pages); err != nil {
		return 0, fmt.Errorf("balance: %w", err)
	}
	return pages, nil
}

// Grant implements [storage.Credits].
func (s *Store) Grant(ctx context.Context, owner, cause string, pages int) (bool, error) {
	if owner == "" || cause == "" || pages < 1 {
		return false, errors.New("grant: it needs an owner, a cause and at least one page")
	}
	var added bool
	err := s.writer.write(ctx, func(t tx) error {
		var err error
		added, err = t.enter(owner, storage.Grant, pages, cause, s.now())
		return err
	})
	if err != nil {
		return false, fmt.Errorf("grant: %w", err)
	}
	return added, nil
}

// Entries implements [storage.Credits].
func (s *Store) Entries(ctx context.Context, owner string, limit int) ([]storage.Entry, error) {
	entries, err := collect(ctx, s.readers, func(scan func(...any) error) (e storage.Entry, err error) {
		var created int64
		err = scan(&e.ID, &e.Owner, &e.Action, &e.Pages, &e.Cause, &created)
		e.Created = fromMicros(created)
		return e, err
	}, selectEntries, owner, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("entries: %w", err)
	}
	return entries, nil
}

// hold takes pages from a balance for a session.
func (t tx) hold(owner, session string, pages int, now time.Time) error {
	var balance int
	if err := t.row(selectBalance, owner).Scan(&balance); err != nil {
		return err
	}
	if balance < pages {
		return storage.ErrInsufficient
	}
	added, err := t.enter(owner, storage.Hold, -pages, session, now)
	if err == nil && !added {
		return storage.ErrExists // a session of that id held pages before
	}
	return err
}

// release gives back what a session holds: once, and nothing where it held nothing.
func (t tx) release(owner, session string, now time.Time) error {
	var held int
	err := t.row(selectHold, owner, session).Scan(&held)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = t.enter(owner, storage.Release, -held, session, now)
	return err
}

// enter adds an entry to the ledger, unless its cause has had it before.
func (t tx) enter(owner string, action storage.Action, pages int, cause string, now time.Time) (bool, error) {
	n, err := t.exec(insertEntry, owner, string(action), pages, cause, micros(now))
	return n == 1, err
}
