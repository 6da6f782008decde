package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// The triggers of the ledger keep the balances.
const (
	insertEntry   = `INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES (?, ?, ?, ?, ?)`
	insertOnce    = insertEntry + ` ON CONFLICT (owner, action, cause) DO NOTHING`
	selectBalance = `SELECT coalesce((SELECT pages FROM balances WHERE owner = ?), 0)`
	releaseHold   = `INSERT INTO credit_entries (owner, action, pages, cause, created)
		SELECT owner, 'release', -pages, cause, ? FROM credit_entries WHERE owner = ? AND action = 'hold' AND cause = ?
		ON CONFLICT (owner, action, cause) DO NOTHING`
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
		n, err := t.exec(insertOnce, owner, string(storage.Grant), pages, cause, micros(s.now()))
		added = n == 1
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
	_, err := t.exec(insertEntry, owner, string(storage.Hold), -pages, session, micros(now))
	if code(err) == codeUnique {
		return storage.ErrExists // a session of that id held pages before
	}
	return err
}

// release gives back what a session holds: once, and nothing where it held nothing.
func (t tx) release(owner, session string, now time.Time) error {
	_, err := t.exec(releaseHold, micros(now), owner, session)
	return err
}
