package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	selectValue  = `SELECT value FROM settings WHERE name = $1`
	insertValue  = `INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	replaceValue = `UPDATE settings SET value = $3 WHERE name = $1 AND value = $2`
)

// Value implements [storage.Values].
func (s *Store) Value(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		return notFound(conn.QueryRow(ctx, selectValue, name).Scan(&value))
	})
	if err != nil {
		return nil, fmt.Errorf("value %q: %w", name, err)
	}
	return value, nil
}

// SetValue implements [storage.Values].
func (s *Store) SetValue(ctx context.Context, name string, old, value []byte) error {
	if name == "" {
		return errors.New("set value: it has no name")
	}
	if value == nil {
		value = []byte{}
	}
	query, args := insertValue, []any{name, value}
	if old != nil {
		query, args = replaceValue, []any{name, old, value}
	}
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, query, args...)
		if err == nil && tag.RowsAffected() == 0 {
			return storage.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("set value %q: %w", name, err)
	}
	return nil
}
