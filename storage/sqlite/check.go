package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

const (
	integrity   = `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`
	danglers    = `SELECT "table" || ' refers to a row of ' || parent || ' that is not there' FROM pragma_foreign_key_check LIMIT 10`
	ledgerProof = `SELECT 'a balance is not the sum of its entries, or is below zero' FROM
		(SELECT owner, sum(pages) AS pages FROM credit_entries GROUP BY owner) AS entries
		FULL JOIN balances USING (owner)
		WHERE entries.pages IS NOT balances.pages OR balances.pages < 0 LIMIT 1`
	paymentsProof = `SELECT 'payment ' || number || ' is paid, but its pages were not credited' FROM pending_payments p WHERE state = 'paid' AND NOT EXISTS
			(SELECT 1 FROM credit_entries e WHERE e.owner = p.owner AND e.action = 'purchase' AND e.cause = p.number AND e.pages = p.pages)
		UNION ALL SELECT 'pages were credited for payment ' || cause || ', which is not paid' FROM credit_entries e WHERE action = 'purchase' AND NOT EXISTS
			(SELECT 1 FROM pending_payments p WHERE p.number = e.cause AND p.owner = e.owner AND p.state = 'paid')
		LIMIT 10`
	transfersProof = `SELECT 'a transfer of ' || pages || ' pages of ' || owner || ' has no other side' FROM credit_entries e WHERE action = 'transfer' AND NOT EXISTS
		(SELECT 1 FROM credit_entries o WHERE o.owner = e.cause AND o.action = 'transfer' AND o.cause = e.owner AND o.pages = -e.pages) LIMIT 10`
	itemsProof = `SELECT 'session ' || id || ' counts ' || items || ' items' FROM sessions
		LEFT JOIN (SELECT session, count(*) AS n, max(seq) AS last FROM items GROUP BY session) ON session = id
		WHERE coalesce(n, 0) <> items OR coalesce(last, 0) <> items LIMIT 10`
)

// maxFaults is how many faults of one kind Check names.
const maxFaults = 10

// Check reads the whole database and returns what is wrong with it: damaged
// pages, rows that refer to nothing, a balance that is not the sum of its
// entries, a broken chain of hashes, a session whose items have holes. It is slow (minutes for gigabytes)
// and stops with ctx; use it after a restore, not on a request's path. It has a
// connection of its own, so that nobody waits for it.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.closing, func() { cancel(errClosed) })()
	if s.closing.Err() != nil {
		return fmt.Errorf("check: %w", errClosed)
	}
	if err := checkFile(ctx, filepath.Join(s.dir, databaseName)); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	return nil
}

func checkFile(ctx context.Context, file string) error {
	db, err := connect(readerDSN(file), 1)
	if err != nil {
		return err
	}
	defer db.Close()
	reader := newReader(db, 1)
	var all error
	for _, query := range []string{integrity, danglers, ledgerProof, itemsProof, paymentsProof, transfersProof} {
		faults, err := collect(ctx, reader, func(scan func(...any) error) (fault string, err error) {
			return fault, scan(&fault)
		}, query)
		if err != nil {
			return err
		}
		for _, fault := range faults {
			all = errors.Join(all, errors.New(fault))
		}
	}
	faults, err := verifyAll(ctx, reader)
	if err == nil {
		err = verifyAudit(ctx, reader)
	}
	if fault, ok := errors.AsType[brokenChain](err); ok {
		all, err = errors.Join(all, fault), nil
	}
	if err != nil {
		return err
	}
	for _, fault := range faults {
		all = errors.Join(all, errors.New(fault))
	}
	return all
}
