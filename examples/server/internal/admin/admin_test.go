//go:build unix

package admin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/admin"
	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/postgres/pgtest"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

var server *pgtest.Server

func TestMain(m *testing.M) {
	code := pgtest.Main(m, &server)
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run runs a command and returns its code and what it wrote.
func run(t *testing.T, c admin.Config, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	err := admin.Run(t.Context(), args, c, &out, &errs)
	text := out.String() + errs.String()
	if err != nil {
		text += err.Error()
	}
	return admin.ExitCode(err), text
}

func must(t *testing.T, c admin.Config, args ...string) string {
	t.Helper()
	code, text := run(t, c, args...)
	require.Zero(t, code, text)
	return text
}

// places are configurations of empty stores.
func places(t *testing.T) map[string]func(t *testing.T) admin.Config {
	return map[string]func(t *testing.T) admin.Config{
		"sqlite":   func(t *testing.T) admin.Config { return admin.Config{DataDir: filepath.Join(t.TempDir(), "data")} },
		"postgres": func(t *testing.T) admin.Config { return admin.Config{DatabaseURL: server.Database(t)} },
	}
}

func open(t *testing.T, c admin.Config) storage.Store {
	t.Helper()
	var s storage.Store
	var err error
	if c.DatabaseURL != "" {
		s, err = postgres.Open(t.Context(), postgres.Config{URL: c.DatabaseURL})
	} else {
		s, err = sqlite.Open(t.Context(), sqlite.Config{Dir: c.DataDir})
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// work is a server that works: it answers when it has begun, and is stopped by what it
// returns.
func work(t *testing.T, s storage.Store, handle func(storage.Job) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	started, ended := make(chan struct{}, 100), make(chan error, 1)
	go func() {
		ended <- s.Work(ctx, storage.WorkConfig{MaxAttempts: 1}, func(_ context.Context, j storage.Job) error {
			defer func() { started <- struct{}{} }()
			return handle(j)
		})
	}()
	<-started
	return func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

func create(t *testing.T, s storage.Store, id string) {
	t.Helper()
	_, err := s.PutBlob(t.Context(), id, strings.NewReader("page of "+id))
	require.NoError(t, err)
	require.NoError(t, s.CreateSession(t.Context(), storage.Session{ID: id, Owner: "amal", Request: []byte(`{}`)}, false))
}

func TestACopyIsMadeBesideAServerAndRestoredWithoutOne(t *testing.T) {
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			c := place(t)
			must(t, c, "migrate")
			must(t, c, "credits", "grant", "-owner", "amal", "-pages", "5", "-cause", "t1", "-who", "ops", "-why", "test")
			s := open(t, c)
			create(t, s, "a")
			stop := work(t, s, func(storage.Job) error { return nil })

			archive := filepath.Join(t.TempDir(), "backups", "one")
			require.Contains(t, must(t, c, "backup", "-to", archive, "-progress"), "done")
			require.Contains(t, must(t, c, "verify"), "is sound")
			require.Contains(t, must(t, c, "verify", "-prove", archive), "is sound")
			require.Contains(t, must(t, c, "export", "-to", filepath.Join(t.TempDir(), "export")), "sessions.jsonl 1 rows")
			code, text := run(t, c, "restore", "-replace", archive)
			require.Equal(t, 4, code, text)
			stop()
			require.NoError(t, s.Close())

			code, text = run(t, c, "backup", "-to", archive)
			require.Equal(t, 4, code, text)
			code, text = run(t, c, "restore", archive)
			require.Equal(t, 4, code, text)
			require.Contains(t, must(t, c, "restore", "-replace", archive), "kept in")
			for _, there := range places(t) {
				empty := there(t)
				require.Contains(t, must(t, empty, "restore", archive), "compared")
				require.Contains(t, must(t, empty, "credits", "adjust", "-owner", "amal", "-pages", "-1", "-cause", "t2", "-who", "ops", "-why", "x"), "balance is 4")
				require.Contains(t, must(t, empty, "verify"), "is sound")
			}
			require.NoError(t, os.WriteFile(filepath.Join(archive, "sessions.jsonl"), []byte("{}\n"), 0o600))
			for _, args := range [][]string{{"verify", archive}, {"restore", "-replace", archive}} {
				code, text = run(t, c, args...)
				require.Equal(t, 3, code, text)
			}
			require.Contains(t, must(t, c, "verify"), "is sound", "what is damaged replaces nothing")
		})
	}
}

func TestAMoveToPostgres(t *testing.T) {
	from := admin.Config{DataDir: t.TempDir()}
	s := open(t, from)
	create(t, s, "a")
	to := admin.Config{DatabaseURL: server.Database(t)}
	code, text := run(t, to, "move", "-from", from.DataDir)
	require.Equal(t, 4, code, text)
	require.NoError(t, s.Close())
	require.Contains(t, must(t, to, "move", "-from", from.DataDir), "compared")
	code, text = run(t, to, "move", "-from", from.DataDir)
	require.Equal(t, 4, code, text)

	moved := open(t, to)
	worked := make(chan string, 1)
	stop := work(t, moved, func(j storage.Job) error { worked <- j.Session; return nil })
	require.Equal(t, "a", <-worked)
	stop()
}

type caused string

func (e caused) Error() string   { return "no luck\nand more" }
func (e caused) Cause() string   { return string(e) }
func (e caused) Permanent() bool { return true }

func TestDeadJobs(t *testing.T) {
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			c := place(t)
			must(t, c, "migrate")
			require.Contains(t, must(t, c, "jobs", "dead", "list"), "no job is dead")
			bury := func(ids ...string) {
				s := open(t, c)
				for _, id := range ids {
					create(t, s, id)
				}
				stop := work(t, s, func(j storage.Job) error { return caused(j.Session[:1]) })
				require.Eventually(t, func() bool {
					d, err := s.Depth(t.Context())
					return err == nil && d.Waiting+d.Running == 0
				}, time.Minute, 10*time.Millisecond)
				stop()
				require.NoError(t, s.Close())
			}
			bury("A1", "A2", "B1", "B2", "B3")
			list := must(t, c, "jobs", "dead", "list")
			require.Regexp(t, `(?s)^B: 3\n.*A: 2\n`, list)
			require.Contains(t, list, "session A1 of amal")
			require.Contains(t, list, "after 1 errors: no luck\n")
			require.NotContains(t, must(t, c, "jobs", "dead", "list", "-cause", "A"), "B1")
			require.Contains(t, must(t, c, "jobs", "dead", "retry", "-cause", "A"), "retried 2 of 2")
			require.Contains(t, must(t, c, "jobs", "dead", "discard", "-all"), "discarded 3 of 3")
			require.Contains(t, must(t, c, "jobs", "dead", "list"), "no job is dead")
			code, text := run(t, c, "jobs", "dead", "retry", "99999")
			require.Equal(t, 1, code, text)
			s := open(t, c)
			d, err := s.Depth(t.Context())
			require.NoError(t, err)
			require.Equal(t, 2, d.Waiting)
		})
	}
}

func TestCreditsAreGivenOnceAndTold(t *testing.T) {
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			c := place(t)
			grant := []string{"credits", "grant", "-owner", "amal", "-pages", "5", "-cause", "ticket-1", "-who", "mona", "-why", "lost a quiz"}
			require.Contains(t, must(t, c, grant...), "+5 pages; the balance is 5")
			require.Contains(t, must(t, c, grant...), "nothing changed")
			code, text := run(t, c, "credits", "adjust", "-owner", "amal", "-pages", "-6", "-cause", "x", "-who", "mona", "-why", "y")
			require.Equal(t, 1, code, text)
			s := open(t, c)
			audit, err := s.AuditEntries(t.Context(), 0, 10)
			require.NoError(t, err)
			require.Len(t, audit, 3)
			require.Equal(t, "mona credits.grant amal lost a quiz", strings.Join([]string{audit[2].Who, audit[2].What, audit[2].Target, audit[2].Why}, " "))
			require.NoError(t, errors.Join(s.VerifyAudit(t.Context()), s.VerifyEntries(t.Context(), "amal")))
		})
	}
}

func TestDataIsSealedAndOpenedAgain(t *testing.T) {
	keys, err := sealed.ParseKeys(strings.Repeat("ab", 32))
	require.NoError(t, err)
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			c := place(t)
			s := open(t, c)
			create(t, s, "a")
			require.NoError(t, s.Close())
			request := func() string {
				s := open(t, c)
				got, err := s.Session(t.Context(), "a")
				require.NoError(t, errors.Join(err, s.Close()))
				return string(got.Request)
			}
			code, text := run(t, c, "reseal")
			require.Equal(t, 2, code, text)
			c.Keys = keys
			require.Contains(t, must(t, c, "reseal", "-progress"), "renewed 1")
			require.NotEqual(t, "{}", request())
			archive := filepath.Join(t.TempDir(), "sealed")
			must(t, c, "backup", "-to", archive)
			must(t, c, "verify", "-prove", archive)
			c.Unsealed = true
			must(t, c, "reseal")
			require.Equal(t, "{}", request())
		})
	}
}

func TestATokenIsPrintedAlone(t *testing.T) {
	nobody := admin.Config{}
	code, text := run(t, nobody, "token", "-subject", "noor")
	require.Equal(t, 1, code)
	require.Contains(t, text, "JWT_SECRET")

	signing := admin.Config{Sign: func(subject, role string, ttl time.Duration) (string, error) {
		return fmt.Sprint(subject, " ", role, " ", ttl), nil
	}}
	require.Equal(t, "noor admin 1h0m0s\n", must(t, signing, "token", "-subject", "noor"))
	require.Equal(t, "noor teacher 5m0s\n", must(t, signing, "token", "-subject", "noor", "-role", "teacher", "-ttl", "5m"))
	for name, args := range map[string][]string{
		"no subject": nil, "a blank one": {"-subject", " "}, "no role": {"-subject", "noor", "-role", ""},
		"no life": {"-subject", "noor", "-ttl", "0"}, "a past one": {"-subject", "noor", "-ttl", "-1h"}, "a word too many": {"-subject", "noor", "amal"},
	} {
		code, _ := run(t, signing, append([]string{"token"}, args...)...)
		require.Equal(t, 2, code, name)
	}

	signing.Sign = func(string, string, time.Duration) (string, error) { return "", errors.New("too short a secret") }
	code, text = run(t, signing, "token", "-subject", "noor")
	require.Equal(t, 1, code)
	require.Contains(t, text, "too short a secret")
}

func TestAWrongCommandLineSaysWhatIsRight(t *testing.T) {
	c := admin.Config{DataDir: filepath.Join(t.TempDir(), "data")}
	for _, args := range [][]string{
		{}, {"destroy"}, {"jobs"}, {"jobs", "dead"}, {"backup"}, {"backup", "x"}, {"restore"}, {"restore", "a", "b"}, {"export"}, {"move"},
		{"move", "-from", "x"}, {"migrate", "-x"}, {"verify", "-prove"}, {"jobs", "dead", "retry"}, {"jobs", "dead", "retry", "-all", "1"},
		{"jobs", "dead", "discard", "x"}, {"credits", "grant", "-owner", "a", "-pages", "1", "-cause", "c", "-who", "w"},
		{"credits", "grant", "-owner", "a", "-pages", "-1", "-cause", "c", "-who", "w", "-why", "y"},
	} {
		code, text := run(t, c, args...)
		require.Equal(t, 2, code, "%v: %s", args, text)
	}
	require.NoDirExists(t, c.DataDir)
	require.Contains(t, must(t, c, "help"), "jobs dead discard")
	require.Contains(t, must(t, c, "restore", "-h"), "-replace")
	code, text := run(t, c, "verify")
	require.Equal(t, 1, code, text)
	code, text = run(t, admin.Config{DatabaseURL: "postgres://amal:sesame@127.0.0.1:1/x?connect_timeout=1"}, "backup", "-to", filepath.Join(c.DataDir, "b"))
	require.Equal(t, 1, code, text)
	require.NotContains(t, text, "sesame")
}
