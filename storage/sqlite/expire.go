package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	endingColumns = `id, owner, status, job`
	selectExpired = `SELECT ` + endingColumns + ` FROM sessions WHERE expires < ? ORDER BY expires LIMIT ?`
	selectEnding  = `SELECT ` + endingColumns + ` FROM sessions WHERE id = ?`
	deleteSession = `DELETE FROM sessions WHERE id = ?`
)

// ExpireSessions implements [storage.Sessions]. The blobs go after the commit;
// those that a crash leaves behind are SweepBlobs' to find.
func (s *Store) ExpireSessions(ctx context.Context, before time.Time, code string, limit int) (int, error) {
	var gone []string
	err := s.writer.write(ctx, func(t tx) error {
		expired, err := t.endings(selectExpired, micros(before), limit)
		if err != nil {
			return err
		}
		gone = gone[:0]
		for _, e := range expired {
			if err := s.remove(t, e, code); err != nil {
				return err
			}
			gone = append(gone, e.id)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("expire sessions: %w", err)
	}
	for _, id := range gone {
		err = errors.Join(err, s.blobs.deleteAll(id))
	}
	if err != nil {
		return len(gone), fmt.Errorf("delete the blobs of expired sessions: %w", err)
	}
	return len(gone), nil
}

// EraseSession implements [storage.Sessions]. The blobs go after the commit, as
// those of ExpireSessions.
func (s *Store) EraseSession(ctx context.Context, id, code string) error {
	err := s.writer.write(ctx, func(t tx) error {
		e, err := scanEnding(t.row(selectEnding, id).Scan)
		if err != nil {
			return notFound(err)
		}
		return s.remove(t, e, code)
	})
	if err == nil {
		err = s.blobs.deleteAll(id)
	}
	if err != nil {
		return fmt.Errorf("erase session %s: %w", printable(id), err)
	}
	return nil
}

// remove takes a session away with all that is its own but its blobs.
func (s *Store) remove(t tx, e ending, code string) error {
	if !e.status.Ended() {
		if err := t.finish(e.id, e.owner, storage.Outcome{Status: storage.Failed, Code: code}, s.now()); err != nil {
			return err
		}
	}
	// A dead job is a letter to an operator and stays.
	_, err := s.queue.DeadTx(t.ctx, t.Tx, e.job)
	if errors.Is(err, storage.ErrNotFound) {
		err = s.queue.Delete(t.ctx, t.Tx, e.job)
	}
	if err != nil {
		return err
	}
	_, err = t.exec(deleteSession, e.id)
	return err
}

// An ending is what must be known of a session to remove it.
type ending struct {
	id, owner string
	status    storage.Status
	job       int64
}

func scanEnding(scan func(...any) error) (e ending, err error) {
	return e, scan(&e.id, &e.owner, &e.status, &e.job)
}

// endings returns the sessions that a query finds.
func (t tx) endings(query string, args ...any) ([]ending, error) {
	rows, err := t.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []ending
	for rows.Next() {
		e, err := scanEnding(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}
