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
	"github.com/learnsnap/learnsnap-go/storage/sealed"
)

func cached(c *learnsnap.ServiceConfig) { c.Cache = func() bool { return true } }

// reader reads a photo's text out of its bytes, and asks about what the texts say.
func reader() *aitest.Scripted {
	return aitest.NewScripted("test/reader", aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
		return aitest.Complete(readAndAsk(p).String())
	}})
}

// readAndAsk answers a prompt: the photo that photos makes as its n-th holds the n-th
// page of facts, whichever number it has in the quiz.
func readAndAsk(p ai.Prompt) reply {
	a := askOf(p)
	r := answerTo(quiz.Ask{Lesson: a.Lesson})
	numbers := slices.Clone(a.Pages)
	for _, part := range p.Parts {
		if part.Media == nil {
			continue
		}
		body, err := part.Media.Open()
		if err != nil {
			panic(err)
		}
		photo := make([]byte, 32)
		n, _ := body.Read(photo)
		_ = body.Close()
		page := quiz.Page{Page: numbers[0], Text: pageText(int(photo[n-1] - '0')), Language: quiz.English}
		numbers = numbers[1:]
		r.Pages, a.Texts = append(r.Pages, page), append(a.Texts, page)
	}
	for _, text := range a.Texts {
		for n := 1; n <= 9; n++ {
			if pageText(n) != text.Text {
				continue
			}
			for _, f := range factsOf(n)[:a.Questions] {
				f.page = text.Page
				r.Questions = append(r.Questions, f.question())
			}
		}
	}
	return r
}

// imagesOf returns how many images each prompt held.
func imagesOf(m *aitest.Scripted) []int {
	var all []int
	for _, p := range m.Prompts() {
		n := 0
		for _, part := range p.Parts {
			if part.Media != nil {
				n++
			}
		}
		all = append(all, n)
	}
	return all
}

func (h *house) made(owner string, pages ...ai.Media) learnsnap.Session {
	h.t.Helper()
	s, err := h.Create(h.t.Context(), owner, pages, learnsnap.Options{Questions: 5})
	require.NoError(h.t, err)
	for e, err := range h.Watch(h.t.Context(), owner, s.ID, 1<<30) {
		require.NoError(h.t, err)
		if e.Session != nil {
			require.Equal(h.t, storage.Ready, e.Session.Status, "%+v", e.Session.Failure)
			return *e.Session
		}
	}
	h.t.Fatal("the watch has ended before the session")
	return learnsnap.Session{}
}

func TestAPhotoIsReadOnceForItsOwner(t *testing.T) {
	model := reader()
	h := newHouse(t, model, cached)
	h.run()
	all := photos(3)
	first := h.made("owner", all[0], all[1])
	require.Equal(t, []int{2}, imagesOf(model))

	again := h.made("owner", all[1], all[0]) // under other numbers
	require.Equal(t, []int{2, 0}, imagesOf(model))
	require.Equal(t, first.PageItems[0].Text, again.PageItems[1].Text)
	require.Equal(t, first.PageItems[1].Text, again.PageItems[0].Text)
	require.Equal(t, []int{1, 2}, []int{again.PageItems[0].Page, again.PageItems[1].Page})
	require.Len(t, again.Questions, 5)
	require.Contains(t, again.PageItems[0].Text, again.Questions[0].Evidence.Text)
	require.Empty(t, h.blobs(), "nobody needs the photos any more")

	require.Len(t, h.made("owner", all[2], all[0]).PageItems, 2)
	require.Equal(t, []int{2, 0, 1}, imagesOf(model), "what is new is read")
	h.made("owner", all[0], all[0])
	require.Equal(t, []int{2, 0, 1, 0}, imagesOf(model))
	require.Empty(t, h.seen.of(learnsnap.UpkeepFailed))
}

func TestATextIsNobodyElses(t *testing.T) {
	model := reader()
	h := newHouse(t, model, cached)
	h.run()
	h.made("owner", photos(1)...)
	h.made("another", photos(1)...)
	require.Equal(t, []int{1, 1}, imagesOf(model))
}

func TestATextGoesWithItsSession(t *testing.T) {
	for name, leave := range map[string]func(*testing.T, *house, learnsnap.Session){
		"erased": func(t *testing.T, h *house, s learnsnap.Session) {
			require.NoError(t, h.Erase(t.Context(), "owner", s.ID))
		},
		"its owner erased": func(t *testing.T, h *house, _ learnsnap.Session) {
			require.NoError(t, h.store.EraseOwner(t.Context(), "owner", "ERASED"))
		},
		"expired": func(_ *testing.T, h *house, _ learnsnap.Session) {
			h.now.move(25 * time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			model := reader()
			upkeep := make(chan struct{}, 100)
			h := newHouse(t, model, cached, func(c *learnsnap.ServiceConfig) { c.Store = swept{c.Store, upkeep} })
			stop := h.run()
			<-upkeep
			made := h.made("owner", photos(1)...)
			stop()
			leave(t, h, made)
			h.run()
			<-upkeep // to a clock that is a day ahead, pages that are being uploaded are old
			require.Eventually(t, func() bool {
				_, err := h.store.Session(t.Context(), made.ID)
				return errors.Is(err, storage.ErrNotFound)
			}, time.Minute, 5*time.Millisecond)
			h.made("owner", photos(1)...)
			require.Equal(t, []int{1, 1}, imagesOf(model))
		})
	}
}

func TestEveryPhotoIsReadWhileCachingIsOff(t *testing.T) {
	on := false
	for name, cache := range map[string]func() bool{"not set": nil, "off": func() bool { return on }} {
		t.Run(name, func(t *testing.T) {
			model := reader()
			h := newHouse(t, model, func(c *learnsnap.ServiceConfig) { c.Cache = cache })
			h.run()
			h.made("owner", photos(1)...)
			h.made("owner", photos(1)...)
			require.Equal(t, []int{1, 1}, imagesOf(model))
		})
	}
}

func TestAPhotoThatCouldNotBeReadIsTriedAgain(t *testing.T) {
	blind := aitest.NewScripted("test/blind", saying(func(a quiz.Ask) reply {
		r := answerTo(a)
		for i := range r.Pages {
			if r.Pages[i].Page == 2 {
				r.Pages[i] = quiz.Page{Page: 2, Unreadable: "blurred"}
			}
		}
		r.Lesson, r.Questions = nil, nil
		return r
	}))
	h := newHouse(t, blind, cached)
	h.run()
	for _, images := range []int{2, 1} { // the first page need not be sent again
		made := h.create(photos(2), learnsnap.Options{Questions: 5})
		require.Equal(t, &learnsnap.Failure{Code: learnsnap.RecaptureRequired, Pages: []int{2}}, h.ended(made.ID).Failure)
		sent := imagesOf(blind)
		require.Equal(t, images, sent[len(sent)-1])
	}
}

func TestTextsAreFoundAfterARestartAndUnderASeal(t *testing.T) {
	dir := t.TempDir()
	keys, err := sealed.ParseKeys("1111111111111111111111111111111111111111111111111111111111111111")
	require.NoError(t, err)
	model := reader()
	for range 2 {
		store := openStore(t, dir)
		h := houseOver(t, dir, store, model, cached, func(c *learnsnap.ServiceConfig) {
			c.Store, err = sealed.Open(t.Context(), store, sealed.Config{Keys: keys, Strict: true})
			require.NoError(t, err)
		})
		stop := h.run()
		h.made("owner", photos(1)...)
		stop()
		require.NoError(t, h.store.Check(t.Context()))
		require.NoError(t, store.Close())
	}
	require.Equal(t, []int{1, 0}, imagesOf(model))
}

// A worker that dies between two texts that it had found goes on with the second.
func TestAnInterruptedRecallGoesOn(t *testing.T) {
	model := reader()
	dir := t.TempDir()
	store := openStore(t, dir)
	h := houseOver(t, dir, store, model, cached)
	stop := h.run()
	h.made("owner", photos(2)...)
	stop()

	torn := &tornStore{Store: store, after: 1}
	broken := houseOver(t, dir, store, model, cached, func(c *learnsnap.ServiceConfig) { c.Store = torn })
	made := broken.create(photos(2), learnsnap.Options{Questions: 5})
	stop = broken.run()
	broken.seen.wait(learnsnap.Postponed)
	stop()
	items, err := store.Items(t.Context(), made.ID, 0)
	require.NoError(t, err)
	require.Len(t, items, 1)

	torn.after = 1 << 30
	broken.run()
	require.Equal(t, storage.Ready, broken.ended(made.ID).Status)
	require.Equal(t, []int{2, 0}, imagesOf(model))
}

// A tornStore stores so many items and then none.
type tornStore struct {
	storage.Store
	after int
}

func (s *tornStore) AppendItem(ctx context.Context, session string, claim int64, it storage.Item) error {
	if it.Seq > s.after {
		return errors.New("the disk is full")
	}
	return s.Store.AppendItem(ctx, session, claim, it)
}

// A store that has no answer about texts makes a quiz dearer, and is told of.
func TestAQuizDoesWithoutItsCache(t *testing.T) {
	model := reader()
	h := newHouse(t, model, cached, func(c *learnsnap.ServiceConfig) { c.Store = forgetful{c.Store} })
	h.run()
	h.made("owner", photos(1)...)
	h.made("owner", photos(1)...)
	require.Equal(t, []int{1, 1}, imagesOf(model))
	require.Len(t, h.seen.of(learnsnap.UpkeepFailed), 4)
}

// A forgetful store fails with texts.
type forgetful struct{ storage.Store }

func (forgetful) KeepText(context.Context, string, string, string, int) error {
	return errors.New("away")
}

func (forgetful) Text(context.Context, string, string) (string, storage.Item, error) {
	return "", storage.Item{}, errors.New("away")
}
