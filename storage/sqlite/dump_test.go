package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// TestNoColumnIsForgottenInDumps fails for whoever adds a table or a column and does
// not say what becomes of it.
func TestNoColumnIsForgottenInDumps(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, open(t, dir).Close())
	db, err := sql.Open("sqlite", filepath.Join(dir, "learnsnap.db"))
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'river_%'
		AND m.name NOT IN ('goose_db_version', 'schema_level') -- of the schema, not of the data
		AND m.name NOT IN ('audit_head', 'balances', 'credit_chain')         -- made anew from the entries`)
	require.NoError(t, err)
	defer rows.Close()
	dumped := map[string]bool{}
	for _, table := range storage.Tables() {
		for _, c := range table.Columns {
			dumped[table.Name+"."+c.Name] = true
		}
	}
	for rows.Next() {
		var table, column string
		require.NoError(t, rows.Scan(&table, &column))
		require.True(t, dumped[table+"."+column], "storage.Tables lacks %s.%s", table, column)
	}
	require.NoError(t, rows.Err())
}

func TestADumpNeedsNoServerAndDisturbsNone(t *testing.T) {
	dir := t.TempDir()
	_, err := sqlite.Dump(t.Context(), dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Error(t, sqlite.Check(t.Context(), dir))

	store := open(t, dir)
	_, err = store.Grant(t.Context(), "amal", "welcome", 5)
	require.NoError(t, err)
	look := func() {
		d, err := sqlite.Dump(t.Context(), dir)
		require.NoError(t, err)
		entries := 0
		for _, table := range storage.Tables() {
			for _, err := range d.Rows(t.Context(), table) {
				require.NoError(t, err)
				entries++
			}
		}
		require.NoError(t, d.Close())
		require.Equal(t, 1, entries)
		require.NoError(t, sqlite.Check(t.Context(), dir))
	}
	look()
	require.NoError(t, store.Close())
	look()
	again := open(t, dir)
	_, err = again.Grant(t.Context(), "amal", "more", 5)
	require.NoError(t, err)
	left, err := filepath.Glob(filepath.Join(dir, "blobs", ".dump-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestADumpHasThePagesOfEverySessionThatNeedsThem(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := session(ctx, store, fmt.Sprintf("w%d-%d", w, n)); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 20 {
		d, err := sqlite.Dump(t.Context(), dir)
		require.NoError(t, err)
		need := map[string]bool{}
		for row, err := range d.Rows(t.Context(), storage.Tables()[1]) {
			require.NoError(t, err)
			if row[5].(int64) == 0 { // without its page's text
				need[row[0].(string)] = true
			}
		}
		for b, err := range d.Blobs(t.Context()) {
			require.NoError(t, err)
			delete(need, b.Session)
		}
		require.Empty(t, need)
		require.NoError(t, d.Close())
	}
	cancel()
	writers.Wait()
}

// session is a quiz whose page is read at once, and its photo deleted.
func session(ctx context.Context, store storage.Store, id string) error {
	if _, err := store.PutBlob(ctx, id, strings.NewReader(id)); err != nil {
		return err
	}
	if err := store.CreateSession(ctx, storage.Session{ID: id, Owner: "amal", Pages: 1, Request: []byte(`{}`)}, false); err != nil {
		return err
	}
	got, err := store.ClaimSession(ctx, id)
	if err != nil {
		return err
	}
	if err := store.AppendItem(ctx, id, got.Claim, storage.Item{Seq: 1, Kind: "page", JSON: []byte(`{}`)}); err != nil {
		return err
	}
	return store.DeleteBlobs(ctx, id)
}
