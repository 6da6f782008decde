package sealed_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
)

// A key is changed while quizzes are written and read: nothing is lost, and in the end
// the old key is not needed.
func TestAKeyIsChangedUnderWrites(t *testing.T) {
	engine := under(t, t.TempDir())
	old := seal(t, engine, sealed.Config{Keys: keys(t, oldKey)})
	blobs := map[string]storage.Blob{}
	for i := range 40 {
		id := fmt.Sprint("old-", i)
		blobs[id] = write(t, old, id)
	}
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey, oldKey)})

	var writers sync.WaitGroup
	var stop atomic.Bool
	var written atomic.Int64
	errs := make(chan error, 4)
	for w := range cap(errs) {
		writers.Go(func() {
			for n := 0; !stop.Load() || n == 0; n++ {
				if err := quiz(context.Background(), store, fmt.Sprintf("new-%d-%d", w, n), n%40); err != nil {
					errs <- err
					return
				}
				written.Add(1)
			}
		})
	}
	for range 3 {
		require.NoError(t, store.Reseal(t.Context(), nil))
	}
	stop.Store(true)
	writers.Wait()
	close(errs)
	require.NoError(t, <-errs)
	require.Positive(t, written.Load())

	for id, blob := range blobs {
		require.Equal(t, secret+" page", content(t, store, id, blob), "the old key still opens pages")
	}
	alone := seal(t, engine, sealed.Config{Keys: keys(t, newKey), Strict: true})
	require.NoError(t, alone.Check(t.Context()))
	_, err := alone.OpenBlob(t.Context(), "old-0", blobs["old-0"].Hash)
	require.ErrorIs(t, err, sealed.ErrUnknownKey)
	_, err = sealed.Open(t.Context(), engine, sealed.Config{Keys: keys(t, oldKey)})
	require.ErrorIs(t, err, sealed.ErrUnknownKey)
}

// quiz writes a session, reports on an old one, and reads both.
func quiz(ctx context.Context, store storage.Store, id string, old int) error {
	if err := store.CreateSession(ctx, storage.Session{ID: id, Owner: "amal", Request: []byte(id)}, false); err != nil {
		return err
	}
	s, err := store.ClaimSession(ctx, id)
	if err != nil {
		return err
	}
	if err := store.AppendItem(ctx, id, s.Claim, storage.Item{Seq: 1, Kind: "page", JSON: []byte(id)}); err != nil {
		return err
	}
	about := fmt.Sprint("old-", old)
	if err := store.AddReport(ctx, storage.Report{Session: about, Question: "q1", Owner: "amal", Comment: id}); err != nil {
		return err
	}
	items, err := store.Items(ctx, id, 0)
	if err != nil {
		return err
	}
	if string(s.Request) != id || len(items) != 1 || string(items[0].JSON) != id {
		return errors.New("a quiz did not come back")
	}
	if items, err = store.Items(ctx, about, 0); err != nil || len(items) != 3 || !strings.HasPrefix(string(items[2].JSON), secret) {
		return errors.Join(errors.New("an old quiz did not come back"), err)
	}
	_, err = store.Reports(ctx, about)
	return err
}

func TestAResealThatWasStoppedIsRunAgain(t *testing.T) {
	engine := under(t, t.TempDir())
	old := seal(t, engine, sealed.Config{Keys: keys(t, oldKey)})
	for i := range 30 {
		write(t, old, fmt.Sprint("s", i))
	}
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey, oldKey)})
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, store.Reseal(ctx, func(seen, _ int) {
		if seen == 100 {
			cancel()
		}
	}), context.Canceled)
	_, err := sealed.Open(t.Context(), engine, sealed.Config{Keys: keys(t, newKey)})
	require.ErrorIs(t, err, sealed.ErrUnknownKey, "the old key is still needed")
	changed := 0
	require.NoError(t, store.Reseal(t.Context(), func(_, c int) { changed = c }))
	require.Less(t, changed, 30*7)
	require.NoError(t, seal(t, engine, sealed.Config{Keys: keys(t, newKey), Strict: true}).Check(t.Context()))
}

// A value that can't be opened ends a Reseal, and the keys stay.
func TestAResealStopsAtADamagedValue(t *testing.T) {
	engine := under(t, t.TempDir())
	write(t, seal(t, engine, sealed.Config{Keys: keys(t, oldKey)}), "a")
	place := storage.Place{Field: storage.ItemJSON, Session: "a", Seq: 2, Kind: "question"}
	put(t, engine, place, flip(values(t, engine)[place], 40))
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey, oldKey)})
	require.ErrorIs(t, store.Reseal(t.Context(), nil), sealed.ErrTampered)
	_, err := sealed.Open(t.Context(), engine, sealed.Config{Keys: keys(t, newKey)})
	require.ErrorIs(t, err, sealed.ErrUnknownKey)
}
