package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const (
	danglers = `SELECT 'blob ' || hash || ' of session ' || session || ' lacks pieces' FROM blobs b
			WHERE size > coalesce((SELECT sum(octet_length(data)) FROM blob_pieces p WHERE p.upload = b.upload), 0)
		UNION ALL SELECT 'items refer to session ' || i.session || ', which is not there' FROM items i
			LEFT JOIN sessions s ON s.id = i.session WHERE s.id IS NULL
		UNION ALL SELECT 'session ' || id || ' waits and has no job' FROM sessions s
			WHERE status IN ('queued', 'processing') AND NOT EXISTS (SELECT 1 FROM river_job j WHERE j.id = s.job)
		LIMIT 10`
	paymentsProof = `SELECT 'payment ' || number || ' is paid, but its pages were not credited' FROM pending_payments p WHERE state = 'paid' AND NOT EXISTS
			(SELECT 1 FROM credit_entries e WHERE e.owner = p.owner AND e.action = 'purchase' AND e.cause = p.number AND e.pages = p.pages)
		UNION ALL SELECT 'pages were credited for payment ' || cause || ', which is not paid' FROM credit_entries e WHERE action = 'purchase' AND NOT EXISTS
			(SELECT 1 FROM pending_payments p WHERE p.number = e.cause AND p.owner = e.owner AND p.state = 'paid')
		LIMIT 10`
	transfersProof = `SELECT 'a transfer of ' || pages || ' pages of ' || owner || ' has no other side' FROM credit_entries e WHERE action = 'transfer' AND NOT EXISTS
		(SELECT 1 FROM credit_entries o WHERE o.owner = e.cause AND o.action = 'transfer' AND o.cause = e.owner AND o.pages = -e.pages) LIMIT 10`
	itemsProof = `SELECT 'session ' || id || ' counts ' || items || ' items' FROM sessions
		LEFT JOIN (SELECT session, count(*) AS n, max(seq) AS last FROM items GROUP BY session) AS i ON session = id
		WHERE coalesce(n, 0) <> items OR coalesce(last, 0) <> items LIMIT 10`
	twoEnds = `SELECT 'the hold of session ' || cause || ' was captured and released' FROM credit_entries
		WHERE action IN ('capture', 'release') GROUP BY owner, cause HAVING count(*) > 1 LIMIT 10`
	someOwners = `SELECT owner FROM (SELECT owner FROM balances UNION SELECT owner FROM credit_entries) AS o
		WHERE owner > $1 ORDER BY owner LIMIT 1000`
)

// Check implements [storage.Store]. It sees one moment of the database.
func (s *Store) Check(ctx context.Context) error {
	if s.pool.closed.Load() {
		return fmt.Errorf("check: %w", errClosed)
	}
	return checkDatabase(ctx, s.direct)
}

func checkDatabase(ctx context.Context, direct *pgx.ConnConfig) error {
	conn, err := pgx.ConnectConfig(ctx, direct) // its own: it takes long, and nobody shall wait for it
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var all error
	err = pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error {
		for _, query := range []string{danglers, itemsProof, twoEnds, paymentsProof, transfersProof} {
			rows, err := tx.Query(ctx, query)
			if err != nil {
				return err
			}
			faults, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return err
			}
			for _, fault := range faults {
				all = errors.Join(all, errors.New(fault))
			}
		}
		ledgers, err := checkLedgers(ctx, tx)
		all = errors.Join(all, ledgers)
		if err != nil {
			return err
		}
		return verifyAudit(ctx, tx)
	})
	if err = errors.Join(err, all); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	return nil
}

// checkLedgers verifies every owner's ledger and returns what is wrong with the
// first ten that are.
func checkLedgers(ctx context.Context, tx pgx.Tx) (faults, err error) {
	found := 0
	for last := ""; ; {
		rows, err := tx.Query(ctx, someOwners, last)
		if err != nil {
			return faults, err
		}
		owners, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(owners) == 0 {
			return faults, err
		}
		for _, owner := range owners {
			if fault := verify(ctx, tx, owner); fault != nil {
				faults = errors.Join(faults, fmt.Errorf("ledger of %s: %w", owner, fault))
				if found++; found == 10 || ctx.Err() != nil || code(fault) != "" {
					return faults, ctx.Err()
				}
			}
		}
		last = owners[len(owners)-1]
	}
}
