package admin

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/keep"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

func (c Config) postgres() postgres.Config {
	return postgres.Config{URL: c.DatabaseURL, DirectURL: c.DirectURL, MaxConns: 2, MinConns: -1, Logger: c.Log, Now: c.Now}
}

func (c Config) sqlite() sqlite.Config {
	return sqlite.Config{Dir: c.DataDir, Logger: c.Log, Now: c.Now}
}

// open opens the store as a server does: that of SQLite for itself alone.
func (c Config) open(ctx context.Context) (storage.Store, error) {
	if c.DatabaseURL != "" {
		return postgres.Open(ctx, c.postgres())
	}
	return sqlite.Open(ctx, c.sqlite())
}

// dump opens a view beside whoever has the store open.
func (c Config) dump(ctx context.Context) (storage.Dump, error) {
	if c.DatabaseURL != "" {
		return postgres.Dump(ctx, c.postgres())
	}
	return sqlite.Dump(ctx, c.DataDir)
}

// check reads the whole store beside whoever has it open.
func (c Config) check(ctx context.Context) error {
	if c.DatabaseURL != "" {
		return postgres.Check(ctx, c.postgres())
	}
	return sqlite.Check(ctx, c.DataDir)
}

// place says where the store is, without a password.
func (c Config) place() string {
	if c.DatabaseURL != "" {
		return "the database of DATABASE_URL"
	}
	return c.DataDir
}

// Prove restores an archive into a scratch folder, on SQLite whatever it was made on,
// compares both ends, and removes the folder. It is made for [keep.ScheduleConfig].
func Prove(ctx context.Context, a *keep.Archive) (err error) {
	scratch, err := os.MkdirTemp("", "learnsnap-proof-")
	if err != nil {
		return err
	}
	defer func() {
		if removed := os.RemoveAll(scratch); err == nil {
			err = removed
		}
	}()
	store, err := sqlite.Open(ctx, sqlite.Config{Dir: scratch})
	if err != nil {
		return err
	}
	_, err = keep.Copy(ctx, store, a, keep.Config{})
	if closed := store.Close(); err == nil {
		err = closed
	}
	return err
}

// progress shows how far something has come, once a second.
type progress struct {
	call  *call
	shown time.Time
}

// progress returns what tells of long work: on a terminal, or where it was asked for.
func (c *call) progress(wanted bool) keep.Config {
	if file, ok := c.stderr.(*os.File); ok && !wanted {
		info, err := file.Stat()
		wanted = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	if !wanted {
		return keep.Config{Now: c.Now}
	}
	p := &progress{call: c}
	return keep.Config{Now: c.Now, Progress: p.show}
}

func (p *progress) show(s keep.Sum) {
	now := p.call.Now()
	if s.SHA256 == "" && now.Sub(p.shown) < time.Second {
		return
	}
	p.shown = now
	state := "so far"
	if s.SHA256 != "" {
		state = "done"
	}
	fmt.Fprintf(p.call.stderr, "%-16s %10d rows %8.1f MB %s\n", s.Name, s.Rows, float64(s.Bytes)/1e6, state)
}
