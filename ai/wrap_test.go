package ai_test

import (
	"context"
	"errors"
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

// told is a gate that notes what it is told.
type told struct {
	results []error
	learned []resilience.Signal
	refuse  error
}

func (g *told) Enter(context.Context) (func(error), error) {
	if g.refuse != nil {
		return nil, g.refuse
	}
	return func(err error) { g.results = append(g.results, err) }, nil
}

func (g *told) Learn(s resilience.Signal) { g.learned = append(g.learned, s) }

func TestGuardTellsItsGateOfFaultsOnly(t *testing.T) {
	for name, c := range map[string]struct {
		attempt aitest.Attempt
		fault   bool
	}{
		"a finish":                 {aitest.Complete("x"), false},
		"a stream without an end":  {aitest.Attempt{Text: "x"}, true},
		"an empty stream":          {aitest.Attempt{}, true},
		"a rate limit":             {aitest.Broken("", &ai.Error{Kind: ai.RateLimited}), true},
		"a spent quota":            {aitest.Broken("", &ai.Error{Kind: ai.QuotaExhausted}), true},
		"an overload":              {aitest.Broken("", &ai.Error{Kind: ai.Overloaded}), true},
		"no answer":                {aitest.Broken("", &ai.Error{Kind: ai.Unavailable}), true},
		"a timeout":                {aitest.Broken("x", &ai.Error{Kind: ai.Timeout}), true},
		"a wrong key":              {aitest.Broken("", &ai.Error{Kind: ai.Auth}), true},
		"a malformed reply":        {aitest.Broken("x", &ai.Error{Kind: ai.Malformed}), true},
		"a truncated reply":        {aitest.Broken("x", &ai.Error{Kind: ai.Truncated}), true},
		"an error of its own":      {aitest.Broken("x", errors.New("oops")), true},
		"a bad request":            {aitest.Broken("", &ai.Error{Kind: ai.BadRequest}), false},
		"a request that's too big": {aitest.Broken("", &ai.Error{Kind: ai.TooLarge}), false},
		"a refusal":                {aitest.Broken("", &ai.Error{Kind: ai.Refused}), false},
	} {
		t.Run(name, func(t *testing.T) {
			g := &told{}
			_, _ = stream(t, ai.Guard(aitest.NewScripted("a", c.attempt), g), ai.Prompt{}) // the gate is what is looked at
			require.Len(t, g.results, 1)
			require.Equal(t, c.fault, g.results[0] != nil, "%v", g.results[0])
		})
	}
}

func TestGuardTellsOfTheConsumer(t *testing.T) {
	g := &told{}
	m := ai.Guard(aitest.NewScripted("a", aitest.Attempt{Text: "xy", Cut: 1, Stall: true}), g)
	for range m.Stream(t.Context(), ai.Prompt{}) {
		break
	}
	require.Equal(t, []error{nil}, g.results, "who breaks off after a chunk has seen a healthy model")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range m.Stream(ctx, ai.Prompt{}) {
		cancel()
	}
	require.Equal(t, []error{nil, context.Canceled}, g.results, "a cancelled call gives its place back")

	require.Panics(t, func() {
		for range m.Stream(t.Context(), ai.Prompt{}) {
			panic("in the consumer")
		}
	})
	require.Len(t, g.results, 3)
	require.Error(t, g.results[2])

	g.refuse = &resilience.RejectedError{Gate: "a", After: time.Second, Err: resilience.ErrFull}
	_, err := stream(t, m, ai.Prompt{})
	require.ErrorIs(t, err, resilience.ErrFull)
	require.Len(t, g.results, 3)
}

func TestGuardPassesOnWhatRepliesSayAboutLimits(t *testing.T) {
	said := &resilience.Signal{Requests: resilience.Window{Limit: 60, Left: 59}}
	g := &told{}
	m := aitest.NewScripted("a",
		aitest.Attempt{Chunks: []ai.Chunk{{Text: "x", Limits: said}}, Finish: ai.FinishStop, Usage: &ai.Usage{Input: 100, Output: 20}},
		aitest.Broken("", &ai.Error{Kind: ai.RateLimited, Limits: said}))
	guarded := ai.Guard(m, g)
	_, err := stream(t, guarded, ai.Prompt{})
	require.NoError(t, err)
	_, err = stream(t, guarded, ai.Prompt{})
	require.Error(t, err)
	require.Equal(t, []resilience.Signal{*said, {Spent: 120, Output: 20}, *said}, g.learned)
}

// journal is a tracer that keeps what it was told.
type journal struct{ attempts []ai.Attempt }

type journalKey struct{}

func (j *journal) Start(ctx context.Context, model string, _ *ai.Prompt) context.Context {
	return context.WithValue(ctx, journalKey{}, model)
}

func (j *journal) End(ctx context.Context, a ai.Attempt) {
	a.Reason += ctx.Value(journalKey{}).(string)
	j.attempts = append(j.attempts, a)
}

func TestTracedTellsOfEachAttempt(t *testing.T) {
	j := &journal{}
	usage := &ai.Usage{Input: 7}
	m := aitest.NewScripted("a",
		aitest.Attempt{Text: "xy", Cut: 1, Finish: ai.FinishLength, Usage: usage},
		aitest.Broken("x", &ai.Error{Kind: ai.Timeout, RequestID: "r1"}),
		aitest.Attempt{Text: "xy", Cut: 1})
	traced := ai.Traced(m, j)
	for range 2 {
		_, _ = stream(t, traced, ai.Prompt{}) // the journal is what is looked at
	}
	for range traced.Stream(t.Context(), ai.Prompt{}) {
		break
	}
	require.Len(t, j.attempts, 3)
	first, second, third := j.attempts[0], j.attempts[1], j.attempts[2]
	require.Equal(t, ai.FinishLength, first.Finish)
	require.Equal(t, usage, first.Usage)
	require.NoError(t, first.Err)
	require.Positive(t, first.FirstChunk)
	require.GreaterOrEqual(t, first.Duration, first.FirstChunk)
	require.Equal(t, "a", first.Reason, "the context from Start reaches End")
	require.ErrorIs(t, second.Err, ai.Timeout)
	require.Equal(t, "r1", second.RequestID)
	require.True(t, third.Left)
	require.NoError(t, third.Err)
}
