package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/jobs"
)

// Config configures [Open]. URL is required; every other zero value is a default.
type Config struct {
	// URL is a connection string of libpq: postgres://user:password@host:port/name, or
	// key=value pairs. Its password is in no error of this package.
	URL string

	// DirectURL leads past a pooler that stands behind URL, for what needs a connection
	// of its own: leases, news of flags and migrations. Empty means URL.
	DirectURL string

	MaxConns int // connections at most, one more for each call of Work and ListenFlags; 0 means 20
	MinConns int // that are kept ready; 0 means 2, −1 none

	// AcquireWithin is how long a caller waits for a connection; 0 means 3 seconds.
	AcquireWithin time.Duration

	// MaxWaiting is how many callers may wait for a connection; one more is turned away
	// at once. 0 means ten for each connection.
	MaxWaiting int

	// Logger gets what happens in the background: leases lost and jobs taken over, and
	// warnings of the job queue. Nil discards it.
	Logger *slog.Logger

	// Now is the clock of what the store dates itself. Nil means time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	c.DirectURL = cmp.Or(c.DirectURL, c.URL)
	c.MaxConns = cmp.Or(max(c.MaxConns, 0), 20)
	c.MinConns = min(cmp.Or(c.MinConns, 2), c.MaxConns)
	c.AcquireWithin = cmp.Or(max(c.AcquireWithin, 0), 3*time.Second)
	c.MaxWaiting = cmp.Or(max(c.MaxWaiting, 0), 10*c.MaxConns)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// A Store is a [storage.Store] in a Postgres database. It is safe for concurrent
// use, by many processes too; make one with [Open].
type Store struct {
	pool    *pool
	direct  *pgx.ConnConfig
	queue   *jobs.Queue[pgx.Tx]
	driver  jobs.Driver[pgx.Tx]
	creates *group[create]
	posts   *group[post]
	appends *group[appended]
	audits  *group[storage.AuditEntry]
	events  *group[event]
	log     *slog.Logger
	clock   func() time.Time

	closing context.Context // ends with Close
	stop    context.CancelFunc
	mu      sync.Mutex
	closed  bool
	working sync.WaitGroup // calls of Work and ListenFlags
}

var _ storage.Store = (*Store)(nil)

// Open connects to the database and brings its schema up to date: one of many that
// start at once does, the others wait for it. Close the store when done.
//
// It refuses, and changes nothing, when the schema needs a newer program.
func Open(ctx context.Context, c Config) (*Store, error) {
	if c.URL == "" {
		return nil, errors.New("open the store: Config.URL is empty")
	}
	c = c.withDefaults()
	s := &Store{log: c.Logger, clock: c.Now}
	if err := s.open(ctx, c); err != nil {
		s.abandon()
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, c Config) error {
	s.closing, s.stop = context.WithCancel(context.Background())
	var err error
	if s.direct, err = directConfig(c); err != nil {
		return err
	}
	settings, err := poolConfig(c)
	if err != nil {
		return err
	}
	inner, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return err
	}
	s.pool = newPool(inner, c)
	if err := migrate(ctx, s.direct, inner, c.Logger); err != nil {
		return err
	}
	s.driver = jobs.InProcess(riverpgxv5.New(inner))
	if s.queue, err = jobs.New(s.driver, c.Logger, nil); err != nil {
		return err
	}
	s.creates = newGroup(s.pool, s.createAll)
	s.posts = newGroup(s.pool, s.postAll)
	s.appends = newGroup(s.pool, s.appendAll)
	s.audits = newGroup(s.pool, s.auditAll)
	s.events = newGroup(s.pool, s.addEvents)
	return nil
}

// abandon closes what a failed Open has opened.
func (s *Store) abandon() {
	if s.stop != nil {
		s.stop()
	}
	if s.pool != nil {
		s.pool.inner.Close()
	}
}

// Ping reports whether the store answers, and takes writes.
func (s *Store) Ping(ctx context.Context) error {
	var readOnly bool
	err := s.pool.do(ctx, func(conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool`).Scan(&readOnly)
	})
	if err == nil && readOnly {
		s.pool.inner.Reset() // perhaps another host of the URL takes writes by now
		err = errors.New("the database is read-only")
	}
	if err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// Stats implements [storage.Store].
func (s *Store) Stats() storage.Stats { return s.pool.stats() }

// Close ends Work and ListenFlags as the end of their contexts does, does the writes that wait, and
// disconnects. Later calls fail. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()

	s.stop()
	s.working.Wait()
	s.creates.close()
	s.posts.close()
	s.appends.close()
	s.audits.close()
	s.events.close()
	s.pool.close()
	return nil
}

// now is the time to the microsecond, which is what the database keeps.
func (s *Store) now() time.Time { return s.clock().UTC().Truncate(time.Microsecond) }
