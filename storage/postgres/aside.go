package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/learnsnap/learnsnap-go/storage"
)

// SetAside moves all tables of a store away, into a schema of the same database whose
// name it returns, so that an archive can be loaded into their place. Nothing is
// removed; whoever wants the old ones back drops the schema public and renames theirs.
// It answers [storage.ErrConflict] while a server has the database open. The database's
// owner may do it.
func SetAside(ctx context.Context, c Config) (schema string, err error) {
	c = c.withDefaults()
	direct, err := directConfig(c)
	if err != nil {
		return "", fmt.Errorf("set the tables aside: %w", err)
	}
	conn, err := pgx.ConnectConfig(ctx, direct)
	if err != nil {
		return "", fmt.Errorf("set the tables aside: %w", &awayError{err})
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	schema = "replaced_" + c.Now().UTC().Format("20060102_150405")
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := unused(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `ALTER SCHEMA public RENAME TO `+pgx.Identifier{schema}.Sanitize()+`; CREATE SCHEMA public`)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("set the tables aside: %w", err)
	}
	return schema, nil
}

// unused locks a database against servers that start, and refuses one that workers have
// open.
func unused(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, loadLock); err != nil {
		return err
	}
	var some bool
	if err := tx.QueryRow(ctx, anyWorker).Scan(&some); err != nil {
		return err
	}
	if some {
		return fmt.Errorf("a server has the database open; stop it first: %w", storage.ErrConflict)
	}
	return nil
}
