package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// collect runs a query and reads its rows; no row is a nil slice.
func collect[T any](ctx context.Context, p *pool, read pgx.RowToFunc[T], query string, args ...any) ([]T, error) {
	var all []T
	err := p.do(ctx, func(conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		all, err = pgx.AppendRows([]T(nil), rows, read) // anew: a query may be tried twice
		return err
	})
	return all, err
}
