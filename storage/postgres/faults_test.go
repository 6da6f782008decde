//go:build unix

package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/postgres/pgtest"
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
)

// retryAfter is what an error says of when to come back.
func retryAfter(err error) time.Duration {
	var e interface{ RetryAfter() time.Duration }
	if errors.As(err, &e) {
		return e.RetryAfter()
	}
	return 0
}

// patiently waits for what must happen, however slow the machine.
func patiently(t *testing.T, what string, look func() bool) {
	t.Helper()
	require.Eventually(t, look, time.Minute, 10*time.Millisecond, what)
}

func exec1(t testing.TB, u, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), u)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

func TestManyThatStartAtOnceMigrateOnce(t *testing.T) {
	u := server.Database(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			store, err := postgres.Open(t.Context(), postgres.Config{URL: u, MaxConns: 2})
			if err == nil {
				err = errors.Join(store.Ping(t.Context()), store.Close())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestANewerSchemaIsRefusedOnlyWhenItSaysSo(t *testing.T) {
	for name, c := range map[string]struct{ sql, want string }{
		"of ours that adds":       {`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true)`, ""},
		"of ours that takes away": {`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, true); UPDATE schema_level SET oldest = 998`, "998"},
		"of the job queue":        {`INSERT INTO river_migration (line, version) VALUES ('main', 999)`, "version 999"},
	} {
		t.Run(name, func(t *testing.T) {
			u := server.Database(t)
			require.NoError(t, open(t, u).Close())
			exec1(t, u, c.sql)
			store, err := postgres.Open(t.Context(), postgres.Config{URL: u})
			if c.want == "" {
				require.NoError(t, err)
				require.NoError(t, store.Close())
				return
			}
			require.ErrorContains(t, err, "newer than this program")
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAPasswordIsInNoError(t *testing.T) {
	for _, u := range []string{
		"postgres://amal:sesame-opens@127.0.0.1:1/x?connect_timeout=1", "postgres://amal:sesame-opens@[::1/x",
		"postgres://amal:sesame-opens@127.0.0.1:port/x", "host=127.0.0.1 port=1 password=sesame-opens sslmode=what",
	} {
		_, err := postgres.Open(t.Context(), postgres.Config{URL: u})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "sesame")
	}
}

func TestNobodyWaitsForLongForAConnection(t *testing.T) {
	u := server.Database(t)
	store, err := postgres.Open(t.Context(), postgres.Config{URL: u, MaxConns: 2, AcquireWithin: 200 * time.Millisecond, MaxWaiting: 10})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: "a", Owner: "amal"}, false))

	conn, err := pgx.Connect(t.Context(), u)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	lock, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = lock.Exec(t.Context(), `LOCK TABLE sessions`) // every query is slow now
	require.NoError(t, err)

	var all sync.WaitGroup
	var refused, longer atomic.Int32
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	for range 100 {
		all.Go(func() {
			_, err := store.Session(ctx, "a")
			switch {
			case retryAfter(err) > 0:
				refused.Add(1)
			case errors.Is(err, context.DeadlineExceeded):
				longer.Add(1) // it had a connection, and asked
			default:
				t.Errorf("unexpected answer %v", err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 98, refused.Load())
	require.EqualValues(t, 2, longer.Load())
	require.EqualValues(t, 98, store.Stats().Refused)

	require.NoError(t, lock.Rollback(t.Context()))
	patiently(t, "answers again", func() bool { _, err := store.Session(t.Context(), "a"); return err == nil })
}

func TestAStoppedDatabaseIsTold(t *testing.T) {
	server := pgtest.New(t)
	store := open(t, server.Database(t))
	require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: "a", Owner: "amal"}, false))
	seen := make(chan string, 100)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		ended <- store.Work(ctx, storage.WorkConfig{}, func(_ context.Context, j storage.Job) error {
			seen <- j.Session
			return nil
		})
	}()
	require.Equal(t, "a", <-seen)
	for name, halt := range map[string]func() error{"stopped": server.Stop, "killed": server.Kill} {
		require.NoError(t, halt())
		for what, call := range map[string]func() error{
			"a read": func() error { _, err := store.Session(t.Context(), "a"); return err },
			"a write": func() error {
				return store.CreateSession(t.Context(), storage.Session{ID: name, Owner: "amal"}, false)
			},
			"a ping": func() error { return store.Ping(t.Context()) },
			"a put":  func() error { _, err := store.PutBlob(t.Context(), "a", strings.NewReader("page")); return err },
		} {
			err := call()
			require.Error(t, err, what)
			require.Positive(t, retryAfter(err), "%s of a database that was %s: %v", what, name, err)
		}
		require.NoError(t, server.Resume())
		patiently(t, "heals", func() bool {
			return store.CreateSession(t.Context(), storage.Session{ID: name, Owner: "amal"}, false) == nil
		})
		for got := ""; got != name; { // the worker has taken another lease
			select {
			case got = <-seen:
			case <-time.After(time.Minute):
				t.Fatal("no worker any more")
			}
		}
	}
	cancel()
	require.NoError(t, <-ended)
}

func TestALedgerThatWasTamperedWithIsFound(t *testing.T) {
	for name, tamper := range map[string]string{
		"changed":    `UPDATE credit_entries SET pages = 7 WHERE cause = 'b'`,
		"removed":    `DELETE FROM credit_entries WHERE cause = 'b'`,
		"last gone":  `DELETE FROM credit_entries WHERE cause = 'c'`,
		"all gone":   `DELETE FROM credit_entries`,
		"slipped in": `INSERT INTO credit_entries (owner, action, pages, cause, created, hash) VALUES ('amal', 'grant', 9, 'x', now(), '\x00')`,
		"richer":     `UPDATE balances SET pages = 100 WHERE owner = 'amal'`,
		"swapped":    `UPDATE credit_entries SET cause = CASE cause WHEN 'a' THEN 'b' ELSE 'a' END WHERE cause IN ('a', 'b')`,
	} {
		t.Run(name, func(t *testing.T) {
			u := server.Database(t)
			store := open(t, u)
			for _, owner := range []string{"amal", "basma"} {
				for i, cause := range []string{"a", "b", "c"} {
					_, err := store.Grant(t.Context(), owner, cause, i+1)
					require.NoError(t, err)
				}
			}
			require.NoError(t, store.VerifyEntries(t.Context(), "amal"))
			require.NoError(t, store.Check(t.Context()))
			exec1(t, u, `DO $$ BEGIN SET LOCAL session_replication_role = replica;
				ALTER TABLE credit_entries DROP CONSTRAINT credit_entries_owner_action_cause_key; `+tamper+`; END $$`)
			require.Error(t, store.VerifyEntries(t.Context(), "amal"))
			require.Error(t, store.Check(t.Context()))
			if name != "all gone" && name != "changed" && name != "removed" && name != "last gone" && name != "swapped" {
				require.NoError(t, store.VerifyEntries(t.Context(), "basma"), "another's ledger is its own")
			}
		})
	}
}

func TestTheLedgerRefusesChange(t *testing.T) {
	u := server.Database(t)
	store := open(t, u)
	_, err := store.Grant(t.Context(), "amal", "a", 1)
	require.NoError(t, err)
	conn, err := pgx.Connect(t.Context(), u)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	for _, sql := range []string{`UPDATE credit_entries SET pages = 2`, `DELETE FROM credit_entries`, `TRUNCATE credit_entries`} {
		_, err := conn.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "never changed nor deleted")
	}
}

// A worker's link alone is cut: another one goes on, and the first is told.
func TestAWorkerThatLosesItsLinkEnds(t *testing.T) {
	u := server.Database(t)
	store := open(t, u)
	require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: "a", Owner: "amal"}, false))
	var workers sync.WaitGroup
	defer workers.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began, ends := make(chan storage.Job, 2), make(chan error, 2)
	var again atomic.Bool
	for range 2 {
		workers.Go(func() {
			err := store.Work(ctx, storage.WorkConfig{Workers: 1}, func(ctx context.Context, j storage.Job) error {
				began <- j
				if again.Swap(true) {
					return nil
				}
				<-ctx.Done() // until somebody says so
				ends <- ctx.Err()
				return ctx.Err()
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	first := <-began
	require.Zero(t, first.Crashes)
	exec1(t, u, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND (classid, objid) IN (
		SELECT (h >> 32)::bit(32)::bigint::oid, (h & 4294967295)::oid FROM (
			SELECT hashtextextended(attempted_by[array_upper(attempted_by, 1)], 5318) AS h FROM river_job WHERE state = 'running') AS x)`)
	require.ErrorIs(t, <-ends, context.Canceled)
	second := <-began
	require.Equal(t, 1, second.Attempt, "an interrupted attempt is not spent")
	patiently(t, "the job is done once", func() bool {
		d, err := store.Depth(t.Context())
		return err == nil && d == storage.Depth{}
	})
}

// A process that is stopped and goes on later does not disturb the others.
func TestAWorkerThatWakesUpLateWritesNothing(t *testing.T) {
	u := server.Database(t)
	store := open(t, u)
	cmd := childOf(t, u)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	patiently(t, "the child works", func() bool {
		d, err := store.Depth(t.Context())
		return err == nil && d.Running > 0
	})
	require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
	// Its connections are cut meanwhile, as the database does with a silent peer.
	exec1(t, u, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name LIKE 'learnsnap%' AND datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
		AND client_port NOT IN (SELECT client_port FROM pg_stat_activity WHERE pid = pg_backend_pid())`)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- store.Work(ctx, storage.WorkConfig{Workers: 8}, func(ctx context.Context, j storage.Job) error {
			s, err := store.ClaimSession(ctx, j.Session)
			for seq := s.Items + 1; err == nil && seq <= 6; seq++ {
				err = store.AppendItem(ctx, j.Session, s.Claim, storage.Item{Seq: seq, Kind: "question", JSON: []byte(`{}`)})
			}
			if err == nil {
				err = store.FinishSession(ctx, j.Session, s.Claim, storage.Outcome{Status: storage.Ready})
			}
			if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrStale) {
				return nil
			}
			return err
		})
	}()
	patiently(t, "others do its work", func() bool {
		d, err := store.Depth(t.Context())
		return err == nil && d.Running == 0 && d.Waiting == 0
	})
	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	_ = cmd.Wait() // the child ends at its first failed write
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, store.Check(t.Context()))
}

func TestAnotherProcessTakesOverAKilledOnesJobs(t *testing.T) {
	u := server.Database(t)
	store := open(t, u)
	for i := range 20 {
		require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: fmt.Sprint("s", i), Owner: "amal"}, false))
	}
	cmd := exec.Command(childOf(t, u).Path)
	cmd.Env = append(childOf(t, u).Env, childHolds+"=1")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	patiently(t, "all are under way", func() bool {
		d, err := store.Depth(t.Context())
		return err == nil && d.Running == 20
	})
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	var done atomic.Int32
	ended := make(chan error, 1)
	go func() {
		ended <- store.Work(ctx, storage.WorkConfig{Workers: 20}, func(_ context.Context, j storage.Job) error {
			if j.Attempt != 1 || j.Crashes != 1 {
				t.Errorf("attempt %d after %d crashes", j.Attempt, j.Crashes)
			}
			done.Add(1)
			return nil
		})
	}()
	patiently(t, "another goes on with all of them", func() bool { return done.Load() == 20 })
	cancel()
	require.NoError(t, <-ended)
}

// The clock of a real server is moved, not that of the process: what differs is the same.
func TestAClockThatJumpsDelaysNothing(t *testing.T) {
	moved, set := pgtest.NewWithClock(t, "fsync=off")
	u := moved.Database(t)
	storagetest.Clock(t, storagetest.ClockConfig{Open: func(t *testing.T) storage.Store { return open(t, u) }, Set: set})
}

// Whatever the clock of a worker's process says, a wait is as long as it asked for.
func TestAWaitIsReckonedByTheDatabasesClock(t *testing.T) {
	moved, set := pgtest.NewWithClock(t, "fsync=off")
	u := moved.Database(t)
	store := open(t, u)
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		set(ahead)
		require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: "s" + strconv.Itoa(int(ahead.Hours())), Owner: "amal"}, false))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- store.Work(ctx, storage.WorkConfig{}, func(context.Context, storage.Job) error { return putOff(10 * time.Minute) })
		}()
		conn, err := pgx.Connect(t.Context(), u)
		require.NoError(t, err)
		var minutes float64
		patiently(t, "the job is put off", func() bool {
			return conn.QueryRow(t.Context(), `SELECT extract(epoch FROM scheduled_at - now()) / 60 FROM river_job WHERE state = 'scheduled'`).Scan(&minutes) == nil
		})
		require.InDelta(t, 10, minutes, 5, "%v ahead", ahead)
		cancel()
		require.NoError(t, <-ended)
		_, err = conn.Exec(t.Context(), `DELETE FROM river_job`)
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
	}
}

type putOff time.Duration

func (p putOff) Error() string { return "not now" }

func (p putOff) RetryAfter() time.Duration { return time.Duration(p) }
