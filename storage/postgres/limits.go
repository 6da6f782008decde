package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
)

// The database's clock is the one that all replicas share. A refused take writes nothing.
// A window that ends well after one that begins now is of a clock that was set back; a
// little after is one of a transaction that began later.
const (
	takeLimit = `WITH taken AS (
			INSERT INTO limits AS l (key, used, ends) SELECT $1, $2::int, now() + $4::bigint * interval '1 microsecond' WHERE $2::int <= $3::int
			ON CONFLICT (key) DO UPDATE SET
				used = CASE WHEN l.ends <= now() OR l.ends > excluded.ends + interval '10 seconds' THEN 0 ELSE l.used END + $2,
				ends = CASE WHEN l.ends <= now() OR l.ends > excluded.ends + interval '10 seconds' THEN excluded.ends ELSE l.ends END
			WHERE l.ends <= now() OR l.ends > excluded.ends + interval '10 seconds' OR l.used <= $3 - $2
			RETURNING used, ends)
		SELECT true, used, (extract(epoch FROM ends - now()) * 1000000)::bigint FROM taken
		UNION ALL SELECT false, coalesce(max(used), 0), coalesce((extract(epoch FROM max(ends) - now()) * 1000000)::bigint, $4)
			FROM limits WHERE key = $1 AND ends > now()
		ORDER BY 1 DESC LIMIT 1`
	sweepLimits = `DELETE FROM limits WHERE key IN (SELECT key FROM limits WHERE ends <= now() FOR UPDATE SKIP LOCKED) AND ends <= now()`
)

// Take implements [storage.Limits].
func (s *Store) Take(ctx context.Context, key string, n, limit int, within time.Duration) (storage.Taken, error) {
	if key == "" || len(key) > 256 || n < 1 || within <= 0 {
		return storage.Taken{}, errors.New("take of a limit: it needs a key of 1 to 256 bytes, something to take and a window")
	}
	var taken storage.Taken
	var used int
	var reset int64
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, takeLimit, key, n, limit, within.Microseconds()).Scan(&taken.OK, &used, &reset)
	})
	if err != nil {
		return storage.Taken{}, fmt.Errorf("take of a limit: %w", err)
	}
	taken.Left, taken.Reset = max(limit-used, 0), time.Duration(reset)*time.Microsecond
	if !taken.OK { // what was read may be older than what has refused
		taken.Left = min(taken.Left, n-1)
	}
	return taken, nil
}

// SweepLimits implements [storage.Limits].
func (s *Store) SweepLimits(ctx context.Context) (int, error) {
	var swept int64
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, sweepLimits)
		swept = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep limits: %w", err)
	}
	return int(swept), nil
}
