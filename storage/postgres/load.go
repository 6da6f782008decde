package postgres

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

const (
	// Whoever starts meanwhile waits for the migration lock, and finds the store full.
	loadLock = `SELECT pg_advisory_xact_lock(5318, 1)`
	// A worker's lease is an advisory lock of a connection of its own.
	anyWorker = `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`
	loadJob = `INSERT INTO river_job (id, args, state, attempt, max_attempts, created_at, scheduled_at, finalized_at, errors, metadata, kind, tags)
		VALUES ($1, jsonb_build_object('session', $2::text), $3, $4, $5, $6, $7, $8,
			CASE WHEN $9::text IS NULL THEN NULL ELSE ARRAY(SELECT jsonb_array_elements($9::text::jsonb)) END, $10::text::jsonb, 'session', '{}')`
	loadBalances = `INSERT INTO balances (owner, pages, hash)
		SELECT owner, sum(pages), (array_agg(hash ORDER BY id DESC))[1] FROM credit_entries GROUP BY owner`
	loadAuditHead = `INSERT INTO audit_head (entries, hash)
		SELECT (SELECT count(*) FROM audit_entries), hash FROM audit_entries ORDER BY id DESC LIMIT 1`
	// No number is given twice, not even one of a job that a session still names.
	countOn = `SELECT setval(pg_get_serial_sequence('credit_entries', 'id'), 1 + coalesce((SELECT max(id) FROM credit_entries), 0), false),
		setval(pg_get_serial_sequence('audit_entries', 'id'), 1 + coalesce((SELECT max(id) FROM audit_entries), 0), false),
		setval(pg_get_serial_sequence('webhook_events', 'id'), 1 + coalesce((SELECT max(id) FROM webhook_events), 0), false),
		setval(pg_get_serial_sequence('river_job', 'id'), 1 + greatest((SELECT max(id) FROM river_job), (SELECT max(job) FROM sessions), 0), false)`
)

// loadBatch is how many jobs are sent at a time.
const loadBatch = 500

// Load implements [storage.Loader]. It is one transaction, on a connection of its
// own.
func (s *Store) Load(ctx context.Context, from storage.Dump) error {
	if s.pool.closed.Load() {
		return fmt.Errorf("load: %w", errClosed)
	}
	conn, err := pgx.ConnectConfig(ctx, patient(s.direct))
	if err != nil {
		return fmt.Errorf("load: %w", &awayError{err})
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return load(ctx, tx, s.now(), from) })
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	s.queue.Wake()
	return nil
}

func load(ctx context.Context, tx pgx.Tx, now time.Time, from storage.Dump) error {
	if err := loadable(ctx, tx); err != nil {
		return err
	}
	for _, t := range storage.Tables() {
		if err := loadTable(ctx, tx, t, from); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	for b, err := range from.Blobs(ctx) {
		if err == nil {
			err = loadBlob(ctx, tx, now, b)
		}
		if err != nil {
			return fmt.Errorf("blobs: %w", err)
		}
	}
	for _, statement := range []string{loadBalances, loadAuditHead, countOn} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("make anew what was not dumped: %w", err)
		}
	}
	return nil
}

// loadable refuses a database that is not empty or in use.
func loadable(ctx context.Context, tx pgx.Tx) error {
	if err := unused(ctx, tx); err != nil {
		return err
	}
	var some bool
	for _, name := range append(tableNames(), "balances", "audit_head", "blobs") {
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM `+name+`)`).Scan(&some); err != nil {
			return err
		}
		if some {
			return fmt.Errorf("its table %s is not empty: %w", name, storage.ErrExists)
		}
	}
	return nil
}

// tableNames are the names of the tables of a dump in this database.
func tableNames() []string {
	var names []string
	for _, t := range storage.Tables() {
		name := t.Name
		if name == "jobs" {
			name = "river_job"
		}
		names = append(names, name)
	}
	return names
}

func loadTable(ctx context.Context, tx pgx.Tx, t storage.Table, from storage.Dump) error {
	rows := storage.Chained(t, fitting(ctx, t, from))
	if t.Name == "jobs" {
		return loadJobs(ctx, tx, t, rows)
	}
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	next, stop := iter.Pull2(rows)
	defer stop()
	var broken error // the database would only quote it
	_, err := tx.CopyFrom(ctx, pgx.Identifier{t.Name}, names, pgx.CopyFromFunc(func() ([]any, error) {
		row, err, ok := next()
		if !ok || err != nil {
			broken = err
			return nil, err
		}
		return nulls(row), nil
	}))
	return cmp.Or(broken, err)
}

// fitting yields the rows of a table that can be its.
func fitting(ctx context.Context, t storage.Table, from storage.Dump) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		for row, err := range from.Rows(ctx, t) {
			if err == nil {
				err = t.Fits(row)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// nulls gives what is nothing to the database as null.
func nulls(row storage.Row) []any {
	for i, v := range row {
		switch v := v.(type) {
		case time.Time:
			if v.IsZero() {
				row[i] = nil
			}
		case []byte:
			if v == nil {
				row[i] = nil
			}
		}
	}
	return row
}

func loadJobs(ctx context.Context, tx pgx.Tx, t storage.Table, rows iter.Seq2[storage.Row, error]) error {
	batch := &pgx.Batch{}
	send := func() error {
		sent := batch
		batch = &pgx.Batch{}
		return tx.SendBatch(ctx, sent).Close()
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		for i, c := range t.Columns {
			if json, ok := row[i].([]byte); ok && c.Type == storage.AsJSON && json != nil {
				row[i] = string(json)
			}
		}
		if batch.Queue(loadJob, nulls(row)...); batch.Len() >= loadBatch {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

func loadBlob(ctx context.Context, tx pgx.Tx, now time.Time, b storage.DumpedBlob) (err error) {
	if !valid.ID(b.Session) {
		return valid.ErrID
	}
	r, err := b.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var upload pgtype.UUID
	if err := tx.QueryRow(ctx, newUpload).Scan(&upload); err != nil {
		return err
	}
	hash := sha256.New()
	piece := make([]byte, pieceSize)
	var size int64
	for n := 0; ; n++ {
		m, readErr := fill(r, piece)
		if m > 0 {
			size += int64(m)
			hash.Write(piece[:m])
			if _, err := tx.Exec(ctx, insertPiece, upload, n, now, piece[:m]); err != nil {
				return err
			}
		}
		if readErr == io.EOF {
			break
		}
		if readErr != nil {
			return readErr
		}
	}
	if hex.EncodeToString(hash.Sum(nil)) != b.Hash {
		return fmt.Errorf("blob %s of session %s is damaged", b.Hash, b.Session)
	}
	_, err = tx.Exec(ctx, insertBlob, b.Session, b.Hash, size, upload, now)
	return err
}
