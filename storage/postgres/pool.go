package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/learnsnap/learnsnap-go/storage"
)

// errClosed answers calls that come after Close.
var errClosed = errors.New("the store is closed")

// A busyError turns a caller away.
type busyError struct {
	why   string
	after time.Duration
}

func (e *busyError) Error() string { return e.why }

// RetryAfter says when to come back.
func (e *busyError) RetryAfter() time.Duration { return e.after }

// An awayError is one of a database that does not answer.
type awayError struct{ err error }

func (e *awayError) Error() string { return "the database does not answer: " + e.err.Error() }

func (e *awayError) Unwrap() error { return e.err }

// RetryAfter says when to come back.
func (e *awayError) RetryAfter() time.Duration { return 2 * time.Second }

// A pool hands out connections to a bounded number of callers, none of which waits
// for long, and is emptied when the primary is lost.
type pool struct {
	inner      *pgxpool.Pool
	within     time.Duration
	maxWaiting int64

	waiting atomic.Int64
	refused atomic.Int64
	closed  atomic.Bool
}

func newPool(inner *pgxpool.Pool, c Config) *pool {
	return &pool{inner: inner, within: c.AcquireWithin, maxWaiting: int64(c.MaxWaiting)}
}

func (p *pool) close() {
	p.closed.Store(true)
	p.inner.Close()
}

// do runs f with a connection. A statement that is known not to have reached the
// database, because the connection had died in the pool, is tried once more.
func (p *pool) do(ctx context.Context, f func(*pgxpool.Conn) error) error {
	err := p.try(ctx, f)
	if err != nil && pgconn.SafeToRetry(err) && ctx.Err() == nil && !p.closed.Load() {
		err = p.try(ctx, f)
	}
	return p.explain(ctx, err)
}

func (p *pool) try(ctx context.Context, f func(*pgxpool.Conn) error) error {
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	err = f(conn)
	if lostPrimary(err) {
		p.inner.Reset()
	}
	return err
}

// tx runs f in a transaction.
func (p *pool) tx(ctx context.Context, f func(pgx.Tx) error) error {
	return p.do(ctx, func(conn *pgxpool.Conn) error {
		return pgx.BeginFunc(ctx, conn, f)
	})
}

func (p *pool) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.closed.Load() {
		return nil, errClosed
	}
	if p.waiting.Add(1) > p.maxWaiting {
		p.waiting.Add(-1)
		p.refused.Add(1)
		return nil, &busyError{"too many wait for a connection to the database", time.Second}
	}
	defer p.waiting.Add(-1)
	bounded, cancel := context.WithTimeout(ctx, p.within)
	defer cancel()
	conn, err := p.inner.Acquire(bounded)
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		p.refused.Add(1)
		return nil, &busyError{fmt.Sprintf("no connection to the database came free within %v", p.within), p.within}
	}
	return conn, err
}

// explain tells an error of the database from one of the way to it.
func (p *pool) explain(ctx context.Context, err error) error {
	var answered *pgconn.PgError
	var connect *pgconn.ConnectError
	switch {
	case err == nil, ctx.Err() != nil, errors.Is(err, errClosed):
		return err
	case errors.As(err, &connect), lostPrimary(err), pgconn.SafeToRetry(err), isNetwork(err) && !errors.As(err, &answered):
		return &awayError{err}
	}
	return err
}

func (p *pool) stats() storage.Stats {
	s := p.inner.Stat()
	return storage.Stats{
		Max: int(s.MaxConns()), Open: int(s.TotalConns()), InUse: int(s.AcquiredConns()),
		Waiting: int(p.waiting.Load()), Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime(), Refused: p.refused.Load(),
	}
}

// Codes of Postgres that the program acts on.
const (
	codeUnique     = "23505"
	codeForeignKey = "23503"
)

// code returns the SQLSTATE of an error, or "".
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// lostPrimary reports whether an error says that this server will not take writes
// any more: it shuts down, has crashed, starts, or is a standby.
func lostPrimary(err error) bool {
	switch code(err) {
	case "25006", "57P01", "57P02", "57P03":
		return true
	}
	return false
}

// isNetwork reports whether the connection has failed rather than the statement.
func isNetwork(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) || strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "unexpected EOF")
}

// poolConfig puts the settings of a connection into what it is opened with, unless a
// pooler stands in between, which would refuse them; there they belong to the role.
func poolConfig(c Config) (*pgxpool.Config, error) {
	settings, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, redact(err)
	}
	settings.MaxConns = int32(c.MaxConns)
	settings.MinIdleConns = int32(max(c.MinConns, 0))
	settings.MaxConnIdleTime = 30 * time.Second
	settings.MaxConnLifetime = time.Hour
	settings.MaxConnLifetimeJitter = 10 * time.Minute
	settings.HealthCheckPeriod = 15 * time.Second
	settings.PingTimeout = time.Second
	if c.URL == c.DirectURL {
		configure(settings.ConnConfig, map[string]string{
			"application_name":                    "learnsnap",
			"statement_timeout":                   "30s",
			"lock_timeout":                        "5s",
			"idle_in_transaction_session_timeout": "15s",
		})
	} else {
		settings.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe // a pooler need not know prepared statements
	}
	findPrimary(settings.ConnConfig)
	return settings, nil
}

// directConfig is for a lease: a peer that is gone without a word is noticed soon.
func directConfig(c Config) (*pgx.ConnConfig, error) {
	settings, err := pgx.ParseConfig(c.DirectURL)
	if err != nil {
		return nil, redact(err)
	}
	configure(settings, map[string]string{
		"application_name":        "learnsnap-lease",
		"tcp_keepalives_idle":     "3",
		"tcp_keepalives_interval": "1",
		"tcp_keepalives_count":    "3",
		"tcp_user_timeout":        "6000",
	})
	findPrimary(settings)
	return settings, nil
}

// configure sets what the URL has not set.
func configure(c *pgx.ConnConfig, settings map[string]string) {
	for name, value := range settings {
		if _, set := c.RuntimeParams[name]; !set {
			c.RuntimeParams[name] = value
		}
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 3 * time.Second
	}
}

// findPrimary makes a URL of several hosts lead to the one that takes writes.
func findPrimary(c *pgx.ConnConfig) {
	for _, other := range c.Fallbacks { // one of the same host is for a connection without TLS
		if c.ValidateConnect == nil && (other.Host != c.Host || other.Port != c.Port) {
			c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
		}
	}
}

// redact drops what a parser's error quotes of a URL.
func redact(err error) error {
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) && parse.Unwrap() != nil && !strings.Contains(parse.Unwrap().Error(), "://") {
		return fmt.Errorf("the database URL can't be read: %w", parse.Unwrap())
	}
	return errors.New("the database URL can't be read: want postgres://user:password@host:port/name")
}
