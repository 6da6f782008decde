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
	paymentFields = `number, owner, state, pack, pages, amount, currency, gateway, transaction_no, url, note, key, print, detail, created, updated`

	insertPayment = `INSERT INTO pending_payments (` + paymentFields + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`
	selectPayment    = `SELECT ` + paymentFields + ` FROM pending_payments WHERE number = $1`
	selectPaymentKey = `SELECT ` + paymentFields + ` FROM pending_payments WHERE owner = $1 AND key = $2 AND key <> ''`
	selectTransacted = `SELECT ` + paymentFields + ` FROM pending_payments WHERE gateway = $1 AND transaction_no = $2 AND transaction_no <> ''`
	selectStuck      = `SELECT ` + paymentFields + ` FROM pending_payments WHERE state <> 'paid' AND updated < $1
		AND state = ANY($2) ORDER BY updated, number LIMIT $3`
	movePayment = `UPDATE pending_payments SET state = $3, transaction_no = coalesce(nullif($4, ''), transaction_no),
		url = coalesce(nullif($5, ''), url), note = coalesce(nullif($6, ''), note), updated = $7 WHERE number = $1 AND state = $2`
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
	p.Created, p.Updated = p.Created.UTC().Truncate(time.Microsecond), p.Updated.UTC().Truncate(time.Microsecond)
	err := s.exec(ctx, insertPayment, p.Order, p.Owner, p.State, p.Pack, p.Pages, p.Amount, p.Currency, p.Gateway, p.Transaction,
		p.URL, p.Note, p.Key, p.Print, p.Detail, p.Created, p.Updated)
	if code(err) != codeUnique {
		if err != nil {
			return storage.Payment{}, fmt.Errorf("create payment %q: %w", p.Order, err)
		}
		return p, nil
	}
	there, found := s.payment(ctx, selectPaymentKey, p.Owner, p.Key)
	if found != nil && !errors.Is(found, storage.ErrNotFound) {
		return storage.Payment{}, fmt.Errorf("create payment %q: %w", p.Order, found)
	}
	return there, fmt.Errorf("create payment %q: %w", p.Order, existsAlready(err))
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
	var found storage.Payment
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) (err error) {
		found, err = scanPayment(conn.QueryRow(ctx, query, args...))
		return err
	})
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
	var moved bool
	var err error
	if from != storage.PaymentPaid && m.To != storage.PaymentPaid {
		err = s.pool.do(ctx, func(conn *pgxpool.Conn) error {
			tag, err := conn.Exec(ctx, movePayment, order, from, m.To, m.Transaction, m.URL, m.Note, s.now())
			moved = tag.RowsAffected() == 1
			return existsAlready(err)
		})
	}
	if err == nil && !moved {
		if _, err = s.Payment(ctx, order); err == nil {
			err = storage.ErrConflict
		}
	}
	if err != nil {
		return fmt.Errorf("move payment %q: %w", order, err)
	}
	return nil
}

// PaidOnce implements [storage.Payments].
func (s *Store) PaidOnce(ctx context.Context, order string, m storage.PaymentMove) (bool, error) {
	// Copies of one message need not wait for each other.
	p, err := s.Payment(ctx, order)
	if err != nil || p.State == storage.PaymentPaid {
		return false, err
	}
	var did bool
	err = s.pool.tx(ctx, func(tx pgx.Tx) (err error) {
		did, err = s.pay(ctx, tx, order, m)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("pay payment %q: %w", order, err)
	}
	return did, nil
}

func (s *Store) pay(ctx context.Context, tx pgx.Tx, order string, m storage.PaymentMove) (bool, error) {
	p, err := scanPayment(tx.QueryRow(ctx, selectPayment+` FOR UPDATE`, order))
	if err != nil || p.State == storage.PaymentPaid {
		return false, err
	}
	now := s.now()
	if _, err := tx.Exec(ctx, movePayment, order, p.State, storage.PaymentPaid, m.Transaction, m.URL, m.Note, now); err != nil {
		return false, existsAlready(err)
	}
	bought := posting{p.Owner, storage.Purchase, p.Order}
	return true, enter(ctx, tx, []string{p.Owner}, now, entering{bought, p.Pages})
}

// StuckPayments implements [storage.Payments].
func (s *Store) StuckPayments(ctx context.Context, states []string, before time.Time, limit int) ([]storage.Payment, error) {
	all, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (storage.Payment, error) { return scanPayment(row) }, selectStuck, before, states, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("stuck payments: %w", err)
	}
	return all, nil
}

func scanPayment(row pgx.Row) (storage.Payment, error) {
	var p storage.Payment
	err := row.Scan(&p.Order, &p.Owner, &p.State, &p.Pack, &p.Pages, &p.Amount, &p.Currency, &p.Gateway, &p.Transaction,
		&p.URL, &p.Note, &p.Key, &p.Print, &p.Detail, &p.Created, &p.Updated)
	if err != nil {
		return storage.Payment{}, notFound(err)
	}
	p.Created, p.Updated = p.Created.UTC(), p.Updated.UTC()
	return p, nil
}
