package learnsnap_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

func newEngine(t *testing.T, c learnsnap.Config) *learnsnap.Engine {
	t.Helper()
	e, err := learnsnap.New(c)
	require.NoError(t, err)
	return e
}

// collect returns the parts of a stream and the error that it ended in.
func collect(ctx context.Context, e *learnsnap.Engine, r learnsnap.Request) (parts []learnsnap.Part, err error) {
	for part, failed := range e.Stream(ctx, r) {
		if failed != nil {
			err = failed
			continue
		}
		parts = append(parts, part)
	}
	return parts, err
}

func itemsOf(parts []learnsnap.Part) []learnsnap.Item {
	items := make([]learnsnap.Item, len(parts))
	for i, p := range parts {
		items[i] = p.Item
	}
	return items
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	body, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return string(body)
}

func count(items []learnsnap.Item, k learnsnap.Kind) int {
	n := 0
	for _, it := range items {
		if it.Kind == k {
			n++
		}
	}
	return n
}

func TestPhotosAreReadOnceAndThenAskedAboutInText(t *testing.T) {
	model := aitest.NewScripted("test/model",
		saying(func(a quiz.Ask) reply { return reply{Pages: answerTo(a).Pages} }), // stops after reading
		good())
	var prepared []int64
	e := newEngine(t, learnsnap.Config{Model: model, Prepare: func(_ context.Context, m ai.Media) (ai.Media, error) {
		prepared = append(prepared, m.Size)
		return m, nil
	}})

	parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(1)})
	require.NoError(t, err)

	items := itemsOf(parts)
	require.Equal(t, 1, count(items, learnsnap.PageItem))
	require.Equal(t, 1, count(items, learnsnap.LessonItem))
	require.Equal(t, learnsnap.DefaultQuestions, count(items, learnsnap.QuestionItem))
	require.Len(t, prepared, 1)
	for i, it := range items {
		require.Equal(t, i+1, it.Seq)
		require.Equal(t, "test/model", it.Model)
	}
	require.Len(t, items[1].Lesson.Steps, 1, "a step of no known type is left out")

	prompts := model.Prompts()
	require.Len(t, prompts, 2)
	require.NotNil(t, prompts[0].Parts[0].Media)
	require.Equal(t, []int{1}, askOf(prompts[0]).Pages)
	require.Len(t, prompts[1].Parts, 1, "no image is sent again")
	require.Contains(t, prompts[1].Parts[0].Text, factsOf(1)[0].name)
	require.Empty(t, askOf(prompts[1]).Pages)
}

func TestTextPagesGoToNoModelForReading(t *testing.T) {
	model := goodModel()
	e := newEngine(t, learnsnap.Config{Model: model})
	pages := []ai.Media{photos(1)[0], textPages(2, 1)[0]}

	parts, err := collect(t.Context(), e, learnsnap.Request{Pages: pages})
	require.NoError(t, err)

	first := parts[0].Item
	require.Equal(t, 2, first.Page.Page)
	require.Equal(t, quiz.SourceText, first.Page.Source)
	require.Equal(t, pageText(2), first.Page.Text)
	require.Equal(t, quiz.English, first.Page.Language)
	require.Empty(t, first.Model)
	require.Equal(t, []int{1}, askOf(model.Prompts()[0]).Pages)
	require.Equal(t, 2, askOf(model.Prompts()[0]).Texts[0].Page)
}

func TestProgressGrowsWithEachPart(t *testing.T) {
	e := newEngine(t, learnsnap.Config{Model: goodModel()})
	parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(3), Questions: 10})
	require.NoError(t, err)

	last := -1
	for _, p := range parts {
		require.Greater(t, p.Progress.Percent, last)
		require.Less(t, p.Progress.Percent, 100)
		last = p.Progress.Percent
	}
	require.Equal(t, learnsnap.Progress{Pages: 3, PagesTotal: 3, Questions: 10, QuestionsTotal: 10, Percent: 99}, parts[len(parts)-1].Progress)
}

func TestAQuizIsTheSameWhereverAttemptsBreak(t *testing.T) {
	request := learnsnap.Request{Pages: photos(1), Questions: 5, ID: "seed"}
	small := func(a quiz.Ask) reply {
		r := answerTo(a)
		for i := range r.Pages {
			r.Pages[i].Text = strings.Join(strings.Split(r.Pages[i].Text, "\n")[:5], "\n")
		}
		return r
	}
	want, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: aitest.NewScripted("test/m", saying(small))}), request)
	require.NoError(t, err)
	wantJSON := toJSON(t, itemsOf(want))

	whole := small(quiz.Ask{Pages: []int{1}, Lesson: true, Questions: 5}).String()
	for cut := range len(whole) {
		broken := aitest.NewScripted("test/m", aitest.Broken(whole[:cut], &ai.Error{Kind: ai.Unavailable}))
		next := aitest.NewScripted("test/next", saying(small))
		parts, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: ai.Failover(broken, next)}), request)
		require.NoError(t, err)
		items := itemsOf(parts)
		for i := range items {
			items[i].Model = "test/m"
		}
		if got := toJSON(t, items); got != wantJSON {
			require.Equal(t, wantJSON, got, "cut after %d bytes", cut)
		}
	}
}

func TestWhatIsThereIsNeverAskedForAgain(t *testing.T) {
	pages := photos(2)
	all, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: goodModel()}), learnsnap.Request{Pages: pages, Questions: 8, ID: "x"})
	require.NoError(t, err)
	items := itemsOf(all)

	for k := range len(items) + 1 {
		model := goodModel()
		e := newEngine(t, learnsnap.Config{Model: model, Prepare: func(_ context.Context, m ai.Media) (ai.Media, error) {
			require.Less(t, k, 2, "a page that was read is not prepared")
			return m, nil
		}})
		rest, err := collect(t.Context(), e, learnsnap.Request{Pages: pages, Questions: 8, ID: "x", Have: items[:k]})
		require.NoError(t, err)
		require.Equal(t, toJSON(t, items), toJSON(t, slices.Concat(items[:k], itemsOf(rest))))
		if k == len(items) {
			require.Empty(t, model.Prompts())
			continue
		}
		ask := askOf(model.Prompts()[0])
		require.Len(t, ask.Pages, max(2-k, 0))
		require.Equal(t, k < 3, ask.Lesson)
		require.Equal(t, 8-max(k-3, 0), ask.Questions)
	}
}

func TestNoPagesAreNeededWhereAllTextsAreThere(t *testing.T) {
	all, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: goodModel()}), learnsnap.Request{Pages: photos(2), Questions: 5})
	require.NoError(t, err)
	e := newEngine(t, learnsnap.Config{Model: goodModel()})

	made, err := e.Generate(t.Context(), learnsnap.Request{Questions: 5, Have: itemsOf(all)[:3]})
	require.NoError(t, err)
	require.Len(t, made.Pages, 2)
	require.Len(t, made.Questions, 5)
	require.Equal(t, quiz.English, made.Language)

	_, err = e.Generate(t.Context(), learnsnap.Request{Questions: 5, Have: itemsOf(all)[1:3]})
	require.Equal(t, learnsnap.NoPages, learnsnap.CodeOf(err), "page 1 is missing: %v", err)
}

func TestItemsOfALaterVersionOnlyCount(t *testing.T) {
	model := goodModel()
	have := []learnsnap.Item{{Seq: 4, Kind: "video"}}
	parts, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: model}), learnsnap.Request{Pages: photos(1), Questions: 5, Have: have})
	require.NoError(t, err)
	require.Equal(t, 5, parts[0].Item.Seq)
}

func TestPositionsOfKeysAreBalancedAndDependOnTheID(t *testing.T) {
	letters := func(id string) string {
		e := newEngine(t, learnsnap.Config{Model: goodModel()})
		made, err := e.Generate(t.Context(), learnsnap.Request{Pages: photos(2), ID: id, Types: []quiz.Type{quiz.MultipleChoice}})
		require.NoError(t, err)
		var b strings.Builder
		for _, q := range made.Questions {
			right := strings.Index(quiz.Letters, q.Correct.Text)
			require.Contains(t, q.Evidence.Text, q.Options[right])
			b.WriteString(q.Correct.Text)
		}
		return b.String()
	}
	keys := letters("one")
	for _, l := range quiz.Letters {
		require.InDelta(t, len(keys)/4, strings.Count(keys, string(l)), 2, keys)
	}
	require.Equal(t, keys, letters("one"))
	require.NotEqual(t, keys, letters("two"))
}

func TestAPageThatHoldsLittleMakesAShortQuiz(t *testing.T) {
	text := strings.Join(strings.Split(pageText(1), "\n")[:9], "\n")
	model := aitest.NewScripted("test/model", saying(func(a quiz.Ask) reply {
		r := answerTo(a)
		r.Questions = r.Questions[:max(9-len(a.Have), 0)]
		return r
	}))
	made, err := newEngine(t, learnsnap.Config{Model: ai.Failover(model)}).Generate(t.Context(),
		learnsnap.Request{Pages: []ai.Media{media("text/plain", text)}})
	require.NoError(t, err)
	require.Len(t, made.Questions, 9)
	require.Len(t, model.Prompts(), 2)
}

func TestErrorsOfAGenerationHaveTheirCode(t *testing.T) {
	fewer := func(n int) aitest.Attempt {
		return saying(func(a quiz.Ask) reply {
			r := answerTo(a)
			r.Questions = r.Questions[:max(n-len(a.Have), 0)]
			return r
		})
	}
	failing := func(err error) ai.Model { return aitest.NewScripted("test/failing", aitest.Broken("", err)) }
	later := &ai.Error{Kind: ai.RateLimited, After: 40 * time.Second}
	for _, c := range []struct {
		name  string
		model ai.Model
		code  learnsnap.Code
	}{
		{"four questions", aitest.NewScripted("test/m", fewer(4)), learnsnap.TooFewQuestions},
		{"four questions, in a failover", ai.Failover(aitest.NewScripted("test/m", fewer(4)), failing(later)), learnsnap.TooFewQuestions},
		{"all models fail", ai.Failover(failing(&ai.Error{Kind: ai.Auth}), failing(later)), learnsnap.GenerationFailed},
		{"a reply of another kind", aitest.NewScripted("test/m", aitest.Complete("I'd rather not.")), learnsnap.GenerationFailed},
		{"nothing can read photos", failing(&ai.Error{Kind: ai.Unavailable, Err: coded("OCR_UNAVAILABLE")}), learnsnap.OCRUnavailable},
		{"the last of the chain can't read photos", ai.Failover(failing(later), failing(coded("OCR_UNAVAILABLE"))), learnsnap.GenerationFailed},
		{"all of the chain can't", ai.Failover(failing(coded("OCR_UNAVAILABLE")), failing(coded("OCR_UNAVAILABLE"))), learnsnap.OCRUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newEngine(t, learnsnap.Config{Model: c.model}).Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
			var e *learnsnap.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.code, e.Code, "%v", err)
		})
	}
}

// coded is an error that brings one of our codes along without knowing us.
type coded string

func (c coded) Error() string    { return "coded" }
func (c coded) PageCode() string { return string(c) }

func TestAnErrorSaysWhenToAskAgain(t *testing.T) {
	model := ai.Failover(
		aitest.NewScripted("test/a", aitest.Broken("", &ai.Error{Kind: ai.RateLimited, After: time.Minute})),
		aitest.NewScripted("test/b", aitest.Broken("", &ai.Error{Kind: ai.Overloaded, After: time.Second})))
	_, err := newEngine(t, learnsnap.Config{Model: model}).Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
	var later interface{ RetryAfter() time.Duration }
	require.ErrorAs(t, err, &later)
	require.Equal(t, time.Second, later.RetryAfter())
}

func TestUnreadablePagesAreNamedOnceAllWereLookedAt(t *testing.T) {
	blurred := func(bad ...int) aitest.Attempt {
		return saying(func(a quiz.Ask) reply {
			r := answerTo(a)
			for i := range r.Pages {
				if slices.Contains(bad, r.Pages[i].Page) {
					r.Pages[i] = quiz.Page{Page: r.Pages[i].Page, Unreadable: "blurred"}
				}
			}
			return r
		})
	}
	for _, c := range []struct {
		name    string
		pages   []ai.Media
		bad     []int
		skip    bool
		require []int // to be taken again
	}{
		{"two of four", photos(4), []int{2, 4}, false, []int{2, 4}},
		{"two of four are skipped", photos(4), []int{2, 4}, true, nil},
		{"all, though they may be skipped", photos(2), []int{1, 2}, true, []int{1, 2}},
		{"a text without letters", append(photos(1), media("text/plain", " 12. \n -- ")), []int{}, false, []int{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine(t, learnsnap.Config{Model: aitest.NewScripted("test/m", blurred(c.bad...))})
			parts, err := collect(t.Context(), e, learnsnap.Request{Pages: c.pages, SkipUnreadable: c.skip})
			if c.require == nil {
				require.NoError(t, err)
				require.Equal(t, learnsnap.DefaultQuestions, count(itemsOf(parts), learnsnap.QuestionItem))
				return
			}
			var e2 *learnsnap.Error
			require.ErrorAs(t, err, &e2)
			require.Equal(t, learnsnap.RecaptureRequired, e2.Code)
			require.Equal(t, c.require, e2.Pages)
			require.Len(t, parts, len(c.pages), "pages only")

			_, err = collect(t.Context(), e, learnsnap.Request{Pages: c.pages, SkipUnreadable: c.skip, Have: itemsOf(parts)})
			require.Equal(t, learnsnap.RecaptureRequired, learnsnap.CodeOf(err), "the same when it goes on")
		})
	}
}

func TestAGenerationHasItsTime(t *testing.T) {
	for _, c := range []struct {
		name string
		have int
		code learnsnap.Code
	}{
		{"with too little", 4, learnsnap.GenerationTimeout},
		{"with enough for a quiz", 5, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stalls := aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
					r := answerTo(askOf(p))
					r.Questions = r.Questions[:c.have]
					text := r.String()
					return aitest.Attempt{Text: text, Stall: true}
				}}
				e := newEngine(t, learnsnap.Config{Model: aitest.NewScripted("test/m", stalls)})
				start := time.Now()
				parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(1)})
				require.Equal(t, c.code, learnsnap.CodeOf(err), "%v", err)
				require.Equal(t, c.have, count(itemsOf(parts), learnsnap.QuestionItem))
				require.Equal(t, learnsnap.DefaultTimeout, time.Since(start))
			})
		})
	}
}

func TestAnEndOfTheContextIsSaidOnceAndEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		model := aitest.NewScripted("test/m", aitest.Attempt{Text: `{"pages":[`, Stall: true})
		time.AfterFunc(time.Second, cancel)
		errs := 0
		for _, err := range newEngine(t, learnsnap.Config{Model: model}).Stream(ctx, learnsnap.Request{Pages: photos(1)}) {
			errs++
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, learnsnap.Unavailable, learnsnap.CodeOf(err))
		}
		require.Equal(t, 1, errs)
		require.Len(t, model.Prompts(), 1)
	})
}

func TestBreakingOffEndsEverything(t *testing.T) {
	ended := 0
	model := leaving{goodModel(), &ended}
	for range newEngine(t, learnsnap.Config{Model: model}).Stream(t.Context(), learnsnap.Request{Pages: photos(1)}) {
		break
	}
	require.Equal(t, 1, ended)
}

// leaving counts the streams that have ended, however that was.
type leaving struct {
	ai.Model
	ended *int
}

func (l leaving) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		defer func() { *l.ended++ }()
		l.Model.Stream(ctx, p)(yield)
	}
}

func TestRequestsAreCheckedBeforeAnythingIsOpened(t *testing.T) {
	page := learnsnap.Item{Seq: 1, Kind: learnsnap.PageItem, Page: &quiz.Page{Page: 1, Text: "A text."}}
	question := learnsnap.Item{Seq: 2, Kind: learnsnap.QuestionItem, Question: &quiz.Question{ID: "q1", Type: quiz.TrueFalse}}
	at := func(seq int, it learnsnap.Item) learnsnap.Item { it.Seq = seq; return it }
	for _, c := range []struct {
		name    string
		request learnsnap.Request
		code    learnsnap.Code
	}{
		{"no pages", learnsnap.Request{}, learnsnap.NoPages},
		{"21 pages", learnsnap.Request{Pages: photos(21)}, learnsnap.TooManyPages},
		{"4 questions", learnsnap.Request{Pages: photos(1), Questions: 4}, learnsnap.InvalidRequest},
		{"51 questions", learnsnap.Request{Pages: photos(1), Questions: 51}, learnsnap.InvalidRequest},
		{"an unknown language", learnsnap.Request{Pages: photos(1), Language: "xx"}, learnsnap.InvalidRequest},
		{"an unknown type", learnsnap.Request{Pages: photos(1), Types: []quiz.Type{"essay"}}, learnsnap.InvalidRequest},
		{"a page that can't be opened", learnsnap.Request{Pages: []ai.Media{{Type: "image/png"}}}, learnsnap.InvalidRequest},
		{"a page of 6 MiB and a byte", learnsnap.Request{Pages: []ai.Media{{Type: "image/png", Size: 6<<20 + 1, Open: photos(1)[0].Open}}}, learnsnap.PageTooLarge},
		{"a text that is a book", learnsnap.Request{Pages: []ai.Media{media("text/plain", strings.Repeat("word ", 60_000))}}, learnsnap.PageTooLarge},
		{"a text that is longer than it says", learnsnap.Request{Pages: []ai.Media{{Type: "text/plain", Open: media("", strings.Repeat("word ", 60_000)).Open}}}, learnsnap.PageTooLarge},
		{"a text in another encoding", learnsnap.Request{Pages: []ai.Media{media("text/plain", "\xC8\xC9\xCA")}}, learnsnap.UnsupportedPage},
		{"a text that says so", learnsnap.Request{Pages: []ai.Media{media("text/plain; charset=windows-1256", "abc")}}, learnsnap.UnsupportedPage},
		{"items without numbers", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{at(0, page)}}, learnsnap.InvalidRequest},
		{"items out of order", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{at(2, page), at(2, question)}}, learnsnap.InvalidRequest},
		{"a page twice", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{page, at(2, page)}}, learnsnap.InvalidRequest},
		{"a page beyond the last", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{{Seq: 1, Kind: learnsnap.PageItem, Page: &quiz.Page{Page: 2, Text: "x"}}}}, learnsnap.InvalidRequest},
		{"a page without a text", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{{Seq: 1, Kind: learnsnap.PageItem, Page: &quiz.Page{Page: 1}}}}, learnsnap.InvalidRequest},
		{"two questions of one id", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{page, question, at(3, question)}}, learnsnap.InvalidRequest},
		{"a question that is none", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{{Seq: 1, Kind: learnsnap.QuestionItem}}}, learnsnap.InvalidRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			model := goodModel()
			_, err := newEngine(t, learnsnap.Config{Model: model}).Generate(t.Context(), c.request)
			require.Equal(t, c.code, learnsnap.CodeOf(err), "%v", err)
			require.Empty(t, model.Prompts())
		})
	}
	_, err := learnsnap.New(learnsnap.Config{})
	require.Error(t, err)
}

func TestPanicsOfAModelReachTheCaller(t *testing.T) {
	model := aitest.NewScripted("test/m", aitest.Attempt{Answer: func(ai.Prompt) aitest.Attempt { panic("model") }})
	require.PanicsWithValue(t, "model", func() {
		_, err := newEngine(t, learnsnap.Config{Model: model}).Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
		require.NoError(t, err)
	})
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	require.EqualError(t, &learnsnap.Error{Code: learnsnap.RecaptureRequired, Pages: []int{1, 3}}, "recapture required: pages 1, 3")
	require.EqualError(t, &learnsnap.Error{Code: learnsnap.CorruptPage, Pages: []int{2}, Err: errors.New("cut")}, "corrupt page: page 2: cut")
	require.Equal(t, learnsnap.Internal, learnsnap.CodeOf(fmt.Errorf("any")))
	require.Empty(t, learnsnap.CodeOf(nil))
}
