package sqlite_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestStoreKeepsItsContracts(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, dir string) storage.Store { return open(t, dir) })
}

// open opens the store in dir. Whoever closes it as part of a test may do so.
func open(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
