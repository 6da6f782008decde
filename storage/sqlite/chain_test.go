package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
)

// noGuards takes away what stops a change of the ledger, as whoever owns the file can.
const noGuards = `DROP TRIGGER credit_entries_final; DROP TRIGGER credit_entries_kept; DROP TRIGGER credit_entries_once;
	DROP TRIGGER credit_chain_final; DROP TRIGGER credit_chain_kept; DROP TRIGGER credit_chain_once;`

// ledger makes a store with entries of two owners: amal's are 1, 2, 4 and 5, basma's 3.
func ledger(t *testing.T, dir string) {
	t.Helper()
	store := open(t, dir)
	for _, g := range []struct {
		owner, cause string
		pages        int
	}{{"amal", "welcome", 5}, {"amal", "birthday", 3}, {"basma", "welcome", 2}, {"amal", "pack", 7}, {"amal", "luck", 1}} {
		added, err := store.Grant(t.Context(), g.owner, g.cause, g.pages)
		require.NoError(t, err)
		require.True(t, added)
	}
	require.NoError(t, store.VerifyEntries(t.Context(), "amal"))
	require.NoError(t, store.VerifyEntries(t.Context(), "basma"))
	require.NoError(t, store.Close())
}

func TestVerifyFindsWhateverWasTamperedWith(t *testing.T) {
	for _, tampering := range []struct{ name, do, says string }{
		{"pages changed", `UPDATE credit_entries SET pages = 4 WHERE id = 2`, "entry 2 does not fit"},
		{"pages changed, balance too", `UPDATE credit_entries SET pages = 4 WHERE id = 2; UPDATE balances SET pages = pages + 1 WHERE owner = 'amal'`, "entry 2 does not fit"},
		{"cause changed", `UPDATE credit_entries SET cause = 'gift' WHERE id = 4`, "entry 4 does not fit"},
		{"action changed", `UPDATE credit_entries SET action = 'adjust' WHERE id = 1`, "entry 1 does not fit"},
		{"time changed", `UPDATE credit_entries SET created = created + 1 WHERE id = 5`, "entry 5 does not fit"},
		{"hash changed", `UPDATE credit_chain SET hash = zeroblob(32) WHERE entry = 2`, "entry 2 does not fit"},
		{"given to another owner", `UPDATE credit_entries SET owner = 'basma' WHERE id = 2`, "entry 2 is gone"},
		{"one in the middle removed, its hash left", `DELETE FROM credit_entries WHERE id = 2`, "entry 2 is gone"},
		{"first removed", `DELETE FROM credit_chain WHERE entry = 1; DELETE FROM credit_entries WHERE id = 1`, "entry 2 does not fit"},
		{"one in the middle removed", `DELETE FROM credit_chain WHERE entry = 2; DELETE FROM credit_entries WHERE id = 2`, "entry 4 does not fit"},
		{"last removed, its hash left", `DELETE FROM credit_entries WHERE id = 5`, "entry 5 is gone"},
		{"last removed", `DELETE FROM credit_chain WHERE entry = 5; DELETE FROM credit_entries WHERE id = 5`, "add up to 15 pages, the balance is 16"},
		{"all removed", `DELETE FROM credit_chain WHERE owner = 'amal'; DELETE FROM credit_entries WHERE owner = 'amal'; DELETE FROM balances WHERE owner = 'amal'`, ""},
		{"two swapped", `UPDATE credit_entries SET id = 99 WHERE id = 2; UPDATE credit_entries SET id = 2 WHERE id = 4; UPDATE credit_entries SET id = 4 WHERE id = 99`, "entry 2 does not fit"},
		{"slipped in", `UPDATE credit_entries SET id = 50 WHERE id = 5; UPDATE credit_chain SET entry = 50 WHERE entry = 5;
			INSERT INTO credit_entries (id, owner, action, pages, cause, created) VALUES (6, 'amal', 'grant', 9, 'slip', 0)`, "entry 6 has no hash"},
		{"slipped in with a hash", `UPDATE credit_entries SET id = 50 WHERE id = 5; UPDATE credit_chain SET entry = 50 WHERE entry = 5;
			INSERT INTO credit_entries (id, owner, action, pages, cause, created) VALUES (6, 'amal', 'grant', 9, 'slip', 0);
			INSERT INTO credit_chain VALUES (6, 'amal', zeroblob(32))`, "entry 6 does not fit"},
		{"hash removed", `DELETE FROM credit_chain WHERE entry = 2`, "entry 2 has no hash"},
		{"balance changed", `UPDATE balances SET pages = pages + 1 WHERE owner = 'amal'`, "the balance is 17"},
	} {
		t.Run(tampering.name, func(t *testing.T) {
			dir := t.TempDir()
			ledger(t, dir)
			raw(t, dir, "PRAGMA foreign_keys = OFF;"+noGuards+tampering.do)
			store := open(t, dir)
			if tampering.says == "" { // nothing of the owner is left that could tell
				require.NoError(t, store.VerifyEntries(t.Context(), "amal"))
				return
			}
			require.ErrorContains(t, store.VerifyEntries(t.Context(), "amal"), tampering.says)
			require.ErrorContains(t, store.Check(t.Context()), tampering.says)
			if tampering.name != "given to another owner" {
				require.NoError(t, store.VerifyEntries(t.Context(), "basma"), "the others' are whole")
			}
		})
	}
}

func TestTheChainCannotBeChanged(t *testing.T) {
	dir := t.TempDir()
	ledger(t, dir)
	db := database(t, dir)
	defer db.Close()
	for _, change := range []string{
		`UPDATE credit_chain SET hash = zeroblob(32)`,
		`DELETE FROM credit_chain`,
		`INSERT OR REPLACE INTO credit_chain VALUES (1, 'amal', zeroblob(32))`,
	} {
		_, err := db.Exec(change)
		require.Error(t, err, change)
	}
}

// A program that knows no chains adds entries without hashes. The next one that does
// gives them theirs.
func TestEntriesWithoutAHashAreSealedByTheNext(t *testing.T) {
	const older = 1000
	dir := t.TempDir()
	ledger(t, dir)
	db := database(t, dir)
	tx, err := db.Begin()
	require.NoError(t, err)
	for i := range older {
		_, err := tx.Exec(`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES (?, 'grant', 1, ?, ?)`,
			[]string{"amal", "basma", "new"}[i%3], fmt.Sprint("older-", i), i)
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())
	require.NoError(t, db.Close())

	store := open(t, dir)
	require.NoError(t, store.Check(t.Context()), "the last ones may lack a hash")
	for _, owner := range []string{"amal", "new"} {
		_, err := store.Grant(t.Context(), owner, "newer", 1)
		require.NoError(t, err)
		require.NoError(t, store.VerifyEntries(t.Context(), owner))
	}
	require.NoError(t, store.Check(t.Context()))
	require.NoError(t, store.Close())

	require.Equal(t, 0, number(t, dir, `SELECT count(*) FROM credit_entries WHERE owner <> 'basma' AND id NOT IN (SELECT entry FROM credit_chain)`))
	raw(t, dir, noGuards+`UPDATE credit_entries SET pages = 2 WHERE cause = 'older-501'`) // amal's
	require.ErrorContains(t, open(t, dir).VerifyEntries(t.Context(), "amal"), "does not fit its hash")
}

// number reads one number behind the store's back.
func number(t *testing.T, dir, query string) (n int) {
	t.Helper()
	db := database(t, dir)
	require.NoError(t, db.QueryRow(query).Scan(&n))
	require.NoError(t, db.Close())
	return n
}

func TestTheChainIsTheOneOfTheContract(t *testing.T) {
	dir := t.TempDir()
	ledger(t, dir)
	store := open(t, dir)
	entries, err := store.Entries(t.Context(), "amal", 0, 10)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	var want []byte
	for i := len(entries) - 1; i >= 0; i-- {
		want = entries[i].Chain(want)
	}
	db := database(t, dir)
	var last []byte
	require.NoError(t, db.QueryRow(`SELECT hash FROM credit_chain WHERE owner = 'amal' ORDER BY entry DESC`).Scan(&last))
	require.NoError(t, db.Close())
	require.Equal(t, want, last)
}

// The statements of the program before this schema go on working on it.
func TestAnOlderProgramsStatementsWork(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, open(t, dir).Close())
	raw(t, dir, `INSERT INTO sessions (id, owner, status, pages, job, created, updated, expires, request)
			VALUES ('a', 'amal', 'queued', 0, 1, 1, 1, NULL, NULL), ('b', 'amal', 'queued', 0, 2, 1, 1, NULL, NULL);
		INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('amal', 'grant', 2, 'welcome', 1)`)
	store := open(t, dir)
	s, err := store.Session(t.Context(), "a")
	require.NoError(t, err)
	require.Empty(t, s.Key)
	_, err = store.SessionByKey(t.Context(), "amal", "")
	require.ErrorIs(t, err, storage.ErrNotFound, "no key is no key")
	require.NoError(t, store.VerifyEntries(t.Context(), "amal"))
}
