package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"

	"github.com/learnsnap/learnsnap-go/storage/internal/jobs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// errNewer refuses a database that a later program has changed too much.
var errNewer = errors.New("the schema is newer than this program; run the program that has changed it, or restore a backup from before the update")

const selectOldest = `SELECT oldest FROM schema_level`

// migrate brings the schema up to date, ours and the job queue's. Each migration
// is one transaction, so an interrupted one has not happened and is done by the
// next Open.
func migrate(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > known {
		err = runsOn(ctx, db, current, known)
	} else if _, err = provider.Up(ctx); err != nil {
		err = fmt.Errorf("migrate from version %d: %w", current, err)
	}
	if err != nil {
		return err
	}
	if err := jobs.Migrate(ctx, riverDriver(db), log); err != nil {
		if errors.Is(err, jobs.ErrNewer) {
			return fmt.Errorf("%w: %w", err, errNewer)
		}
		return err
	}
	return nil
}

// runsOn refuses a newer schema, unless that says that a program which knows this
// much can run on it.
func runsOn(ctx context.Context, db *sql.DB, current, known int64) error {
	var oldest int64
	if err := db.QueryRowContext(ctx, selectOldest).Scan(&oldest); err != nil {
		return fmt.Errorf("read what schema version %d needs: %w", current, err)
	}
	if known < oldest {
		return fmt.Errorf("schema version %d needs a program that knows version %d, this one knows %d: %w", current, oldest, known, errNewer)
	}
	return nil
}
