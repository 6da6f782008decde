package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage/internal/hours"
)

const (
	// An hour is there before it is locked: two who count in it for the first time must
	// not both think that it is empty.
	makeHours = `INSERT INTO slo_counts (hour, objective, replica, counts)
		SELECT hour, objective, $3, $4 FROM unnest($1::timestamptz[], $2::text[]) AS n (hour, objective) ON CONFLICT DO NOTHING`
	lockHours = `SELECT s.counts FROM unnest($1::timestamptz[], $2::text[]) WITH ORDINALITY AS n (hour, objective, i)
		JOIN slo_counts s USING (hour, objective) WHERE s.replica = $3 ORDER BY n.i FOR UPDATE OF s`
	setHours = `UPDATE slo_counts s SET counts = n.counts FROM unnest($1::timestamptz[], $2::text[], $4::bytea[]) AS n (hour, objective, counts)
		WHERE s.hour = n.hour AND s.objective = n.objective AND s.replica = $3`
	selectHours = `SELECT objective, hour, counts FROM slo_counts WHERE hour >= $1 AND replica <> $2 ORDER BY hour, objective`
	deleteHours = `DELETE FROM slo_counts WHERE hour < $1`
)

// PutSLOCounts implements [storage.SLOCounts].
func (s *Store) PutSLOCounts(ctx context.Context, replica string, objectives []string, minutes []time.Time, good, total []int64) error {
	changes, err := hours.Gather(objectives, minutes, good, total)
	if err == nil && replica == "" {
		err = errors.New("the replica has no name")
	}
	if err == nil {
		err = s.pool.tx(ctx, func(tx pgx.Tx) error { return count(ctx, tx, replica, changes) })
	}
	if err != nil {
		return fmt.Errorf("put slo counts: %w", err)
	}
	return nil
}

// count applies changes to their hours.
func count(ctx context.Context, tx pgx.Tx, replica string, changes []hours.Change) error {
	at, objectives := make([]time.Time, len(changes)), make([]string, len(changes))
	for i, c := range changes {
		at[i], objectives[i] = c.Hour, c.Objective
	}
	if _, err := tx.Exec(ctx, makeHours, at, objectives, replica, new(hours.Hour).Pack()); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, lockHours, at, objectives, replica)
	if err != nil {
		return err
	}
	packed, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return err
	}
	if len(packed) != len(changes) { // dropped as too old meanwhile
		return fmt.Errorf("of %d hours %d are there", len(changes), len(packed))
	}
	for i, c := range changes {
		hour, err := hours.Unpack(packed[i])
		if err != nil {
			return err
		}
		c.Apply(&hour)
		packed[i] = hour.Pack()
	}
	_, err = tx.Exec(ctx, setHours, at, objectives, replica, packed)
	return err
}

// SLOCounts implements [storage.SLOCounts].
func (s *Store) SLOCounts(ctx context.Context, exceptReplica string, since time.Time, each func(objective string, minute time.Time, good, total int64)) error {
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, selectHours, since.UTC().Truncate(time.Hour), exceptReplica)
		if err != nil {
			return err
		}
		sum := hours.NewSum(since, each)
		var objective string
		var hour time.Time
		var packed []byte
		if _, err := pgx.ForEachRow(rows, []any{&objective, &hour, &packed}, func() error {
			return sum.Add(objective, hour, packed)
		}); err != nil {
			return err
		}
		sum.Done()
		return nil
	})
	if err != nil {
		return fmt.Errorf("slo counts: %w", err)
	}
	return nil
}

// DropSLOCounts implements [storage.SLOCounts].
func (s *Store) DropSLOCounts(ctx context.Context, before time.Time) error {
	if err := s.exec(ctx, deleteHours, before.UTC().Truncate(time.Hour)); err != nil {
		return fmt.Errorf("drop slo counts: %w", err)
	}
	return nil
}
