package learnsnap_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

// numbers returns the Seqs of events that have one.
func numbers(events []learnsnap.Event) []int {
	var seqs []int
	for _, e := range events {
		if e.Seq > 0 {
			seqs = append(seqs, e.Seq)
		}
	}
	return seqs
}

// upTo returns the numbers behind after, up to last.
func upTo(after, last int) []int {
	var seqs []int
	for n := after + 1; n <= last; n++ {
		seqs = append(seqs, n)
	}
	return seqs
}

func TestEveryWatcherGetsEachItemOnceInOrder(t *testing.T) {
	model := newPaced()
	h := newHouse(t, model)
	h.run()
	made := h.create(photos(2), learnsnap.Options{Questions: 20})
	const last = 2 + 1 + 20
	var watchers sync.WaitGroup
	got := make([][]learnsnap.Event, 60)
	for i := range got {
		if i%3 == 0 && i/3 < last { // some are there from the start, some come later
			model.say <- struct{}{}
		}
		watchers.Go(func() {
			for e, err := range h.Watch(t.Context(), "owner", made.ID, i%7) {
				if err != nil {
					t.Errorf("watcher %d: %v", i, err)
				}
				got[i] = append(got[i], e)
			}
		})
	}
	close(model.say)
	watchers.Wait()
	for i, events := range got {
		require.Equal(t, upTo(i%7, last), numbers(events))
		end := events[len(events)-1]
		require.Equal(t, learnsnap.DoneEvent, end.Kind)
		require.Equal(t, 100, end.Progress.Percent)
		require.Len(t, end.Session.Questions, 20)
		percent := 0
		for _, e := range events {
			require.GreaterOrEqual(t, e.Progress.Percent, percent)
			percent = e.Progress.Percent
		}
	}
}

func TestAWatchGoesOnWhereItWasCut(t *testing.T) {
	h := newHouse(t, goodModel())
	made := h.create(photos(2), learnsnap.Options{Questions: 6})
	var seen []learnsnap.Event
	cut := func(after int) (ended bool) { // takes one item
		for e, err := range h.Watch(t.Context(), "owner", made.ID, after) {
			require.NoError(t, err)
			if e.Session != nil {
				return true
			}
			if e.Seq > 0 {
				seen = append(seen, e)
				return false
			}
		}
		return false
	}
	h.run()
	for !cut(len(seen)) {
		require.Less(t, len(seen), 10)
	}
	require.Equal(t, upTo(0, 9), numbers(seen))
	require.Equal(t, []learnsnap.EventKind{"page", "page", "lesson", "question"}, []learnsnap.EventKind{seen[0].Kind, seen[1].Kind, seen[2].Kind, seen[3].Kind})
	require.Equal(t, learnsnap.Progress{Pages: 2, PagesTotal: 2, Questions: 1, QuestionsTotal: 6, Percent: 58}, seen[3].Progress)
}

func TestTheItemsComeBeforeTheProgress(t *testing.T) {
	h := newHouse(t, goodModel())
	stop := h.run()
	made := h.create(textPages(1, 1), learnsnap.Options{Questions: 5})
	h.ended(made.ID)
	stop()
	var kinds []learnsnap.EventKind
	for e, err := range h.Watch(t.Context(), "owner", made.ID, 5) {
		require.NoError(t, err)
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, []learnsnap.EventKind{"question", "question", "progress", "done"}, kinds)
}

func TestASlowWatcherHoldsUpNobody(t *testing.T) {
	h := newHouse(t, goodModel())
	made := h.create(textPages(1, 1), learnsnap.Options{Questions: 10})
	release, stuck := make(chan struct{}), make(chan struct{})
	slow := make(chan []int, 1)
	go func() {
		var got []learnsnap.Event
		for e := range h.Watch(context.Background(), "owner", made.ID, 0) {
			if got == nil {
				close(stuck)
			}
			<-release
			got = append(got, e)
		}
		slow <- numbers(got)
	}()
	<-stuck
	h.run()
	require.Len(t, h.ended(made.ID).Questions, 10)
	close(release)
	require.Equal(t, upTo(0, 12), <-slow)
}

func TestEndingTheContextEndsAWatch(t *testing.T) {
	h := newHouse(t, goodModel())
	made := h.create(textPages(1, 1), learnsnap.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	errs := 0
	for e, err := range h.Watch(ctx, "owner", made.ID, 0) {
		if err == nil {
			require.Equal(t, learnsnap.ProgressEvent, e.Kind)
			cancel()
			continue
		}
		errs++
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Equal(t, 1, errs)
}

// A countingStore counts the queries of those who look, and may refuse them.
type countingStore struct {
	storage.Store
	looks, reads atomic.Int64
	away         atomic.Bool
}

func (c *countingStore) Progress(ctx context.Context, ids []string) ([]storage.Progress, error) {
	c.looks.Add(1)
	if c.away.Load() {
		return nil, errors.New("the database is away")
	}
	return c.Store.Progress(ctx, ids)
}

func (c *countingStore) Items(ctx context.Context, id string, after int) ([]storage.Item, error) {
	c.reads.Add(1)
	return c.Store.Items(ctx, id, after)
}

// elsewhere works on a session as another process does, of which nobody here is
// told.
type elsewhere struct {
	t     *testing.T
	store storage.Store
	id    string
	claim int64
	items []learnsnap.Item
}

func (h *house) elsewhere(id string) *elsewhere {
	h.t.Helper()
	claimed, err := h.store.ClaimSession(h.t.Context(), id)
	require.NoError(h.t, err)
	parts, err := collect(h.t.Context(), newEngine(h.t, learnsnap.Config{Model: goodModel()}), learnsnap.Request{Pages: photos(2), Questions: 5})
	require.NoError(h.t, err)
	return &elsewhere{h.t, h.store, id, claimed.Claim, itemsOf(parts)}
}

func (w *elsewhere) append(seq int) {
	w.t.Helper()
	kept, err := learnsnap.MarshalItem(w.items[seq-1])
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.AppendItem(w.t.Context(), w.id, w.claim, kept))
}

func (w *elsewhere) finish(o storage.Outcome) {
	w.t.Helper()
	require.NoError(w.t, w.store.FinishSession(w.t.Context(), w.id, w.claim, o))
}

func TestAllWatchersTogetherLookOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counting := &countingStore{}
		h := newHouse(t, goodModel(), func(c *learnsnap.ServiceConfig) {
			counting.Store = c.Store
			c.Store = counting
		})
		var ids []string
		var workers []*elsewhere
		for range 5 {
			id := h.create(photos(2), learnsnap.Options{Questions: 5}).ID
			ids, workers = append(ids, id), append(workers, h.elsewhere(id))
		}
		var watchers sync.WaitGroup
		got := make([][]learnsnap.Event, 200)
		for i := range got {
			watchers.Go(func() {
				for e, err := range h.Watch(t.Context(), "owner", ids[i%5], 0) {
					if err != nil {
						t.Errorf("watcher %d: %v", i, err)
					}
					got[i] = append(got[i], e)
				}
			})
		}
		time.Sleep(time.Second + 100*time.Millisecond) // between two looks
		counting.looks.Store(0)
		counting.reads.Store(0)
		time.Sleep(10 * time.Second) // the bubble's clock
		require.EqualValues(t, 40, counting.looks.Load(), "one in 250 ms for 200 watchers")
		require.Zero(t, counting.reads.Load())

		for seq := 1; seq <= 8; seq++ {
			for _, w := range workers {
				w.append(seq)
			}
			time.Sleep(250 * time.Millisecond)
			synctest.Wait()
			for i := range got {
				require.Equal(t, upTo(0, seq), numbers(got[i]))
			}
		}
		require.EqualValues(t, 8*5, counting.reads.Load(), "what is new is read once for all who watch")

		counting.away.Store(true)
		workers[0].finish(storage.Outcome{Status: storage.Failed, Code: "GENERATION_FAILED", Detail: []byte(`{"pages":[2]}`)})
		for _, w := range workers[1:] {
			w.finish(storage.Outcome{Status: storage.Ready})
		}
		time.Sleep(time.Minute)
		counting.away.Store(false)
		watchers.Wait()
		for i, events := range got {
			end := events[len(events)-1]
			if i%5 == 0 {
				require.Equal(t, learnsnap.FailedEvent, end.Kind)
				require.Equal(t, &learnsnap.Failure{Code: learnsnap.GenerationFailed, Pages: []int{2}}, end.Session.Failure)
			} else {
				require.Equal(t, learnsnap.DoneEvent, end.Kind)
			}
		}
		looks := counting.looks.Load()
		time.Sleep(time.Minute)
		require.Equal(t, looks, counting.looks.Load(), "nobody looks where nobody watches")
	})
}

func TestWatchersPassTheLookingOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, goodModel())
		id := h.create(photos(2), learnsnap.Options{Questions: 5}).ID
		w := h.elsewhere(id)
		var watchers sync.WaitGroup
		for range 20 { // each leaves after an item, whoever was looking then
			watchers.Go(func() {
				after := 0
				for range 8 {
					for e := range h.Watch(t.Context(), "owner", id, after) {
						if e.Seq > 0 {
							after = e.Seq
							break
						}
					}
				}
			})
		}
		for seq := 1; seq <= 8; seq++ {
			time.Sleep(time.Second)
			w.append(seq)
		}
		watchers.Wait() // each has all eight
		w.finish(storage.Outcome{Status: storage.Ready})
		require.Equal(t, storage.Ready, h.ended(id).Status)
	})
}

func TestASessionThatIsRemovedEndsItsWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, goodModel())
		id := h.create(photos(1), learnsnap.Options{}).ID
		go func() {
			time.Sleep(time.Second)
			n, err := h.store.ExpireSessions(t.Context(), time.Now().Add(100*time.Hour), "EXPIRED", 10)
			if n != 1 || err != nil {
				t.Errorf("expired %d: %v", n, err)
			}
		}()
		var last error
		for _, err := range h.Watch(t.Context(), "owner", id, 0) {
			last = err
		}
		require.Equal(t, learnsnap.NotFound, learnsnap.CodeOf(last))
	})
}

func TestItemsOfALaterVersionAreNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, goodModel())
		id := h.create(photos(2), learnsnap.Options{Questions: 5}).ID
		w := h.elsewhere(id)
		require.NoError(t, h.store.AppendItem(t.Context(), id, w.claim, storage.Item{Seq: 1, Kind: "video", JSON: []byte("?")}))
		events := h.watch(id, 0)
		next(t, events, learnsnap.ProgressEvent)
		w.items = slices.Insert(w.items, 0, learnsnap.Item{})
		w.items[1].Seq, w.items[2].Seq = 2, 3
		w.append(2)
		require.Equal(t, 2, next(t, events, learnsnap.PageEvent).Seq)
		require.NoError(t, h.store.AppendItem(t.Context(), id, w.claim, storage.Item{Seq: 3, Kind: "video", JSON: []byte("?")}))
		w.finish(storage.Outcome{Status: storage.Failed, Code: "INTERNAL"})
		require.Len(t, next(t, events, learnsnap.FailedEvent).Session.PageItems, 1)
	})
}

func TestAnItemThatCannotBeReadIsOurFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, aitest.NewScripted("test/m", saying(func(quiz.Ask) reply { return reply{} })))
		id := h.create(photos(2), learnsnap.Options{Questions: 5}).ID
		w := h.elsewhere(id)
		errs := make(chan error, 1)
		go func() {
			var last error
			for _, err := range h.Watch(t.Context(), "owner", id, 0) {
				last = err
			}
			errs <- last
		}()
		time.Sleep(time.Second)
		require.NoError(t, h.store.AppendItem(t.Context(), id, w.claim, storage.Item{Seq: 1, Kind: "page", JSON: []byte("{")}))
		require.Equal(t, learnsnap.Internal, learnsnap.CodeOf(<-errs))
	})
}

// A delayedStore does something after a watcher has read, and before it is answered.
type delayedStore struct {
	storage.Store
	session, items atomic.Pointer[func()] // once each
}

func (d *delayedStore) Session(ctx context.Context, id string) (storage.Session, error) {
	s, err := d.Store.Session(ctx, id)
	if then := d.session.Swap(nil); then != nil {
		(*then)()
	}
	return s, err
}

func (d *delayedStore) Items(ctx context.Context, id string, after int) ([]storage.Item, error) {
	items, err := d.Store.Items(ctx, id, after)
	if then := d.items.Swap(nil); then != nil {
		(*then)()
	}
	return items, err
}

// What is made while a watcher comes is neither in what it has read nor told to it: a
// quiz that ends meanwhile must not end before that.
func TestAQuizThatEndsWhileAWatcherComesIsSeenWhole(t *testing.T) {
	delayed := &delayedStore{}
	model := newPaced()
	h := newHouse(t, model, func(c *learnsnap.ServiceConfig) {
		delayed.Store = c.Store
		c.Store = delayed
	})
	h.run()
	made := h.create(photos(1), learnsnap.Options{Questions: 5})
	const last = 1 + 1 + 5
	say := func(items int) {
		for {
			s, err := h.store.Session(t.Context(), made.ID)
			if err != nil || s.Items >= items {
				return
			}
			select {
			case model.say <- struct{}{}:
			case <-time.After(time.Millisecond): // it is about to be stored
			}
		}
	}
	say(3)
	whileBeginning, whileCatchingUp := func() { say(4) }, func() {
		close(model.say)
		h.seen.wait(learnsnap.Ready)
	}
	delayed.session.Store(&whileBeginning)
	delayed.items.Store(&whileCatchingUp)
	var got []learnsnap.Event
	for e, err := range h.Watch(t.Context(), "owner", made.ID, 0) {
		require.NoError(t, err)
		got = append(got, e)
	}
	require.Equal(t, upTo(0, last), numbers(got))
	require.Equal(t, learnsnap.DoneEvent, got[len(got)-1].Kind)
}
