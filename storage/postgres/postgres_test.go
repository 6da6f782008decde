//go:build unix

package postgres_test

import (
	"context"
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
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
)

var server *pgtest.Server

func TestMain(m *testing.M) {
	if u := os.Getenv(childURL); u != "" {
		if err := child(context.Background(), u); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := pgtest.Main(m, &server)
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func TestStoreKeepsItsContracts(t *testing.T) {
	u := server.Database(t)
	require.NoError(t, open(t, u).Close())
	current := ""
	storagetest.Run(t, func(t *testing.T, dir string) storage.Store {
		if dir != current { // emptied: a database of its own would take ten times as long
			current = dir
			empty(t, u)
		}
		return open(t, u)
	})
}

// empty removes all rows of a database that nobody uses, the ledger's too.
func empty(t *testing.T, u string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), u)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), `DO $$ BEGIN
		SET LOCAL session_replication_role = replica;
		EXECUTE (SELECT 'TRUNCATE ' || string_agg(quote_ident(tablename), ', ') || ' RESTART IDENTITY CASCADE'
			FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('goose_db_version', 'river_migration', 'schema_level'));
	END $$`)
	require.NoError(t, err)
}

// open opens the store of a database for as long as the test lasts, or less.
func open(t testing.TB, u string) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Config{URL: u, AcquireWithin: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
