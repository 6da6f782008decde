package ai_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// stream reads all chunks of one call.
func stream(t testing.TB, m ai.Model, p ai.Prompt) (chunks []ai.Chunk, err error) {
	t.Helper()
	return collect(t, m.Stream(t.Context(), p))
}

func TestFailoverMovesOnOnlyWhileItHasYieldedNothing(t *testing.T) {
	a := aitest.NewScripted("a", aitest.Broken("", errDown))
	b := aitest.NewScripted("b", aitest.Broken("half of ", errDown))
	c := aitest.NewScripted("c", aitest.Complete("whole"))
	chunks, err := stream(t, ai.Failover(a, b, c), ai.Prompt{})
	require.ErrorIs(t, err, ai.Unavailable)
	var e *ai.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "b", e.Model)
	require.Equal(t, []ai.Chunk{{Text: "half of ", Model: "b"}}, chunks)
	require.Empty(t, c.Prompts())
	require.Empty(t, errDown.Model, "the model's own error is not changed")
}

func TestFailoverNamesAreUniqueAndAvoidable(t *testing.T) {
	a1 := aitest.NewScripted("a", aitest.Complete("first"))
	a2 := aitest.NewScripted("a", aitest.Complete("second"))
	f := ai.Failover(a1, a2)
	require.Equal(t, "failover(a,a#2)", f.Name())
	chunks, err := stream(t, f, ai.Prompt{Avoid: []string{"a"}})
	require.NoError(t, err)
	require.Equal(t, "second", chunks[0].Text)
	require.Equal(t, "a#2", chunks[0].Model)

	_, err = stream(t, f, ai.Prompt{Avoid: []string{"a", "a#2"}})
	var exhausted *ai.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	require.Empty(t, exhausted.Causes)

	var names []string
	for name := range ai.Models(f) {
		names = append(names, name)
	}
	require.Equal(t, []string{"a", "a#2"}, names)
}

func TestFailoverTakesAGatesRefusalAsNext(t *testing.T) {
	gate := resilience.NewBreaker(resilience.BreakerConfig{Name: "a", Failures: 1})
	done, err := gate.Enter(t.Context())
	require.NoError(t, err)
	done(errDown)
	a := aitest.NewScripted("a", aitest.Complete("no"))
	b := aitest.NewScripted("b", aitest.Complete("yes"))
	chunks, err := stream(t, ai.Failover(ai.Guard(a, gate), b), ai.Prompt{})
	require.NoError(t, err)
	require.Equal(t, "yes", chunks[0].Text)
	require.Empty(t, a.Prompts())
}

func TestExhaustedSaysWhenToComeBack(t *testing.T) {
	err := &ai.ExhaustedError{Causes: []error{
		errDown, &ai.Error{Kind: ai.RateLimited, After: time.Minute}, &resilience.RejectedError{After: 20 * time.Second, Err: resilience.ErrOpen},
	}}
	after, known := resilience.RetryAfter(err)
	require.True(t, known)
	require.Equal(t, 20*time.Second, after)
	require.ErrorIs(t, err, ai.Unavailable)
	require.ErrorIs(t, err, ai.RateLimited)
	require.ErrorIs(t, err, resilience.ErrOpen)
}

func TestFailoverFindsANameForEachModel(t *testing.T) {
	named := func(name string) ai.Model { return aitest.NewScripted(name, aitest.Complete("x")) }
	var names []string
	for name := range ai.Models(ai.Failover(named("a"), named("a#2"), named("a"), named("a"))) {
		names = append(names, name)
	}
	require.Equal(t, []string{"a", "a#2", "a#3", "a#4"}, names, "none twice")
	for name := range ai.Models(named("plain")) {
		require.Equal(t, "plain", name)
	}
}

func TestFailoverStopsWhereTheConsumerDoes(t *testing.T) {
	a := aitest.NewScripted("a", aitest.Attempt{Text: "xyz", Cut: 1, Stall: true})
	b := aitest.NewScripted("b", aitest.Complete("never"))
	for chunk, err := range ai.Failover(a, b).Stream(t.Context(), ai.Prompt{}) {
		require.NoError(t, err)
		require.Equal(t, "a", chunk.Model)
		break
	}
	require.Empty(t, b.Prompts())
}

func TestFailoverAsksNobodyOnceCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a := aitest.NewScripted("a", aitest.Attempt{Answer: func(ai.Prompt) aitest.Attempt { cancel(); return aitest.Broken("", errDown) }})
	b := aitest.NewScripted("b", aitest.Complete("never"))
	_, err := collect(t, ai.Failover(a, b).Stream(ctx, ai.Prompt{}))
	require.Equal(t, context.Canceled, err)
	_, err = collect(t, ai.Failover(b).Stream(ctx, ai.Prompt{}))
	require.Equal(t, context.Canceled, err)
	_, err = collect(t, ai.Failover(b).Stream(ctx, ai.Prompt{Avoid: []string{"b"}}))
	require.Equal(t, context.Canceled, err)
	require.Empty(t, b.Prompts())
}

func TestFailoverMovesOnFromAnEmptyStream(t *testing.T) {
	chunks, err := stream(t, ai.Failover(aitest.NewScripted("a"), aitest.NewScripted("b", aitest.Complete("x"))), ai.Prompt{})
	require.NoError(t, err)
	require.Equal(t, "x", chunks[0].Text)
	_, err = stream(t, ai.Failover(aitest.NewScripted("a")), ai.Prompt{})
	require.ErrorIs(t, err, ai.Truncated)
}

// silent is a model whose check takes as long as it may.
type silent struct{ ai.Model }

func (silent) Check(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func TestCheckOfAFailoverDoesNotWaitForASilentModel(t *testing.T) {
	plain := aitest.NewScripted("a")
	require.NoError(t, ai.Check(t.Context(), ai.Failover(silent{plain}, checked{plain, errDown}, checked{plain, nil})))

	err := ai.Check(t.Context(), ai.Failover(checked{plain, errDown}, checked{plain, &ai.Error{Kind: ai.Auth}}))
	require.EqualError(t, err, "no model is left to ask: a: unavailable: down; a#2: auth")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, ai.Check(ctx, ai.Failover(silent{plain})), context.Canceled)
	require.Error(t, ai.Check(t.Context(), ai.Failover()))
}

// checked is a model that can be checked.
type checked struct {
	ai.Model
	err error
}

func (c checked) Check(context.Context) error { return c.err }

// nowhere is a tracer that does nothing.
type nowhere struct{}

func (nowhere) Start(ctx context.Context, _ string, _ *ai.Prompt) context.Context { return ctx }
func (nowhere) End(context.Context, ai.Attempt)                                   {}

func TestCheckFindsTheCheckerThroughEveryWrapper(t *testing.T) {
	plain := aitest.NewScripted("a")
	require.NoError(t, ai.Check(t.Context(), plain), "who can't be checked passes")
	bad, good := checked{plain, errDown}, checked{plain, nil}
	wrappers := map[string]func(ai.Model) ai.Model{
		"guard":    func(m ai.Model) ai.Model { return ai.Guard(m, resilience.Gates()) },
		"traced":   func(m ai.Model) ai.Model { return ai.Traced(m, nowhere{}) },
		"failover": func(m ai.Model) ai.Model { return ai.Failover(m) },
		"all":      func(m ai.Model) ai.Model { return ai.Failover(ai.Traced(ai.Guard(m, resilience.Gates()), nowhere{})) },
	}
	for name, wrap := range wrappers {
		require.ErrorIs(t, ai.Check(t.Context(), wrap(bad)), ai.Unavailable, name)
		require.NoError(t, ai.Check(t.Context(), wrap(good)), name)
	}
	require.NoError(t, ai.Check(t.Context(), ai.Failover(bad, good)), "one that answers is enough")
}

func TestModelsAreFoundThroughWrappers(t *testing.T) {
	a, b := aitest.NewScripted("a"), aitest.NewScripted("a")
	var names []string
	for name := range ai.Models(ai.Traced(ai.Failover(a, b), &journal{})) {
		names = append(names, name)
	}
	require.Equal(t, []string{"a", "a#2"}, names)
	for name, m := range ai.Models(ai.Traced(a, &journal{})) {
		require.Equal(t, "a", name)
		require.IsType(t, ai.Traced(a, nil), m, "one alone is itself, wrappers and all")
	}
}
