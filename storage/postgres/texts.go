package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

const (
	// The session is locked before the row of the text, as in a removal.
	upsertText = `INSERT INTO page_texts (owner, hash, session, seq)
		SELECT s.owner, $2, i.session, i.seq FROM items i JOIN sessions s ON s.id = i.session
			WHERE i.session = $3 AND i.seq = $4 AND s.owner = $1 FOR KEY SHARE OF s
		ON CONFLICT (owner, hash) DO UPDATE SET session = excluded.session, seq = excluded.seq`
	selectText = `SELECT i.session, i.seq, i.kind, i.json FROM page_texts t JOIN items i ON i.session = t.session AND i.seq = t.seq
		WHERE t.owner = $1 AND t.hash = $2`
)

// KeepText implements [storage.Texts].
func (s *Store) KeepText(ctx context.Context, owner, hash, session string, seq int) error {
	if owner == "" || hash == "" {
		return errors.New("keep a text: it needs an owner and a hash")
	}
	if !valid.ID(session) {
		return fmt.Errorf("keep a text: %w", storage.ErrNotFound)
	}
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, upsertText, owner, hash, session, seq)
		if err == nil && tag.RowsAffected() == 0 {
			return storage.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a text of session %s: %w", session, err)
	}
	return nil
}

// Text implements [storage.Texts].
func (s *Store) Text(ctx context.Context, owner, hash string) (session string, it storage.Item, err error) {
	err = s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		return notFound(conn.QueryRow(ctx, selectText, owner, hash).Scan(&session, &it.Seq, &it.Kind, &it.JSON))
	})
	if err != nil {
		return "", storage.Item{}, fmt.Errorf("text of a page: %w", err)
	}
	return session, it, nil
}
