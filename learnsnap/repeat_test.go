package learnsnap_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

func TestACreationThatIsRepeatedIsTheSame(t *testing.T) {
	h := newHouse(t, newPaced())
	o := learnsnap.Options{Key: "k-1", Questions: 7}
	first := h.create(photos(2), o)
	require.False(t, first.Repeated)
	again := h.create(photos(2), o)
	require.True(t, again.Repeated)
	again.Repeated = false
	again.Created, again.Expires = first.Created, first.Expires // the store keeps microseconds
	require.Equal(t, first, again)
	require.Equal(t, []string{"grant +10", "hold -2"}, h.ledger())
	require.Len(t, h.blobs(), 2, "what the repetition sent is gone")

	other, err := h.Create(t.Context(), "other", photos(2), o)
	require.NoError(t, err, "a key is its owner's")
	require.NotEqual(t, first.ID, other.ID)
}

func TestAKeyIsForOneRequest(t *testing.T) {
	h := newHouse(t, newPaced())
	h.create(photos(2), learnsnap.Options{Key: "k-1"})
	reversed := photos(2)
	reversed[0], reversed[1] = reversed[1], reversed[0]
	for name, c := range map[string]struct {
		pages []ai.Media
		o     learnsnap.Options
	}{
		"another order":     {reversed, learnsnap.Options{}},
		"a page less":       {photos(1), learnsnap.Options{}},
		"another page":      {textPages(1, 1), learnsnap.Options{}},
		"other questions":   {photos(2), learnsnap.Options{Questions: 6}},
		"another language":  {photos(2), learnsnap.Options{Language: quiz.English}},
		"other types":       {photos(2), learnsnap.Options{Types: []quiz.Type{quiz.TrueFalse}}},
		"unreadable or not": {photos(2), learnsnap.Options{SkipUnreadable: true}},
	} {
		t.Run(name, func(t *testing.T) {
			c.o.Key = "k-1"
			_, err := h.Create(t.Context(), "owner", c.pages, c.o)
			require.Equal(t, learnsnap.KeyReused, learnsnap.CodeOf(err))
			require.Len(t, h.blobs(), 2)
		})
	}
	_, err := h.Create(t.Context(), "owner", photos(2), learnsnap.Options{Key: "k-1", Questions: learnsnap.DefaultQuestions})
	require.NoError(t, err, "what is left out and what stands for it are the same")
	require.Equal(t, []string{"grant +10", "hold -2"}, h.ledger())
}

func TestAKeyIsPrintableAndShort(t *testing.T) {
	h := newHouse(t, newPaced())
	for _, key := range []string{" ", "a b", "\x00", "مفتاح", strings.Repeat("k", learnsnap.MaxKey+1)} {
		_, err := h.Create(t.Context(), "owner", photos(1), learnsnap.Options{Key: key})
		require.Equal(t, learnsnap.InvalidRequest, learnsnap.CodeOf(err), "%q", key)
	}
	h.create(photos(1), learnsnap.Options{Key: strings.Repeat("k", learnsnap.MaxKey)})
}

// However many send the same, one session is made and one hold is taken, also when
// the balance is enough for one only.
func TestOneOfManyCopiesIsMade(t *testing.T) {
	copies := 10_000
	if testing.Short() || raceEnabled {
		copies = 1000
	}
	h := newHouse(t, newPaced(), func(c *learnsnap.ServiceConfig) { c.FreePages = 1 })
	var ids sync.Map
	var made, repeated, later atomic.Int32
	var all sync.WaitGroup
	for range copies {
		all.Go(func() {
			s, err := h.Create(t.Context(), "owner", textPages(1, 1), learnsnap.Options{Key: "k-1"})
			switch {
			case err == nil:
				ids.Store(s.ID, true)
				if s.Repeated {
					repeated.Add(1)
				} else {
					made.Add(1)
				}
			case learnsnap.CodeOf(err) == learnsnap.Unavailable:
				later.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, copies, made.Load()+repeated.Load()+later.Load())
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	require.Equal(t, 1, n)
	require.LessOrEqual(t, made.Load(), int32(1))
	require.Equal(t, []string{"grant +1", "hold -1"}, h.ledger())
	s, err := h.Create(t.Context(), "owner", textPages(1, 1), learnsnap.Options{Key: "k-1"})
	require.NoError(t, err, "a repetition afterwards has the answer")
	require.True(t, s.Repeated)
	t.Logf("%d made, %d repeated, %d told to come back", made.Load(), repeated.Load(), later.Load())
}

func TestAnErasedSessionIsGone(t *testing.T) {
	model := newPaced()
	h := newHouse(t, model)
	h.run()
	made := h.create(photos(2), learnsnap.Options{Key: "k-1"})
	events := h.watch(made.ID, 0)
	model.say <- struct{}{}
	next(t, events, learnsnap.PageEvent)
	require.Equal(t, learnsnap.NotFound, learnsnap.CodeOf(h.Erase(t.Context(), "somebody", made.ID)))
	require.NoError(t, h.Erase(t.Context(), "owner", made.ID))
	for range events { // it ends
	}
	_, err := h.Session(t.Context(), "owner", made.ID)
	require.Equal(t, learnsnap.NotFound, learnsnap.CodeOf(err))
	require.Equal(t, learnsnap.NotFound, learnsnap.CodeOf(h.Erase(t.Context(), "owner", made.ID)))
	require.Equal(t, 10, h.balance())
	require.Empty(t, h.blobs())
	close(model.say)
	again := h.create(photos(2), learnsnap.Options{Key: "k-1"})
	require.NotEqual(t, made.ID, again.ID, "its key is free")
}

func TestHistoryComesInPages(t *testing.T) {
	h := newHouse(t, newPaced())
	for range 3 {
		h.create(photos(1), learnsnap.Options{})
	}
	first, err := h.History(t.Context(), "owner", 0, 3)
	require.NoError(t, err)
	require.Len(t, first, 3)
	rest, err := h.History(t.Context(), "owner", first[2].ID, 3)
	require.NoError(t, err)
	require.Len(t, rest, 1)
	require.Equal(t, storage.Grant, rest[0].Action)
}

func TestAQuizIsWorkedOnBesideTheQueue(t *testing.T) {
	inline := true
	h := newHouse(t, goodModel(), func(c *learnsnap.ServiceConfig) { c.Inline = func() bool { return inline } })
	early := h.create(photos(1), learnsnap.Options{Questions: 5})
	stop := h.run()
	require.Equal(t, storage.Ready, h.ended(early.ID).Status, "nothing ran yet: it went through the queue")
	made := h.create(photos(1), learnsnap.Options{Questions: 5})
	require.Equal(t, storage.Ready, h.ended(made.ID).Status)
	d, err := h.store.Depth(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, d.Waiting, "the queue would have come back to it")
	inline = false
	queued := h.create(photos(1), learnsnap.Options{Questions: 5})
	require.Equal(t, storage.Ready, h.ended(queued.ID).Status)
	stop()
}

func TestAQuizThatKillsProcessesIsGivenUp(t *testing.T) {
	h := newHouse(t, newPaced())
	made := h.create(photos(2), learnsnap.Options{})
	crashing := &crashes{Store: h.store}
	service, err := learnsnap.NewService(learnsnap.ServiceConfig{
		Engine: newEngine(t, learnsnap.Config{Model: newPaced()}), Store: crashing, FreePages: 10,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(ctx) }()
	got := h.ended(made.ID)
	require.Equal(t, learnsnap.Internal, got.Failure.Code)
	require.Equal(t, 10, h.balance())
	require.Eventually(t, func() bool {
		dead, err := h.store.DeadJobs(t.Context(), 0, 10)
		return err == nil && len(dead) == 1 && dead[0].Cause == string(learnsnap.Internal) && dead[0].Owner == "owner"
	}, time.Minute, 10*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
}

// crashes is a store whose workers have died again and again.
type crashes struct{ storage.Store }

func (c *crashes) Work(ctx context.Context, w storage.WorkConfig, handle func(context.Context, storage.Job) error) error {
	return c.Store.Work(ctx, w, func(ctx context.Context, j storage.Job) error {
		j.Crashes = 5
		return handle(ctx, j)
	})
}
