package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

const (
	loadLedger = `INSERT INTO credit_entries (owner, id, action, pages, cause, created) VALUES (?, ?, ?, ?, ?, ?)`
	loadJobs   = `INSERT INTO river_job (id, args, state, attempt, max_attempts, created_at, scheduled_at, finalized_at, errors, metadata, kind)
		VALUES (?, jsonb_object('session', ?), ?, ?, ?, ?, ?, ?, jsonb(?), jsonb(?), 'session')`
	loadAuditHead = `INSERT INTO audit_head (one, entries, hash) 
		SELECT 1, (SELECT count(*) FROM audit_entries), hash FROM audit_entries ORDER BY id DESC LIMIT 1`

	// jobTime is the one layout of times that the job queue compares well.
	jobTime = "2006-01-02 15:04:05.000"
)

// Load implements [storage.Loader]. It is one transaction; nothing else is written
// meanwhile.
func (s *Store) Load(ctx context.Context, from storage.Dump) error {
	if err := s.load(ctx, from); err != nil {
		return fmt.Errorf("load the store in %s: %w", s.dir, err)
	}
	s.queue.Wake()
	return nil
}

func (s *Store) load(ctx context.Context, from storage.Dump) (err error) {
	s.mu.Lock()
	closed, workers := s.closed, s.workers
	s.mu.Unlock()
	switch {
	case closed:
		return errClosed
	case workers > 0:
		return fmt.Errorf("it is worked on: %w", storage.ErrConflict)
	}
	t, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }() // nothing to do after a commit
	for _, table := range storage.Tables() {
		if err := empty(ctx, t, table); err != nil {
			return err
		}
	}
	if names, _, err := s.blobs.list(ctx); err != nil {
		return err
	} else if len(names) > 0 {
		return fmt.Errorf("its blobs are not empty: %w", storage.ErrExists)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.blobs.empty())
		}
	}()
	if err := s.loadBlobs(ctx, from); err != nil {
		return err
	}
	for _, table := range storage.Tables() {
		if err := loadTable(ctx, t, table, from); err != nil {
			return fmt.Errorf("%s: %w", table.Name, err)
		}
	}
	if _, err := t.ExecContext(ctx, loadAuditHead); err != nil {
		return fmt.Errorf("the end of the audit: %w", err)
	}
	return t.Commit()
}

func tableName(t storage.Table) string {
	if t.Name == "jobs" {
		return "river_job"
	}
	return t.Name
}

func empty(ctx context.Context, t *sql.Tx, table storage.Table) error {
	var some bool
	if err := t.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+tableName(table)+`)`).Scan(&some); err != nil {
		return err
	}
	if some {
		return fmt.Errorf("its table %s is not empty: %w", table.Name, storage.ErrExists)
	}
	return nil
}

func loadTable(ctx context.Context, t *sql.Tx, table storage.Table, from storage.Dump) error {
	names := columnNames(table)
	query := `INSERT INTO ` + table.Name + ` (` + strings.Join(names, ", ") + `) VALUES (?` + strings.Repeat(", ?", len(names)-1) + `)`
	switch table.Name {
	case storage.Ledger:
		query = loadLedger
	case "jobs":
		query = loadJobs
	}
	insert, err := t.PrepareContext(ctx, query)
	if err != nil {
		return err
	}
	defer insert.Close()
	var link *sql.Stmt
	if table.Name == storage.Ledger {
		if link, err = t.PrepareContext(ctx, insertHash); err != nil {
			return err
		}
		defer link.Close()
	}
	for row, err := range storage.Chained(table, fitting(ctx, table, from)) {
		if err != nil {
			return err
		}
		if err := loadRow(ctx, table, row, insert, link); err != nil {
			return fmt.Errorf("row %v: %w", row[0], err)
		}
	}
	return nil
}

// fitting yields the rows of a table that can be its.
func fitting(ctx context.Context, table storage.Table, from storage.Dump) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		for row, err := range from.Rows(ctx, table) {
			if err == nil {
				err = table.Fits(row)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func loadRow(ctx context.Context, table storage.Table, row storage.Row, insert, link *sql.Stmt) error {
	args := make([]any, len(row))
	for i, v := range row {
		args[i] = v
		switch v := v.(type) {
		case time.Time:
			args[i] = microsOrNull(v)
			if table.Name == "jobs" {
				args[i] = sql.NullString{String: v.UTC().Format(jobTime), Valid: !v.IsZero()}
			}
		case []byte:
			switch {
			case v == nil:
				args[i] = nil
			case table.Columns[i].Type == storage.AsJSON:
				args[i] = string(v)
			}
		}
	}
	if link == nil {
		_, err := insert.ExecContext(ctx, args...)
		return err
	}
	if _, err := insert.ExecContext(ctx, args[:6]...); err != nil {
		return err
	}
	_, err := link.ExecContext(ctx, row[1], row[0], row[6])
	return err
}

func (s *Store) loadBlobs(ctx context.Context, from storage.Dump) error {
	for b, err := range from.Blobs(ctx) {
		if err == nil && !valid.ID(b.Session) {
			err = valid.ErrID
		}
		if err == nil {
			err = s.loadBlob(ctx, b)
		}
		if err != nil {
			return fmt.Errorf("blobs: %w", err)
		}
	}
	return nil
}

func (s *Store) loadBlob(ctx context.Context, b storage.DumpedBlob) error {
	r, err := b.Open()
	if err != nil {
		return err
	}
	put, err := s.blobs.put(ctx, b.Session, io.LimitReader(r, b.Size+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	if put.Hash != b.Hash {
		return fmt.Errorf("blob %s of session %s is damaged", b.Hash, b.Session)
	}
	return nil
}

// empty removes all blobs.
func (b *blobs) empty() error {
	return b.each(context.Background(), ".", func(entries []fs.DirEntry) error {
		for _, e := range entries {
			if valid.ID(e.Name()) {
				if err := b.deleteAll(e.Name()); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Check reads the whole store in dir as [Store.Check] does, also while another
// process has it open.
func Check(ctx context.Context, dir string) error {
	if err := checkFile(ctx, filepath.Join(dir, databaseName)); err != nil {
		return fmt.Errorf("check the store in %s: %w", dir, explain(err))
	}
	return nil
}
