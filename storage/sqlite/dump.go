package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	selectSchema = `SELECT max(version_id) FROM goose_db_version WHERE is_applied`

	// A session whose job is done names none: its number may become another's.
	dumpSessions = `SELECT id, owner, status, pages, claim, items,
		coalesce((SELECT id FROM river_job j WHERE j.id = s.job AND j.state <> 'completed'), 0),
		code, key, print, created, updated, expires, request, detail, result FROM sessions s ORDER BY id`
	dumpLedger = `SELECT e.owner, id, action, pages, cause, created, hash FROM credit_entries e
		LEFT JOIN credit_chain c ON entry = id ORDER BY e.owner, id`
	dumpJobs = `SELECT id, args ->> '$.session', CASE state WHEN 'running' THEN 'available' ELSE state END,
		CASE state WHEN 'running' THEN max(attempt - 1, 0) ELSE attempt END, max_attempts,
		CAST(round(unixepoch(created_at, 'subsec') * 1e3) AS INTEGER) * 1000, CAST(round(unixepoch(scheduled_at, 'subsec') * 1e3) AS INTEGER) * 1000,
		CAST(round(unixepoch(finalized_at, 'subsec') * 1e3) AS INTEGER) * 1000, json(errors), json(metadata)
		FROM river_job WHERE state <> 'completed' ORDER BY id`
)

// A dump is a [storage.Dump] of a folder.
type dump struct {
	db     *sql.DB
	tx     *sql.Tx
	schema int64
	blobs  *frozenBlobs
}

// Dump implements [storage.Dumper]. It needs room for a second name of each blob,
// not for its bytes.
func (s *Store) Dump(ctx context.Context) (storage.Dump, error) {
	if s.closing.Err() != nil {
		return nil, fmt.Errorf("dump: %w", errClosed)
	}
	return Dump(ctx, s.dir)
}

// Dump opens a view of the store in dir as [Store.Dump] does, also while another
// process has it open. It changes nothing in the database.
func Dump(ctx context.Context, dir string) (storage.Dump, error) {
	d, err := openDump(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("dump the store in %s: %w", dir, explain(err))
	}
	return d, nil
}

func openDump(ctx context.Context, dir string) (_ *dump, err error) {
	file := filepath.Join(dir, databaseName)
	if _, err := os.Stat(file); err != nil {
		return nil, err
	}
	d := &dump{}
	defer func() {
		if err != nil {
			_ = d.Close()
		}
	}()
	if d.db, err = connect(readerDSN(file), 1); err != nil {
		return nil, err
	}
	if d.blobs, err = freeze(filepath.Join(dir, blobsName)); err != nil {
		return nil, err
	}
	// A blob that a session needs was there before the session. So all that are there
	// now are kept first, and once more those that came until the view was opened.
	for range maxFreezes {
		if err = d.blobs.keepAll(ctx); err != nil {
			return nil, err
		}
		if err = d.begin(ctx); err != nil {
			return nil, err
		}
		gone, err := d.blobs.keep(ctx)
		if err != nil || !gone {
			return d, err
		}
		if err := d.tx.Rollback(); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("blobs are removed faster than they can be kept; try again when there is less to do")
}

// maxFreezes is how often a view is opened anew because a blob went meanwhile.
const maxFreezes = 20

// begin opens the view: SQLite does with the first read.
func (d *dump) begin(ctx context.Context) (err error) {
	// The transaction outlives the call that begins it.
	if d.tx, err = d.db.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{ReadOnly: true}); err != nil {
		return err
	}
	return d.tx.QueryRowContext(ctx, selectSchema).Scan(&d.schema)
}

// Schema implements [storage.Dump].
func (d *dump) Schema() int64 { return d.schema }

// Close implements [storage.Dump].
func (d *dump) Close() error {
	var all error
	if d.tx != nil {
		all = d.tx.Rollback()
	}
	if d.db != nil {
		all = errors.Join(all, d.db.Close())
	}
	if d.blobs != nil {
		all = errors.Join(all, d.blobs.close())
	}
	d.tx, d.db, d.blobs = nil, nil, nil
	return all
}

// Rows implements [storage.Dump].
func (d *dump) Rows(ctx context.Context, t storage.Table) iter.Seq2[storage.Row, error] {
	return storage.Chained(t, d.rows(ctx, t))
}

func (d *dump) rows(ctx context.Context, t storage.Table) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		rows, err := d.tx.QueryContext(ctx, dumpQuery(t))
		if err != nil {
			yield(nil, fmt.Errorf("dump %s: %w", t.Name, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanRow(t, rows.Scan)
			if err != nil {
				err = fmt.Errorf("dump %s: %w", t.Name, err)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, fmt.Errorf("dump %s: %w", t.Name, err))
		}
	}
}

func dumpQuery(t storage.Table) string {
	switch t.Name {
	case "sessions":
		return dumpSessions
	case storage.Ledger:
		return dumpLedger
	case "jobs":
		return dumpJobs
	}
	names := columnNames(t)
	return `SELECT ` + strings.Join(names, ", ") + ` FROM ` + t.Name + ` ORDER BY ` + strings.Join(names[:t.Key], ", ")
}

func columnNames(t storage.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// scanRow reads a row. Times are microseconds in the database.
func scanRow(t storage.Table, scan func(...any) error) (storage.Row, error) {
	into := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		switch c.Type {
		case storage.AsText:
			into[i] = new(string)
		case storage.AsInt:
			into[i] = new(int64)
		case storage.AsTime:
			into[i] = new(sql.Null[int64])
		default:
			into[i] = new([]byte)
		}
	}
	if err := scan(into...); err != nil {
		return nil, err
	}
	row := make(storage.Row, len(into))
	for i, v := range into {
		switch v := v.(type) {
		case *string:
			row[i] = *v
		case *int64:
			row[i] = *v
		case *sql.Null[int64]:
			row[i] = time.Time{}
			if v.Valid {
				row[i] = fromMicros(v.V)
			}
		case *[]byte:
			if *v == nil && !t.Columns[i].Null {
				*v = []byte{} // an empty blob reads as nothing
			}
			row[i] = *v
		}
	}
	return row, t.Fits(row)
}
