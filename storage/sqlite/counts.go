package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage/internal/hours"
)

const (
	selectHour = `SELECT counts FROM slo_counts WHERE hour = ? AND objective = ? AND replica = ?`
	putHour    = `INSERT INTO slo_counts (hour, objective, replica, counts) VALUES (?, ?, ?, ?)
		ON CONFLICT (hour, objective, replica) DO UPDATE SET counts = excluded.counts`
	selectHours = `SELECT objective, hour, counts FROM slo_counts WHERE hour >= ? AND replica <> ? ORDER BY hour, objective`
	deleteHours = `DELETE FROM slo_counts WHERE hour < ?`
)

// PutSLOCounts implements [storage.SLOCounts].
func (s *Store) PutSLOCounts(ctx context.Context, replica string, objectives []string, minutes []time.Time, good, total []int64) error {
	changes, err := hours.Gather(objectives, minutes, good, total)
	if err == nil && replica == "" {
		err = errors.New("the replica has no name")
	}
	if err == nil {
		err = s.writer.write(ctx, func(t tx) error {
			for _, c := range changes {
				if err := t.count(replica, c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("put slo counts: %w", err)
	}
	return nil
}

// count applies a change to its hour.
func (t tx) count(replica string, c hours.Change) error {
	var packed []byte
	var hour hours.Hour
	switch err := t.row(selectHour, micros(c.Hour), c.Objective, replica).Scan(&packed); {
	case err == nil:
		if hour, err = hours.Unpack(packed); err != nil {
			return err
		}
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	c.Apply(&hour)
	_, err := t.exec(putHour, micros(c.Hour), c.Objective, replica, hour.Pack())
	return err
}

// SLOCounts implements [storage.SLOCounts].
func (s *Store) SLOCounts(ctx context.Context, exceptReplica string, since time.Time, each func(objective string, minute time.Time, good, total int64)) error {
	sum := hours.NewSum(since, each)
	_, err := collect(ctx, s.reader, func(scan func(...any) error) (none struct{}, err error) {
		var objective string
		var hour int64
		var packed []byte
		if err := scan(&objective, &hour, &packed); err != nil {
			return none, err
		}
		return none, sum.Add(objective, fromMicros(hour), packed)
	}, selectHours, micros(since.UTC().Truncate(time.Hour)), exceptReplica)
	if err != nil {
		return fmt.Errorf("slo counts: %w", err)
	}
	sum.Done()
	return nil
}

// DropSLOCounts implements [storage.SLOCounts].
func (s *Store) DropSLOCounts(ctx context.Context, before time.Time) error {
	err := s.writer.write(ctx, func(t tx) error {
		_, err := t.exec(deleteHours, micros(before.UTC().Truncate(time.Hour)))
		return err
	})
	if err != nil {
		return fmt.Errorf("drop slo counts: %w", err)
	}
	return nil
}
