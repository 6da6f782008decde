package learnsnap_test

import (
	"context"
	"encoding/json"
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
	require.Len(t, items[1].Lesson.Steps, 1, "a step of no known type, and one that gives orders, are left out")

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

// coded is an error that brings one of our codes along without knowing us.
type coded string

func (c coded) Error() string    { return "coded" }
func (c coded) PageCode() string { return string(c) }

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

func TestPanicsOfAModelReachTheCaller(t *testing.T) {
	model := aitest.NewScripted("test/m", aitest.Attempt{Answer: func(ai.Prompt) aitest.Attempt { panic("model") }})
	require.PanicsWithValue(t, "model", func() {
		_, err := newEngine(t, learnsnap.Config{Model: model}).Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
		require.NoError(t, err)
	})
}
