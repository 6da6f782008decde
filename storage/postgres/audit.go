package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	makeAuditHead   = `INSERT INTO audit_head (entries) VALUES (0) ON CONFLICT DO NOTHING`
	lockAuditHead   = `SELECT entries, hash FROM audit_head FOR UPDATE`
	selectAuditHead = `SELECT entries, hash FROM audit_head`
	setAuditHead    = `UPDATE audit_head SET entries = $1, hash = $2`
	insertAudits    = `INSERT INTO audit_entries (who, what, target, why, detail, created, hash) SELECT who, what, target, why, detail, created, hash
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[], $7::bytea[]) WITH ORDINALITY
		AS n (who, what, target, why, detail, created, hash, i) ORDER BY i`
	auditFields = `id, who, what, target, why, detail, created`
	selectAudit = `SELECT ` + auditFields + ` FROM audit_entries WHERE $1 = 0 OR id < $1 ORDER BY id DESC LIMIT $2`
	walkAudit   = `SELECT ` + auditFields + `, hash FROM audit_entries ORDER BY id`
)

// AddAudit implements [storage.Audit].
func (s *Store) AddAudit(ctx context.Context, e storage.AuditEntry) error {
	if e.Who == "" || e.What == "" {
		return errors.New("audit: an entry needs to say who and what")
	}
	if e.At.IsZero() {
		e.At = s.now()
	}
	if _, err := s.audits.run(ctx, e); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// auditAll appends the entries of many callers.
func (s *Store) auditAll(ctx context.Context, tx pgx.Tx, calls []*call[storage.AuditEntry]) error {
	if _, err := tx.Exec(ctx, makeAuditHead); err != nil {
		return err
	}
	var entries int
	var hash []byte
	if err := tx.QueryRow(ctx, lockAuditHead).Scan(&entries, &hash); err != nil {
		return err
	}
	n := len(calls)
	who, what, target, why := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	detail, created, hashes := make([][]byte, n), make([]time.Time, n), make([][]byte, n)
	for i, c := range calls {
		e := c.want
		hash = e.Chain(hash)
		who[i], what[i], target[i], why[i], detail[i], created[i], hashes[i] = e.Who, e.What, e.Target, e.Why, e.Detail, e.At, hash
	}
	batch := &pgx.Batch{}
	batch.Queue(insertAudits, who, what, target, why, detail, created, hashes)
	batch.Queue(setAuditHead, entries+n, hash)
	return tx.SendBatch(ctx, batch).Close()
}

// AuditEntries implements [storage.Audit].
func (s *Store) AuditEntries(ctx context.Context, before int64, limit int) ([]storage.AuditEntry, error) {
	entries, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (e storage.AuditEntry, err error) {
		err = row.Scan(&e.ID, &e.Who, &e.What, &e.Target, &e.Why, &e.Detail, &e.At)
		e.At = e.At.UTC()
		return e, err
	}, selectAudit, before, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("audit entries: %w", err)
	}
	return entries, nil
}

// VerifyAudit implements [storage.Audit].
func (s *Store) VerifyAudit(ctx context.Context) error {
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		return pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error { return verifyAudit(ctx, tx) })
	})
	if err != nil {
		return fmt.Errorf("verify the audit: %w", err)
	}
	return nil
}

// verifyAudit follows the chain to its head.
func verifyAudit(ctx context.Context, tx pgx.Tx) error {
	var entries, n int
	var head, before, hash []byte
	err := tx.QueryRow(ctx, selectAuditHead).Scan(&entries, &head)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	rows, err := tx.Query(ctx, walkAudit)
	if err != nil {
		return err
	}
	var e storage.AuditEntry
	_, err = pgx.ForEachRow(rows, []any{&e.ID, &e.Who, &e.What, &e.Target, &e.Why, &e.Detail, &e.At, &hash}, func() error {
		n++
		if before = e.Chain(before); !bytes.Equal(hash, before) {
			return fmt.Errorf("entry %d of the audit does not follow from those before it", e.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if n != entries || !bytes.Equal(head, before) {
		return fmt.Errorf("the audit ends after %d entries, %d were written", n, entries)
	}
	return nil
}
