package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	selectValue  = `SELECT value FROM settings WHERE name = ?`
	insertValue  = `INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING`
	replaceValue = `UPDATE settings SET value = ? WHERE name = ? AND value = ?`
)

// Value implements [storage.Values].
func (s *Store) Value(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	if err := s.reader.row(ctx, selectValue, []any{name}, &value); err != nil {
		return nil, fmt.Errorf("value %q: %w", name, notFound(err))
	}
	return value, nil
}

// SetValue implements [storage.Values].
func (s *Store) SetValue(ctx context.Context, name string, old, value []byte) error {
	if name == "" {
		return errors.New("set a value: it needs a name")
	}
	if value == nil {
		value = []byte{} // nil would be stored as null
	}
	err := s.writer.write(ctx, func(t tx) error {
		var n int64
		var err error
		if old == nil {
			n, err = t.exec(insertValue, name, value)
		} else {
			n, err = t.exec(replaceValue, value, name, old)
		}
		if err == nil && n == 0 {
			return storage.ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("set value %q: %w", name, err)
	}
	return nil
}
