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
	accountFields = `id, kind, subject, early <> 0, moved_to, created`

	selectAccount = `SELECT ` + accountFields + ` FROM accounts WHERE id = $1 AND erased IS NULL`
	selectSubject = `SELECT ` + accountFields + ` FROM accounts WHERE kind = $1 AND subject = $2 AND subject <> ''`
	wasErased     = `SELECT EXISTS (SELECT FROM accounts WHERE id = $1 AND erased IS NOT NULL)`
	insertAccount = `INSERT INTO accounts (id, kind, subject, created) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	moveAccount   = `UPDATE accounts SET moved_to = $2 WHERE id = $1`
	eraseAccount  = `INSERT INTO accounts (id, kind, created, erased) VALUES ($1, '', 'epoch', $2)
		ON CONFLICT (id) DO UPDATE SET subject = '', moved_to = '', created = 'epoch', erased = coalesce(accounts.erased, $2)`

	// The early ones are counted one after the other, until there are enough of them.
	enoughEarly = `SELECT count(*) >= $1 FROM accounts WHERE early <> 0`
	lockEarly   = `SELECT pg_advisory_xact_lock(5318, 2)`
	setEarly    = `UPDATE accounts SET early = 1 WHERE id = $1 AND (SELECT count(*) FROM accounts WHERE early <> 0) < $2`

	selectOwned      = `SELECT id, owner, status, job FROM sessions WHERE owner = $1 ORDER BY id FOR UPDATE`
	deleteOwnReports = `DELETE FROM reports WHERE owner = $1`
)

// OpenAccount implements [storage.Accounts].
func (s *Store) OpenAccount(ctx context.Context, a storage.Account, w storage.Welcome) (storage.Account, bool, error) {
	if err := valid.Account(a, w); err != nil {
		return storage.Account{}, false, fmt.Errorf("open account: %w", err)
	}
	var found storage.Account
	var made bool
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) (err error) {
		made = false
		if found, err = findAccount(ctx, conn, a); !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			found, made, err = s.openAccount(ctx, tx, a, w)
			return err
		})
	})
	if err == nil && found.Kind != a.Kind {
		err = storage.ErrExists
	}
	if err != nil {
		return storage.Account{}, false, fmt.Errorf("open account: %w", err)
	}
	return found, made, nil
}

// A querier runs a statement, in a transaction or without one.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func findAccount(ctx context.Context, q querier, a storage.Account) (storage.Account, error) {
	if a.Subject != "" {
		return scanAccount(q.QueryRow(ctx, selectSubject, string(a.Kind), a.Subject))
	}
	return scanAccount(q.QueryRow(ctx, selectAccount, a.ID))
}

// openAccount makes an account, unless somebody else just has.
func (s *Store) openAccount(ctx context.Context, tx pgx.Tx, a storage.Account, w storage.Welcome) (storage.Account, bool, error) {
	now := s.now()
	tag, err := tx.Exec(ctx, insertAccount, a.ID, string(a.Kind), a.Subject, now)
	if err != nil {
		return storage.Account{}, false, err
	}
	if tag.RowsAffected() == 0 {
		found, err := findAccount(ctx, tx, a)
		if errors.Is(err, storage.ErrNotFound) {
			err = idTaken(ctx, tx, a.ID)
		}
		return found, false, err
	}
	a.User, a.Created = "", now
	if a.Early, err = isEarly(ctx, tx, a, w.Early); err != nil {
		return storage.Account{}, false, err
	}
	pages := w.Pages
	if a.Early {
		pages = w.EarlyPages
	}
	if pages > 0 {
		give := posting{a.ID, storage.Grant, w.Cause}
		err = enter(ctx, tx, []string{a.ID}, now, entering{give, pages})
	}
	return a, true, err
}

// idTaken says why an id can't be had.
func idTaken(ctx context.Context, tx pgx.Tx, id string) error {
	var erased bool
	if err := tx.QueryRow(ctx, wasErased, id).Scan(&erased); err != nil {
		return err
	}
	if erased {
		return storage.ErrConflict
	}
	return storage.ErrExists
}

// isEarly makes a new user one of the first, when there are not enough of them yet.
func isEarly(ctx context.Context, tx pgx.Tx, a storage.Account, early int) (bool, error) {
	if a.Kind != storage.User || early < 1 {
		return false, nil
	}
	var enough bool
	if err := tx.QueryRow(ctx, enoughEarly, early).Scan(&enough); err != nil || enough {
		return false, err
	}
	if _, err := tx.Exec(ctx, lockEarly); err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, setEarly, a.ID, early)
	return tag.RowsAffected() == 1, err
}

// An entering is an entry that is to be added.
type entering struct {
	posting
	pages int
}

// enter adds entries to the ledger. opens are owners that get a balance where they have
// none.
func enter(ctx context.Context, tx pgx.Tx, opens []string, now time.Time, all ...entering) error {
	var wanted []posting
	for _, e := range all {
		wanted = append(wanted, e.posting)
	}
	books, err := openLedger(ctx, tx, wanted, opens)
	if err != nil {
		return err
	}
	for _, e := range all {
		if _, err := books.add(e.posting, e.pages, now); err != nil {
			return err
		}
	}
	return books.write(ctx, tx)
}

// Account implements [storage.Accounts].
func (s *Store) Account(ctx context.Context, id string) (storage.Account, error) {
	var found storage.Account
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) (err error) {
		found, err = scanAccount(conn.QueryRow(ctx, selectAccount, id))
		return err
	})
	if err != nil {
		return storage.Account{}, fmt.Errorf("account: %w", err)
	}
	return found, nil
}

// TransferPages implements [storage.Accounts].
func (s *Store) TransferPages(ctx context.Context, device, user string, keep int) (int, error) {
	var moved int
	err := s.pool.tx(ctx, func(tx pgx.Tx) (err error) {
		moved, err = s.transfer(ctx, tx, device, user, max(keep, 0))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("transfer pages: %w", err)
	}
	return moved, nil
}

func (s *Store) transfer(ctx context.Context, tx pgx.Tx, device, user string, keep int) (int, error) {
	from, err := lockAccount(ctx, tx, device, storage.Device)
	if err != nil {
		return 0, fmt.Errorf("the device: %w", err)
	}
	if _, err := lockAccount(ctx, tx, user, storage.User); err != nil {
		return 0, fmt.Errorf("the user: %w", err)
	}
	if from.User != "" {
		return 0, nil
	}
	if _, err := tx.Exec(ctx, moveAccount, device, user); err != nil {
		return 0, err
	}
	give, get := posting{device, storage.Transfer, user}, posting{user, storage.Transfer, device}
	books, err := openLedger(ctx, tx, []posting{give, get}, []string{device, user})
	if err != nil {
		return 0, err
	}
	moved := books.accounts[device].pages - keep
	if moved <= 0 {
		return 0, nil
	}
	now := s.now()
	if _, err := books.add(give, -moved, now); err != nil {
		return 0, err
	}
	if _, err := books.add(get, moved, now); err != nil {
		return 0, err
	}
	return moved, books.write(ctx, tx)
}

// lockAccount returns an account of a kind, which stays as it is until the transaction
// ends.
func lockAccount(ctx context.Context, tx pgx.Tx, id string, kind storage.AccountKind) (storage.Account, error) {
	found, err := scanAccount(tx.QueryRow(ctx, selectAccount+` FOR UPDATE`, id))
	if err == nil && found.Kind != kind {
		err = storage.ErrNotFound
	}
	return found, err
}

// EraseOwner implements [storage.Accounts].
func (s *Store) EraseOwner(ctx context.Context, owner, _ string) error {
	if owner == "" {
		return errors.New("erase an owner: it has no id")
	}
	err := s.pool.tx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, eraseAccount, owner, s.now()); err != nil {
			return err
		}
		if _, err := s.removeIn(ctx, tx, selectOwned, owner); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, deleteOwnReports, owner)
		return err
	})
	if err != nil {
		return fmt.Errorf("erase an owner: %w", err)
	}
	return nil
}

func scanAccount(row pgx.Row) (storage.Account, error) {
	var a storage.Account
	if err := row.Scan(&a.ID, &a.Kind, &a.Subject, &a.Early, &a.User, &a.Created); err != nil {
		return storage.Account{}, notFound(err)
	}
	a.Created = a.Created.UTC()
	return a, nil
}
