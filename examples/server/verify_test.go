package main_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
)

// voteOf answers a question about the heart, wrongly where it is about veins.
func voteOf(t *testing.T, text string) string {
	t.Helper()
	var q struct {
		Question string
		Options  map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(text[strings.Index(text, `{"options"`):]), &q))
	for letter, option := range q.Options {
		wrong := strings.Contains("purple glacier trumpet", option)
		if wrong == strings.Contains(q.Question, "Vein") {
			return `{"answers":[{"answer":"` + letter + `"}]}`
		}
	}
	return ""
}

func TestAQuestionThatASecondModelOutvotesIsReplaced(t *testing.T) {
	reply := heartReply(t)
	provider := aitest.NewServer(t, aitest.Chat, aitest.Answer(func(r aitest.Request) aitest.Step {
		if strings.Contains(r.Text, "You take a test") {
			return aitest.Say(voteOf(t, r.Text))
		}
		return aitest.Say(reply)
	}))
	s := start(t, t.TempDir(), "OPENAI_API_KEY=key", "OPENAI_BASE_URL="+provider.URL, "OPENAI_MODEL=writer", "AI_VERIFY=openai/checker")
	d := s.device()
	c := d.create([][]byte{[]byte(heart)}, "questions", "5")
	d.watch(c.SessionID, "", 0)
	v := d.get(c.SessionID, "?answers=true")
	require.Equal(t, "ready", v.Status)
	require.Len(t, v.Questions, 5)
	for _, q := range v.Questions {
		require.NotContains(t, q["question"], "Vein")
	}
	require.Equal(t, "offline", v.Questions[4]["source"], "the writer has nothing else, the offline model has")

	resp, err := http.Get(s.url + "/metrics")
	require.NoError(t, err)
	metrics, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Contains(t, string(metrics), "quiz_verifications_total{outcome=\"agreed\"} 4\n")
	require.Contains(t, string(metrics), "quiz_verifications_total{outcome=\"outvoted\"} 1\n")
	require.Contains(t, string(metrics), `ai_requests_total{model="checker",`)
}

func TestWhoWritesMayVerify(t *testing.T) {
	s := start(t, t.TempDir(), "OPENAI_API_KEY=key", "AI_VERIFY=openai")
	require.NoError(t, s.stop(), "one breaker, one set of metrics")
}
