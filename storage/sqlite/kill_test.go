package sqlite_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

func TestAKilledProcessLosesNothing(t *testing.T) { killAndCheck(t, 20) }

func TestDrillAKilledProcessLosesNothing(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("200 kills; set LEARNSNAP_DRILL=1 to run them")
	}
	killAndCheck(t, 200)
}

// killAndCheck kills one process after the other on the same folder and then
// looks for everything that any of them was answered.
func killAndCheck(t *testing.T, kills int) {
	dir := t.TempDir()
	var answers []answer
	for n := range kills {
		answered := 0
		if n%4 > 0 {
			answered = 1 + rand.N(200)
		}
		answers = append(answers, liveAndDie(t, dir, answered)...)
	}
	store := open(t, dir)
	require.NoError(t, store.Check(t.Context()))
	for _, a := range answers {
		requireKept(t, store, a)
	}
	d, err := store.Depth(t.Context())
	require.NoError(t, err)
	require.Zero(t, d.Running, "a job that runs would be a dead worker's")
	t.Logf("%d kills, %d answers before them, %d jobs to go on with", kills, len(answers), d.Waiting)

	finishAll(t, store)
	require.NoError(t, store.Check(t.Context()))
	requireWhole(t, store)
	_, err = store.SweepBlobs(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	left, err := os.ReadDir(filepath.Join(dir, "blobs", ".unfinished"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// liveAndDie runs a process until a random moment, some milliseconds after so many
// answers, and returns what the store has answered to it. No answer means that the
// moment may come while it opens the store.
func liveAndDie(t *testing.T, dir string, answered int) []answer {
	p := spawn(t, dir)
	var answers []answer
	for len(answers) < answered {
		a, alive := p.next()
		require.True(t, alive, "it ended by itself")
		answers = append(answers, a)
	}
	longest := 5 * time.Millisecond
	if answered == 0 {
		longest = 100 * time.Millisecond
	}
	var killed sync.WaitGroup
	defer killed.Wait()
	killed.Go(func() {
		time.Sleep(rand.N(longest)) // the moment is the test's input
		_ = p.cmd.Process.Kill()
	})
	for a, alive := p.next(); alive; a, alive = p.next() {
		answers = append(answers, a)
	}
	state, err := p.cmd.Process.Wait()
	require.NoError(t, err)
	require.Equal(t, -1, state.ExitCode(), "it was killed; it did not fail")
	return answers
}

func TestAnInterruptedFirstOpenIsDoneByTheNext(t *testing.T) {
	for range 20 {
		dir := t.TempDir()
		liveAndDie(t, dir, 0)
		require.NoError(t, open(t, dir).Check(t.Context()))
	}
}

// requireKept looks for what was answered.
func requireKept(t *testing.T, store *sqlite.Store, a answer) {
	t.Helper()
	ctx := t.Context()
	switch a.Kind {
	case "grant":
		added, err := store.Grant(ctx, "amal", a.Session, 2)
		require.NoError(t, err)
		require.False(t, added, "the grant of %s is lost", a.Session)
	case "blob":
		r, err := store.OpenBlob(ctx, a.Session, a.Detail)
		require.NoError(t, err)
		require.NoError(t, r.Close())
	case "session":
		_, err := store.Session(ctx, a.Session)
		require.NoError(t, err)
	case "item":
		seq, err := strconv.Atoi(a.Detail)
		require.NoError(t, err)
		items, err := store.Items(ctx, a.Session, seq-1)
		require.NoError(t, err)
		require.NotEmpty(t, items, "item %d of %s is lost", seq, a.Session)
		require.Equal(t, seq, items[0].Seq)
	case "finish":
		s, err := store.Session(ctx, a.Session)
		require.NoError(t, err)
		require.Equal(t, a.Detail, string(s.Status))
	}
}

// finishAll works what is left.
func finishAll(t *testing.T, store *sqlite.Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- store.Work(ctx, storage.WorkConfig{Workers: 16, MaxAttempts: 1}, func(ctx context.Context, j storage.Job) error {
			return generate(ctx, store, j, func(answer) {})
		})
	}()
	require.Eventually(t, func() bool {
		d, err := store.Depth(ctx)
		return err == nil && d.Waiting == 0 && d.Running == 0
	}, 2*time.Minute, 20*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
	d, err := store.Depth(t.Context())
	require.NoError(t, err)
	require.Zero(t, d.Dead)
}

// requireWhole proves that each session ended with each item once, and that the
// ledger says of each exactly what its outcome asks.
func requireWhole(t *testing.T, store *sqlite.Store) {
	t.Helper()
	ctx := t.Context()
	entries, err := store.Entries(ctx, "amal", 0, 1<<30)
	require.NoError(t, err)
	sums := map[string]int{}
	for _, e := range entries {
		sums[e.Cause] += e.Pages
	}
	for id, sum := range sums {
		s, err := store.Session(ctx, id)
		if err != nil {
			require.ErrorIs(t, err, storage.ErrNotFound)
			require.Equal(t, 2, sum, "killed between the grant and the session")
			continue
		}
		want := map[storage.Status]int{storage.Ready: 0, storage.Failed: 2}[outcomeOf(id)]
		require.Equal(t, outcomeOf(id), s.Status)
		require.Equal(t, want, sum, "session %s", id)
		items, err := store.Items(ctx, id, 0)
		require.NoError(t, err)
		require.Len(t, items, itemsEach)
	}
}
