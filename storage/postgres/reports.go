package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	upsertReport = `INSERT INTO reports (session, question, owner, reason, comment, created) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (session, question, owner) DO UPDATE SET reason = excluded.reason, comment = excluded.comment, created = excluded.created`
	selectReports = `SELECT session, question, owner, reason, comment, created FROM reports
		WHERE session = $1 ORDER BY created, question, owner`
)

// AddReport implements [storage.Reports].
func (s *Store) AddReport(ctx context.Context, r storage.Report) error {
	if !validID(r.Session) {
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
	if !validID(session) {
		return nil, ctx.Err()
	}
	var reports []storage.Report
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, selectReports, session)
		if err != nil {
			return err
		}
		reports, err = pgx.AppendRows(reports[:0], rows, func(row pgx.CollectableRow) (r storage.Report, err error) {
			err = row.Scan(&r.Session, &r.Question, &r.Owner, &r.Reason, &r.Comment, &r.Created)
			r.Created = r.Created.UTC()
			return r, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reports on session %s: %w", session, err)
	}
	return reports, nil
}
