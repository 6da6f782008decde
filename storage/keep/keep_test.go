//go:build unix

package keep_test

import (
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

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/keep"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/postgres/pgtest"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

var server *pgtest.Server

func TestMain(m *testing.M) {
	if code, is := childMain(); is {
		os.Exit(code)
	}
	code := pgtest.Main(m, &server)
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// A store is an engine's.
type store interface {
	storage.Store
	keep.Target
}

func openSQLite(t testing.TB, dir string) store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Wait: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func openPostgres(t testing.TB, u string) store {
	t.Helper()
	s, err := postgres.Open(t.Context(), postgres.Config{URL: u, AcquireWithin: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// engines open a new store each.
func engines(t *testing.T) map[string]func(t *testing.T) store {
	return map[string]func(t *testing.T) store{
		"sqlite":   func(t *testing.T) store { return openSQLite(t, t.TempDir()) },
		"postgres": func(t *testing.T) store { return openPostgres(t, server.Database(t)) },
	}
}

// furnish makes n sessions of every kind, of a few owners.
func furnish(t testing.TB, s storage.Store, n int) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, s.SetValue(ctx, "sealed", nil, []byte{0, 1, 254, 255}))
	for i := range n {
		owner := fmt.Sprintf("owner \"%d\" سلمى <&>", i%3)
		id := fmt.Sprintf("s%d", i)
		_, err := s.Grant(ctx, owner, id, 3)
		require.NoError(t, err)
		_, err = s.PutBlob(ctx, id, strings.NewReader(strings.Repeat(id, 1000)))
		require.NoError(t, err)
		c := storage.Session{ID: id, Owner: owner, Pages: 2, Request: []byte(`{"n": 20}`), Key: id, Expires: time.Now().Add(time.Hour)}
		require.NoError(t, s.CreateSession(ctx, c, true))
		if i%4 == 0 {
			continue // it waits
		}
		got, err := s.ClaimSession(ctx, id)
		require.NoError(t, err)
		require.NoError(t, s.AppendItem(ctx, id, got.Claim, storage.Item{Seq: 1, Kind: "page", JSON: []byte(`{"text":"مرحبا"}`)}))
		if i%4 == 1 {
			continue // it is under way
		}
		o := storage.Outcome{Status: storage.Ready}
		if i%4 == 3 {
			o = storage.Outcome{Status: storage.Failed, Code: "INTERNAL", Detail: []byte("sealed \x00\xff")}
		}
		require.NoError(t, s.FinishSession(ctx, id, got.Claim, o))
		require.NoError(t, s.AddReport(ctx, storage.Report{Session: id, Question: "q", Owner: owner, Reason: "wrong"}))
	}
}

// write makes an archive of a store.
func write(t testing.TB, s keep.Target, dir string) keep.Manifest {
	t.Helper()
	d, err := s.Dump(t.Context())
	require.NoError(t, err)
	m, err := keep.Write(t.Context(), dir, d, keep.Config{})
	require.NoError(t, errors.Join(err, d.Close()))
	return m
}

func openArchive(t testing.TB, dir string) *keep.Archive {
	t.Helper()
	a, err := keep.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close()) })
	return a
}

func TestABackupOfOneEngineComesBackOnAnother(t *testing.T) {
	for from, openFrom := range engines(t) {
		for to, openTo := range engines(t) {
			t.Run(from+" to "+to, func(t *testing.T) {
				source := openFrom(t)
				furnish(t, source, 20)
				dir := filepath.Join(t.TempDir(), "backups", "one")
				m := write(t, source, dir)
				require.EqualValues(t, 20, m.Blobs.Rows)
				require.EqualValues(t, 3, m.Ledger.Owners)

				a := openArchive(t, dir)
				require.NoError(t, a.Verify(t.Context(), keep.Config{}))
				target := openTo(t)
				got, err := keep.Copy(t.Context(), target, a, keep.Config{})
				require.NoError(t, err)
				require.NoError(t, m.Same(got))

				again := filepath.Join(t.TempDir(), "two")
				require.NoError(t, write(t, target, again).Same(m), "what comes back is written as it was")
				_, err = keep.Copy(t.Context(), target, a, keep.Config{})
				require.ErrorIs(t, err, storage.ErrExists)
			})
		}
	}
}

func TestAMoveNeedsNoArchive(t *testing.T) {
	source := openSQLite(t, t.TempDir())
	furnish(t, source, 8)
	d, err := source.Dump(t.Context())
	require.NoError(t, err)
	target := openPostgres(t, server.Database(t))
	m, err := keep.Copy(t.Context(), target, d, keep.Config{})
	require.NoError(t, errors.Join(err, d.Close()))
	require.EqualValues(t, 8, m.Tables[1].Rows)
	balance, err := target.Balance(t.Context(), "owner \"1\" سلمى <&>")
	require.NoError(t, err)
	require.Equal(t, 3*3-2*2, balance) // three grants; one of three holds was given back
}

func TestAnArchiveThatWasChangedIsNotRestored(t *testing.T) {
	source := openSQLite(t, t.TempDir())
	furnish(t, source, 8)
	good := filepath.Join(t.TempDir(), "good")
	write(t, source, good)
	for name, damage := range map[string]func(t *testing.T, dir string){
		"a byte of a row":     edit("sessions.jsonl", "queued", "failed"),
		"a row is gone":       edit("items.jsonl", "\n", ""),
		"a row more":          edit("reports.jsonl", "{", "{\"session\":\"s2\",\"question\":\"x\",\"owner\":\"o\",\"reason\":\"\",\"comment\":\"\",\"created\":\"2026-01-01T00:00:00Z\"}\n{"),
		"pages of the ledger": edit("credit_entries.jsonl", `"pages":3`, `"pages":4`),
		"an unknown field":    edit("settings.jsonl", `"name"`, `"nome"`),
		"no JSON":             edit("jobs.jsonl", "{", "["),
		"another format":      edit("manifest.json", `"format": 1`, `"format": 2`),
		"a strange manifest":  edit("manifest.json", `"format": 1`, `"format": "x"`),
		"an unknown table":    edit("manifest.json", `"name": "jobs"`, `"name": "secrets"`),
		"a table is gone":     func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "items.jsonl"))) },
		"no manifest":         func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "manifest.json"))) },
		"a session's blobs":   func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, "blobs", "s0"))) },
		"a byte of a blob": func(t *testing.T, dir string) {
			found, err := filepath.Glob(filepath.Join(dir, "blobs", "s1", "*"))
			require.NoError(t, err)
			data, err := os.ReadFile(found[0])
			require.NoError(t, err)
			data[7] ^= 1
			require.NoError(t, os.WriteFile(found[0], data, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "damaged")
			require.NoError(t, os.CopyFS(dir, os.DirFS(good)))
			damage(t, dir)
			target := openSQLite(t, t.TempDir())
			require.Error(t, restore(t.Context(), target, dir))

			require.NoError(t, restore(t.Context(), target, good), "nothing of it has stayed")
		})
	}
}

func restore(ctx context.Context, to keep.Target, dir string) error {
	a, err := keep.Open(dir)
	if err != nil {
		return err
	}
	verify := a.Verify(ctx, keep.Config{})
	_, err = keep.Copy(ctx, to, a, keep.Config{})
	if (verify == nil) != (err == nil) {
		return errors.Join(errors.New("verify and copy do not agree"), verify, err, a.Close())
	}
	return errors.Join(err, a.Close())
}

func edit(file, old, with string) func(*testing.T, string) {
	return func(t *testing.T, dir string) {
		name := filepath.Join(dir, file)
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		changed := strings.Replace(string(data), old, with, 1)
		require.NotEqual(t, string(data), changed)
		require.NoError(t, os.WriteFile(name, []byte(changed), 0o600))
	}
}

func TestAWriteThatFailsLeavesNothing(t *testing.T) {
	source := openSQLite(t, t.TempDir())
	furnish(t, source, 4)
	d, err := source.Dump(t.Context())
	require.NoError(t, err)
	parent := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err = keep.Write(ctx, filepath.Join(parent, "a"), d, keep.Config{Progress: func(s keep.Sum) {
		if s.Name == storage.Ledger {
			cancel()
		}
	}})
	require.ErrorIs(t, errors.Join(err, d.Close()), context.Canceled)
	left, err := os.ReadDir(parent)
	require.NoError(t, err)
	require.Empty(t, left)
	m := write(t, source, filepath.Join(parent, "a"))
	require.NotEmpty(t, m.Tables)
	d, err = source.Dump(t.Context())
	require.NoError(t, err)
	_, err = keep.Write(t.Context(), filepath.Join(parent, "a"), d, keep.Config{})
	require.ErrorIs(t, errors.Join(err, d.Close()), storage.ErrExists)
}

func TestAnExportIsForPeople(t *testing.T) {
	source := openSQLite(t, t.TempDir())
	furnish(t, source, 4)
	d, err := source.Dump(t.Context())
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "export")
	sums, err := keep.Export(t.Context(), dir, d, keep.Config{})
	require.NoError(t, errors.Join(err, d.Close()))
	require.Len(t, sums, len(storage.Tables()))
	items, err := os.ReadFile(filepath.Join(dir, "items.jsonl"))
	require.NoError(t, err)
	require.Contains(t, string(items), `{"session":"s1","seq":1,"kind":"page","json":{"text":"مرحبا"}}`+"\n")
	sessions, err := os.ReadFile(filepath.Join(dir, "sessions.jsonl"))
	require.NoError(t, err)
	require.Contains(t, string(sessions), `"request":{"n":20},"detail":"c2VhbGVkIAD/","result":null}`+"\n")
	require.NoDirExists(t, filepath.Join(dir, "blobs"))
}
