package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

// An appended item is one that a worker wants to be stored.
type appended struct {
	session string
	claim   int64
	item    storage.Item
}

const (
	lockCounted = `SELECT id, status, claim, items FROM sessions WHERE id = ANY($1) ORDER BY id FOR UPDATE`
	countItems  = `UPDATE sessions s SET items = n.items, updated = $3
		FROM unnest($1::text[], $2::int[]) AS n (id, items) WHERE s.id = n.id`
	insertItems = `INSERT INTO items (session, seq, kind, json) SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::bytea[])`
	selectItems = `SELECT seq, kind, json FROM items WHERE session = $1 AND seq > $2 ORDER BY seq`
	progress    = `SELECT id, status, items FROM sessions WHERE id = ANY($1)`
)

// AppendItem implements [storage.Claims].
func (s *Store) AppendItem(ctx context.Context, session string, claim int64, it storage.Item) error {
	if !valid.ID(session) {
		return fmt.Errorf("append item: %w", storage.ErrNotFound)
	}
	if it.JSON == nil {
		it.JSON = []byte{} // nil would be stored as null
	}
	if _, err := s.appends.run(ctx, appended{session, claim, it}); err != nil {
		return fmt.Errorf("append item %d to session %s: %w", it.Seq, session, err)
	}
	return nil
}

// A counted session is one that gets items.
type counted struct {
	state
	items int
	grown bool
}

// appendAll stores the items of many workers.
func (s *Store) appendAll(ctx context.Context, tx pgx.Tx, calls []*call[appended]) error {
	sessions, err := lockSessions(ctx, tx, calls)
	if err != nil {
		return err
	}
	var id, kind []string
	var seq []int
	var body [][]byte
	for _, c := range calls {
		w := c.want
		if c.err = sessions[w.session].next(w.claim, w.item.Seq); c.err != nil {
			continue
		}
		id, seq, kind, body = append(id, w.session), append(seq, w.item.Seq), append(kind, w.item.Kind), append(body, w.item.JSON)
	}
	if len(id) == 0 {
		return nil
	}
	var grown []string
	var counts []int
	for name, c := range sessions {
		if c.grown {
			grown, counts = append(grown, name), append(counts, c.items)
		}
	}
	batch := &pgx.Batch{}
	batch.Queue(countItems, grown, counts, s.now())
	batch.Queue(insertItems, id, seq, kind, body)
	return tx.SendBatch(ctx, batch).Close()
}

// next counts an item in, if it is the next one.
func (c *counted) next(claim int64, seq int) error {
	if c == nil {
		return storage.ErrNotFound
	}
	if err := c.claimed(claim); err != nil {
		return err
	}
	if seq != c.items+1 {
		return fmt.Errorf("the next is %d: %w", c.items+1, storage.ErrConflict)
	}
	c.items, c.grown = seq, true
	return nil
}

// lockSessions locks the sessions that get items, always in the same order.
func lockSessions(ctx context.Context, tx pgx.Tx, calls []*call[appended]) (map[string]*counted, error) {
	ids := make([]string, len(calls))
	for i, c := range calls {
		ids[i] = c.want.session
	}
	rows, err := tx.Query(ctx, lockCounted, ids)
	if err != nil {
		return nil, err
	}
	sessions := map[string]*counted{}
	var id string
	var one counted
	_, err = pgx.ForEachRow(rows, []any{&id, &one.status, &one.claim, &one.items}, func() error {
		c := one
		sessions[id] = &c
		return nil
	})
	return sessions, err
}

// Items implements [storage.Items].
func (s *Store) Items(ctx context.Context, session string, after int) ([]storage.Item, error) {
	if !valid.ID(session) {
		return nil, ctx.Err()
	}
	items, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (it storage.Item, err error) {
		return it, row.Scan(&it.Seq, &it.Kind, &it.JSON)
	}, selectItems, session, after)
	if err != nil {
		return nil, fmt.Errorf("items of session %s: %w", session, err)
	}
	return items, nil
}

// Progress implements [storage.Items].
func (s *Store) Progress(ctx context.Context, ids []string) ([]storage.Progress, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (p storage.Progress, err error) {
		return p, row.Scan(&p.ID, &p.Status, &p.Items)
	}, progress, ids)
	if err != nil {
		return nil, fmt.Errorf("progress of %d sessions: %w", len(ids), err)
	}
	return all, nil
}
