package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

const (
	paymentFields = `number, owner, state, pack, pages, amount, currency, gateway, transaction_no, url, note, key, print, detail, created, updated`

	insertPayment    = `INSERT INTO pending_payments (` + paymentFields + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectPayment    = `SELECT ` + paymentFields + ` FROM pending_payments WHERE number = ?`
	selectPaymentKey = `SELECT ` + paymentFields + ` FROM pending_payments WHERE owner = ? AND key = ? AND key <> ''`
	selectTransacted = `SELECT ` + paymentFields + ` FROM pending_payments WHERE gateway = ? AND transaction_no = ? AND transaction_no <> ''`
	selectStuck      = `SELECT ` + paymentFields + ` FROM pending_payments WHERE state <> 'paid' AND updated < ?
		AND state IN (SELECT value FROM json_each(?)) ORDER BY updated, number LIMIT ?`
	movePayment = `UPDATE pending_payments SET state = ?2, transaction_no = coalesce(nullif(?3, ''), transaction_no),
		url = coalesce(nullif(?4, ''), url), note = coalesce(nullif(?5, ''), note), updated = ?6 WHERE number = ?1`
)

// CreatePayment implements [storage.Payments].
func (s *Store) CreatePayment(ctx context.Context, p storage.Payment) (storage.Payment, error) {
	if err := valid.Payment(p); err != nil {
		return storage.Payment{}, fmt.Errorf("create payment: %w", err)
	}
	now := s.now()
	if p.Created.IsZero() {
		p.Created = now
	}
	if p.Updated.IsZero() {
		p.Updated = now
	}
	p.Created, p.Updated = fromMicros(micros(p.Created)), fromMicros(micros(p.Updated))
	var there storage.Payment
	err := s.writer.write(ctx, func(t tx) (err error) {
		if there, err = scanPayment(t.row(selectPaymentKey, p.Owner, p.Key).Scan); !errors.Is(err, storage.ErrNotFound) {
			return unless(err, fmt.Errorf("its key was used before: %w", storage.ErrExists))
		}
		if _, err := scanPayment(t.row(selectPayment, p.Order).Scan); !errors.Is(err, storage.ErrNotFound) {
			return unless(err, storage.ErrExists)
		}
		if err := t.ownTransaction(p, p.Transaction); err != nil {
			return err
		}
		_, err = t.exec(insertPayment, p.Order, p.Owner, p.State, p.Pack, p.Pages, p.Amount, p.Currency, p.Gateway, p.Transaction,
			p.URL, p.Note, p.Key, p.Print, p.Detail, micros(p.Created), micros(p.Updated))
		return err
	})
	if err != nil {
		return there, fmt.Errorf("create payment %q: %w", p.Order, err)
	}
	return p, nil
}

// unless returns err, or other where that is nil.
func unless(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// ownTransaction answers [storage.ErrExists] when a transaction is another payment's.
func (t tx) ownTransaction(p storage.Payment, transaction string) error {
	other, err := scanPayment(t.row(selectTransacted, p.Gateway, transaction).Scan)
	if errors.Is(err, storage.ErrNotFound) || err == nil && other.Order == p.Order {
		return nil
	}
	return unless(err, fmt.Errorf("its transaction is another payment's: %w", storage.ErrExists))
}

// Payment implements [storage.Payments].
func (s *Store) Payment(ctx context.Context, order string) (storage.Payment, error) {
	return s.payment(ctx, selectPayment, order)
}

// PaymentByTransaction implements [storage.Payments].
func (s *Store) PaymentByTransaction(ctx context.Context, gateway, transaction string) (storage.Payment, error) {
	return s.payment(ctx, selectTransacted, gateway, transaction)
}

func (s *Store) payment(ctx context.Context, query string, args ...any) (storage.Payment, error) {
	found, err := scanPayment(func(dest ...any) error { return s.reader.row(ctx, query, args, dest...) })
	if err != nil {
		return storage.Payment{}, fmt.Errorf("payment: %w", err)
	}
	return found, nil
}

// MovePayment implements [storage.Payments].
func (s *Store) MovePayment(ctx context.Context, order, from string, m storage.PaymentMove) error {
	if m.To == "" {
		return fmt.Errorf("move payment %q: to no state", order)
	}
	err := s.writer.write(ctx, func(t tx) error {
		p, err := scanPayment(t.row(selectPayment, order).Scan)
		if err != nil {
			return err
		}
		if p.State != from || from == storage.PaymentPaid || m.To == storage.PaymentPaid {
			return storage.ErrConflict
		}
		return t.move(p, m, s.now())
	})
	if err != nil {
		return fmt.Errorf("move payment %q: %w", order, err)
	}
	return nil
}

func (t tx) move(p storage.Payment, m storage.PaymentMove, now time.Time) error {
	if err := t.ownTransaction(p, m.Transaction); err != nil {
		return err
	}
	_, err := t.exec(movePayment, p.Order, m.To, m.Transaction, m.URL, m.Note, micros(now))
	return err
}

// PaidOnce implements [storage.Payments].
func (s *Store) PaidOnce(ctx context.Context, order string, m storage.PaymentMove) (bool, error) {
	m.To = storage.PaymentPaid
	var did bool
	err := s.writer.write(ctx, func(t tx) error {
		did = false
		p, err := scanPayment(t.row(selectPayment, order).Scan)
		if err != nil || p.State == storage.PaymentPaid {
			return err
		}
		now := s.now()
		if err := t.move(p, m, now); err != nil {
			return err
		}
		_, err = t.enter(p.Owner, storage.Purchase, p.Pages, p.Order, now)
		did = err == nil
		return err
	})
	if err != nil {
		return false, fmt.Errorf("pay payment %q: %w", order, err)
	}
	return did, nil
}

// StuckPayments implements [storage.Payments].
func (s *Store) StuckPayments(ctx context.Context, states []string, before time.Time, limit int) ([]storage.Payment, error) {
	list, err := json.Marshal(states)
	if err != nil {
		return nil, fmt.Errorf("stuck payments: %w", err)
	}
	found, err := collect(ctx, s.reader, scanPayment, selectStuck, micros(before), string(list), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("stuck payments: %w", err)
	}
	return found, nil
}

func scanPayment(scan func(...any) error) (storage.Payment, error) {
	var p storage.Payment
	var created, updated int64
	err := scan(&p.Order, &p.Owner, &p.State, &p.Pack, &p.Pages, &p.Amount, &p.Currency, &p.Gateway, &p.Transaction,
		&p.URL, &p.Note, &p.Key, &p.Print, &p.Detail, &created, &updated)
	if err != nil {
		return storage.Payment{}, notFound(err)
	}
	p.Created, p.Updated = fromMicros(created), fromMicros(updated)
	return p, nil
}
