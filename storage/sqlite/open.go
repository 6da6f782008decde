package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"modernc.org/sqlite"

	"github.com/learnsnap/learnsnap-go/storage/internal/jobs"
)

// The names in the folder.
const (
	databaseName = "learnsnap.db"
	lockName     = "learnsnap.lock"
	blobsName    = "blobs"
)

// Open opens the store in c.Dir, or makes a new one there, and brings its schema
// up to date. Jobs that were being worked on when the last process died are due
// again.
//
// It refuses, and changes nothing, when another process has the folder, when the
// database is damaged or gone, and when its schema needs a newer program. One that
// is newer, but that this program can work on, is left as it is.
// Close the store when done.
func Open(ctx context.Context, c Config) (*Store, error) {
	c = c.withDefaults()
	if c.Dir == "" {
		return nil, errors.New("open the store: Config.Dir is empty")
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	s := &Store{dir: dir, now: c.Now, log: c.Logger}
	s.closing, s.stop = context.WithCancel(context.Background())
	if err := s.open(ctx, c); err != nil {
		s.abandon()
		return nil, fmt.Errorf("open the store in %s: %w", dir, explain(err))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, c Config) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	var err error
	if s.lock, err = acquire(filepath.Join(s.dir, lockName)); err != nil {
		return err
	}
	file := filepath.Join(s.dir, databaseName)
	if err := s.lock.place(file); err != nil {
		return err
	}
	if s.write, err = connect(writerDSN(file), 1); err != nil {
		return err
	}
	if err := migrate(ctx, s.write, c.Logger); err != nil {
		return err
	}
	if err := resetJobs(ctx, s.write, 1, s.now()); err != nil {
		return err
	}
	if err := s.lock.mark(); err != nil {
		return err
	}
	if s.reads, err = connect(readerDSN(file), c.Readers); err != nil {
		return err
	}
	if s.blobs, err = openBlobs(filepath.Join(s.dir, blobsName)); err != nil {
		return err
	}
	if s.queue, err = jobs.New(jobs.InProcess(riverDriver(s.write)), c.Logger, s.now); err != nil {
		return err
	}
	s.reader = newReader(s.reads, c.Readers)
	s.reader.wait = c.Wait
	s.writer = newWriter(s.write, s.reader)
	return nil
}

// abandon closes what a failed Open has opened.
func (s *Store) abandon() {
	s.stop()
	for _, db := range []*sql.DB{s.reads, s.write} {
		if db != nil {
			_ = db.Close()
		}
	}
	if s.blobs != nil {
		_ = s.blobs.close()
	}
	if s.lock != nil {
		_ = s.lock.release()
	}
}

// explain says what to do about an error of Open.
func explain(err error) error {
	switch {
	case isDamaged(err):
		return fmt.Errorf("%s is damaged or is no SQLite database; "+
			"restore it from a backup, or move it away together with %s to begin anew: %w", databaseName, lockName, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), code(err)&0xff == codeReadOnly, code(err)&0xff == codeCantOpen:
		return fmt.Errorf("the folder and its files must be writable by this user: %w", err)
	}
	return err
}

// The settings of a connection stand in its DSN, so that one which database/sql
// opens later has them too. busy_timeout comes first whatever the order.
func writerDSN(file string) string {
	return dsn(file, url.Values{
		"mode":          {"rw"}, // never create: place has made the file
		"_busy_timeout": {strconv.FormatInt(maxWait.Milliseconds(), 10)},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // an answered write survives a power cut
		"_foreign_keys": {"1"},
		"_txlock":       {"immediate"}, // a deferred one fails with "busy" when it turns into a write
		"_pragma":       {"journal_size_limit(67108864)", "cache_size(-8000)", "temp_store(MEMORY)"},
	})
}

func readerDSN(file string) string {
	return dsn(file, url.Values{
		"mode":          {"ro"},
		"_busy_timeout": {"5000"},
		"_query_only":   {"1"},
		"_pragma":       {"cache_size(-4000)", "temp_store(MEMORY)"},
	})
}

func dsn(file string, settings url.Values) string {
	settings.Set("_error_rc", "1")
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(file), RawQuery: settings.Encode()}
	return u.String()
}

// connect makes a pool that keeps its connections, for each holds caches.
func connect(dsn string, connections int) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(rememberingConnector{connector})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}
