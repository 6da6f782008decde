package ai_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

func TestRunTakesAnotherLapWhileLapsAcceptSomething(t *testing.T) {
	step := func(n int) aitest.Attempt { return aitest.Broken(fmt.Sprintf(`{"q":[{"N":%d}`, n), errDown) }
	a := aitest.NewScripted("a", step(1), step(3), step(5))
	b := aitest.NewScripted("b", step(2), step(4))
	items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), numbers(5), nil))
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3, 4, 5}, items)
	require.Equal(t, []string{"a"}, b.Prompts()[0].Avoid)
	require.Empty(t, a.Prompts()[1].Avoid, "a new lap avoids nobody")
}

func TestRunEndsWhenALapAcceptsNothing(t *testing.T) {
	later := &ai.Error{Kind: ai.RateLimited, After: 20 * time.Second}
	a := aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":1}`, errDown), aitest.Broken("", errDown))
	b := aitest.NewScripted("b", aitest.Broken("", later))
	items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), numbers(5), nil))
	require.Equal(t, []int{1}, items)
	var exhausted *ai.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	require.ErrorIs(t, err, ai.RateLimited)
	after, known := resilience.RetryAfter(err)
	require.True(t, known)
	require.Equal(t, 20*time.Second, after)
	require.Len(t, a.Prompts(), 2, "a second lap, for the first had accepted something")
}

func TestRunOverAPlainModelEndsWhenItIsBarrenAgain(t *testing.T) {
	m := aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":1}`, errDown), aitest.Broken("", errDown), aitest.Complete(reply(2)), aitest.Broken("", errDown))
	items, err := collect(t, ai.Run(t.Context(), m, numbers(5), nil))
	require.Equal(t, []int{1, 2}, items, "the second lap brought one more")
	require.ErrorIs(t, err, ai.Unavailable)
	require.Len(t, m.Prompts(), 7, "two laps that brought an item, and one more that did not")

	m = aitest.NewScripted("a", aitest.Complete("{}"))
	_, err = collect(t, ai.Run(t.Context(), m, numbers(5), nil))
	require.ErrorIs(t, err, ai.Malformed, "a good finish with nothing in it")
	require.Len(t, m.Prompts(), 2)

	gate := resilience.NewBreaker(resilience.BreakerConfig{Failures: 1})
	done, err := gate.Enter(t.Context())
	require.NoError(t, err)
	done(errDown)
	_, err = collect(t, ai.Run(t.Context(), ai.Guard(m, gate), numbers(5), nil))
	require.ErrorIs(t, err, resilience.ErrOpen)
	_, known := resilience.RetryAfter(err)
	require.True(t, known)
}

func TestRunMayEndWhenThereIsEnough(t *testing.T) {
	task := numbers(20)
	task.Enough = func(done []int) bool { return len(done) >= 3 }
	for name, m := range map[string]ai.Model{
		"a finish without a new item": aitest.NewScripted("a", aitest.Complete(reply(1, 2, 3)), aitest.Complete("{}")),
		"exhausted":                   ai.Failover(aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":1},{"N":2},{"N":3}`, errDown), aitest.Broken("", errDown))),
		"a plain model that is down":  aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":1},{"N":2},{"N":3}`, errDown), aitest.Broken("", errDown)),
	} {
		t.Run(name, func(t *testing.T) {
			items, err := collect(t, ai.Run(t.Context(), m, task, nil))
			require.NoError(t, err)
			require.Equal(t, []int{1, 2, 3}, items)
		})
	}
	items, err := collect(t, ai.Run(t.Context(), aitest.NewScripted("a", aitest.Complete(reply(1, 2)), aitest.Complete("{}")), task, nil))
	require.Equal(t, []int{1, 2}, items)
	require.Error(t, err, "two are not enough")
}

func TestRunTakesNoGarbageForTheEnd(t *testing.T) {
	for _, garbage := range []string{"", "I am sorry.", `{"q":[`, `{"q":[{"N":`, `{"q":[{"N":1}]`, "```json\n{\"q\":\"", `{} {`} {
		task := numbers(5)
		task.Enough = func(done []int) bool { return len(done) >= 2 }
		a := aitest.NewScripted("a", aitest.Complete(reply(1, 2)), aitest.Complete(garbage))
		b := aitest.NewScripted("b", aitest.Complete(reply(3, 4)), aitest.Complete(reply()))
		items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), task, nil))
		require.NoError(t, err)
		require.Equal(t, []int{1, 2, 3, 4}, items, garbage)

		items, err = collect(t, ai.Run(t.Context(), ai.Failover(a), task, []int{1, 2}))
		require.NoError(t, err, "with nobody else to ask there is enough")
		require.Empty(t, items)
	}
}

func TestRunEndsWithTheLastFailureOfEveryModel(t *testing.T) {
	limited := func(after time.Duration) error { return &ai.Error{Kind: ai.RateLimited, After: after} }
	a := aitest.NewScripted("a", aitest.Broken("half", limited(5*time.Second)))
	b := aitest.NewScripted("b", aitest.Broken("half", limited(3*time.Second)))
	c := aitest.NewScripted("c", aitest.Broken("", errDown))
	_, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b, c), numbers(1), nil))
	var exhausted *ai.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	require.Len(t, exhausted.Causes, 3, "what broke in mid-stream is told as well as what never began")
	require.Equal(t, "no model is left to ask: a: rate limited; b: rate limited; c: unavailable: down", err.Error())
	after, _ := resilience.RetryAfter(err)
	require.Equal(t, 3*time.Second, after)

	plain := aitest.NewScripted("a", aitest.Broken("", limited(5*time.Second)), aitest.Broken("", limited(9*time.Second)))
	_, err = collect(t, ai.Run(t.Context(), plain, numbers(1), nil))
	require.ErrorAs(t, err, &exhausted)
	require.Len(t, exhausted.Causes, 1)
	after, _ = resilience.RetryAfter(err)
	require.Equal(t, 9*time.Second, after, "its last word counts")
}

func TestRunAvoidsAModelWhoseTokenLimitCameBeforeAnyItem(t *testing.T) {
	task := numbers(3)
	task.Enough = func([]int) bool { return true }
	a := aitest.NewScripted("a", aitest.Attempt{Text: `{"q":[{"N`, Finish: ai.FinishLength})
	b := aitest.NewScripted("b", aitest.Complete(reply(1, 2, 3)))
	items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), task, nil))
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, items, "a cut is no end of its own: the next may have more")

	_, err = collect(t, ai.Run(t.Context(), a, numbers(3), nil))
	require.ErrorIs(t, err, ai.Truncated)
}

func TestRunKeepsWhatThePromptAvoids(t *testing.T) {
	a := aitest.NewScripted("a", aitest.Complete(reply(1)))
	b := aitest.NewScripted("b", aitest.Broken("", errDown))
	c := aitest.NewScripted("c", aitest.Complete(reply(2)))
	task := numbers(1)
	avoid := []string{"a"}
	task.Prompt = func([]int) ai.Prompt { return ai.Prompt{Avoid: avoid[:1:1]} }
	items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b, c), task, nil))
	require.NoError(t, err)
	require.Equal(t, []int{2}, items)
	require.Empty(t, a.Prompts())
}

func TestRunAsksAModelThatBrokeWithAnItemOnlyInTheNextLap(t *testing.T) {
	a := aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":1}`, errDown), aitest.Complete(reply(3)))
	b := aitest.NewScripted("b", aitest.Complete(reply(2)), aitest.Broken("", errDown))
	items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), numbers(3), nil))
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, items)
	require.Len(t, b.Prompts(), 2)
}

// changing is a model that heeds nothing and calls itself by another name each time.
type changing struct{ calls *int }

func (changing) Name() string { return "changing" }

func (c changing) Stream(context.Context, ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		*c.calls++
		yield(ai.Chunk{Text: "{}", Finish: ai.FinishStop, Model: fmt.Sprint("m", *c.calls)}, nil)
	}
}

func TestRunEndsOverAModelThatKeepsToNoName(t *testing.T) {
	calls := 0
	_, err := collect(t, ai.Run(t.Context(), changing{&calls}, numbers(1), nil))
	require.ErrorIs(t, err, ai.Malformed)
	require.Equal(t, 100, calls)
}

func TestRunOverNoModelsEnds(t *testing.T) {
	_, err := collect(t, ai.Run(t.Context(), ai.Failover(), numbers(1), nil))
	var exhausted *ai.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	require.EqualError(t, err, "no model is left to ask")
}

func TestRunThroughAFailoverOfFailoversKeepsTheirCauses(t *testing.T) {
	inner := ai.Failover(
		aitest.NewScripted("a", aitest.Broken("", &ai.Error{Kind: ai.RateLimited, After: time.Minute})),
		aitest.NewScripted("b", aitest.Broken("", &ai.Error{Kind: ai.Auth})))
	other := aitest.NewScripted("c", aitest.Broken("", errors.New("odd")))
	_, err := collect(t, ai.Run(t.Context(), ai.Failover(inner, other), numbers(1), nil))
	require.ErrorIs(t, err, ai.RateLimited)
	require.ErrorIs(t, err, ai.Auth)
	after, _ := resilience.RetryAfter(err)
	require.Equal(t, time.Minute, after)
	require.Contains(t, err.Error(), "failover(a,b)")
}
