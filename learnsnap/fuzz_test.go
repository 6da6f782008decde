package learnsnap_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// FuzzReply feeds an engine with whatever a model may say: what it takes is
// numbered, of the shape it claims, survives the store, and can be gone on from.
func FuzzReply(f *testing.F) {
	answer := answerTo(quiz.Ask{Pages: []int{1, 2}, Lesson: true, Questions: 5})
	for i := range answer.Pages { // short: a fuzzer minimizes what it finds
		answer.Pages[i].Text = strings.Join(strings.Split(answer.Pages[i].Text, "\n")[:3], "\n")
	}
	whole := answer.String()
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(`{"pages":[{"page":1,"unreadable":"blurred"},{"page":2,"text":"` + strings.Repeat("x ", 50) + `","weak":[{"start":0,"end":1}]}]}`)
	f.Add(`{"lesson":{"title":"a","summary":"b","keyPoints":["c"],"steps":[{"type":"practice","content":"d","options":["e"]}]}}`)
	f.Fuzz(func(t *testing.T, said string) {
		request := learnsnap.Request{Pages: photos(2), Questions: 5}
		e := newEngine(t, learnsnap.Config{Model: aitest.NewScripted("test/m", aitest.Complete(said))})
		parts, err := collect(t.Context(), e, request)
		if err == nil {
			require.GreaterOrEqual(t, count(itemsOf(parts), learnsnap.QuestionItem), learnsnap.MinQuestions)
		}
		for i, it := range itemsOf(parts) {
			require.Equal(t, i+1, it.Seq)
			kept, err := learnsnap.MarshalItem(it)
			require.NoError(t, err)
			back, err := learnsnap.UnmarshalItem(kept)
			require.NoError(t, err)
			require.Equal(t, toCompact(it), toCompact(back))
			if it.Question != nil {
				require.NoError(t, it.Question.Validate())
			}
		}
		request.Have = itemsOf(parts)
		_, again := collect(t.Context(), newEngine(t, learnsnap.Config{Model: goodModel()}), request)
		require.NotEqual(t, learnsnap.InvalidRequest, learnsnap.CodeOf(again))
	})
}

// FuzzTextPage sends any bytes as a text: a page that is taken has the same
// letters, in the same order, in valid UTF-8.
func FuzzTextPage(f *testing.F) {
	f.Add("Water in nature is always moving from one place\nto another, and this motion has no begin-\nning.\r\n\r\n\tEnd.")
	f.Add("\xEF\xBB\xBFتتحرك المياه\u200f في الطبيعة\x00 دائمًا\u2028.")
	f.Fuzz(func(t *testing.T, sent string) {
		e := newEngine(t, learnsnap.Config{Model: aitest.NewScripted("test/m", aitest.Complete("{}"))})
		for part, err := range e.Stream(t.Context(), learnsnap.Request{Pages: []ai.Media{media("text/plain", sent)}}) {
			if err != nil {
				require.Contains(t, []learnsnap.Code{learnsnap.UnsupportedPage, learnsnap.PageTooLarge}, learnsnap.CodeOf(err))
				return
			}
			page := part.Item.Page
			require.True(t, utf8.ValidString(page.Text))
			if page.Unreadable == "" {
				require.Equal(t, letters(sent), letters(page.Text))
			} else {
				require.Empty(t, page.Text)
			}
			return
		}
	})
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// FuzzIdempotencyKey creates a session under whatever a client sends as a key: it is
// refused, or the same creation again finds it.
func FuzzIdempotencyKey(f *testing.F) {
	for _, seed := range []string{"k", "", " ", "a b", "\x00", "مفتاح", strings.Repeat("k", learnsnap.MaxKey), strings.Repeat("k", learnsnap.MaxKey+1), `"quoted"`, "'; --"} {
		f.Add(seed)
	}
	store, err := sqlite.Open(f.Context(), sqlite.Config{Dir: f.TempDir()})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, store.Close()) })
	engine, err := learnsnap.New(learnsnap.Config{Model: goodModel()})
	require.NoError(f, err)
	service, err := learnsnap.NewService(learnsnap.ServiceConfig{Engine: engine, Store: store, FreePages: -1})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, key string) {
		first, err := service.Create(t.Context(), "owner", textPages(1, 1), learnsnap.Options{Key: key})
		if err != nil {
			require.Equal(t, learnsnap.InvalidRequest, learnsnap.CodeOf(err))
			return
		}
		again, err := service.Create(t.Context(), "owner", textPages(1, 1), learnsnap.Options{Key: key})
		require.NoError(t, err)
		require.Equal(t, key != "", again.Repeated)
		require.Equal(t, key != "", again.ID == first.ID)
	})
}
