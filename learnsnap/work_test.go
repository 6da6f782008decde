package learnsnap_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

// watch follows a session in the background and returns its events.
func (h *house) watch(id string, after int) <-chan learnsnap.Event {
	events := make(chan learnsnap.Event, 200)
	go func() {
		defer close(events)
		for e, err := range h.Watch(h.t.Context(), "owner", id, after) {
			if err != nil {
				return
			}
			events <- e
		}
	}()
	return events
}

// next returns the next event of a kind.
func next(t *testing.T, events <-chan learnsnap.Event, kind learnsnap.EventKind) learnsnap.Event {
	t.Helper()
	for e := range events {
		if e.Kind == kind {
			return e
		}
	}
	t.Fatalf("the watch has ended before a %s came", kind)
	return learnsnap.Event{}
}

func TestPagesAreDeletedOnceAllTextsAreThere(t *testing.T) {
	model := newPaced()
	h := newHouse(t, model)
	h.run()
	made := h.create(photos(2), learnsnap.Options{Questions: 5})
	events := h.watch(made.ID, 0)
	model.say <- struct{}{}
	require.Equal(t, 1, next(t, events, learnsnap.PageEvent).Seq)
	require.Len(t, h.blobs(), 2)
	model.say <- struct{}{}
	model.say <- struct{}{}
	next(t, events, learnsnap.LessonEvent)
	require.Empty(t, h.blobs())
	close(model.say)
	next(t, events, learnsnap.DoneEvent)
}

func TestAnInterruptedQuizGoesOnFromItsItems(t *testing.T) {
	model := newPaced()
	h := newHouse(t, model)
	made := h.create(photos(2), learnsnap.Options{Questions: 5})
	for durable := range 8 { // more often than a job has attempts
		stop := h.run()
		ask := <-model.asked
		require.Len(t, ask.Pages, max(2-durable, 0))
		require.Equal(t, durable < 3, ask.Lesson)
		require.Equal(t, 5-max(durable-3, 0), ask.Questions)
		events := h.watch(made.ID, durable)
		if durable < 7 {
			model.say <- struct{}{}
			for e := range events {
				if e.Item != nil {
					require.Equal(t, durable+1, e.Seq)
					break
				}
			}
		}
		stop()
		<-model.left
		s, err := h.Session(t.Context(), "owner", made.ID)
		require.NoError(t, err)
		require.Equal(t, storage.Processing, s.Status)
	}
	close(model.say)
	h.run()
	ready := h.ended(made.ID)
	require.Equal(t, storage.Ready, ready.Status)
	require.Len(t, ready.Questions, 5)
	require.Equal(t, []string{"grant +10", "hold -2", "capture +0"}, h.ledger())
	require.Empty(t, h.seen.of(learnsnap.Failed))
	require.Empty(t, h.seen.of(learnsnap.Postponed))
}

func TestNothingIsShownBeforeItIsDurable(t *testing.T) {
	gate := &gatedStore{appended: make(chan int), let: make(chan struct{})}
	h := newHouse(t, goodModel(), func(c *learnsnap.ServiceConfig) {
		gate.Store = c.Store
		c.Store = gate
	})
	h.run()
	made := h.create(photos(1), learnsnap.Options{Questions: 5})
	events := h.watch(made.ID, 0)
	next(t, events, learnsnap.ProgressEvent)
	for seq := 1; seq <= 7; seq++ {
		require.Equal(t, seq, <-gate.appended)
		select {
		case e := <-events:
			require.Zero(t, e.Seq, "item %d is shown, but %d is on its way to the disk", e.Seq, seq)
		default:
		}
		gate.let <- struct{}{}
		for e := range events {
			if e.Item != nil {
				require.Equal(t, seq, e.Seq)
				break
			}
		}
	}
	next(t, events, learnsnap.DoneEvent)
}

// A gatedStore stores an item when it is let.
type gatedStore struct {
	storage.Store
	appended chan int
	let      chan struct{}
}

func (g *gatedStore) AppendItem(ctx context.Context, session string, claim int64, it storage.Item) error {
	g.appended <- it.Seq
	<-g.let
	return g.Store.AppendItem(ctx, session, claim, it)
}

func TestAWorkerThatLostItsSessionStopsAtOnce(t *testing.T) {
	model := newPaced()
	h := newHouse(t, model)
	h.run()
	made := h.create(photos(1), learnsnap.Options{Questions: 5})
	events := h.watch(made.ID, 0)
	model.say <- struct{}{}
	next(t, events, learnsnap.PageEvent)

	taken, err := h.store.ClaimSession(t.Context(), made.ID)
	require.NoError(t, err)
	require.EqualValues(t, 2, taken.Claim)
	model.say <- struct{}{}
	<-model.left // the call of the model has ended, too
	items, err := h.store.Items(t.Context(), made.ID, 0)
	require.NoError(t, err)
	require.Len(t, items, 1)
	require.Empty(t, h.seen.of(learnsnap.Failed))

	require.NoError(t, h.store.FinishSession(t.Context(), made.ID, taken.Claim, storage.Outcome{Status: storage.Failed, Code: "INTERNAL"}))
	require.Equal(t, learnsnap.Internal, next(t, events, learnsnap.FailedEvent).Session.Failure.Code)
}

func TestAWorkerWhoseSessionWasRemovedStopsAtOnce(t *testing.T) {
	model := newPaced()
	h := newHouse(t, model)
	h.run()
	made := h.create(photos(1), learnsnap.Options{Questions: 5})
	events := h.watch(made.ID, 0)
	model.say <- struct{}{}
	next(t, events, learnsnap.PageEvent)

	n, err := h.store.ExpireSessions(t.Context(), made.Expires.Add(time.Second), "EXPIRED", 1)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	model.say <- struct{}{} // the item finds no session
	<-model.left
	for range events { // until the watch has ended, too
	}
	require.Equal(t, []string{"grant +10", "hold -1", "release +1"}, h.ledger())
	require.Empty(t, h.seen.of(learnsnap.Failed))
}

func TestFailuresThatLastEndTheSessionAtOnce(t *testing.T) {
	unreadable := saying(func(a quiz.Ask) reply {
		r := reply{}
		for _, n := range a.Pages {
			r.Pages = append(r.Pages, quiz.Page{Page: n, Text: pageText(n)})
			if n > 1 {
				r.Pages[n-1] = quiz.Page{Page: n, Unreadable: "blurred"}
			}
		}
		return r
	})
	meagre := saying(func(a quiz.Ask) reply {
		r := answerTo(a)
		r.Questions = r.Questions[:max(4-len(a.Have), 0)]
		return r
	})
	for _, c := range []struct {
		name  string
		model ai.Model
		want  learnsnap.Failure
	}{
		{"pages that can't be read", aitest.NewScripted("test/m", unreadable), learnsnap.Failure{Code: learnsnap.RecaptureRequired, Pages: []int{2, 3}}},
		{"too little to ask", aitest.NewScripted("test/m", meagre), learnsnap.Failure{Code: learnsnap.TooFewQuestions}},
		{"nothing that reads photos", aitest.NewScripted("test/m", aitest.Broken("", coded("OCR_UNAVAILABLE"))), learnsnap.Failure{Code: learnsnap.OCRUnavailable}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, c.model)
			h.run()
			made := h.create(photos(3), learnsnap.Options{})
			failed := h.ended(made.ID)
			require.Equal(t, storage.Failed, failed.Status)
			require.Equal(t, &c.want, failed.Failure)
			require.Less(t, failed.Progress.Percent, 100)
			require.Equal(t, []string{"grant +10", "hold -3", "release +3"}, h.ledger())
			h.seen.wait(learnsnap.Failed)
			require.Empty(t, h.blobs())
			depth, err := h.store.Depth(t.Context())
			require.NoError(t, err)
			require.Zero(t, depth.Dead, "nothing for an operator to look at")
			_, err = h.Submit(t.Context(), "owner", made.ID, nil)
			require.Equal(t, learnsnap.NotReady, learnsnap.CodeOf(err))
		})
	}
}

func TestUnreadablePagesMayBeSkipped(t *testing.T) {
	model := aitest.NewScripted("test/m", saying(func(a quiz.Ask) reply {
		r := answerTo(a)
		if len(r.Pages) > 0 {
			r.Pages[0] = quiz.Page{Page: 1, Unreadable: "blank"}
		}
		return r
	}))
	h := newHouse(t, model)
	h.run()
	ready := h.ended(h.create(photos(2), learnsnap.Options{Questions: 5, SkipUnreadable: true}).ID)
	require.Equal(t, storage.Ready, ready.Status)
	require.Equal(t, "blank", ready.PageItems[0].Unreadable)
	require.Len(t, ready.Questions, 5)
}

func TestAQuizWaitsForModelsThatSayWhenToComeBack(t *testing.T) {
	busy := aitest.Broken("", &ai.Error{Kind: ai.RateLimited, After: time.Millisecond})
	model := aitest.NewScripted("test/m", slices.Concat(slices.Repeat([]aitest.Attempt{busy}, 5), []aitest.Attempt{good()})...)
	h := newHouse(t, ai.Failover(model))
	h.run()
	ready := h.ended(h.create(photos(1), learnsnap.Options{Questions: 5}).ID)
	require.Equal(t, storage.Ready, ready.Status)
	require.Len(t, h.seen.of(learnsnap.Postponed), 5, "more often than a job has attempts")
}

func TestAQuizFailsForGoodAfterItsAttempts(t *testing.T) {
	for name, model := range map[string]ai.Model{
		"a model that stays away too long": aitest.NewScripted("test/m", aitest.Broken("", &ai.Error{Kind: ai.QuotaExhausted, After: time.Hour})),
		"a model that panics":              aitest.NewScripted("test/m", aitest.Attempt{Answer: func(ai.Prompt) aitest.Attempt { panic("model") }}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // a job's attempts are seconds apart
			h := newHouse(t, model)
			h.run()
			made := h.create(photos(2), learnsnap.Options{})
			failed := h.ended(made.ID)
			require.Contains(t, []learnsnap.Code{learnsnap.GenerationFailed, learnsnap.Internal}, failed.Failure.Code)
			require.Len(t, h.seen.of(learnsnap.Postponed), 2)
			require.Len(t, h.seen.of(learnsnap.Failed), 1)
			require.Equal(t, []string{"grant +10", "hold -2", "release +2"}, h.ledger())
			require.Len(t, h.blobs(), 2, "an operator may try it again")
		})
	}
}

func TestAStoreThatFailsSpendsNoAttempt(t *testing.T) {
	sick := &sickStore{finished: make(chan error, 1)}
	h := newHouse(t, goodModel(), func(c *learnsnap.ServiceConfig) {
		sick.Store = c.Store
		c.Store = sick
	})
	made := h.create(photos(1), learnsnap.Options{})
	h.run()
	err := <-sick.finished
	var later interface{ RetryAfter() time.Duration }
	require.ErrorAs(t, err, &later)
	require.ErrorIs(t, err, errDisk)
	s, err := h.Session(t.Context(), "owner", made.ID)
	require.NoError(t, err)
	require.Equal(t, storage.Processing, s.Status)
	require.Len(t, h.seen.of(learnsnap.Postponed), 1)
}

var errDisk = errors.New("disk full")

// A sickStore can't append items, and tells what its jobs end in.
type sickStore struct {
	storage.Store
	finished chan error
}

func (s *sickStore) AppendItem(context.Context, string, int64, storage.Item) error { return errDisk }

func (s *sickStore) Work(ctx context.Context, c storage.WorkConfig, handle func(context.Context, storage.Job) error) error {
	return s.Store.Work(ctx, c, func(ctx context.Context, j storage.Job) error {
		err := handle(ctx, j)
		s.finished <- err
		return err
	})
}
