package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	selectAuditHead = `SELECT entries, hash FROM audit_head`
	putAuditHead    = `INSERT INTO audit_head (one, entries, hash) VALUES (1, ?, ?)
		ON CONFLICT (one) DO UPDATE SET entries = excluded.entries, hash = excluded.hash`
	insertAudit = `INSERT INTO audit_entries (who, what, target, why, detail, created, hash) VALUES (?, ?, ?, ?, ?, ?, ?)`
	auditFields = `id, who, what, target, why, detail, created`
	selectAudit = `SELECT ` + auditFields + ` FROM audit_entries WHERE id < ? ORDER BY id DESC LIMIT ?`
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
	err := s.writer.write(ctx, func(t tx) error {
		entries, head, err := auditHead(t.row(selectAuditHead))
		if err != nil {
			return err
		}
		hash := e.Chain(head)
		if _, err := t.exec(insertAudit, e.Who, e.What, e.Target, e.Why, e.Detail, micros(e.At), hash); err != nil {
			return err
		}
		_, err = t.exec(putAuditHead, entries+1, hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// auditHead reads how many entries the chain has, and its last hash.
func auditHead(row *sql.Row) (entries int64, hash []byte, err error) {
	err = row.Scan(&entries, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	return entries, hash, err
}

// AuditEntries implements [storage.Audit].
func (s *Store) AuditEntries(ctx context.Context, before int64, limit int) ([]storage.AuditEntry, error) {
	entries, err := collect(ctx, s.reader, func(scan func(...any) error) (storage.AuditEntry, error) {
		return scanAudit(scan)
	}, selectAudit, cmp.Or(before, math.MaxInt64), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("audit entries: %w", err)
	}
	return entries, nil
}

func scanAudit(scan func(...any) error, more ...any) (e storage.AuditEntry, err error) {
	var created int64
	err = scan(append([]any{&e.ID, &e.Who, &e.What, &e.Target, &e.Why, &e.Detail, &created}, more...)...)
	e.At = fromMicros(created)
	return e, err
}

// VerifyAudit implements [storage.Audit]. It reads one entry at a time.
func (s *Store) VerifyAudit(ctx context.Context) error {
	if err := verifyAudit(ctx, s.reader); err != nil {
		return fmt.Errorf("verify the audit: %w", err)
	}
	return nil
}

// verifyAudit recomputes the chain in one transaction, so that it sees no half of a
// write.
func verifyAudit(ctx context.Context, r *reader) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.leave()
	t, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }() // nothing was written
	entries, head, err := auditHead(t.QueryRowContext(ctx, selectAuditHead))
	if err != nil {
		return err
	}
	rows, err := t.QueryContext(ctx, walkAudit)
	if err != nil {
		return err
	}
	defer rows.Close()
	var before, hash []byte
	var n int64
	for ; rows.Next(); n++ {
		e, err := scanAudit(rows.Scan, &hash)
		if err != nil {
			return err
		}
		if before = e.Chain(before); !bytes.Equal(hash, before) {
			return brokenChain(fmt.Sprintf("entry %d of the audit does not follow from those before it", e.ID))
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n != entries || !bytes.Equal(head, before) {
		return brokenChain(fmt.Sprintf("the audit ends after %d entries, %d were written", n, entries))
	}
	return nil
}
