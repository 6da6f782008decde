package learnsnap_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// priced is a price list on which an output token costs a dollar, and input nothing.
func priced(names ...string) ai.Prices {
	p := ai.Prices{}
	for _, name := range names {
		p[name] = ai.Price{Rates: ai.Rates{Output: 1e6}}
	}
	return p
}

// metered answers all that it is asked and tells after each item that another
// dollar was spent.
func metered() aitest.Attempt {
	return aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
		var a aitest.Attempt
		for i, piece := range answerTo(askOf(p)).pieces() {
			a.Chunks = append(a.Chunks, ai.Chunk{Text: piece, Usage: &ai.Usage{Output: i + 1}})
		}
		a.Finish = ai.FinishStop
		return a
	}}
}

func modelsOf(items []learnsnap.Item) map[string]int {
	by := map[string]int{}
	for _, it := range items {
		by[it.Model]++
	}
	return by
}

func TestAQuizThatHasCostWhatItMayGoesOnForFree(t *testing.T) {
	dear, other := aitest.NewScripted("test/dear", metered()), aitest.NewScripted("test/other", metered())
	free, offline := goodModel(), aitest.NewScripted("offline/rules", good())
	prices := priced("test/dear", "test/other")
	prices[free.Name()] = ai.Price{}
	for name, chain := range map[string]struct {
		model ai.Model
		last  string
	}{
		"the offline model":        {ai.Failover(dear, other, offline), offline.Name()},
		"a model of one's own":     {ai.Failover(dear, other, free), free.Name()},
		"behind a wrapper as well": {ai.Guard(ai.Failover(dear, other, offline), open{}), offline.Name()},
	} {
		t.Run(name, func(t *testing.T) {
			asked := len(dear.Prompts())
			e := newEngine(t, learnsnap.Config{Model: chain.model, MaxCostUSD: 6, Prices: prices})
			request := learnsnap.Request{Pages: photos(1), Questions: 10}
			parts, err := collect(t.Context(), e, request)
			require.NoError(t, err)
			items := itemsOf(parts)
			require.Equal(t, map[string]int{"test/dear": 6, chain.last: 6}, modelsOf(items), "a page, the lesson, 10 questions")
			require.Equal(t, asked+1, len(dear.Prompts()))
			require.Empty(t, other.Prompts())
			for i, it := range items {
				require.Equal(t, i+1, it.Seq)
				require.InDelta(t, min(i+1, 6), it.SpentUSD, 1e-5)
			}

			request.Have = items[:4]
			parts, err = collect(t.Context(), e, request)
			require.NoError(t, err)
			require.Equal(t, map[string]int{"test/dear": 2, chain.last: 6}, modelsOf(itemsOf(parts)), "what was spent before is remembered")
		})
	}
}

// open is a gate that lets everybody in.
type open struct{}

func (open) Enter(context.Context) (func(error), error) { return func(error) {}, nil }

func TestAQuizThatMayCostNoMoreEndsWithWhatItHas(t *testing.T) {
	for _, c := range []struct {
		name  string
		most  float64
		items int
		code  learnsnap.Code
	}{
		{"enough for a quiz", 8, 8, ""},
		{"too little", 5, 5, learnsnap.CostLimit},
		{"nothing at all", 0.5, 1, learnsnap.CostLimit},
	} {
		for _, model := range []ai.Model{
			aitest.NewScripted("test/dear", metered()),
			ai.Failover(aitest.NewScripted("test/dear", metered()), aitest.NewScripted("test/other", metered())),
		} {
			t.Run(c.name+", "+model.Name(), func(t *testing.T) {
				e := newEngine(t, learnsnap.Config{Model: model, MaxCostUSD: c.most, Prices: priced("test/dear", "test/other")})
				parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(1)})
				require.Equal(t, c.code, learnsnap.CodeOf(err), "%v", err)
				require.Len(t, parts, c.items)
			})
		}
	}
}

func TestAModelIsNotAskedWhosePromptAloneIsTooDear(t *testing.T) {
	dear, cheap := aitest.NewScripted("test/dear", good()), aitest.NewScripted("test/cheap", good())
	e := newEngine(t, learnsnap.Config{Model: ai.Failover(dear, cheap), MaxCostUSD: 0.1, Prices: ai.Prices{
		"test/dear": {Rates: ai.Rates{Input: 50, Output: 1}}, "test/cheap": {Rates: ai.Rates{Input: 0.5, Output: 1}},
	}})
	_, err := e.Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
	require.NoError(t, err)
	require.Empty(t, dear.Prompts(), "a photo and the instructions are more than 2,000 tokens")
	require.Len(t, cheap.Prompts(), 1)
}

// What a provider says it took stands, however much was estimated before.
func TestTheProvidersWordReplacesTheEstimate(t *testing.T) {
	told := aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
		r := answerTo(askOf(p))
		r.Questions = r.Questions[:min(5, len(r.Questions))] // it ends before all are there: its last word is heard
		return aitest.Attempt{Text: r.String(), Finish: ai.FinishStop, Usage: &ai.Usage{Output: 3}}
	}}
	e := newEngine(t, learnsnap.Config{Model: aitest.NewScripted("test/m", told), MaxCostUSD: 1e5, Prices: priced("test/m")})
	parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(1), Questions: 10})
	require.NoError(t, err)
	spent := make([]float64, len(parts))
	for i, p := range parts {
		spent[i] = p.Item.SpentUSD
	}
	require.Greater(t, spent[6], 300.0, "an estimate: more than a kilobyte was written")
	require.Less(t, spent[7], spent[6], "the first reply came to 3 dollars in the end")
}

func TestCostIsNotKeptWhereItIsNotBounded(t *testing.T) {
	for _, most := range []float64{0, -1} {
		e := newEngine(t, learnsnap.Config{Model: aitest.NewScripted("test/dear", metered()), MaxCostUSD: most, Prices: priced("test/dear")})
		parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(1)})
		require.NoError(t, err)
		require.NotContains(t, toJSON(t, itemsOf(parts)), "spentUSD")
	}
}

func TestAModelWithoutAPriceIsToldOfOnce(t *testing.T) {
	unknown, observer := aitest.NewScripted("test/unknown", good()), &recorder{}
	model := ai.Failover(unknown, aitest.NewScripted("test/dear", metered()), aitest.NewScripted("offline/rules", good()))
	e := newEngine(t, learnsnap.Config{Model: model, MaxCostUSD: 5, Prices: priced("test/dear"), Observer: observer})
	for range 2 {
		_, err := e.Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
		require.NoError(t, err)
	}
	require.Equal(t, []learnsnap.Observation{{Occasion: learnsnap.CostUnknown, Model: "test/unknown"}}, observer.of(learnsnap.CostUnknown))
	require.Len(t, unknown.Prompts(), 2, "it is asked: nobody knows that it costs anything")

	spent := learnsnap.Item{Seq: 1, Kind: learnsnap.PageItem, Page: &quiz.Page{Page: 1, Text: pageText(1)}, SpentUSD: 5}
	made, err := e.Generate(t.Context(), learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{spent}})
	require.NoError(t, err)
	require.Len(t, unknown.Prompts(), 2, "but not once the money is spent: nobody knows that it costs nothing")
	require.True(t, strings.HasPrefix(made.Questions[0].Source, "offline"))

	observer = &recorder{}
	newEngine(t, learnsnap.Config{Model: model, Observer: observer})
	require.Empty(t, observer.of(learnsnap.CostUnknown), "nobody asked what it costs")
}
