package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	countItem   = `UPDATE sessions SET items = ?, updated = ? WHERE id = ?`
	insertItem  = `INSERT INTO items (session, seq, kind, json) VALUES (?, ?, ?, ?)`
	selectItems = `SELECT seq, kind, json FROM items WHERE session = ? AND seq > ? ORDER BY seq`
	progress    = `SELECT id, status, items FROM sessions WHERE id IN (SELECT value FROM json_each(?))`
)

// AppendItem implements [storage.Items].
func (s *Store) AppendItem(ctx context.Context, session string, claim int64, it storage.Item) error {
	body := it.JSON
	if body == nil {
		body = []byte{} // nil would be stored as null
	}
	err := s.writer.write(ctx, func(t tx) error {
		st, err := t.claimed(session, claim)
		if err != nil {
			return err
		}
		if it.Seq != st.items+1 {
			return fmt.Errorf("the next is %d: %w", st.items+1, storage.ErrConflict)
		}
		if _, err := t.exec(countItem, it.Seq, micros(s.now()), session); err != nil {
			return err
		}
		_, err = t.exec(insertItem, session, it.Seq, it.Kind, body)
		return err
	})
	if err != nil {
		return fmt.Errorf("append item %d to session %s: %w", it.Seq, printable(session), err)
	}
	return nil
}

// Items implements [storage.Items].
func (s *Store) Items(ctx context.Context, session string, after int) ([]storage.Item, error) {
	items, err := collect(ctx, s.reader, func(scan func(...any) error) (it storage.Item, err error) {
		return it, scan(&it.Seq, &it.Kind, &it.JSON)
	}, selectItems, session, after)
	if err != nil {
		return nil, fmt.Errorf("items of session %s: %w", printable(session), err)
	}
	return items, nil
}

// Progress implements [storage.Items].
func (s *Store) Progress(ctx context.Context, ids []string) ([]storage.Progress, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("progress: %w", err)
	}
	all, err := collect(ctx, s.reader, func(scan func(...any) error) (p storage.Progress, err error) {
		return p, scan(&p.ID, &p.Status, &p.Items)
	}, progress, string(list))
	if err != nil {
		return nil, fmt.Errorf("progress of %d sessions: %w", len(ids), err)
	}
	return all, nil
}
