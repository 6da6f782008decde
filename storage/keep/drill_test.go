//go:build unix

package keep_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/keep"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/postgres/pgtest"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// What the drill's store holds.
const (
	drillSessions = 2000
	drillItems    = 20
	drillPhotos   = 200
	photoBytes    = 300 << 10
)

// A recovery is a line of the table.
type recovery struct {
	what, target string
	rto          time.Duration
	rpo          string
}

// TestDrillRecovery loses everything in every way that docs/DR.md plans for, brings it
// back, and prints how long that took and what was lost. It asserts what was lost, and
// no time.
func TestDrillRecovery(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("set LEARNSNAP_DRILL=1 to run drills")
	}
	d := &drill{data: filepath.Join(t.TempDir(), "data"), backups: filepath.Join(t.TempDir(), "backups")}
	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"a damaged SQLite", d.damagedSQLite},
		{"a lost Postgres from an archive", d.lostPostgres},
		{"a moment before a mistake", d.mistake},
		{"a lost primary with a standby", d.failover},
		{"a lost primary without one", d.lostPrimary},
		{"code rolled back", d.rollback},
	} {
		t.Run(step.name, step.run)
	}
	fmt.Print(d)
}

// A drill collects what was measured.
type drill struct {
	data, backups string
	archive       string // the proved backup of the first step
	lines         []recovery
}

// String is the table of docs/DR.md.
func (d *drill) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s, %d cores, %s; %d sessions, %d items, %d photos of %d KiB\n\n", time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(),
		runtime.Version(), drillSessions, drillSessions*drillItems, drillPhotos, photoBytes>>10)
	b.WriteString("| what is lost | target (RTO / RPO) | measured RTO | measured RPO |\n|---|---|---|---|\n")
	for _, l := range d.lines {
		fmt.Fprintf(&b, "| %s | %s | %.2f s | %s |\n", l.what, l.target, l.rto.Seconds(), l.rpo)
	}
	return b.String()
}

func (d *drill) add(what, target string, since time.Time, rpo string, args ...any) {
	d.lines = append(d.lines, recovery{what, target, time.Since(since), fmt.Sprintf(rpo, args...)})
}

const (
	corruption = "30 min / 1 h"
	outage     = "1 h / 15 min"
	rollback   = "5 min / 0"
)

// fill makes the drill's data, with many callers at once.
func fill(t *testing.T, s storage.Store) {
	t.Helper()
	_, err := s.Grant(t.Context(), "amal", "welcome", drillSessions)
	require.NoError(t, err)
	var next atomic.Int64
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for n := next.Add(1); n <= drillSessions; n = next.Add(1) {
				if err := drillSession(t.Context(), s, int(n)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// drillSession is one quiz. Every tenth waits with its photo.
func drillSession(ctx context.Context, s storage.Store, n int) error {
	id := fmt.Sprintf("quiz-%d", n)
	waits := n%(drillSessions/drillPhotos) == 0
	if waits {
		photo := io.LimitReader(rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}), photoBytes)
		if _, err := s.PutBlob(ctx, id, photo); err != nil {
			return err
		}
	}
	c := storage.Session{ID: id, Owner: "amal", Pages: 1, Request: []byte(`{"n":20}`), Expires: time.Now().Add(24 * time.Hour)}
	if err := s.CreateSession(ctx, c, true); err != nil || waits {
		return err
	}
	got, err := s.ClaimSession(ctx, id)
	if err != nil {
		return err
	}
	for seq := 1; seq <= drillItems; seq++ {
		it := storage.Item{Seq: seq, Kind: "question", JSON: fmt.Appendf(nil, `{"id":"q%d","text":%q}`, seq, strings.Repeat("سؤال ", 60))}
		if err := s.AppendItem(ctx, id, got.Claim, it); err != nil {
			return err
		}
	}
	return s.FinishSession(ctx, id, got.Claim, storage.Outcome{Status: storage.Ready})
}

// whole checks that the store has the drill's data.
func whole(t *testing.T, s store) {
	t.Helper()
	dump, err := s.Dump(t.Context())
	require.NoError(t, err)
	m, err := keep.Summarize(t.Context(), dump, keep.Config{})
	require.NoError(t, errors.Join(err, dump.Close()))
	require.EqualValues(t, drillSessions, m.Tables[1].Rows)
	require.EqualValues(t, (drillSessions-drillPhotos)*drillItems, m.Tables[2].Rows)
	require.EqualValues(t, drillPhotos, m.Blobs.Rows)
}

// damagedSQLite: a scheduled backup, something more, then the file is overwritten.
func (d *drill) damagedSQLite(t *testing.T) {
	s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: d.data})
	require.NoError(t, err)
	fill(t, s)
	schedule, err := keep.NewSchedule(keep.ScheduleConfig{Dir: d.backups, Every: time.Hour, Source: s, Prove: prove(t)})
	require.NoError(t, err)
	start := time.Now()
	d.archive, err = schedule.Backup(t.Context())
	require.NoError(t, err)
	t.Logf("a backup and its proof took %v", time.Since(start))
	_, err = s.Grant(t.Context(), "amal", "later", 5)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	file := filepath.Join(d.data, "learnsnap.db")
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	for i := range raw[:len(raw)/2] {
		raw[i] ^= 0x5a
	}
	require.NoError(t, os.WriteFile(file, raw, 0o600))

	start = time.Now()
	_, err = sqlite.Open(t.Context(), sqlite.Config{Dir: d.data})
	require.ErrorContains(t, err, "damaged")
	a := openArchive(t, d.archive)
	_, err = sqlite.Replace(t.Context(), sqlite.Config{Dir: d.data}, true, func(s *sqlite.Store) error {
		_, err := keep.Copy(t.Context(), s, a, keep.Config{})
		return err
	})
	require.NoError(t, err)
	again := openSQLite(t, d.data)
	require.NoError(t, again.Ping(t.Context()))
	d.add("SQLite file damaged: archive", corruption, start, "what came since the last proved backup: at most BACKUP_EVERY (1 h)")
	whole(t, again)
}

// durable starts a server that loses nothing with the machine, as in production.
func durable(t *testing.T, options ...string) *pgtest.Server {
	t.Helper()
	return pgtest.New(t, append([]string{"max_connections=100"}, options...)...)
}

func (d *drill) restored(t *testing.T, u string) store {
	t.Helper()
	s := openPostgres(t, u)
	_, err := keep.Copy(t.Context(), s, openArchive(t, d.archive), keep.Config{})
	require.NoError(t, err)
	return s
}

// lostPostgres: the archive, which was made on SQLite, comes back on a new database.
func (d *drill) lostPostgres(t *testing.T) {
	primary := durable(t)
	u := primary.URL("postgres")
	s := d.restored(t, u)
	second := filepath.Join(d.backups, "of-postgres")
	start := time.Now()
	write(t, s, second)
	t.Logf("a backup of Postgres took %v", time.Since(start))
	require.NoError(t, s.Close())
	require.NoError(t, primary.SQL("postgres", "CREATE DATABASE fresh"))

	start = time.Now()
	again := openPostgres(t, primary.URL("fresh"))
	_, err := keep.Copy(t.Context(), again, openArchive(t, second), keep.Config{})
	require.NoError(t, err)
	require.NoError(t, again.Ping(t.Context()))
	d.add("Postgres database damaged: archive", corruption, start, "what came since the last proved backup: at most BACKUP_EVERY (1 h)")
	whole(t, again)
}

// grants keeps writing until ctx ends, and counts what was answered.
func grants(ctx context.Context, s storage.Store, answered *sync.Map, n *atomic.Int64) {
	for i := 0; ctx.Err() == nil; i++ {
		cause := fmt.Sprintf("drill-%d-%d", i, n.Load())
		if _, err := s.Grant(ctx, "omar", cause, 1); err == nil {
			answered.Store(cause, true)
			n.Add(1)
		}
	}
}

// lost returns how many answered grants are not there.
func lost(t *testing.T, s storage.Store, answered *sync.Map) int {
	t.Helper()
	have := map[string]bool{}
	for before := int64(0); ; {
		entries, err := s.Entries(t.Context(), "omar", before, 1000)
		require.NoError(t, err)
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			have[e.Cause] = true
			before = e.ID
		}
	}
	gone := 0
	answered.Range(func(cause, _ any) bool {
		if !have[cause.(string)] {
			gone++
		}
		return true
	})
	return gone
}

// mistake: a base backup and the archived log bring back the moment before a statement.
func (d *drill) mistake(t *testing.T) {
	primary := durable(t, "archive_mode=on")
	wal, err := primary.Archive()
	require.NoError(t, err)
	s := d.restored(t, primary.URL("postgres"))
	base := primary.BaseBackup(t)
	_, err = s.Grant(t.Context(), "amal", "after the base backup", 5)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	moment := clock(t, primary)
	require.NoError(t, primary.SQL("postgres", "DELETE FROM items; DELETE FROM blobs"))
	require.NoError(t, primary.SwitchLog())

	start := time.Now()
	require.NoError(t, base.Recover(wal, moment))
	again := openPostgres(t, base.URL("postgres"))
	require.NoError(t, again.Ping(t.Context()))
	d.add("rows deleted by mistake on Postgres: base backup and log, to the moment before", corruption, start, "0")
	whole(t, again)
	balance, err := again.Balance(t.Context(), "amal")
	require.NoError(t, err)
	require.Equal(t, 5, balance)
	require.NoError(t, again.Check(t.Context()))
}

// clock returns a moment of the server that lies between what was and what comes.
func clock(t *testing.T, s *pgtest.Server) time.Time {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL("postgres"))
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	var now time.Time
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT clock_timestamp() FROM pg_sleep(0.3)").Scan(&now))
	_, err = conn.Exec(t.Context(), "SELECT pg_sleep(0.3)")
	require.NoError(t, err)
	return now
}

// failover: writers go on through one Store whose URL names both hosts.
func (d *drill) failover(t *testing.T) {
	primary := durable(t)
	standby := primary.Standby(t)
	require.NoError(t, primary.SQL("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'"))
	require.NoError(t, primary.SQL("postgres", "SELECT pg_reload_conf()"))
	s := openPostgres(t, pgtest.Hosts("postgres", primary, standby))
	ctx, cancel := context.WithCancel(t.Context())
	var answered sync.Map
	var n atomic.Int64
	var writers sync.WaitGroup
	defer writers.Wait()
	defer cancel()
	for range 8 {
		writers.Go(func() { grants(ctx, s, &answered, &n) })
	}
	require.Eventually(t, func() bool { return n.Load() > 500 }, time.Minute, 5*time.Millisecond)

	start := time.Now()
	require.NoError(t, primary.Destroy())
	before := n.Load()
	require.NoError(t, standby.Promote())
	promoted := time.Since(start)
	require.Eventually(t, func() bool { return n.Load() > before+8 }, time.Minute, 5*time.Millisecond)
	d.add("primary lost, synchronous standby promoted; an open store goes on", outage, start, "0 of %d answered writes", before)
	t.Logf("killed and promoted after %v", promoted)
	cancel()
	writers.Wait()
	require.Zero(t, lost(t, s, &answered))
	require.NoError(t, s.Check(t.Context()))
}

// lostPrimary: everything but the base backup and the archived log is gone.
func (d *drill) lostPrimary(t *testing.T) {
	primary := durable(t, "archive_mode=on")
	wal, err := primary.Archive()
	require.NoError(t, err)
	s := d.restored(t, primary.URL("postgres"))
	base := primary.BaseBackup(t)
	_, err = s.Grant(t.Context(), "omar", "archived", 5)
	require.NoError(t, err)
	require.NoError(t, primary.SwitchLog())
	_, err = s.Grant(t.Context(), "omar", "not archived", 7)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, primary.Destroy())

	start := time.Now()
	require.NoError(t, base.Recover(wal, time.Time{}))
	again := openPostgres(t, base.URL("postgres"))
	require.NoError(t, again.Ping(t.Context()))
	d.add("primary lost, no standby: base backup and archived log", outage, start, "the log that was not archived: at most archive_timeout (5 min)")
	whole(t, again)
	balance, err := again.Balance(t.Context(), "omar")
	require.NoError(t, err)
	require.Equal(t, 5, balance)
	require.NoError(t, again.Check(t.Context()))
}

// rollback: the program before this one meets a schema that a later one has added to.
func (d *drill) rollback(t *testing.T) {
	const later = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true);
		ALTER TABLE sessions ADD COLUMN later text NOT NULL DEFAULT ''; CREATE TABLE later (id text); UPDATE schema_level SET oldest = `
	primary := durable(t)
	require.NoError(t, d.restored(t, primary.URL("postgres")).Close())
	change := func(file string) func(oldest string) {
		return func(oldest string) {
			if file == "" {
				require.NoError(t, primary.SQL("postgres", later+oldest))
				return
			}
			db, err := sql.Open("sqlite", file)
			require.NoError(t, err)
			defer db.Close()
			_, err = db.ExecContext(t.Context(), later+oldest)
			require.NoError(t, err)
		}
	}
	for _, engine := range []struct {
		name   string
		change func(oldest string)
		open   func() (store, error)
	}{
		{"SQLite", change(filepath.Join(d.data, "learnsnap.db")), func() (store, error) {
			return sqlite.Open(t.Context(), sqlite.Config{Dir: d.data})
		}},
		{"Postgres", change(""), func() (store, error) {
			return postgres.Open(t.Context(), postgres.Config{URL: primary.URL("postgres")})
		}},
	} {
		engine.change("1")
		start := time.Now()
		s, err := engine.open()
		require.NoError(t, err)
		_, err = s.Grant(t.Context(), "amal", "rolled back", 1)
		require.NoError(t, err)
		require.NoError(t, drillSession(t.Context(), s, 2*drillSessions+1))
		d.add("code rolled back on a newer schema, "+engine.name+": start and first quiz", rollback, start, "0")
		require.NoError(t, errors.Join(s.Check(t.Context()), s.Close()))
	}
}
