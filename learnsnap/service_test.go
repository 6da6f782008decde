package learnsnap_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// A house is a service over a real store, and what it observes.
type house struct {
	*learnsnap.Service
	t     *testing.T
	dir   string
	store *sqlite.Store
	seen  *recorder
	now   *clock
}

// A clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func openStore(t *testing.T, dir string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Wait: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// newHouse makes a service over a new store; change may change its configuration.
func newHouse(t *testing.T, model ai.Model, change ...func(*learnsnap.ServiceConfig)) *house {
	t.Helper()
	dir := t.TempDir()
	return houseOver(t, dir, openStore(t, dir), model, change...)
}

func houseOver(t *testing.T, dir string, store *sqlite.Store, model ai.Model, change ...func(*learnsnap.ServiceConfig)) *house {
	t.Helper()
	h := &house{t: t, dir: dir, store: store, seen: &recorder{}, now: &clock{at: time.Now()}}
	config := learnsnap.ServiceConfig{
		Engine: newEngine(t, learnsnap.Config{Model: model, Observer: h.seen}),
		Store:  h.store, Observer: h.seen, FreePages: 10, Now: h.now.Now,
	}
	for _, c := range change {
		c(&config)
	}
	var err error
	h.Service, err = learnsnap.NewService(config)
	require.NoError(t, err)
	return h
}

// run works in the background until stop is called, or the test ends.
func (h *house) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(h.t, <-done)
	})
	h.t.Cleanup(stop)
	return stop
}

// create makes a session of photos, or of what is given.
func (h *house) create(pages []ai.Media, o learnsnap.Options) learnsnap.Session {
	h.t.Helper()
	s, err := h.Create(h.t.Context(), "owner", pages, o)
	require.NoError(h.t, err)
	return s
}

// ended waits until a session has ended and returns it.
func (h *house) ended(id string) learnsnap.Session {
	h.t.Helper()
	for e, err := range h.Watch(h.t.Context(), "owner", id, 1<<30) {
		require.NoError(h.t, err)
		if e.Session != nil {
			return *e.Session
		}
	}
	h.t.Fatal("the watch has ended before the session")
	return learnsnap.Session{}
}

// blobs returns the files that the store keeps of uploads.
func (h *house) blobs() []string {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.dir, "blobs", "*", "*"))
	require.NoError(h.t, err)
	hidden, err := filepath.Glob(filepath.Join(h.dir, "blobs", ".*", "*"))
	require.NoError(h.t, err)
	return append(files, hidden...)
}

// ledger returns what the owner's entries say, oldest first.
func (h *house) ledger() []string {
	h.t.Helper()
	entries, err := h.store.Entries(h.t.Context(), "owner", 0, 100)
	require.NoError(h.t, err)
	var lines []string
	for _, e := range entries {
		lines = append([]string{fmt.Sprintf("%s %+d", e.Action, e.Pages)}, lines...)
	}
	return lines
}

func (h *house) balance() int {
	h.t.Helper()
	pages, err := h.Balance(h.t.Context(), "owner")
	require.NoError(h.t, err)
	return pages
}

func TestAQuizFromPhotosToResult(t *testing.T) {
	h := newHouse(t, goodModel())
	require.Equal(t, 10, h.balance())
	made := h.create(photos(2), learnsnap.Options{Questions: 8})
	require.Equal(t, storage.Queued, made.Status)
	require.Equal(t, 2, made.Pages)
	require.Regexp(t, `^[A-Za-z0-9_-]{22,}$`, made.ID)
	require.Equal(t, 8, h.balance())
	require.Len(t, h.blobs(), 2)

	waiting, err := h.Session(t.Context(), "owner", made.ID)
	require.NoError(t, err)
	require.Equal(t, storage.Queued, waiting.Status)
	require.Zero(t, waiting.Progress.Percent)
	_, err = h.Submit(t.Context(), "owner", made.ID, nil)
	require.Equal(t, learnsnap.NotReady, learnsnap.CodeOf(err))

	h.run()
	ready := h.ended(made.ID)
	require.Equal(t, storage.Ready, ready.Status)
	require.Equal(t, learnsnap.Progress{Pages: 2, PagesTotal: 2, Questions: 8, QuestionsTotal: 8, Percent: 100}, ready.Progress)
	require.Len(t, ready.PageItems, 2)
	require.NotNil(t, ready.Lesson)
	require.Len(t, ready.Questions, 8)
	require.Equal(t, quiz.English, ready.Language)
	require.Nil(t, ready.Failure)
	require.Empty(t, h.blobs(), "the pages go once their texts are there")
	_, err = h.Result(t.Context(), "owner", made.ID)
	require.Equal(t, learnsnap.NotReady, learnsnap.CodeOf(err))

	answers := map[string]quiz.Answer{}
	for _, q := range ready.Questions[:5] {
		answers[q.ID] = q.Key()
	}
	for name, wrong := range map[string]map[string]quiz.Answer{
		"a question that is not there": {"q99": {Text: "A"}},
		"another shape":                {"q1": {Bool: new(bool)}},
	} {
		_, err = h.Submit(t.Context(), "owner", made.ID, wrong)
		require.Equal(t, learnsnap.InvalidAnswers, learnsnap.CodeOf(err), name)
	}
	result, err := h.Submit(t.Context(), "owner", made.ID, answers)
	require.NoError(t, err)
	require.Equal(t, 5, result.Score)
	require.Equal(t, 8, result.Total)
	require.Contains(t, pageText(1)+pageText(2), result.Results[7].Evidence.Text)

	_, err = h.Submit(t.Context(), "owner", made.ID, answers)
	require.Equal(t, learnsnap.AlreadySubmitted, learnsnap.CodeOf(err))
	again, err := h.Result(t.Context(), "owner", made.ID)
	require.NoError(t, err)
	require.Equal(t, toJSON(t, result), toJSON(t, again))
	completed := h.ended(made.ID)
	require.Equal(t, storage.Completed, completed.Status)
	require.Equal(t, 5, completed.Result.Score)

	require.Equal(t, []string{"grant +10", "hold -2", "capture +0"}, h.ledger())
	require.Len(t, h.seen.of(learnsnap.Created), 1)
	require.Len(t, h.seen.of(learnsnap.FirstQuestion), 1)
	require.Len(t, h.seen.of(learnsnap.Ready), 1)
	require.Len(t, h.seen.of(learnsnap.Accepted), 2+1+8)
	require.Len(t, h.seen.of(learnsnap.PagesMoved), 3)
}

func TestAnswersAreKeptOnceHoweverManyHandThemIn(t *testing.T) {
	h := newHouse(t, goodModel())
	h.run()
	made := h.create(textPages(1, 1), learnsnap.Options{Questions: 5})
	h.ended(made.ID)
	codes := make(chan learnsnap.Code, 8)
	for range cap(codes) {
		go func() {
			_, err := h.Submit(context.Background(), "owner", made.ID, nil)
			codes <- learnsnap.CodeOf(err)
		}()
	}
	count := map[learnsnap.Code]int{}
	for range cap(codes) {
		count[<-codes]++
	}
	require.Equal(t, map[learnsnap.Code]int{"": 1, learnsnap.AlreadySubmitted: 7}, count)
}

func TestNobodySeesAnothersSession(t *testing.T) {
	h := newHouse(t, goodModel())
	made := h.create(textPages(1, 1), learnsnap.Options{})
	for _, who := range []struct{ owner, id string }{{"other", made.ID}, {"owner", "nothing"}, {"owner", "../" + made.ID}, {"", ""}} {
		_, err := h.Session(t.Context(), who.owner, who.id)
		require.Equal(t, learnsnap.NotFound, learnsnap.CodeOf(err))
		_, err = h.Submit(t.Context(), who.owner, who.id, nil)
		require.Equal(t, learnsnap.NotFound, learnsnap.CodeOf(err))
		_, err = h.Result(t.Context(), who.owner, who.id)
		require.Equal(t, learnsnap.NotFound, learnsnap.CodeOf(err))
		err = h.Report(t.Context(), who.owner, who.id, learnsnap.Report{Question: "q1", Reason: "wrong"})
		require.Equal(t, learnsnap.NotFound, learnsnap.CodeOf(err))
		for _, err := range h.Watch(t.Context(), who.owner, who.id, 0) {
			require.Equal(t, learnsnap.NotFound, learnsnap.CodeOf(err))
		}
	}
}

func TestReportsAreAboutQuestionsThatAreThere(t *testing.T) {
	h := newHouse(t, goodModel())
	h.run()
	made := h.create(textPages(1, 1), learnsnap.Options{Questions: 5})
	h.ended(made.ID)
	for _, bad := range []learnsnap.Report{
		{Question: "q1"},
		{Question: "q6", Reason: "wrong_key"},
		{Question: "q1", Reason: strings.Repeat("x", 65)},
		{Question: "q1", Reason: "wrong_key", Comment: strings.Repeat("x", 2001)},
	} {
		require.Equal(t, learnsnap.InvalidRequest, learnsnap.CodeOf(h.Report(t.Context(), "owner", made.ID, bad)))
	}
	require.NoError(t, h.Report(t.Context(), "owner", made.ID, learnsnap.Report{Question: "q2", Reason: "unclear", Comment: "?"}))
	require.NoError(t, h.Report(t.Context(), "owner", made.ID, learnsnap.Report{Question: "q2", Reason: "wrong_key"}))
	kept, err := h.store.Reports(t.Context(), made.ID)
	require.NoError(t, err)
	require.Len(t, kept, 1)
	require.Equal(t, "wrong_key", kept[0].Reason)
}

func TestSessionsEndWithTheirTime(t *testing.T) {
	upkeep := make(chan struct{}, 1)
	h := newHouse(t, goodModel(), func(c *learnsnap.ServiceConfig) {
		c.TTL = time.Hour
		c.Store = swept{c.Store, upkeep}
	})
	made := h.create(photos(2), learnsnap.Options{})
	h.now.move(time.Hour + time.Second)
	_, err := h.Session(t.Context(), "owner", made.ID)
	require.Equal(t, learnsnap.Expired, learnsnap.CodeOf(err))

	h.run() // upkeep is the first thing that it does
	<-upkeep
	require.Empty(t, h.blobs())
	require.Equal(t, 10, h.balance())
	_, err = h.Session(t.Context(), "owner", made.ID)
	require.Equal(t, learnsnap.NotFound, learnsnap.CodeOf(err))
	require.Equal(t, []string{"grant +10", "hold -2", "release +2"}, h.ledger())
}

// swept is a store that says when upkeep has been by.
type swept struct {
	storage.Store
	upkeep chan<- struct{}
}

func (s swept) SweepBlobs(ctx context.Context, before time.Time) (int, error) {
	n, err := s.Store.SweepBlobs(ctx, before)
	s.upkeep <- struct{}{}
	return n, err
}

func TestPagesAreCountedUnlessTheyAreNot(t *testing.T) {
	h := newHouse(t, goodModel(), func(c *learnsnap.ServiceConfig) { c.FreePages = 0 })
	h.create(photos(2), learnsnap.Options{})
	require.Equal(t, []string{"grant +2", "hold -2"}, h.ledger(), "they are given when they are needed")
	_, err := h.Create(t.Context(), "owner", photos(1), learnsnap.Options{})
	require.Equal(t, learnsnap.InsufficientCredits, learnsnap.CodeOf(err))
	require.Equal(t, 0, h.balance())
	require.Len(t, h.blobs(), 2, "nothing is left of what was not created")

	free := newHouse(t, goodModel(), func(c *learnsnap.ServiceConfig) { c.FreePages = -1 })
	free.create(photos(20), learnsnap.Options{})
	require.Equal(t, -1, free.balance())
	require.Empty(t, free.ledger())
}

func TestSwitchesStopWhatIsNew(t *testing.T) {
	var mu sync.Mutex
	on := map[string]bool{}
	set := func(flag string, to bool) {
		mu.Lock()
		defer mu.Unlock()
		on[flag] = to
	}
	h := newHouse(t, goodModel(), func(c *learnsnap.ServiceConfig) {
		c.Enabled = func(flag string) bool {
			mu.Lock()
			defer mu.Unlock()
			return on[flag]
		}
	})
	made := h.create(photos(1), learnsnap.Options{Questions: 5})
	for _, flag := range []string{learnsnap.FlagReadOnly, learnsnap.FlagGenerationStopped} {
		set(flag, true)
		_, err := h.Create(t.Context(), "owner", photos(1), learnsnap.Options{})
		require.Equal(t, learnsnap.Unavailable, learnsnap.CodeOf(err))
		set(flag, false)
	}
	h.run()
	h.ended(made.ID)
	set(learnsnap.FlagReadOnly, true)
	_, err := h.Submit(t.Context(), "owner", made.ID, nil)
	require.Equal(t, learnsnap.Unavailable, learnsnap.CodeOf(err))
	err = h.Report(t.Context(), "owner", made.ID, learnsnap.Report{Question: "q1", Reason: "x"})
	require.Equal(t, learnsnap.Unavailable, learnsnap.CodeOf(err))
	_, err = h.Session(t.Context(), "owner", made.ID)
	require.NoError(t, err)
	require.Len(t, h.blobs(), 0)
}

func TestAServiceNeedsAnEngineAndAStore(t *testing.T) {
	_, err := learnsnap.NewService(learnsnap.ServiceConfig{})
	require.Error(t, err)
	_, err = learnsnap.NewService(learnsnap.ServiceConfig{Engine: newEngine(t, learnsnap.Config{Model: goodModel()})})
	require.Error(t, err)
}
