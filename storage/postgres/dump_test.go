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
		AND table_name NOT IN ('audit_head', 'balances', 'blobs', 'blob_pieces') -- made anew from the entries; blobs`)
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
