package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	findWebhooks = `SELECT n.i, w.id FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
		AS n (gateway, transaction_no, status, hash, i) JOIN webhook_events w USING (gateway, transaction_no, status, hash)`
	insertWebhooks = `INSERT INTO webhook_events (gateway, transaction_no, status, hash, order_number, created_at)
		SELECT gateway, transaction_no, status, hash, order_number, created_at
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) WITH ORDINALITY
		AS n (gateway, transaction_no, status, hash, order_number, created_at, i) ORDER BY gateway, transaction_no, status, hash, i
		ON CONFLICT DO NOTHING RETURNING id`
	selectPending = `SELECT id, gateway, transaction_no, order_number, status, hash, created_at FROM webhook_events
		WHERE done IS NULL AND created_at < $1 ORDER BY id LIMIT $2`
	markWebhook    = `UPDATE webhook_events SET done = $2, outcome = $3 WHERE id = $1 AND done IS NULL`
	webhookThere   = `SELECT EXISTS (SELECT FROM webhook_events WHERE id = $1)`
	deleteWebhooks = `DELETE FROM webhook_events WHERE created_at < $1 AND done IS NOT NULL`
)

// An event is a webhook that somebody wants to be kept.
type event struct {
	storage.Webhook
	added bool
}

// AddWebhook implements [storage.Webhooks].
func (s *Store) AddWebhook(ctx context.Context, w storage.Webhook) (id int64, added bool, err error) {
	if w.Gateway == "" {
		return 0, false, errors.New("add a webhook: it has no gateway")
	}
	if w.Created.IsZero() {
		w.Created = s.now()
	}
	w.ID = 0
	done, err := s.events.run(ctx, event{Webhook: w})
	if err != nil {
		return 0, false, fmt.Errorf("add a webhook: %w", err)
	}
	return done.want.ID, done.want.added, nil
}

// addEvents keeps the webhooks of many callers, copies of one another among them.
func (s *Store) addEvents(ctx context.Context, tx pgx.Tx, calls []*call[event]) error {
	n := len(calls)
	gateways, transactions, statuses, hashes := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	orders, created := make([]string, n), make([]time.Time, n)
	for i, c := range calls {
		w := c.want
		gateways[i], transactions[i], statuses[i], hashes[i], orders[i], created[i] = w.Gateway, w.Transaction, w.Status, w.Hash, w.Order, w.Created
	}
	rows, err := tx.Query(ctx, insertWebhooks, gateways, transactions, statuses, hashes, orders, created)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	fresh := map[int64]bool{}
	for _, id := range ids {
		fresh[id] = true
	}
	// In a statement of its own: it must see what others have added meanwhile.
	if rows, err = tx.Query(ctx, findWebhooks, gateways, transactions, statuses, hashes); err != nil {
		return err
	}
	var i int
	var id int64
	_, err = pgx.ForEachRow(rows, []any{&i, &id}, func() error {
		want := &calls[i-1].want
		want.ID, want.added = id, fresh[id]
		delete(fresh, id) // the next one is a copy
		return nil
	})
	return err
}

// PendingWebhooks implements [storage.Webhooks].
func (s *Store) PendingWebhooks(ctx context.Context, before time.Time, limit int) ([]storage.Webhook, error) {
	all, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (w storage.Webhook, err error) {
		err = row.Scan(&w.ID, &w.Gateway, &w.Transaction, &w.Order, &w.Status, &w.Hash, &w.Created)
		w.Created = w.Created.UTC()
		return w, err
	}, selectPending, before, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("pending webhooks: %w", err)
	}
	return all, nil
}

// MarkWebhook implements [storage.Webhooks].
func (s *Store) MarkWebhook(ctx context.Context, id int64, outcome string) (bool, error) {
	var did bool
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, markWebhook, id, s.now(), outcome)
		if did = tag.RowsAffected() == 1; err != nil || did {
			return err
		}
		var there bool
		if err := conn.QueryRow(ctx, webhookThere, id).Scan(&there); err != nil || there {
			return err
		}
		return storage.ErrNotFound
	})
	if err != nil {
		return false, fmt.Errorf("mark webhook %d: %w", id, err)
	}
	return did, nil
}

// DropWebhooks implements [storage.Webhooks].
func (s *Store) DropWebhooks(ctx context.Context, before time.Time) (int, error) {
	var dropped int64
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, deleteWebhooks, before)
		dropped = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("drop webhooks: %w", err)
	}
	return int(dropped), nil
}
