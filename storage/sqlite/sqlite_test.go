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
	storagetest.Run(t, storagetest.Copied(t, func(t *testing.T, dir string) storage.Store { return open(t, dir) }))
}

// open opens the store in dir for as long as the test lasts, or less.
func open(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Wait: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
