package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/jobs"
)

// Config configures [Open]. Dir is required; every other zero value is a default.
type Config struct {
	Dir     string // folder of the database and the blobs; made with mode 0700 when it is missing
	Readers int    // connections that read at the same time; 0 means one for two cores, from 1 to 4

	// Wait is how long a caller waits for its turn to read or write, before it is turned
	// away with an error that has a RetryAfter() [time.Duration] method; 0 means 3
	// seconds.
	Wait time.Duration

	// Logger gets the warnings of the job queue, which works in the background.
	// Nil discards them.
	Logger *slog.Logger

	// Now is the clock of what the store dates itself. Nil means time.Now.
	Now func() time.Time
}

// A Store is a [storage.Store] in one folder, for one process at a time. It is
// safe for concurrent use; make one with [Open].
type Store struct {
	dir    string
	lock   *lock
	write  *sql.DB // the one connection that writes, shared with the job queue
	reads  *sql.DB
	reader *reader
	writer *writer
	queue  *jobs.Queue[*sql.Tx]
	blobs  *blobs
	log    *slog.Logger
	now    func() time.Time

	listeners listeners // for changes of flags
	limits    limits

	closing context.Context // ends with Close
	stop    context.CancelFunc
	mu      sync.Mutex
	closed  bool
	workers int // calls of Work
	working sync.WaitGroup
}

var _ storage.Store = (*Store)(nil)

// Ping reports whether the store answers, reading and writing.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.reader.row(ctx, `SELECT 1`, nil, &one); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	if err := s.writer.write(ctx, func(tx) error { return nil }); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// Stats implements [storage.Store]. The connections are those that read and the one
// that writes.
func (s *Store) Stats() storage.Stats {
	var sum storage.Stats
	for _, db := range []*sql.DB{s.reads, s.write} {
		one := db.Stats()
		sum.Max += one.MaxOpenConnections
		sum.Open += one.OpenConnections
		sum.InUse += one.InUse
		sum.Waits += one.WaitCount
		sum.Waited += one.WaitDuration
	}
	sum.Waiting = int(s.reader.waiting.Load()) + len(s.writer.steps)
	sum.Waits += s.reader.waits.Load()
	sum.Waited += time.Duration(s.reader.waited.Load())
	sum.Refused = s.reader.refused.Load() + s.writer.refused.Load()
	return sum
}

// Close ends Work as the end of its context does, does the writes that wait, and
// lets another process have the folder. Later writes fail. A second Close does
// nothing.
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
	s.writer.close()
	// The writer goes last: the last connection to go moves the log into the file.
	err := errors.Join(s.reads.Close(), s.write.Close(), s.blobs.close(), s.lock.release())
	if err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.Readers <= 0 {
		// Readers that keep every core busy starve the writer.
		c.Readers = min(max(runtime.GOMAXPROCS(0)/2, 1), 4)
	}
	if c.Wait <= 0 {
		c.Wait = maxWait
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
