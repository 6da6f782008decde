package sqlite_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage/sqlite"

	"github.com/learnsnap/learnsnap-go/storage"
)

// A step that fails after it has written must undo its own writes and nobody
// else's: SQLite's ABORT leaves the transaction, its ROLLBACK takes it from all.
func TestAFailedWriteUndoesOnlyItself(t *testing.T) {
	for _, fault := range []string{"ABORT", "ROLLBACK"} {
		t.Run(fault, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, open(t, dir).Close())
			raw(t, dir, fmt.Sprintf(`CREATE TRIGGER fault AFTER INSERT ON items WHEN new.kind = 'bad'
				BEGIN SELECT RAISE(%s, 'a fault of the test'); END`, fault))
			store := open(t, dir)

			const sessions, items = 40, 10
			var appenders sync.WaitGroup
			for i := range sessions {
				id := fmt.Sprint("s", i)
				require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: id, Owner: "amal"}, false))
				s, err := store.ClaimSession(t.Context(), id)
				require.NoError(t, err)
				appenders.Go(func() {
					for seq := 1; seq <= items; seq++ {
						if i%4 == 0 {
							err := store.AppendItem(t.Context(), id, s.Claim, storage.Item{Seq: seq, Kind: "bad", JSON: []byte(`{}`)})
							if !failedAsMeant(err) {
								t.Errorf("item %d of %s: %v", seq, id, err)
							}
						}
						if err := store.AppendItem(t.Context(), id, s.Claim, storage.Item{Seq: seq, JSON: []byte(`{}`)}); err != nil {
							t.Errorf("item %d of %s: %v", seq, id, err)
						}
					}
				})
			}
			appenders.Wait()
			for i := range sessions {
				s, err := store.Session(t.Context(), fmt.Sprint("s", i))
				require.NoError(t, err)
				require.Equal(t, items, s.Items)
			}
			require.NoError(t, store.Check(t.Context()))
		})
	}
}

func failedAsMeant(err error) bool {
	return err != nil && strings.Contains(err.Error(), "a fault of the test")
}

// Somebody else, a backup tool perhaps, locks the database and does not let go.
func TestAWriteThatGetsNoTurnIsTurnedAway(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for seconds")
	}
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Wait: 100 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	db := database(t, dir)
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`BEGIN IMMEDIATE`)
	require.NoError(t, err)
	errs := make([]error, callersAtOnce)
	var callers sync.WaitGroup
	for i := range errs {
		callers.Go(func() { _, errs[i] = store.Grant(t.Context(), "amal", fmt.Sprint(i), 1) })
	}
	callers.Wait()
	for _, err := range errs {
		var refusal interface{ RetryAfter() time.Duration }
		require.ErrorAs(t, err, &refusal)
		require.Positive(t, refusal.RetryAfter())
	}
	require.Positive(t, store.Stats().Refused)
	_, err = store.Balance(t.Context(), "amal")
	require.NoError(t, err, "reads go on")

	_, err = db.Exec(`COMMIT`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.NoError(t, store.Ping(t.Context()))
	pages, err := store.Balance(t.Context(), "amal")
	require.NoError(t, err)
	require.Zero(t, pages, "what was refused never happens")
}

const callersAtOnce = 20

// A watched context counts how often somebody waits for its end.
type watched struct {
	context.Context
	looks *atomic.Int32
}

func (c watched) Done() <-chan struct{} {
	c.looks.Add(1)
	return c.Context.Done()
}

func TestAWriteThatIsGivenUpInTimeNeverHappens(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	db := database(t, dir)
	db.SetMaxOpenConns(1)
	_, err := db.Exec(`BEGIN IMMEDIATE`) // the writer takes one caller's step and waits here
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	var looks atomic.Int32
	var callers sync.WaitGroup
	for i := range callersAtOnce {
		callers.Go(func() {
			if _, err := store.Grant(watched{ctx, &looks}, "amal", fmt.Sprint(i), 1); err == nil {
				t.Error("answered while the database was locked")
			}
		})
	}
	// A caller looks once while it hands its step over and once while it waits.
	require.Eventually(t, func() bool { return looks.Load() == 2*callersAtOnce }, time.Minute, time.Millisecond)
	cancel()
	callers.Wait()
	_, err = db.Exec(`COMMIT`)
	require.NoError(t, err)
	require.NoError(t, db.Close())

	require.NoError(t, store.Ping(t.Context())) // comes after all that was handed over
	pages, err := store.Balance(t.Context(), "amal")
	require.NoError(t, err)
	require.LessOrEqual(t, pages, 1, "only the step that the writer had taken may have happened")
}
