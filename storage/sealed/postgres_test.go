//go:build unix

package sealed_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/postgres/pgtest"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
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

func TestSealedPostgresKeepsTheContracts(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has seen the sealing over SQLite, and Postgres by itself")
	}
	u := server.Database(t)
	require.NoError(t, openPostgres(t, u).Close())
	current := ""
	storagetest.Run(t, func(t *testing.T, dir string) storage.Store {
		if dir != current {
			current = dir
			empty(t, u)
		}
		return seal(t, openPostgres(t, u), sealed.Config{Keys: keys(t, newKey, oldKey), Strict: true})
	})
}

func TestPostgresIsSealedAndResealed(t *testing.T) {
	engine := openPostgres(t, server.Database(t))
	plainBlob := write(t, engine, "plain")
	old := seal(t, engine, sealed.Config{Keys: keys(t, oldKey)})
	oldBlob := write(t, old, "old")
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey, oldKey)})
	requireWritten(t, store, "plain", plainBlob)
	requireWritten(t, store, "old", oldBlob)
	changed := 0
	require.NoError(t, store.Reseal(t.Context(), func(_, c int) { changed = c }))
	require.Equal(t, 14, changed)
	for p, kept := range values(t, engine) {
		require.NotContains(t, string(kept), "SECRET", "%+v", p)
	}
	requireWritten(t, store, "plain", plainBlob)
	requireWritten(t, store, "old", oldBlob)
	require.NoError(t, seal(t, engine, sealed.Config{Keys: keys(t, newKey), Strict: true}).Check(t.Context()))
}

func openPostgres(t testing.TB, u string) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Config{URL: u, AcquireWithin: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// empty removes all rows of a database that nobody uses, the ledger's too.
func empty(t *testing.T, u string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), u)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `DO $$ BEGIN
		SET LOCAL session_replication_role = replica;
		EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY CASCADE'
			FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('goose_db_version', 'river_migration', 'schema_level'));
	END $$`)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
}
