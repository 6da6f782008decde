package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

const (
	upsertReport = `INSERT INTO reports (session, question, owner, reason, comment, created) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (session, question, owner) DO UPDATE SET reason = excluded.reason, comment = excluded.comment, created = excluded.created`
	selectReports = `SELECT session, question, owner, reason, comment, created FROM reports
		WHERE session = $1 ORDER BY created, question, owner`
	selectRecentReports = `SELECT session, question, owner, reason, comment, created FROM reports
		WHERE (created, session, question, owner) < ($1, $2, $3, $4) ORDER BY created DESC, session DESC, question DESC, owner DESC LIMIT $5`
)

// AddReport implements [storage.Reports].
func (s *Store) AddReport(ctx context.Context, r storage.Report) error {
	if !valid.ID(r.Session) {
		return fmt.Errorf("report: %w", storage.ErrNotFound)
	}
	if r.Created.IsZero() {
		r.Created = s.now()
	}
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, upsertReport, r.Session, r.Question, r.Owner, r.Reason, r.Comment, r.Created)
		if code(err) == codeForeignKey {
			return storage.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("report on session %s: %w", r.Session, err)
	}
	return nil
}

// Reports implements [storage.Reports].
func (s *Store) Reports(ctx context.Context, session string) ([]storage.Report, error) {
	if !valid.ID(session) {
		return nil, ctx.Err()
	}
	reports, err := s.reports(ctx, selectReports, session)
	if err != nil {
		return nil, fmt.Errorf("reports on session %s: %w", session, err)
	}
	return reports, nil
}

// RecentReports implements [storage.Reports].
func (s *Store) RecentReports(ctx context.Context, before storage.Report, limit int) ([]storage.Report, error) {
	created := pgtype.Timestamptz{Time: before.Created, Valid: true}
	if before == (storage.Report{}) {
		created.InfinityModifier = pgtype.Infinity
	}
	reports, err := s.reports(ctx, selectRecentReports, created, before.Session, before.Question, before.Owner, max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("recent reports: %w", err)
	}
	return reports, nil
}

// reports runs a statement that returns reports.
func (s *Store) reports(ctx context.Context, query string, args ...any) ([]storage.Report, error) {
	reports, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (r storage.Report, err error) {
		err = row.Scan(&r.Session, &r.Question, &r.Owner, &r.Reason, &r.Comment, &r.Created)
		r.Created = r.Created.UTC()
		return r, err
	}, query, args...)
	return reports, err
}
