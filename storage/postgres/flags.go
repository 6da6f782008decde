package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	selectOverrides = `SELECT flag, override FROM flag_overrides`
	putOverride     = `WITH put AS (INSERT INTO flag_overrides (flag, override) VALUES ($1, $2)
		ON CONFLICT (flag) DO UPDATE SET override = excluded.override) SELECT pg_notify('learnsnap_flags', '')`
	deleteOverride = `WITH gone AS (DELETE FROM flag_overrides WHERE flag = $1) SELECT pg_notify('learnsnap_flags', '')`
	listenFlags    = `LISTEN learnsnap_flags`
)

const (
	linkEvery  = 5 * time.Second // between two looks whether the link stands
	linkWithin = 3 * time.Second // that such a look, or a connection, may take
)

// FlagOverrides implements [storage.Flags].
func (s *Store) FlagOverrides(ctx context.Context) (map[string][]byte, error) {
	overrides := map[string][]byte{}
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, selectOverrides)
		if err != nil {
			return err
		}
		clear(overrides)
		var flag string
		var override []byte
		_, err = pgx.ForEachRow(rows, []any{&flag, &override}, func() error { overrides[flag] = override; return nil })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("flag overrides: %w", err)
	}
	return overrides, nil
}

// PutFlagOverride implements [storage.Flags].
func (s *Store) PutFlagOverride(ctx context.Context, flag string, override []byte) error {
	if flag == "" {
		return errors.New("override a flag: it has no name")
	}
	if override == nil {
		override = []byte{}
	}
	if err := s.exec(ctx, putOverride, flag, override); err != nil {
		return fmt.Errorf("override flag %q: %w", flag, err)
	}
	return nil
}

// DeleteFlagOverride implements [storage.Flags].
func (s *Store) DeleteFlagOverride(ctx context.Context, flag string) error {
	if err := s.exec(ctx, deleteOverride, flag); err != nil {
		return fmt.Errorf("delete the override of flag %q: %w", flag, err)
	}
	return nil
}

// exec runs a statement.
func (s *Store) exec(ctx context.Context, query string, args ...any) error {
	return s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, query, args...)
		return err
	})
}

// ListenFlags implements [storage.Flags], on a connection of its own. A link that was
// cut without a word is noticed within seconds.
func (s *Store) ListenFlags(ctx context.Context, wake func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.closing, func() { cancel(errClosed) })()
	if err := s.enter(); err != nil {
		return fmt.Errorf("listen for flags: %w", err)
	}
	defer s.working.Done()
	err := s.listen(ctx, wake)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return fmt.Errorf("listen for flags: %w", err)
}

// listen listens for as long as the link stands, and says why it does not any more.
func (s *Store) listen(ctx context.Context, wake func()) error {
	settings := s.direct.Copy()
	settings.RuntimeParams["application_name"] = "learnsnap-flags"
	within, done := context.WithTimeout(ctx, 2*linkWithin)
	defer done()
	conn, err := pgx.ConnectConfig(within, settings)
	if err != nil {
		return err
	}
	defer func() {
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), linkWithin)
		defer done()
		_ = conn.Close(closing)
	}()
	if _, err := conn.Exec(within, listenFlags); err != nil {
		return err
	}
	wake()
	for {
		quiet, done := context.WithTimeout(ctx, linkEvery)
		_, err := conn.WaitForNotification(quiet)
		done()
		switch {
		case err == nil:
			wake()
			continue
		case ctx.Err() != nil || quiet.Err() == nil || conn.IsClosed():
			return err
		}
		looking, done := context.WithTimeout(ctx, linkWithin)
		err = conn.Ping(looking)
		done()
		if err != nil {
			return err
		}
	}
}
