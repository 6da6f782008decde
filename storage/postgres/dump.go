package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	selectSchema = `SELECT max(version_id) FROM goose_db_version WHERE is_applied`

	// A session whose job is done names none: its number may become another's.
	dumpSessions = `SELECT id, owner, status, pages::bigint, claim, items::bigint,
		coalesce((SELECT j.id FROM river_job j WHERE j.id = s.job AND j.state <> 'completed'), 0),
		code, key, print, created, updated, expires, request, detail, result FROM sessions s ORDER BY id`
	dumpJobs = `SELECT id, args ->> 'session', CASE state WHEN 'running' THEN 'available' ELSE state::text END,
		(CASE state WHEN 'running' THEN greatest(attempt - 1, 0) ELSE attempt END)::bigint, max_attempts::bigint,
		date_trunc('milliseconds', created_at), date_trunc('milliseconds', scheduled_at), date_trunc('milliseconds', finalized_at),
		to_jsonb(errors)::text, metadata::text FROM river_job WHERE state <> 'completed' ORDER BY id`
	dumpBlobs = `SELECT session, hash, size, upload FROM blobs WHERE (session, hash) > ($1 COLLATE "C", $2 COLLATE "C") ORDER BY session, hash LIMIT 1000`
)

// A dump is a [storage.Dump] of a database: a transaction that sees one moment.
type dump struct {
	conn   *pgx.Conn
	tx     pgx.Tx
	schema int64
}

// Dump implements [storage.Dumper]. It has a connection of its own.
func (s *Store) Dump(ctx context.Context) (storage.Dump, error) {
	if s.pool.closed.Load() {
		return nil, fmt.Errorf("dump: %w", errClosed)
	}
	d, err := openDump(ctx, s.direct)
	if err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	return d, nil
}

// Dump opens a view of a store's database as [Store.Dump] does. It changes nothing
// there, not even the schema.
func Dump(ctx context.Context, c Config) (storage.Dump, error) {
	direct, err := directConfig(c.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	d, err := openDump(ctx, direct)
	if err != nil {
		return nil, fmt.Errorf("dump: %w", err)
	}
	return d, nil
}

func openDump(ctx context.Context, direct *pgx.ConnConfig) (*dump, error) {
	conn, err := pgx.ConnectConfig(ctx, patient(direct))
	if err != nil {
		return nil, &awayError{err}
	}
	d := &dump{conn: conn}
	if d.tx, err = conn.BeginTx(ctx, snapshot); err == nil {
		err = d.tx.QueryRow(ctx, selectSchema).Scan(&d.schema)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// patient is for what takes as long as it takes, whatever the limits of the URL and of
// the role are.
func patient(direct *pgx.ConnConfig) *pgx.ConnConfig {
	direct = direct.Copy()
	direct.RuntimeParams["statement_timeout"] = "0"
	direct.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	return direct
}

// Schema implements [storage.Dump].
func (d *dump) Schema() int64 { return d.schema }

// Close implements [storage.Dump].
func (d *dump) Close() error {
	closing, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return d.conn.Close(closing) // and the transaction, which has written nothing, with it
}

// Rows implements [storage.Dump].
func (d *dump) Rows(ctx context.Context, t storage.Table) iter.Seq2[storage.Row, error] {
	return storage.Chained(t, d.rows(ctx, t))
}

func (d *dump) rows(ctx context.Context, t storage.Table) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		rows, err := d.tx.Query(ctx, dumpQuery(t))
		if err != nil {
			yield(nil, fmt.Errorf("dump %s: %w", t.Name, err))
			return
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanRow(t, rows)
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

// dumpQuery orders texts by their bytes, as every engine can.
func dumpQuery(t storage.Table) string {
	switch t.Name {
	case "sessions":
		return dumpSessions
	case "jobs":
		return dumpJobs
	}
	values, order := make([]string, len(t.Columns)), make([]string, t.Key)
	for i, c := range t.Columns {
		values[i] = c.Name
		if c.Type == storage.AsInt {
			values[i] += "::bigint"
		}
	}
	for i, c := range t.Columns[:t.Key] {
		order[i] = c.Name
		if c.Type == storage.AsText {
			order[i] += ` COLLATE "C"`
		}
	}
	return `SELECT ` + strings.Join(values, ", ") + ` FROM ` + t.Name + ` ORDER BY ` + strings.Join(order, ", ")
}

func scanRow(t storage.Table, rows pgx.Rows) (storage.Row, error) {
	into := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		switch c.Type {
		case storage.AsText:
			into[i] = new(string)
		case storage.AsInt:
			into[i] = new(int64)
		case storage.AsTime:
			into[i] = new(*time.Time)
		case storage.AsJSON:
			into[i] = new(*string)
		default:
			into[i] = new([]byte)
		}
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	row := make(storage.Row, len(into))
	for i, v := range into {
		switch v := v.(type) {
		case *string:
			row[i] = *v
		case *int64:
			row[i] = *v
		case **time.Time:
			row[i] = time.Time{}
			if *v != nil {
				row[i] = (*v).UTC()
			}
		case **string:
			row[i] = []byte(nil)
			if *v != nil {
				row[i] = []byte(**v)
			}
		case *[]byte:
			row[i] = *v
		}
	}
	return row, t.Fits(row)
}

// Blobs implements [storage.Dump].
func (d *dump) Blobs(ctx context.Context) iter.Seq2[storage.DumpedBlob, error] {
	return func(yield func(storage.DumpedBlob, error) bool) {
		var last storage.DumpedBlob
		for {
			some, err := d.someBlobs(ctx, last)
			if err != nil {
				yield(storage.DumpedBlob{}, fmt.Errorf("dump blobs: %w", err))
				return
			}
			for _, last = range some {
				if !yield(last, nil) {
					return
				}
			}
			if len(some) == 0 {
				return
			}
		}
	}
}

// someBlobs returns the next ones. The connection is then free for their pieces.
func (d *dump) someBlobs(ctx context.Context, after storage.DumpedBlob) ([]storage.DumpedBlob, error) {
	rows, err := d.tx.Query(ctx, dumpBlobs, after.Session, after.Hash)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (b storage.DumpedBlob, err error) {
		var upload pgtype.UUID
		err = row.Scan(&b.Session, &b.Hash, &b.Size, &upload)
		b.Open = func() (io.ReadCloser, error) {
			return io.NopCloser(&pieceReader{ctx: ctx, tx: d.tx, upload: upload}), nil
		}
		return b, err
	})
}

// A pieceReader reads the pieces of a blob one after the other.
type pieceReader struct {
	ctx    context.Context // of Blobs; reading has no other
	tx     pgx.Tx
	upload pgtype.UUID
	n      int
	rest   bytes.Reader
}

// Read implements [io.Reader].
func (p *pieceReader) Read(b []byte) (int, error) {
	if p.rest.Len() == 0 {
		var data []byte
		err := p.tx.QueryRow(p.ctx, selectPiece, p.upload, p.n).Scan(&data)
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("dump a blob: %w", err)
		}
		p.n++
		p.rest.Reset(data)
	}
	return p.rest.Read(b)
}

// Check reads the whole database of a store as [Store.Check] does. It changes nothing
// there, not even the schema.
func Check(ctx context.Context, c Config) error {
	direct, err := directConfig(c.withDefaults())
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	return checkDatabase(ctx, direct)
}
