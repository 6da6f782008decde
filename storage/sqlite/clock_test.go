package sqlite_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
)

func TestAClockThatJumpsDelaysNothing(t *testing.T) {
	var ahead atomic.Int64
	storagetest.Clock(t, storagetest.ClockConfig{
		Open: func(t *testing.T) storage.Store {
			store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir(), Now: func() time.Time {
				return time.Now().Round(0).Add(time.Duration(ahead.Load())) // a wall clock alone
			}})
			require.NoError(t, err)
			return store
		},
		Set: func(d time.Duration) { ahead.Store(int64(d)) },
	})
}
