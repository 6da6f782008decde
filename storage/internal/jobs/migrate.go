package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
)

// schemaVersion is River's schema that this package was tested with. It moves
// with the version in go.mod, and never by itself.
const schemaVersion = 8

// ErrNewer says that River's tables are newer than schemaVersion.
var ErrNewer = errors.New("the tables of the job queue are newer than their code")

// Migrate brings River's tables to the version that this package needs, each step
// in a transaction.
func Migrate[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], log *slog.Logger) error {
	if err := tooNew(ctx, driver.GetExecutor()); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: warnings(log)})
	if err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: schemaVersion})
	if err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}

// tooNew asks the tables themselves: the migrator only says of a version that it
// does not know it.
func tooNew(ctx context.Context, exec riverdriver.Executor) error {
	const table, column = "river_migration", "line" // the column came with version 5
	there, err := exec.TableExists(ctx, &riverdriver.TableExistsParams{Table: table})
	if err != nil || !there {
		return err
	}
	there, err = exec.ColumnExists(ctx, &riverdriver.ColumnExistsParams{Table: table, Column: column})
	if err != nil || !there {
		return err
	}
	done, err := exec.MigrationGetByLine(ctx, &riverdriver.MigrationGetByLineParams{Line: riverdriver.MigrationLineMain})
	if err != nil {
		return err
	}
	for _, m := range done {
		if m.Version > schemaVersion {
			return fmt.Errorf("version %d: %w", m.Version, ErrNewer)
		}
	}
	return nil
}
