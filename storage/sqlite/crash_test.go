package sqlite_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
)

// Each process that dies with a job under way is counted, and spends no attempt.
func TestCrashesAreCounted(t *testing.T) {
	const crashes = 3
	dir := t.TempDir()
	store := open(t, dir)
	for _, id := range []string{"a", "b"} {
		require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: id, Owner: "amal"}, false))
	}
	for range crashes {
		require.NoError(t, store.Close())
		raw(t, dir, `UPDATE river_job SET state = 'running', attempt = attempt + 1 WHERE args ->> 'session' = 'a'`)
		store = open(t, dir)
	}
	require.NoError(t, store.Close())
	store = open(t, dir) // nothing was running: no crash

	seen := make(chan storage.Job, 2)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- store.Work(ctx, storage.WorkConfig{}, func(_ context.Context, j storage.Job) error {
			seen <- j
			return nil
		})
	}()
	got := map[string]storage.Job{}
	for range 2 {
		j := <-seen
		got[j.Session] = j
	}
	cancel()
	require.NoError(t, <-ended)
	require.Equal(t, map[string]storage.Job{
		"a": {Session: "a", Attempt: 1, MaxAttempts: 3, Crashes: crashes},
		"b": {Session: "b", Attempt: 1, MaxAttempts: 3},
	}, got)
}
