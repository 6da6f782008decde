package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	upsertText = `INSERT INTO page_texts (owner, hash, session, seq)
		SELECT s.owner, ?2, i.session, i.seq FROM items i JOIN sessions s ON s.id = i.session WHERE i.session = ?3 AND i.seq = ?4 AND s.owner = ?1
		ON CONFLICT (owner, hash) DO UPDATE SET session = excluded.session, seq = excluded.seq`
	selectText = `SELECT i.session, i.seq, i.kind, i.json FROM page_texts t JOIN items i ON i.session = t.session AND i.seq = t.seq
		WHERE t.owner = ? AND t.hash = ?`
)

// KeepText implements [storage.Texts].
func (s *Store) KeepText(ctx context.Context, owner, hash, session string, seq int) error {
	if owner == "" || hash == "" {
		return errors.New("keep a text: it needs an owner and a hash")
	}
	err := s.writer.write(ctx, func(t tx) error {
		n, err := t.exec(upsertText, owner, hash, session, seq)
		if err == nil && n == 0 {
			return storage.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a text of session %s: %w", printable(session), err)
	}
	return nil
}

// Text implements [storage.Texts].
func (s *Store) Text(ctx context.Context, owner, hash string) (string, storage.Item, error) {
	var session string
	var it storage.Item
	if err := s.reader.row(ctx, selectText, []any{owner, hash}, &session, &it.Seq, &it.Kind, &it.JSON); err != nil {
		return "", storage.Item{}, fmt.Errorf("text of a page: %w", notFound(err))
	}
	return session, it, nil
}
