package sqlite_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

func TestOpenNeedsAFolder(t *testing.T) {
	_, err := sqlite.Open(t.Context(), sqlite.Config{})
	require.ErrorContains(t, err, "Config.Dir")
}

func TestOpenKeepsTheFolderPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by us?100%#")
	store := open(t, dir)
	_, err := store.Grant(t.Context(), "amal", "welcome", 1)
	require.NoError(t, err)
	for name, mode := range map[string]os.FileMode{
		"": 0o700, "blobs": 0o700, "learnsnap.db": 0o600, "learnsnap.db-wal": 0o600, "learnsnap.db-shm": 0o600, "learnsnap.lock": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
}

func TestASecondOpenIsRefused(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	_, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	require.ErrorContains(t, err, "another process has it open")
	require.ErrorContains(t, err, "process "+strconv.Itoa(os.Getpid()), "it says which")
	require.ErrorContains(t, err, "give each a folder of its own", "it says what to do")
	require.NoError(t, store.Ping(t.Context()), "the first one goes on")
	require.NoError(t, store.Close())
	open(t, dir)
}

func TestADamagedDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	for _, damage := range []struct {
		name string
		do   func(file []byte) []byte
	}{
		{"another kind of file", func([]byte) []byte { return bytes.Repeat([]byte("this is no database\n"), 1000) }},
		{"a few bytes", func([]byte) []byte { return []byte("SQLite format 3\x00") }},
		{"its first page zeroed", func(f []byte) []byte { clear(f[:4096]); return f }},
		{"its first half", func(f []byte) []byte { return f[:len(f)/2] }},
		{"its schema overwritten", func(f []byte) []byte { copy(f[100:4096], bytes.Repeat([]byte{0xff}, 3996)); return f }},
	} {
		t.Run(damage.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, open(t, dir).Close())
			file := filepath.Join(dir, "learnsnap.db")
			intact, err := os.ReadFile(file)
			require.NoError(t, err)
			damaged := damage.do(bytes.Clone(intact))
			require.NoError(t, os.WriteFile(file, damaged, 0o600))

			_, err = sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
			require.ErrorContains(t, err, "restore it from a backup")
			left, err := os.ReadFile(file)
			require.NoError(t, err)
			require.True(t, bytes.Equal(damaged, left), "the file was changed")

			require.NoError(t, os.WriteFile(file, intact, 0o600))
			require.NoError(t, open(t, dir).Check(t.Context()))
		})
	}
}

func TestALostDatabaseIsNotReplacedByAnEmptyOne(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, open(t, dir).Close())
	file := filepath.Join(dir, "learnsnap.db")
	require.NoError(t, os.Truncate(file, 0))
	_, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	require.ErrorContains(t, err, "missing or empty")
	require.NoError(t, os.Remove(file))
	_, err = sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	require.ErrorContains(t, err, "delete learnsnap.lock to begin anew")
	require.NoFileExists(t, file)
	require.NoError(t, os.Remove(filepath.Join(dir, "learnsnap.lock")))
	open(t, dir)
}

func TestASchemaThatNeedsANewerProgramIsRefused(t *testing.T) {
	for _, newer := range []struct{ schema, says string }{
		{`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1); UPDATE schema_level SET oldest = 998`,
			"schema version 999 needs a program that knows version 998"},
		{`INSERT INTO river_migration (line, version) VALUES ('main', 999)`, "version 999"},
	} {
		dir := t.TempDir()
		require.NoError(t, open(t, dir).Close())
		raw(t, dir, newer.schema)
		before, err := os.ReadFile(filepath.Join(dir, "learnsnap.db"))
		require.NoError(t, err)
		_, err = sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
		require.ErrorContains(t, err, newer.says)
		require.ErrorContains(t, err, "run the program that has changed it", "it says what to do")
		after, err := os.ReadFile(filepath.Join(dir, "learnsnap.db"))
		require.NoError(t, err)
		require.True(t, bytes.Equal(before, after), "the file was changed")
	}
}

// A later program has added to the schema and was rolled back: this one goes on.
func TestANewerSchemaThatOnlyAddsIsLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, open(t, dir).Close())
	raw(t, dir, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1);
		ALTER TABLE sessions ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'; CREATE TABLE moods (mood TEXT)`)
	store := open(t, dir)
	_, err := store.Grant(t.Context(), "amal", "welcome", 2)
	require.NoError(t, err)
	require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: "a", Owner: "amal", Pages: 2}, true))
	require.NoError(t, store.Check(t.Context()))
}

func TestTheLedgerCannotBeChanged(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	_, err := store.Grant(t.Context(), "amal", "welcome", 2)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	db := database(t, dir)
	for _, change := range []string{
		`UPDATE credit_entries SET pages = 1000`,
		`DELETE FROM credit_entries`,
		`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('amal', 'hold', -3, 'a', 0)`,
		`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('amal', 'some day', -3, 'a', 0)`,
		`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('amal', 'hold', 3, 'a', 0)`,
		`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('amal', 'grant', 1, 'welcome', 0)`,
		`INSERT OR REPLACE INTO credit_entries (id, owner, action, pages, cause, created) VALUES (1, 'amal', 'grant', 9, 'welcome', 0)`,
	} {
		_, err := db.Exec(change)
		require.Error(t, err, change)
	}
	require.NoError(t, db.Close())
	store = open(t, dir)
	require.NoError(t, store.Check(t.Context()))
	pages, err := store.Balance(t.Context(), "amal")
	require.NoError(t, err)
	require.Equal(t, 2, pages)
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	for _, fault := range []struct{ do, says string }{
		{`UPDATE balances SET pages = pages + 1`, "balance"},
		{`DELETE FROM balances`, "balance"},
		{`INSERT INTO balances VALUES ('basma', 5)`, "balance"},
		{`UPDATE sessions SET items = 2`, "session a counts 2 items"},
		{`DELETE FROM items`, "session a counts 1 items"},
		{`DELETE FROM sessions`, "items refers to a row of sessions"},
	} {
		dir := t.TempDir()
		store := open(t, dir)
		_, err := store.Grant(t.Context(), "amal", "welcome", 2)
		require.NoError(t, err)
		require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: "a", Owner: "amal"}, false))
		s, err := store.ClaimSession(t.Context(), "a")
		require.NoError(t, err)
		require.NoError(t, store.AppendItem(t.Context(), "a", s.Claim, storage.Item{Seq: 1, JSON: []byte(`{}`)}))
		require.NoError(t, store.Check(t.Context()))
		require.NoError(t, store.Close())
		raw(t, dir, fault.do)
		require.ErrorContains(t, open(t, dir).Check(t.Context()), fault.says, fault.do)
	}
}

// database opens the file behind the store's back.
func database(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "learnsnap.db"))
	require.NoError(t, err)
	return db
}

func raw(t *testing.T, dir, query string) {
	t.Helper()
	db := database(t, dir)
	_, err := db.Exec(query)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}
