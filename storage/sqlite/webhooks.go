package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	selectWebhook = `SELECT id FROM webhook_events WHERE gateway = ? AND transaction_no = ? AND status = ? AND hash = ?`
	insertWebhook = `INSERT INTO webhook_events (gateway, transaction_no, order_number, status, hash, created_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`
	selectPending = `SELECT id, gateway, transaction_no, order_number, status, hash, created_at FROM webhook_events
		WHERE done IS NULL AND created_at < ? ORDER BY id LIMIT ?`
	markWebhook    = `UPDATE webhook_events SET done = ?, outcome = ? WHERE id = ? AND done IS NULL`
	webhookThere   = `SELECT EXISTS (SELECT 1 FROM webhook_events WHERE id = ?)`
	deleteWebhooks = `DELETE FROM webhook_events WHERE created_at < ? AND done IS NOT NULL`
)

// AddWebhook implements [storage.Webhooks].
func (s *Store) AddWebhook(ctx context.Context, w storage.Webhook) (id int64, added bool, err error) {
	if w.Gateway == "" {
		return 0, false, errors.New("add a webhook: it has no gateway")
	}
	if w.Created.IsZero() {
		w.Created = s.now()
	}
	err = s.writer.write(ctx, func(t tx) error {
		added = false
		err := t.row(selectWebhook, w.Gateway, w.Transaction, w.Status, w.Hash).Scan(&id)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		added = true
		return t.row(insertWebhook, w.Gateway, w.Transaction, w.Order, w.Status, w.Hash, micros(w.Created)).Scan(&id)
	})
	if err != nil {
		return 0, false, fmt.Errorf("add a webhook: %w", err)
	}
	return id, added, nil
}

// PendingWebhooks implements [storage.Webhooks].
func (s *Store) PendingWebhooks(ctx context.Context, before time.Time, limit int) ([]storage.Webhook, error) {
	found, err := collect(ctx, s.reader, func(scan func(...any) error) (w storage.Webhook, err error) {
		var created int64
		err = scan(&w.ID, &w.Gateway, &w.Transaction, &w.Order, &w.Status, &w.Hash, &created)
		w.Created = fromMicros(created)
		return w, err
	}, selectPending, micros(before), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("pending webhooks: %w", err)
	}
	return found, nil
}

// MarkWebhook implements [storage.Webhooks].
func (s *Store) MarkWebhook(ctx context.Context, id int64, outcome string) (bool, error) {
	var did bool
	err := s.writer.write(ctx, func(t tx) error {
		n, err := t.exec(markWebhook, micros(s.now()), outcome, id)
		if did = n == 1; err != nil || did {
			return err
		}
		var there bool
		if err := t.row(webhookThere, id).Scan(&there); err != nil || there {
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
	err := s.writer.write(ctx, func(t tx) (err error) {
		dropped, err = t.exec(deleteWebhooks, micros(before))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("drop webhooks: %w", err)
	}
	return int(dropped), nil
}
