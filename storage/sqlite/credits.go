package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// The triggers of the ledger keep the balances.
const (
	insertEntry = `INSERT INTO credit_entries (owner, action, pages, cause, created) SELECT ?1, ?2, ?3, ?4, ?5
		WHERE NOT EXISTS (SELECT 1 FROM credit_entries WHERE owner = ?1 AND action = ?2 AND cause = ?4)`
	selectBalance = `SELECT coalesce((SELECT pages FROM balances WHERE owner = ?), 0)`
	selectEntered = `SELECT EXISTS (SELECT 1 FROM credit_entries WHERE owner = ? AND action = ? AND cause = ?)`
	selectHold    = `SELECT -pages, EXISTS (SELECT 1 FROM credit_entries WHERE owner = ?1 AND action IN ('capture', 'release') AND cause = ?2)
		FROM credit_entries WHERE owner = ?1 AND action = 'hold' AND cause = ?2`
	selectEntries = `SELECT id, owner, action, pages, cause, created FROM credit_entries
		WHERE owner = ? AND id < ? ORDER BY id DESC LIMIT ?`
)

// Balance implements [storage.Credits].
func (s *Store) Balance(ctx context.Context, owner string) (int, error) {
	var pages int
	if err := s.reader.row(ctx, selectBalance, []any{owner}, &pages); err != nil {
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

// Adjust implements [storage.Credits].
func (s *Store) Adjust(ctx context.Context, owner, cause string, pages int) (bool, error) {
	if owner == "" || cause == "" || pages == 0 {
		return false, errors.New("adjust: it needs an owner, a cause and pages to add or take")
	}
	var added bool
	err := s.writer.write(ctx, func(t tx) error {
		added = false
		// Asked first: whoever adjusts again learns that, not that there is too
		// little left now.
		var entered bool
		if err := t.row(selectEntered, owner, string(storage.Adjust), cause).Scan(&entered); err != nil || entered {
			return err
		}
		if err := t.affords(owner, -pages); err != nil {
			return err
		}
		var err error
		added, err = t.enter(owner, storage.Adjust, pages, cause, s.now())
		return err
	})
	if err != nil {
		return false, fmt.Errorf("adjust: %w", err)
	}
	return added, nil
}

// Entries implements [storage.Credits].
func (s *Store) Entries(ctx context.Context, owner string, before int64, limit int) ([]storage.Entry, error) {
	entries, err := collect(ctx, s.reader, func(scan func(...any) error) (e storage.Entry, err error) {
		var created int64
		err = scan(&e.ID, &e.Owner, &e.Action, &e.Pages, &e.Cause, &created)
		e.Created = fromMicros(created)
		return e, err
	}, selectEntries, owner, cmp.Or(before, math.MaxInt64), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("entries: %w", err)
	}
	return entries, nil
}

// affords answers [storage.ErrInsufficient] when a balance has fewer pages.
func (t tx) affords(owner string, pages int) error {
	var balance int
	if err := t.row(selectBalance, owner).Scan(&balance); err != nil {
		return err
	}
	if balance < pages {
		return storage.ErrInsufficient
	}
	return nil
}

// hold takes pages from a balance for a session.
func (t tx) hold(owner, session string, pages int, now time.Time) error {
	if err := t.affords(owner, pages); err != nil {
		return err
	}
	added, err := t.enter(owner, storage.Hold, -pages, session, now)
	if err == nil && !added {
		return storage.ErrExists // a session of that id held pages before
	}
	return err
}

// settle captures or releases what a session holds: one of the two, once, and
// nothing where it held nothing.
func (t tx) settle(owner, session string, action storage.Action, now time.Time) error {
	var pages int
	var settled bool
	err := t.row(selectHold, owner, session).Scan(&pages, &settled)
	if errors.Is(err, sql.ErrNoRows) || settled {
		return nil
	}
	if err != nil {
		return err
	}
	if action == storage.Capture {
		pages = 0
	}
	_, err = t.enter(owner, action, pages, session, now)
	return err
}

// enter adds an entry to the ledger and its hash to the chain, unless its cause has
// had it before.
func (t tx) enter(owner string, action storage.Action, pages int, cause string, now time.Time) (bool, error) {
	n, err := t.exec(insertEntry, owner, string(action), pages, cause, micros(now))
	if err != nil || n == 0 {
		return false, err
	}
	t.ledger[owner] = true
	return true, nil
}
