package ai_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

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

	require.Equal(t, *usage, first.Spent)
	require.False(t, first.Estimated)
	require.Nil(t, third.Usage)
	require.Equal(t, ai.Usage{Output: 1}, third.Spent, "what nobody told of is estimated")
	require.True(t, third.Estimated)
}

func TestTracedEndsAlsoWhenTheConsumerPanics(t *testing.T) {
	j := &journal{}
	require.Panics(t, func() {
		for range ai.Traced(aitest.NewScripted("a", aitest.Complete("x")), j).Stream(t.Context(), ai.Prompt{}) {
			panic("in the consumer")
		}
	})
	require.Len(t, j.attempts, 1)
	require.Equal(t, "unknown", j.attempts[0].Outcome())
}

func TestTracedOutsideOfAGuardSeesRefusals(t *testing.T) {
	j := &journal{}
	gate := &told{refuse: &resilience.RejectedError{Gate: "a", Err: resilience.ErrOpen}}
	_, err := stream(t, ai.Traced(ai.Guard(aitest.NewScripted("a"), gate), j), ai.Prompt{})
	require.ErrorIs(t, err, resilience.ErrOpen)
	require.Equal(t, "rejected", j.attempts[0].Outcome())
}
