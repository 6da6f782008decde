package ai_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

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

func TestGuardTakesAFinishForASuccessWhateverFollows(t *testing.T) {
	g := &told{}
	m := aitest.NewScripted("a", aitest.Attempt{Text: "x", Finish: ai.FinishLength, Err: errDown})
	_, err := stream(t, ai.Guard(m, g), ai.Prompt{})
	require.ErrorIs(t, err, ai.Unavailable)
	require.Equal(t, []error{nil}, g.results)
}

func TestGuardTellsAnAdaptersOwnCancelFromTheCallers(t *testing.T) {
	g := &told{}
	silent := &ai.Error{Kind: ai.Timeout, After: time.Second, Err: context.Canceled}
	_, err := stream(t, ai.Guard(aitest.NewScripted("a", aitest.Broken("x", silent)), g), ai.Prompt{})
	require.Equal(t, silent, err)
	require.ErrorIs(t, g.results[0], ai.Timeout)
	require.NotErrorIs(t, g.results[0], context.Canceled, "a gate takes a cancelled context for no answer at all")
	after, _ := resilience.RetryAfter(g.results[0])
	require.Equal(t, time.Second, after)
}

func TestGuardGivesItsPlaceBackWhenAGateFurtherInRefuses(t *testing.T) {
	outer := &told{}
	inner := &told{refuse: &resilience.RejectedError{Gate: "inner", Err: resilience.ErrFull}}
	m := ai.Guard(ai.Guard(aitest.NewScripted("a"), inner), outer)
	_, err := stream(t, m, ai.Prompt{})
	require.ErrorIs(t, err, resilience.ErrFull)
	require.Equal(t, []error{context.Canceled}, outer.results)
}

func TestGuardGivesItsPlaceBackToWhoeverIsCancelledWhileLeaving(t *testing.T) {
	g := &told{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range ai.Guard(aitest.NewScripted("a", aitest.Attempt{Text: "x", Stall: true}), g).Stream(ctx, ai.Prompt{}) {
		cancel()
		break
	}
	require.Equal(t, []error{context.Canceled}, g.results)
}

// A run that has all it wanted breaks off its reply. That must close the circuit, or
// the breaker would stay half-open although the model answers.
func TestAProbeThatARunEndsEarlyClosesTheCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		breaker := resilience.NewBreaker(resilience.BreakerConfig{Failures: 1, OpenFor: time.Minute})
		broken := aitest.NewScripted("a", aitest.Broken("", errDown), aitest.Complete(reply(1, 2, 3)+strings.Repeat(" ", 100)))
		m := ai.Guard(broken, breaker)
		_, err := collect(t, ai.Run(t.Context(), m, numbers(1), nil))
		require.ErrorIs(t, err, resilience.ErrOpen, "the second attempt met an open circuit")
		require.Equal(t, resilience.Open, breaker.State())

		time.Sleep(time.Minute)
		items, err := collect(t, ai.Run(t.Context(), m, numbers(1), nil))
		require.NoError(t, err)
		require.Equal(t, []int{1}, items)
		require.Equal(t, resilience.Closed, breaker.State())
	})
}

// The breaker's defaults: three failures open it, three minutes later one call is let
// through, and its success closes it.
func TestAModelThatFailsIsLeftAloneForThreeMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		breaker := resilience.NewBreaker(resilience.BreakerConfig{Name: "a"})
		down := aitest.Broken("", errDown)
		a := aitest.NewScripted("a", down, down, down, down, aitest.Complete(reply(1)))
		b := aitest.NewScripted("b", aitest.Complete(reply(1)))
		m := ai.Failover(ai.Guard(a, breaker), b)
		ask := func() (answered string) {
			for chunk, err := range m.Stream(t.Context(), ai.Prompt{}) {
				require.NoError(t, err)
				answered = chunk.Model
			}
			return answered
		}
		for calls := range 10 {
			require.Equal(t, "b", ask())
			require.Len(t, a.Prompts(), min(calls+1, 3), "not asked any more once the circuit is open")
		}
		require.Equal(t, resilience.Open, breaker.State())

		time.Sleep(3*time.Minute - time.Millisecond)
		require.Equal(t, "b", ask())
		require.Len(t, a.Prompts(), 3)
		time.Sleep(time.Millisecond)
		require.Equal(t, "b", ask(), "a probe that fails")
		require.Equal(t, "b", ask())
		require.Len(t, a.Prompts(), 4, "one probe, and open again")

		time.Sleep(3 * time.Minute)
		require.Equal(t, "a", ask(), "a probe that succeeds")
		require.Equal(t, resilience.Closed, breaker.State())
		require.Equal(t, "a", ask())
	})
}

func TestGuardsPassLimitsOnThroughGates(t *testing.T) {
	learner := &told{}
	m := aitest.NewScripted("a", aitest.Attempt{Text: "x", Finish: ai.FinishStop, Usage: &ai.Usage{Input: 3, Output: 4}})
	_, err := stream(t, ai.Guard(m, resilience.Gates(resilience.NewBreaker(resilience.BreakerConfig{}), learner)), ai.Prompt{})
	require.NoError(t, err)
	require.Equal(t, []resilience.Signal{{Spent: 7, Output: 4}}, learner.learned)
}
