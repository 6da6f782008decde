package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
)

// heartReply is what a model answers that is asked for a lesson and five questions
// about the heart.
func heartReply(t *testing.T) string {
	t.Helper()
	var questions []map[string]any
	for _, f := range [][2]string{
		{"Artery: a vessel that carries blood away from the heart.", "away"},
		{"Vein: a vessel that carries blood back to the heart.", "back"},
		{"Capillary: a very thin vessel that joins arteries and veins.", "joins"},
		{"Plasma: the liquid part of the blood.", "liquid"},
		{"The human heart has four chambers.", "chambers"},
	} {
		questions = append(questions, map[string]any{
			"type": "multiple_choice", "evidence": map[string]any{"page": 1, "text": f[0]},
			"question": "Which word belongs to this: " + f[0][:8] + "?", "options": []string{f[1], "purple", "glacier", "trumpet"},
			"correct": "A", "explanation": "The page says so.",
		})
	}
	reply, err := json.Marshal(map[string]any{
		"lesson":    map[string]any{"title": "The heart", "summary": "It pumps.", "keyPoints": []string{"Blood flows."}, "targetAge": "12-14", "steps": []any{}},
		"questions": questions,
	})
	require.NoError(t, err)
	return string(reply)
}

// quizOf makes a quiz and returns who wrote its questions, in order.
func (d device) quizOf(page string) (sources []any) {
	d.s.t.Helper()
	c := d.create([][]byte{[]byte(page)}, "questions", "5")
	d.watch(c.SessionID, "", 0)
	for _, q := range d.get(c.SessionID, "?answers=true").Questions {
		sources = append(sources, q["source"])
	}
	return sources
}

func TestADaysBudgetHoldsAlsoAfterARestart(t *testing.T) {
	provider := aitest.NewServer(t, aitest.Chat, aitest.Say(heartReply(t)))
	dir := t.TempDir()
	environ := []string{
		"FREE_PAGES_GUEST=-1", "OPENAI_API_KEY=key", "OPENAI_BASE_URL=" + provider.URL, "OPENAI_MODEL=dear",
		`AI_PRICES={"openai/dear":{"input":1000,"output":1000}}`, "AI_DAILY_USD=0.10",
	}
	s := start(t, dir, environ...)
	d := s.device()
	require.Equal(t, []any{nil, nil, nil, nil, nil}, d.quizOf(heart), "by the model")
	require.Len(t, provider.Requests(), 1)
	by := []any{"offline", "offline", "offline", "offline", "offline"}
	require.Equal(t, by, d.quizOf(heart), "by rule, for the day's money is spent")

	resp, err := http.Get(s.url + "/metrics")
	require.NoError(t, err)
	metrics, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Regexp(t, `ai_cost_usd_total\{model="dear",provider="openai"\} [1-9]`, string(metrics))
	require.Contains(t, string(metrics), `ai_requests_total{model="dear",outcome="rejected",provider="openai"}`)
	require.NoError(t, s.stop())
	require.Contains(t, s.log.String(), "the day's budget is spent")

	s = start(t, dir, environ...)
	require.Equal(t, by, s.device().quizOf(heart))
	require.Len(t, provider.Requests(), 1)
	require.NoError(t, s.stop())

	yesterday := `{"day":"2001-01-01","usd":1000}`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ai-spending.json"), []byte(yesterday), 0o600))
	s = start(t, dir, environ...)
	require.Equal(t, []any{nil, nil, nil, nil, nil}, s.device().quizOf(heart), "a new day")
}

func TestAQuizMayCostSoMuchAndNoMore(t *testing.T) {
	provider := aitest.NewServer(t, aitest.Chat, aitest.Say(heartReply(t)))
	s := start(t, t.TempDir(), "OPENAI_API_KEY=key", "OPENAI_BASE_URL="+provider.URL, "OPENAI_MODEL=dear",
		`AI_PRICES={"openai/dear":{"input":1000,"output":1000}}`, "AI_QUIZ_USD=0.10")
	require.Equal(t, []any{"offline", "offline", "offline", "offline", "offline"}, s.device().quizOf(heart))
	require.Empty(t, provider.Requests(), "its prompt alone would have cost more")
}

func TestAModelWithoutAPriceIsToldOf(t *testing.T) {
	for _, bound := range []string{"AI_DAILY_USD=1", "AI_QUIZ_USD=1"} {
		s := start(t, t.TempDir(), "OPENAI_API_KEY=key", "OPENAI_MODEL=mine", bound)
		require.NoError(t, s.stop())
		require.Equal(t, 1, strings.Count(s.log.String(), "the price of this model is not known"))
	}
}
