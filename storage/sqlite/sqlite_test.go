package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
)

// childDir makes the test binary a process that the tests kill; see kill_test.go.
const childDir = "LEARNSNAP_SQLITE_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(context.Background(), dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func TestStoreKeepsItsContracts(t *testing.T) {
	made := t.TempDir()
	require.NoError(t, open(t, made).Close())
	storagetest.Run(t, func(t *testing.T, dir string) storage.Store {
		if files, err := os.ReadDir(dir); err == nil && len(files) == 0 {
			require.NoError(t, os.CopyFS(dir, os.DirFS(made))) // to make the tables takes ten times as long
		}
		return open(t, dir)
	})
}

// open opens the store in dir for as long as the test lasts, or less.
func open(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Wait: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
