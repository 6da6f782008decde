package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/learnsnap/learnsnap-go/storage/internal/jobs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// errNewer refuses a database that a later program has changed too much.
var errNewer = errors.New("the schema is newer than this program; run the program that has changed it, or restore a backup from before the update")

const selectOldest = `SELECT oldest FROM schema_level`

// migrationLock is held by the one of many processes that migrates.
const (
	migrationLock    = `SELECT pg_advisory_lock(5318, 1)`
	tryMigrationLock = `SELECT pg_try_advisory_lock(5318, 1)`
)

// migrate brings the schema up to date, ours and the job queue's. Each migration is
// one transaction, so an interrupted one has not happened and is done by the next.
func migrate(ctx context.Context, direct *pgx.ConnConfig, pool *pgxpool.Pool, log *slog.Logger) error {
	conn, err := pgx.ConnectConfig(ctx, direct)
	if err != nil {
		return &awayError{err}
	}
	defer func() { // the lock goes with the connection
		closing, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	var alone bool
	if err := conn.QueryRow(ctx, tryMigrationLock).Scan(&alone); err != nil {
		return fmt.Errorf("lock the schema: %w", err)
	}
	if !alone {
		log.Info("another process migrates the database; waiting for it")
		if _, err := conn.Exec(ctx, migrationLock); err != nil {
			return fmt.Errorf("wait for another process that migrates: %w", err)
		}
	}
	if err := migrateOurs(ctx, direct); err != nil {
		return err
	}
	if err := jobs.Migrate(ctx, riverpgxv5.New(pool), log); err != nil {
		if errors.Is(err, jobs.ErrNewer) {
			return fmt.Errorf("%w: %w", err, errNewer)
		}
		return err
	}
	return nil
}

func migrateOurs(ctx context.Context, direct *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*direct)
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > known {
		var oldest int64
		if err := db.QueryRowContext(ctx, selectOldest).Scan(&oldest); err != nil {
			return fmt.Errorf("read what schema version %d needs: %w", current, err)
		}
		if known < oldest {
			return fmt.Errorf("schema version %d needs a program that knows version %d, this one knows %d: %w", current, oldest, known, errNewer)
		}
		return nil // written by a later program, but fit for this one
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate from version %d: %w", current, err)
	}
	return nil
}
