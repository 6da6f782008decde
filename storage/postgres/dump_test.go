//go:build unix

package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
)

// TestNoColumnIsForgottenInDumps fails for whoever adds a table or a column and does
// not say what becomes of it.
func TestNoColumnIsForgottenInDumps(t *testing.T) {
	u := server.Database(t)
	require.NoError(t, open(t, u).Close())
	conn, err := pgx.Connect(t.Context(), u)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name NOT LIKE 'river\_%'
		AND table_name NOT IN ('goose_db_version', 'schema_level') -- of the schema, not of the data
		AND table_name NOT IN ('audit_head', 'balances', 'blobs', 'blob_pieces', 'limits') -- made anew from the entries; blobs; forgotten`)
	require.NoError(t, err)
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	dumped := map[string]bool{}
	for _, table := range storage.Tables() {
		for _, c := range table.Columns {
			dumped[table.Name+"."+c.Name] = true
		}
	}
	for _, c := range columns {
		require.True(t, dumped[c], "storage.Tables lacks %s", c)
	}
}

func TestADumpNeedsNoServerAndChangesNothing(t *testing.T) {
	u := server.Database(t)
	_, err := postgres.Dump(t.Context(), postgres.Config{URL: u})
	require.Error(t, err, "nothing is there, and nothing is made")
	_, err = postgres.Dump(t.Context(), postgres.Config{URL: u + "-away"})
	require.Error(t, err)
	require.Positive(t, retryAfter(err))
	require.Error(t, postgres.Check(t.Context(), postgres.Config{URL: u}))

	store := open(t, u)
	_, err = store.Grant(t.Context(), "amal", "welcome", 5)
	require.NoError(t, err)
	d, err := postgres.Dump(t.Context(), postgres.Config{URL: u + "?statement_timeout=1"})
	require.NoError(t, err)
	entries := 0
	for _, table := range storage.Tables() {
		for _, err := range d.Rows(t.Context(), table) {
			require.NoError(t, err)
			entries++
		}
	}
	require.Equal(t, 1, entries)
	require.NoError(t, errors.Join(d.Close(), d.Close()))
}

func TestTablesThatAreSetAsideAreKept(t *testing.T) {
	u := server.Database(t)
	store := open(t, u)
	_, err := store.Grant(t.Context(), "amal", "welcome", 5)
	require.NoError(t, err)
	require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: "a", Owner: "amal", Request: []byte(`{}`)}, false))
	ctx, cancel := context.WithCancel(t.Context())
	started, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- store.Work(ctx, storage.WorkConfig{}, func(context.Context, storage.Job) error {
			started <- struct{}{}
			return nil
		})
	}()
	<-started
	_, err = postgres.SetAside(t.Context(), postgres.Config{URL: u})
	require.ErrorIs(t, err, storage.ErrConflict)
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, store.Close())

	schema := ""
	patiently(t, "the end of its lease", func() bool {
		schema, err = postgres.SetAside(t.Context(), postgres.Config{URL: u})
		return err == nil
	})
	again := open(t, u)
	pages, err := again.Balance(t.Context(), "amal")
	require.NoError(t, err)
	require.Zero(t, pages)
	require.NoError(t, again.Close())
	exec1(t, u, "DROP SCHEMA public CASCADE; ALTER SCHEMA "+schema+" RENAME TO public")
	pages, err = open(t, u).Balance(t.Context(), "amal")
	require.NoError(t, err)
	require.Equal(t, 5, pages)
}
