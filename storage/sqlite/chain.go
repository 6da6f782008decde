package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

// sealBatch is how many entries are sealed at a time.
const sealBatch = 256

const (
	selectUnsealed = `WITH last AS MATERIALIZED (SELECT entry, hash FROM credit_chain WHERE owner = ?1 ORDER BY entry DESC LIMIT 1)
		SELECT id, action, pages, cause, created, (SELECT hash FROM last) FROM credit_entries
		WHERE owner = ?1 AND id > coalesce((SELECT entry FROM last), 0) ORDER BY id LIMIT ?2`
	insertHash   = `INSERT INTO credit_chain (entry, owner, hash) VALUES (?, ?, ?)`
	insertHashes = `INSERT INTO credit_chain (entry, owner, hash) SELECT value ->> 0, ?1, unhex(value ->> 1) FROM json_each(?2)`

	selectChain = `SELECT id, action, pages, cause, created, hash FROM credit_entries LEFT JOIN credit_chain
		ON entry = id AND credit_chain.owner = ?1 WHERE credit_entries.owner = ?1 ORDER BY id`
	selectUnchained = `SELECT min(entry) FROM credit_chain WHERE owner = ?1
		AND NOT EXISTS (SELECT 1 FROM credit_entries WHERE id = entry AND owner = ?1)`
	selectNextOwner = `SELECT min(owner) FROM (SELECT min(owner) AS owner FROM credit_entries WHERE owner > ?1
		UNION ALL SELECT min(owner) FROM credit_chain WHERE owner > ?1)`
)

// sealAll seals what the steps of the transaction have entered: once an owner, however
// many of them it was.
func (t tx) sealAll() error {
	for owner := range t.ledger {
		if err := t.seal(owner); err != nil {
			return fmt.Errorf("seal the ledger of %q: %w", owner, err)
		}
	}
	return nil
}

// seal gives a hash to every entry of an owner that has none yet.
func (t tx) seal(owner string) error {
	for {
		entries, hash, err := t.unsealed(owner)
		if err != nil {
			return err
		}
		hashes := make([][2]any, len(entries))
		for i, e := range entries {
			hash = e.Chain(hash)
			hashes[i] = [2]any{e.ID, hex.EncodeToString(hash)}
		}
		list, err := json.Marshal(hashes)
		if err != nil {
			return err
		}
		if _, err := t.exec(insertHashes, owner, string(list)); err != nil {
			return err
		}
		if len(entries) < sealBatch {
			return nil
		}
	}
}

// unsealed returns the first entries behind the last hash, and that hash.
func (t tx) unsealed(owner string) ([]storage.Entry, []byte, error) {
	rows, err := t.QueryContext(t.ctx, selectUnsealed, owner, sealBatch)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	var entries []storage.Entry
	var last []byte
	for rows.Next() {
		e := storage.Entry{Owner: owner}
		var created int64
		if err := rows.Scan(&e.ID, &e.Action, &e.Pages, &e.Cause, &created, &last); err != nil {
			return nil, nil, err
		}
		e.Created = fromMicros(created)
		entries = append(entries, e)
	}
	return entries, last, rows.Err()
}

// VerifyEntries implements [storage.Credits]. It reads one entry at a time.
func (s *Store) VerifyEntries(ctx context.Context, owner string) error {
	if err := verify(ctx, s.reader, owner); err != nil {
		return fmt.Errorf("verify the entries of %q: %w", owner, err)
	}
	return nil
}

// verifyAll verifies the ledgers of all owners, one after the other, and returns the
// first few faults.
func verifyAll(ctx context.Context, r *reader) (faults []string, err error) {
	var owner sql.Null[string]
	for len(faults) < maxFaults {
		if err := r.row(ctx, selectNextOwner, []any{owner.V}, &owner); err != nil {
			return nil, err
		}
		if !owner.Valid {
			break
		}
		err := verify(ctx, r, owner.V)
		if fault, ok := errors.AsType[brokenChain](err); ok {
			faults = append(faults, fmt.Sprintf("ledger of %q: %v", owner.V, fault))
		} else if err != nil {
			return nil, err
		}
	}
	return faults, nil
}

// A brokenChain says what is wrong with a ledger.
type brokenChain string

func (b brokenChain) Error() string { return string(b) }

// verify recomputes an owner's chain and balance in one transaction, so that it sees
// no half of a write.
func verify(ctx context.Context, r *reader, owner string) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	defer r.leave()
	t, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }() // nothing was written
	var lost sql.Null[int64]
	if err := t.QueryRowContext(ctx, selectUnchained, owner).Scan(&lost); err != nil {
		return err
	}
	sum, err := verifyChain(ctx, t, owner, lost)
	if err != nil {
		return err
	}
	var balance int
	if err := t.QueryRowContext(ctx, selectBalance, owner).Scan(&balance); err != nil {
		return err
	}
	if sum != balance {
		return brokenChain(fmt.Sprintf("the entries add up to %d pages, the balance is %d", sum, balance))
	}
	return nil
}

// verifyChain walks an owner's entries and returns their sum. lost is the first of
// them that is gone and has left its hash. Only the last ones may lack a hash: a
// program that knows no chains has written them.
func verifyChain(ctx context.Context, t *sql.Tx, owner string, lost sql.Null[int64]) (sum int, err error) {
	rows, err := t.QueryContext(ctx, selectChain, owner)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var before []byte
	var unsealed int64
	for rows.Next() {
		e := storage.Entry{Owner: owner}
		var created int64
		var hash []byte
		if err := rows.Scan(&e.ID, &e.Action, &e.Pages, &e.Cause, &created, &hash); err != nil {
			return 0, err
		}
		e.Created = fromMicros(created)
		sum += e.Pages
		switch {
		case lost.Valid && lost.V < e.ID:
			return 0, gone(lost.V)
		case hash == nil:
			if unsealed == 0 {
				unsealed = e.ID
			}
		case unsealed != 0:
			return 0, brokenChain(fmt.Sprintf("entry %d has no hash, but a later one has", unsealed))
		default:
			if before = e.Chain(before); !bytes.Equal(hash, before) {
				return 0, brokenChain(fmt.Sprintf("entry %d does not fit its hash", e.ID))
			}
		}
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	if lost.Valid {
		return 0, gone(lost.V)
	}
	return sum, nil
}

func gone(entry int64) error { return brokenChain(fmt.Sprintf("entry %d is gone", entry)) }
