package telemetry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

func TestCostIsToldByModelAndItsEstimatesApart(t *testing.T) {
	m := telemetry.NewMetrics(telemetry.MetricsConfig{Prices: ai.Prices{
		"p/a": {Rates: ai.Rates{Input: 2, Output: 10}}, "p/free": {},
	}})
	usage := &ai.Usage{Input: 1_000_000, Output: 100_000}
	told := aitest.Attempt{Text: "x", Finish: ai.FinishStop, Usage: usage}
	for _, model := range []ai.Model{
		aitest.NewScripted("p/a", told),
		aitest.NewScripted("p/a", aitest.Attempt{Chunks: []ai.Chunk{{Usage: usage}}, Text: "abc"}),
		aitest.NewScripted("p/a", aitest.Broken("", ai.Unavailable)),
		aitest.NewScripted("p/free", told),
		aitest.NewScripted("p/unknown", told),
	} {
		for range ai.Traced(model, m.Models()).Stream(t.Context(), ai.Prompt{}) {
			continue // the metrics are what is looked at
		}
	}
	got := scrape(t, m)
	for _, line := range []string{
		`ai_cost_usd_total{model="a",provider="p"} 6.00001`,
		`ai_cost_estimated_usd_total{model="a",provider="p"} 3.00001`,
		`ai_cost_usd_total{model="free",provider="p"} 0`,
	} {
		require.Contains(t, got, line+"\n")
	}
	require.NotContains(t, got, `ai_cost_usd_total{model="unknown"`)
}
