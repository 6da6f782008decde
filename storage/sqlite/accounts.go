package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

const (
	accountFields = `id, kind, subject, early, moved_to, created`

	selectAccount = `SELECT ` + accountFields + ` FROM accounts WHERE id = ? AND erased IS NULL`
	selectSubject = `SELECT ` + accountFields + ` FROM accounts WHERE kind = ? AND subject = ? AND subject <> ''`
	selectErased  = `SELECT coalesce(max(erased IS NOT NULL), 0) FROM accounts WHERE id = ?`
	selectEarly   = `SELECT count(*) FROM accounts WHERE early <> 0`
	insertAccount = `INSERT INTO accounts (id, kind, subject, early, created) VALUES (?, ?, ?, ?, ?)`
	moveAccount   = `UPDATE accounts SET moved_to = ? WHERE id = ?`
	eraseAccount  = `INSERT INTO accounts (id, kind, created, erased) VALUES (?1, '', 0, ?2)
		ON CONFLICT (id) DO UPDATE SET subject = '', moved_to = '', created = 0, erased = coalesce(erased, ?2)`
	selectOwned     = `SELECT ` + endingColumns + ` FROM sessions WHERE owner = ?`
	deleteOwnReport = `DELETE FROM reports WHERE owner = ?`
)

// OpenAccount implements [storage.Accounts].
func (s *Store) OpenAccount(ctx context.Context, a storage.Account, w storage.Welcome) (storage.Account, bool, error) {
	if err := valid.Account(a, w); err != nil {
		return storage.Account{}, false, fmt.Errorf("open account: %w", err)
	}
	// Most are there; they need not wait for a write.
	found, err := scanAccount(func(dest ...any) error {
		query, args := findAccount(a)
		return s.reader.row(ctx, query, args, dest...)
	})
	var made bool
	if errors.Is(err, storage.ErrNotFound) {
		err = s.writer.write(ctx, func(t tx) (err error) {
			found, made, err = s.openAccount(t, a, w)
			return err
		})
	}
	if err == nil && found.Kind != a.Kind {
		err = storage.ErrExists
	}
	if err != nil {
		return storage.Account{}, false, fmt.Errorf("open account: %w", err)
	}
	return found, made, nil
}

func findAccount(a storage.Account) (query string, args []any) {
	if a.Subject != "" {
		return selectSubject, []any{string(a.Kind), a.Subject}
	}
	return selectAccount, []any{a.ID}
}

// openAccount makes an account that is not there.
func (s *Store) openAccount(t tx, a storage.Account, w storage.Welcome) (storage.Account, bool, error) {
	query, args := findAccount(a)
	found, err := scanAccount(t.row(query, args...).Scan)
	if !errors.Is(err, storage.ErrNotFound) {
		return found, false, err
	}
	var erased bool
	if err := t.row(selectErased, a.ID).Scan(&erased); err != nil {
		return storage.Account{}, false, err
	}
	if erased {
		return storage.Account{}, false, storage.ErrConflict
	}
	if _, err := scanAccount(t.row(selectAccount, a.ID).Scan); err == nil {
		return storage.Account{}, false, storage.ErrExists
	}
	now := s.now()
	a.Early, a.User, a.Created = false, "", fromMicros(micros(now))
	if a.Kind == storage.User && w.Early > 0 {
		var early int
		if err := t.row(selectEarly).Scan(&early); err != nil {
			return storage.Account{}, false, err
		}
		a.Early = early < w.Early
	}
	if _, err := t.exec(insertAccount, a.ID, string(a.Kind), a.Subject, a.Early, micros(now)); err != nil {
		return storage.Account{}, false, err
	}
	pages := w.Pages
	if a.Early {
		pages = w.EarlyPages
	}
	if pages > 0 {
		if _, err := t.enter(a.ID, storage.Grant, pages, w.Cause, now); err != nil {
			return storage.Account{}, false, err
		}
	}
	return a, true, nil
}

// Account implements [storage.Accounts].
func (s *Store) Account(ctx context.Context, id string) (storage.Account, error) {
	found, err := scanAccount(func(dest ...any) error { return s.reader.row(ctx, selectAccount, []any{id}, dest...) })
	if err != nil {
		return storage.Account{}, fmt.Errorf("account: %w", err)
	}
	return found, nil
}

// TransferPages implements [storage.Accounts].
func (s *Store) TransferPages(ctx context.Context, device, user string, keep int) (int, error) {
	var moved int
	err := s.writer.write(ctx, func(t tx) error {
		moved = 0
		from, err := t.account(device, storage.Device)
		if err != nil {
			return fmt.Errorf("the device: %w", err)
		}
		if _, err := t.account(user, storage.User); err != nil {
			return fmt.Errorf("the user: %w", err)
		}
		if from.User != "" {
			return nil
		}
		if _, err := t.exec(moveAccount, user, device); err != nil {
			return err
		}
		var balance int
		if err := t.row(selectBalance, device).Scan(&balance); err != nil {
			return err
		}
		if moved = max(balance-max(keep, 0), 0); moved == 0 {
			return nil
		}
		now := s.now()
		if _, err := t.enter(device, storage.Transfer, -moved, user, now); err != nil {
			return err
		}
		_, err = t.enter(user, storage.Transfer, moved, device, now)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("transfer pages: %w", err)
	}
	return moved, nil
}

// account returns an account of a kind.
func (t tx) account(id string, kind storage.AccountKind) (storage.Account, error) {
	found, err := scanAccount(t.row(selectAccount, id).Scan)
	if err == nil && found.Kind != kind {
		err = storage.ErrNotFound
	}
	return found, err
}

// EraseOwner implements [storage.Accounts]. The blobs go after the commit, as those of
// ExpireSessions.
func (s *Store) EraseOwner(ctx context.Context, owner, code string) error {
	if owner == "" {
		return errors.New("erase an owner: it has no id")
	}
	var gone []string
	err := s.writer.write(ctx, func(t tx) error {
		owned, err := t.endings(selectOwned, owner)
		if err != nil {
			return err
		}
		gone = gone[:0]
		for _, e := range owned {
			if err := s.remove(t, e, code); err != nil {
				return err
			}
			gone = append(gone, e.id)
		}
		if _, err := t.exec(deleteOwnReport, owner); err != nil {
			return err
		}
		_, err = t.exec(eraseAccount, owner, micros(s.now()))
		return err
	})
	if err == nil {
		for _, id := range gone {
			err = errors.Join(err, s.blobs.deleteAll(id))
		}
	}
	if err != nil {
		return fmt.Errorf("erase an owner: %w", err)
	}
	return nil
}

func scanAccount(scan func(...any) error) (storage.Account, error) {
	var a storage.Account
	var created int64
	if err := scan(&a.ID, &a.Kind, &a.Subject, &a.Early, &a.User, &created); err != nil {
		return storage.Account{}, notFound(err)
	}
	a.Created = fromMicros(created)
	return a, nil
}
