package learnsnap_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// voting is an attempt that answers a question with the option that is chosen, or
// with none.
func voting(choose func(q quiz.Hidden) string) aitest.Attempt {
	return aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
		q := p.Data.(quiz.Hidden)
		answer := "none"
		if i := slices.Index(q.Options, choose(q)); i >= 0 {
			answer = quiz.Letters[i : i+1]
		}
		return aitest.Complete(`{"answers":[{"answer":"` + answer + `"}]}`)
	}}
}

// right is the option that the page holds: the least of the numbers.
func right(q quiz.Hidden) string {
	return slices.MinFunc(q.Options, func(a, b string) int { return number(a) - number(b) })
}

// wrong is another one, always the same.
func wrong(q quiz.Hidden) string {
	return slices.MaxFunc(q.Options, func(a, b string) int { return number(a) - number(b) })
}

func number(option string) int {
	n, err := strconv.Atoi(option)
	if err != nil {
		panic(err)
	}
	return n
}

// wrongAbout is wrong where the question holds a word.
func wrongAbout(word string) func(quiz.Hidden) string {
	return func(q quiz.Hidden) string {
		if strings.Contains(q.Question, word) {
			return wrong(q)
		}
		return right(q)
	}
}

// verdictsOf counts what came of verifying.
func verdictsOf(r *recorder) map[string]int {
	counts := map[string]int{}
	for _, o := range r.of(learnsnap.Verified) {
		counts[o.Reason]++
	}
	return counts
}

func choices(items []learnsnap.Item) (n int) {
	for _, it := range items {
		if it.Question != nil && it.Question.Type == quiz.MultipleChoice {
			n++
		}
	}
	return n
}

func numbered(t *testing.T, items []learnsnap.Item) {
	t.Helper()
	for i, it := range items {
		require.Equal(t, i+1, it.Seq)
	}
}

func TestWhatASecondModelAgreesWithIsTheSameQuiz(t *testing.T) {
	request := learnsnap.Request{Pages: photos(2), ID: "x"}
	want, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: goodModel()}), request)
	require.NoError(t, err)

	voter, observer := aitest.NewScripted("test/voter", voting(right)), &recorder{}
	got, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: goodModel(), Verify: voter, Observer: observer}), request)
	require.NoError(t, err)
	require.Equal(t, toJSON(t, itemsOf(want)), toJSON(t, itemsOf(got)))
	require.Equal(t, map[string]int{learnsnap.Agreed: choices(itemsOf(got))}, verdictsOf(observer))
	require.Len(t, voter.Prompts(), choices(itemsOf(got)), "each choice once, and nothing else")

	first := map[int]int{}
	for _, p := range voter.Prompts() {
		q := p.Data.(quiz.Hidden)
		first[slices.Index(q.Options, right(q))]++
		require.NotContains(t, toCompact(p.Parts), "The page says it of", "no explanation")
		require.NotContains(t, toCompact(p.Parts), "evidence")
		require.Contains(t, p.Parts[0].Text, right(q)+" metres long", "the passage")
	}
	require.Len(t, first, 4, "each place is the right one at times: %v", first)
}

func TestTwoOfThreeDecide(t *testing.T) {
	river := factsOf(1)[1].name // an early one that is asked about by choice
	require.Equal(t, quiz.MultipleChoice, factsOf(1)[1].question().Type)
	agree, differ := voting(right), voting(wrongAbout(river))
	silent := voting(func(quiz.Hidden) string { return "" })
	for _, c := range []struct {
		name    string
		verify  aitest.Attempt
		arbiter *aitest.Scripted
		kept    bool
		verdict string
	}{
		{"the third upholds the key", differ, aitest.NewScripted("test/third", agree), true, learnsnap.Upheld},
		{"the third does not", differ, aitest.NewScripted("test/third", differ), false, learnsnap.Outvoted},
		{"all three differ", differ, aitest.NewScripted("test/third", silent), false, learnsnap.Outvoted},
		{"the second is asked again", differ, nil, false, learnsnap.Outvoted},
		{"the third does not answer", differ, aitest.NewScripted("test/third", aitest.Broken("", ai.Unavailable)), true, learnsnap.Unverified},
	} {
		t.Run(c.name, func(t *testing.T) {
			model, observer := goodModel(), &recorder{}
			config := learnsnap.Config{Model: model, Verify: aitest.NewScripted("test/second", c.verify), Observer: observer}
			if c.arbiter != nil {
				config.Arbiter = c.arbiter
			}
			parts, err := collect(t.Context(), newEngine(t, config), learnsnap.Request{Pages: photos(1), Questions: 10})
			require.NoError(t, err)
			items := itemsOf(parts)
			numbered(t, items)
			require.Equal(t, 10, count(items, learnsnap.QuestionItem))
			require.Equal(t, c.kept, strings.Contains(toJSON(t, items), "How long is the river "+river))
			require.Equal(t, 1, verdictsOf(observer)[c.verdict])
			dropped := observer.of(learnsnap.Dropped)
			if c.kept {
				require.Empty(t, dropped)
				require.Len(t, model.Prompts(), 1)
				return
			}
			require.Equal(t, []learnsnap.Observation{{Occasion: learnsnap.Dropped, Kind: learnsnap.QuestionItem, Model: "test/good", Reason: learnsnap.Outvoted}}, dropped)
			again := askOf(model.Prompts()[1])
			require.Len(t, model.Prompts(), 2)
			require.Equal(t, 1, again.Questions, "one more")
			require.Empty(t, again.Pages)
			require.False(t, again.Lesson)
			require.Contains(t, toCompact(again.Have), river, "but not the same one")
			ids := map[string]bool{}
			for _, it := range items[2:] {
				ids[it.Question.ID] = true
			}
			require.Len(t, ids, 10)
		})
	}
}

func TestQuestionsThatAreOutvotedAgainAndAgainAreNotAskedForWithoutEnd(t *testing.T) {
	model := goodModel()
	e := newEngine(t, learnsnap.Config{Model: model, Verify: aitest.NewScripted("test/voter", voting(wrong))})
	request := learnsnap.Request{Pages: photos(2), Questions: 5, Types: []quiz.Type{quiz.MultipleChoice}}
	parts, err := collect(t.Context(), e, request)
	require.Equal(t, learnsnap.TooFewQuestions, learnsnap.CodeOf(err), "%v", err)
	require.Len(t, parts, 3, "the pages and the lesson")
	require.Len(t, model.Prompts(), 3)

	few := newEngine(t, learnsnap.Config{Model: goodModel(), Verify: aitest.NewScripted("test/voter", voting(wrong))})
	request.Types, request.Questions = nil, 10
	parts, err = collect(t.Context(), few, request)
	require.NoError(t, err)
	require.GreaterOrEqual(t, count(itemsOf(parts), learnsnap.QuestionItem), learnsnap.MinQuestions)
	require.Zero(t, choices(itemsOf(parts)))
}

func TestAVerifierThatIsDownCostsNoQuestion(t *testing.T) {
	for name, attempt := range map[string]aitest.Attempt{
		"fails":          aitest.Broken("", &ai.Error{Kind: ai.Unavailable}),
		"says nonsense":  aitest.Complete(`{"answers":[{"answer":"E"},{"answer":7},{}]}`),
		"says something": aitest.Complete("It is A."),
		"panics":         {Answer: func(ai.Prompt) aitest.Attempt { panic("voter") }},
	} {
		t.Run(name, func(t *testing.T) {
			voter, observer := aitest.NewScripted("test/voter", attempt), &recorder{}
			e := newEngine(t, learnsnap.Config{Model: goodModel(), Verify: voter, Observer: observer})
			parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(1)})
			require.NoError(t, err)
			require.Equal(t, learnsnap.DefaultQuestions, count(itemsOf(parts), learnsnap.QuestionItem))
			require.Equal(t, map[string]int{learnsnap.Unverified: choices(itemsOf(parts))}, verdictsOf(observer))
			require.Error(t, observer.of(learnsnap.Verified)[0].Err)
			require.Less(t, len(voter.Prompts()), 20, "after some votes nobody is asked any more")
		})
	}
}

func TestAVerifierThatHangsHoldsNoQuizUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		timeout time.Duration
		within  time.Duration
	}{
		{"a vote has its time", 0, time.Minute},
		{"the generation has its time", 20 * time.Second, 20 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				voter, observer := aitest.NewScripted("test/voter", aitest.Attempt{Stall: true}), &recorder{}
				e := newEngine(t, learnsnap.Config{Model: goodModel(), Verify: voter, Timeout: c.timeout, Observer: observer})
				began := time.Now()
				parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(1)})
				require.NoError(t, err)
				numbered(t, itemsOf(parts))
				require.Equal(t, learnsnap.DefaultQuestions, count(itemsOf(parts), learnsnap.QuestionItem))
				require.Equal(t, map[string]int{learnsnap.Unverified: choices(itemsOf(parts))}, verdictsOf(observer))
				require.LessOrEqual(t, time.Since(began), c.within)
			})
		})
	}
}

// A ponderous voter takes its time, another for each question.
type ponderous struct {
	ai.Model
	takes     func() time.Duration
	now, most atomic.Int64
}

func (s *ponderous) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		n := s.now.Add(1)
		for m := s.most.Load(); n > m && !s.most.CompareAndSwap(m, n); m = s.most.Load() {
		}
		time.Sleep(s.takes()) // the bubble's clock
		s.now.Add(-1)
		s.Model.Stream(ctx, p)(yield)
	}
}

func TestVerdictsComeInAnyOrderAndItemsInTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request := learnsnap.Request{Pages: photos(1), ID: "x"}
		want, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: goodModel()}), request)
		require.NoError(t, err)

		var calls atomic.Int64
		voter := &ponderous{Model: aitest.NewScripted("test/voter", voting(right)), takes: func() time.Duration {
			return time.Duration(1+calls.Add(1)*7%5) * time.Second
		}}
		began := time.Now()
		got, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: goodModel(), Verify: voter}), request)
		require.NoError(t, err)
		require.Equal(t, toJSON(t, itemsOf(want)), toJSON(t, itemsOf(got)))
		require.EqualValues(t, 4, voter.most.Load(), "at a time")
		require.Less(t, time.Since(began), 20*time.Second)
	})
}

func TestAVerdictIsHeardWhileTheModelIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stalls := aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
			r := answerTo(askOf(p))
			r.Questions = r.Questions[:3]
			return aitest.Attempt{Text: strings.TrimSuffix(r.String(), "]}"), Stall: true}
		}}
		voter := &ponderous{Model: aitest.NewScripted("test/voter", voting(right)), takes: func() time.Duration { return time.Second }}
		e := newEngine(t, learnsnap.Config{Model: aitest.NewScripted("test/m", stalls), Verify: voter})
		began, n := time.Now(), 0
		for _, err := range e.Stream(t.Context(), learnsnap.Request{Pages: photos(1)}) {
			require.NoError(t, err)
			if n++; n == 5 {
				break // and all ends: the bubble waits for every goroutine
			}
		}
		require.Equal(t, 5, n)
		require.Equal(t, time.Second, time.Since(began))
	})
}

func TestACancelWhileVotesAreOutEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		voter := aitest.NewScripted("test/voter", aitest.Attempt{Stall: true})
		e := newEngine(t, learnsnap.Config{Model: goodModel(), Verify: voter})
		time.AfterFunc(time.Second, cancel)
		parts, err := collect(ctx, e, learnsnap.Request{Pages: photos(1)})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, learnsnap.Unavailable, learnsnap.CodeOf(err))
		for _, it := range itemsOf(parts) {
			require.False(t, it.Question != nil && it.Question.Type == quiz.MultipleChoice, "none is shown that nobody verified")
		}

		rest, err := collect(t.Context(), newEngine(t, learnsnap.Config{Model: goodModel()}), learnsnap.Request{Pages: photos(1), Have: itemsOf(parts)})
		require.NoError(t, err)
		all := slices.Concat(itemsOf(parts), itemsOf(rest))
		numbered(t, all)
		require.Equal(t, learnsnap.DefaultQuestions, count(all, learnsnap.QuestionItem))
	})
}

func TestWhatWasMadeByRuleIsNotVerified(t *testing.T) {
	voter := aitest.NewScripted("test/voter", voting(wrong))
	e := newEngine(t, learnsnap.Config{Model: aitest.NewScripted("offline/rules", good()), Verify: voter})
	_, err := e.Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
	require.NoError(t, err)
	require.Empty(t, voter.Prompts())
}

func TestVotesCountAgainstWhatAQuizMayCost(t *testing.T) {
	voter := aitest.NewScripted("test/voter", voting(right)) // 28 bytes a vote: 10 tokens, by the estimate
	observer := &recorder{}
	e := newEngine(t, learnsnap.Config{
		Model: goodModel(), Verify: voter, MaxCostUSD: 50, Observer: observer,
		Prices: ai.Prices{"test/good": {}, "test/voter": {Rates: ai.Rates{Output: 1e6}}},
	})
	parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(1)})
	require.NoError(t, err)
	items := itemsOf(parts)
	require.Equal(t, learnsnap.DefaultQuestions, count(items, learnsnap.QuestionItem))
	require.Positive(t, items[len(items)-1].SpentUSD)
	found := verdictsOf(observer)
	require.Positive(t, found[learnsnap.Unverified], "the money was spent before all were verified")
	require.Equal(t, choices(items), found[learnsnap.Unverified]+found[learnsnap.Agreed])
}

// A gate that notes how calls went.
type noting struct{ results chan error }

func (n noting) Enter(context.Context) (func(error), error) {
	return func(err error) { n.results <- err }, nil
}

func TestAModelThatIsVerifiedIsLeftLikeAnyOther(t *testing.T) {
	gate := noting{make(chan error, 10)}
	loops := aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
		return aitest.Attempt{Text: answerTo(askOf(p)).String() + strings.Repeat(" ", 1<<10), Cut: 1 << 10, Stall: true}
	}}
	model := ai.Guard(aitest.NewScripted("test/m", loops), gate)
	e := newEngine(t, learnsnap.Config{Model: model, Verify: aitest.NewScripted("test/voter", voting(right))})
	_, err := e.Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
	require.NoError(t, err)
	require.NoError(t, <-gate.results, "who has all that was wanted has seen a healthy model")

	panics := aitest.NewScripted("test/m", aitest.Attempt{Answer: func(ai.Prompt) aitest.Attempt { panic("model") }})
	require.PanicsWithValue(t, "model", func() {
		e := newEngine(t, learnsnap.Config{Model: panics, Verify: aitest.NewScripted("test/voter", voting(right))})
		_, err := e.Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
		require.NoError(t, err)
	})
}

// FuzzVotes checks that whatever a voter says, a quiz has the questions that it
// would have, or fewer.
func FuzzVotes(f *testing.F) {
	for _, seed := range []string{`{"answers":[{"answer":"A"}]}`, `{"answers":[{"answer":"none"}]}`, `{"answers":[{"answer":"É"}]}`, `{"answers":{"answer":["A"]}}`, ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		observer := &recorder{}
		e, err := learnsnap.New(learnsnap.Config{Model: goodModel(), Verify: aitest.NewScripted("test/voter", aitest.Complete(said)), Observer: observer})
		require.NoError(t, err)
		parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(1), Questions: 5})
		var coded *learnsnap.Error
		require.True(t, err == nil || errors.As(err, &coded))
		numbered(t, itemsOf(parts))
		if !json.Valid([]byte(said)) && !strings.Contains(said, "answer") {
			require.Zero(t, verdictsOf(observer)[learnsnap.Outvoted], "nothing was said about any question")
		}
	})
}
