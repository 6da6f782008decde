package sqlite

import (
	"context"
	"fmt"
	"math"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	upsertReport = `INSERT INTO reports (session, question, owner, reason, comment, created) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET reason = excluded.reason, comment = excluded.comment, created = excluded.created`
	selectReports = `SELECT session, question, owner, reason, comment, created FROM reports
		WHERE session = ? ORDER BY created, question, owner`
	selectRecentReports = `SELECT session, question, owner, reason, comment, created FROM reports
		WHERE (created, session, question, owner) < (?, ?, ?, ?) ORDER BY created DESC, session DESC, question DESC, owner DESC LIMIT ?`
)

// AddReport implements [storage.Reports].
func (s *Store) AddReport(ctx context.Context, r storage.Report) error {
	if r.Created.IsZero() {
		r.Created = s.now()
	}
	err := s.writer.write(ctx, func(t tx) error {
		_, err := t.exec(upsertReport, r.Session, r.Question, r.Owner, r.Reason, r.Comment, micros(r.Created))
		if code(err) == codeForeignKey {
			return storage.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("report on session %s: %w", printable(r.Session), err)
	}
	return nil
}

// Reports implements [storage.Reports].
func (s *Store) Reports(ctx context.Context, session string) ([]storage.Report, error) {
	reports, err := collect(ctx, s.reader, scanReport, selectReports, session)
	if err != nil {
		return nil, fmt.Errorf("reports on session %s: %w", printable(session), err)
	}
	return reports, nil
}

// RecentReports implements [storage.Reports].
func (s *Store) RecentReports(ctx context.Context, before storage.Report, limit int) ([]storage.Report, error) {
	created := micros(before.Created)
	if before == (storage.Report{}) {
		created = math.MaxInt64
	}
	reports, err := collect(ctx, s.reader, scanReport, selectRecentReports, created, before.Session, before.Question, before.Owner, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("recent reports: %w", err)
	}
	return reports, nil
}

func scanReport(scan func(...any) error) (r storage.Report, err error) {
	var created int64
	err = scan(&r.Session, &r.Question, &r.Owner, &r.Reason, &r.Comment, &created)
	r.Created = fromMicros(created)
	return r, err
}
