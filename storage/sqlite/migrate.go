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

// errNewer refuses a database that a later program has changed.
var errNewer = errors.New("its schema is newer than this program; run the newer program, or restore a backup from before the update")

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
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > target {
		return fmt.Errorf("version %d, this program knows %d: %w", current, target, errNewer)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate from version %d: %w", current, err)
	}
	if err := jobs.Migrate(ctx, riverDriver(db), log); err != nil {
		if errors.Is(err, jobs.ErrNewer) {
			return fmt.Errorf("%w: %w", err, errNewer)
		}
		return err
	}
	return nil
}
