package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	selectBalance = `SELECT pages FROM balances WHERE owner = $1`
	selectEntries = `SELECT id, owner, action, pages, cause, created FROM credit_entries
		WHERE owner = $1 AND ($2 = 0 OR id < $2) ORDER BY id DESC LIMIT $3`
	selectChain = `SELECT id, owner, action, pages, cause, created, hash FROM credit_entries WHERE owner = $1 ORDER BY id`
	selectHead  = `SELECT pages, hash FROM balances WHERE owner = $1`
)

// Balance implements [storage.Credits].
func (s *Store) Balance(ctx context.Context, owner string) (int, error) {
	var pages int
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, selectBalance, owner).Scan(&pages)
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("balance: %w", err)
	}
	return pages, nil
}

// A post is an entry that somebody wants, by itself.
type post struct {
	posting
	pages int
	added bool
}

// Grant implements [storage.Credits].
func (s *Store) Grant(ctx context.Context, owner, cause string, pages int) (bool, error) {
	if owner == "" || cause == "" || pages < 1 {
		return false, errors.New("grant: it needs an owner, a cause and at least one page")
	}
	return s.post(ctx, post{posting: posting{owner, storage.Grant, cause}, pages: pages})
}

// Adjust implements [storage.Credits].
func (s *Store) Adjust(ctx context.Context, owner, cause string, pages int) (bool, error) {
	if owner == "" || cause == "" || pages == 0 {
		return false, errors.New("adjust: it needs an owner, a cause and some pages")
	}
	return s.post(ctx, post{posting: posting{owner, storage.Adjust, cause}, pages: pages})
}

func (s *Store) post(ctx context.Context, p post) (bool, error) {
	done, err := s.posts.run(ctx, p)
	if err != nil {
		return false, fmt.Errorf("%s: %w", p.action, err)
	}
	return done.want.added, nil
}

// postAll adds the entries of many callers.
func (s *Store) postAll(ctx context.Context, tx pgx.Tx, calls []*call[post]) error {
	var wanted []posting
	var opens []string
	for _, c := range calls {
		wanted = append(wanted, c.want.posting)
		if c.want.pages > 0 {
			opens = append(opens, c.want.owner)
		}
	}
	books, err := openLedger(ctx, tx, wanted, opens)
	if err != nil {
		return err
	}
	now := s.now()
	for _, c := range calls {
		c.want.added, c.err = books.add(c.want.posting, c.want.pages, now)
	}
	return books.write(ctx, tx)
}

// Entries implements [storage.Credits].
func (s *Store) Entries(ctx context.Context, owner string, before int64, limit int) ([]storage.Entry, error) {
	entries, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (e storage.Entry, err error) {
		err = row.Scan(&e.ID, &e.Owner, &e.Action, &e.Pages, &e.Cause, &e.Created)
		e.Created = e.Created.UTC()
		return e, err
	}, selectEntries, owner, before, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("entries: %w", err)
	}
	return entries, nil
}

// VerifyEntries implements [storage.Credits].
func (s *Store) VerifyEntries(ctx context.Context, owner string) error {
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		return pgx.BeginTxFunc(ctx, conn, snapshot, func(tx pgx.Tx) error { return verify(ctx, tx, owner) })
	})
	if err != nil {
		return fmt.Errorf("verify the ledger: %w", err)
	}
	return nil
}

// snapshot is a transaction that sees one moment and writes nothing.
var snapshot = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// verify follows an owner's chain to its head.
func verify(ctx context.Context, tx pgx.Tx, owner string) error {
	rows, err := tx.Query(ctx, selectChain, owner)
	if err != nil {
		return err
	}
	var before, hash []byte
	var sum int
	var e storage.Entry
	_, err = pgx.ForEachRow(rows, []any{&e.ID, &e.Owner, &e.Action, &e.Pages, &e.Cause, &e.Created, &hash}, func() error {
		before = e.Chain(before)
		sum += e.Pages
		if !bytes.Equal(before, hash) {
			return fmt.Errorf("entry %d of the ledger does not follow from those before it", e.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var pages int
	var head []byte
	err = tx.QueryRow(ctx, selectHead, owner).Scan(&pages, &head)
	if errors.Is(err, pgx.ErrNoRows) {
		pages, head, err = 0, nil, nil
	}
	switch {
	case err != nil:
		return err
	case !bytes.Equal(head, before):
		return fmt.Errorf("the last entry before the end of a chain is %d: those after it are gone", e.ID)
	case pages != sum:
		return fmt.Errorf("a balance of %d pages has entries of %d", pages, sum)
	}
	return nil
}
