package learnsnap_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap"
)

func TestPagesArePreparedAsManyAtATimeAsThereAreCores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most, calls atomic.Int64
		e := newEngine(t, learnsnap.Config{Model: goodModel(), Prepare: func(_ context.Context, m ai.Media) (ai.Media, error) {
			calls.Add(1)
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Second) // the bubble's clock
			now.Add(-1)
			m.Type = "image/prepared"
			return m, nil
		}})
		_, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(20)})
		require.NoError(t, err)
		require.EqualValues(t, 20, calls.Load())
		require.EqualValues(t, min(runtime.GOMAXPROCS(0), 20), most.Load())
	})
}

func TestModelsSeePreparedPagesInOrder(t *testing.T) {
	model := goodModel()
	e := newEngine(t, learnsnap.Config{Model: model, Prepare: func(_ context.Context, m ai.Media) (ai.Media, error) {
		r, err := m.Open()
		if err != nil {
			return ai.Media{}, err
		}
		body, err := io.ReadAll(r)
		return media("image/prepared", "prepared "+string(body)), errors.Join(err, r.Close())
	}})
	_, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(12)})
	require.NoError(t, err)
	parts := model.Prompts()[0].Parts
	require.Len(t, parts, 13)
	for i, p := range parts[:12] {
		r, err := p.Media.Open()
		require.NoError(t, err)
		body, err := io.ReadAll(r)
		require.NoError(t, err)
		want, err := photos(12)[i].Open()
		require.NoError(t, err)
		original, err := io.ReadAll(want)
		require.NoError(t, err)
		require.Equal(t, "prepared "+string(original), string(body))
	}
}

func TestErrorsOfPreparingNameTheirPages(t *testing.T) {
	other := errors.New("disk")
	for _, c := range []struct {
		name  string
		fail  map[int64]error // by size: a page knows not its number
		code  learnsnap.Code
		pages []int
	}{
		{"one that has a code", map[int64]error{2: coded("CORRUPT_PAGE")}, learnsnap.CorruptPage, []int{2}},
		{"two of one kind, and another", map[int64]error{1: coded("IMAGE_TOO_LARGE"), 2: other, 4: coded("IMAGE_TOO_LARGE")}, learnsnap.ImageTooLarge, []int{1, 4}},
		{"one that has none", map[int64]error{3: other}, learnsnap.Internal, []int{3}},
		{"one of ours", map[int64]error{3: &learnsnap.Error{Code: learnsnap.HEICUnavailable}}, learnsnap.HEICUnavailable, []int{3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			model := goodModel()
			e := newEngine(t, learnsnap.Config{Model: model, Prepare: func(_ context.Context, m ai.Media) (ai.Media, error) {
				return m, c.fail[m.Size]
			}})
			var pages []ai.Media
			for n := range 4 {
				pages = append(pages, media("image/png", strings.Repeat("x", n+1)))
			}
			_, err := e.Generate(t.Context(), learnsnap.Request{Pages: pages})
			var failed *learnsnap.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, c.code, failed.Code)
			require.Equal(t, c.pages, failed.Pages)
			require.Empty(t, model.Prompts())
		})
	}
}

func TestAPanicOfADecoderIsItsPagesError(t *testing.T) {
	e := newEngine(t, learnsnap.Config{Model: goodModel(), Prepare: func(_ context.Context, m ai.Media) (ai.Media, error) {
		panic("decoder")
	}})
	_, err := e.Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
	require.Equal(t, learnsnap.Internal, learnsnap.CodeOf(err))
	require.ErrorContains(t, err, "page 1")
}

func TestPreparingEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e := newEngine(t, learnsnap.Config{Model: goodModel(), Prepare: func(ctx context.Context, m ai.Media) (ai.Media, error) {
		cancel()
		<-ctx.Done()
		return m, ctx.Err()
	}})
	_, err := e.Generate(ctx, learnsnap.Request{Pages: photos(3)})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, learnsnap.Unavailable, learnsnap.CodeOf(err))
}

// readAs returns a page's text as it is when it was sent as that.
func readAs(t *testing.T, sent string) string {
	t.Helper()
	e := newEngine(t, learnsnap.Config{Model: goodModel()})
	for part, err := range e.Stream(t.Context(), learnsnap.Request{Pages: []ai.Media{media("text/plain", sent)}}) {
		require.NoError(t, err)
		return part.Item.Page.Text
	}
	return ""
}

func TestTextPagesAreUnwrapped(t *testing.T) {
	for _, c := range []struct{ name, sent, want string }{
		{
			"a column",
			"Water in nature is always moving from one place\nto another, and this motion has no beginning and\nno end.\n\nThe sun warms it.",
			"Water in nature is always moving from one place to another, and this motion has no beginning and no end.\n\nThe sun warms it.",
		},
		{
			"an Arabic column",
			"تتحرك المياه في الطبيعة دائمًا من مكان إلى آخر في\nدورة لا بداية لها ولا نهاية تعرف عند العلماء بدورة\nالماء.",
			"تتحرك المياه في الطبيعة دائمًا من مكان إلى آخر في دورة لا بداية لها ولا نهاية تعرف عند العلماء بدورة الماء.",
		},
		{
			"a heading, and a list",
			"The water cycle\nWater in nature is always moving from one place\n- the sun warms the water of the sea and of lakes\n- vapour rises\n1. rain falls and flows back to where it came from\n2) it goes on",
			"The water cycle\nWater in nature is always moving from one place\n- the sun warms the water of the sea and of lakes\n- vapour rises\n1. rain falls and flows back to where it came from\n2) it goes on",
		},
		{
			"paragraphs in a line each",
			strings.Repeat("A long paragraph that was never broken. ", 5) + "\nAnother one.",
			strings.TrimSpace(strings.Repeat("A long paragraph that was never broken. ", 5)) + "\nAnother one.",
		},
		{"verse", "The sun is high\nThe sea is low\nThe wind goes by", "The sun is high\nThe sea is low\nThe wind goes by"},
		{"a compound at the end of a line", "This is what people of the coast call a well-\nknown thing among all others.", "This is what people of the coast call a well-known thing among all others."},
		{"what editors leave", "\uFEFFOne line\t here. \r\nAnother\x00 one.\f", "One line  here.\nAnother one."},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, readAs(t, c.sent)) })
	}
}

func TestAModelsLinesAreUnwrappedToo(t *testing.T) {
	sent := "Water in nature is always moving from one place\nto another, and this motion has no beginning and\nno end."
	for name, want := range map[string]string{"test/m": strings.ReplaceAll(sent, "\n", " "), "offline/rules": sent} {
		model := aitest.NewScripted(name, aitest.Complete(`{"pages":[{"page":1,"text":`+quoted(sent)+`}]}`))
		for part, err := range newEngine(t, learnsnap.Config{Model: model}).Stream(t.Context(), learnsnap.Request{Pages: photos(1)}) {
			require.NoError(t, err)
			require.Equal(t, want, part.Item.Page.Text)
			break
		}
	}
}
