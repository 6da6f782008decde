package ai_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// spending is an attempt that says something for a dollar a million tokens.
func spending(tokens int) aitest.Attempt {
	return aitest.Attempt{Text: "x", Finish: ai.FinishStop, Usage: &ai.Usage{Input: tokens}}
}

func dollarAMillion(names ...string) ai.Prices {
	p := ai.Prices{}
	for _, name := range names {
		p[name] = ai.Price{Rates: ai.Rates{Input: 1, Output: 1}}
	}
	return p
}

func bounded(m ai.Model, b *ai.Budget) ai.Model {
	return ai.Traced(ai.Guard(m, b.Gate(m.Name())), b)
}

func TestBudgetRefusesUntilTheNextDay(t *testing.T) {
	now := time.Date(2026, 11, 27, 23, 0, 0, 0, time.FixedZone("Riyadh", 3*3600)) // 20:00 UTC
	b := ai.NewBudget(ai.BudgetConfig{USD: 2, Prices: dollarAMillion("p/a", "p/b"), Now: func() time.Time { return now }})
	a := bounded(aitest.NewScripted("p/a", spending(1_500_000)), b)
	other := bounded(aitest.NewScripted("p/b", spending(500_000)), b)
	free := aitest.NewScripted("offline/m", aitest.Complete("free"))
	chain := ai.Failover(a, other, free)

	_, err := stream(t, a, ai.Prompt{})
	require.NoError(t, err)
	_, err = stream(t, other, ai.Prompt{})
	require.NoError(t, err)
	day, spent := b.Spent()
	require.Equal(t, "2026-11-27", day)
	require.InDelta(t, 2, spent, 1e-9)

	_, err = stream(t, a, ai.Prompt{})
	require.ErrorIs(t, err, resilience.ErrQuota)
	require.Equal(t, ai.RateLimited, ai.KindOf(err))
	after, ok := resilience.RetryAfter(err)
	require.True(t, ok)
	require.Equal(t, 4*time.Hour, after)

	chunks, err := stream(t, chain, ai.Prompt{})
	require.NoError(t, err)
	require.Equal(t, "free", chunks[0].Text, "what costs nothing goes on")

	now = now.Add(after)
	_, err = stream(t, a, ai.Prompt{})
	require.NoError(t, err)
	day, spent = b.Spent()
	require.Equal(t, "2026-11-28", day)
	require.InDelta(t, 1.5, spent, 1e-9)
}

func TestBudgetGoesOnFromWhatWasKept(t *testing.T) {
	type kept struct {
		day string
		usd float64
	}
	var keep []kept
	config := ai.BudgetConfig{USD: 3, Prices: dollarAMillion("p/a"), OnSpend: func(day string, usd float64) { keep = append(keep, kept{day, usd}) }}
	synctest.Test(t, func(t *testing.T) { // which begins at midnight UTC 2000-01-01
		m := aitest.NewScripted("p/a", spending(1_000_000))
		first := bounded(m, ai.NewBudget(config))
		for range 2 {
			_, err := stream(t, first, ai.Prompt{})
			require.NoError(t, err)
		}
		require.Equal(t, []kept{{"2000-01-01", 1}, {"2000-01-01", 2}}, keep)

		config.Day, config.Spent = "2000-01-01", 2
		second := bounded(m, ai.NewBudget(config))
		_, err := stream(t, second, ai.Prompt{})
		require.NoError(t, err)
		_, err = stream(t, second, ai.Prompt{})
		require.ErrorIs(t, err, resilience.ErrQuota)

		config.Day, config.Spent = "1999-12-31", 3
		_, err = stream(t, bounded(m, ai.NewBudget(config)), ai.Prompt{})
		require.NoError(t, err, "yesterday counts as nothing")
	})
}

func TestBudgetExpectsOfCallsUnderWayWhatTheirModelCosts(t *testing.T) {
	b := ai.NewBudget(ai.BudgetConfig{USD: 3, Prices: dollarAMillion("p/a")})
	_, err := stream(t, bounded(aitest.NewScripted("p/a", spending(1_000_000)), b), ai.Prompt{})
	require.NoError(t, err)
	gate := b.Gate("p/a")
	var leave []func(error)
	for range 2 {
		done, err := gate.Enter(t.Context())
		require.NoError(t, err)
		leave = append(leave, done)
	}
	_, err = gate.Enter(t.Context())
	require.ErrorIs(t, err, resilience.ErrQuota)
	_, known := resilience.RetryAfter(err)
	require.False(t, known, "the money is not spent yet")

	leave[0](context.Canceled)
	_, err = gate.Enter(t.Context())
	require.NoError(t, err, "a call that came to nothing gives its money back")
}

func TestBudgetCountsCallsThatNobodySawTheEndOf(t *testing.T) {
	b := ai.NewBudget(ai.BudgetConfig{USD: 1, Prices: dollarAMillion("p/a")})
	m := bounded(aitest.NewScripted("p/a", aitest.Attempt{Text: "abcdef", Cut: 3, Finish: ai.FinishStop}, aitest.Broken("", errors.New("down"))), b)
	for range m.Stream(t.Context(), ai.Prompt{Parts: []ai.Part{{Text: "abcdef"}}}) {
		break
	}
	_, spent := b.Spent()
	require.InDelta(t, 3e-6, spent, 1e-12, "two tokens there, one back")
	_, err := stream(t, m, ai.Prompt{})
	require.Error(t, err)
	_, after := b.Spent()
	require.Equal(t, spent, after, "nobody knows what a call took that failed before it said anything")
}

func TestBudgetIsSafeForConcurrentUse(t *testing.T) {
	told := 0.0
	b := ai.NewBudget(ai.BudgetConfig{USD: 1e6, Prices: dollarAMillion("p/a"), OnSpend: func(_ string, usd float64) { told = usd }})
	m := bounded(aitest.NewScripted("p/a", spending(1_000_000)), b)
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			for _, err := range m.Stream(t.Context(), ai.Prompt{}) {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
	_, spent := b.Spent()
	require.InDelta(t, 50, spent, 1e-6)
	require.InDelta(t, 50, told, 1e-6, "the last word is the sum")
}
