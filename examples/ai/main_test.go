package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const reply = `{"words":[{"word":"rain","meaning":"water that falls"},{"word":"dew","meaning":"water on grass"},` +
	`{"word":"fog","meaning":"a cloud on the ground"},{"word":"hail","meaning":"rain of ice"},{"word":"snow","meaning":"crystals of ice"}]}`

const want = "rain: water that falls\ndew: water on grass\nfog: a cloud on the ground\nhail: rain of ice\nsnow: crystals of ice\n"

// environment has a key for each provider, and the addresses of these servers.
func environment(google, claude *aitest.Server) func(string) string {
	return func(name string) string {
		return map[string]string{
			"GEMINI_API_KEY": "key-g", "GEMINI_BASE_URL": google.URL,
			"ANTHROPIC_API_KEY": "key-a", "ANTHROPIC_BASE_URL": claude.URL,
		}[name]
	}
}

func TestWordsArePrintedAsTheyCome(t *testing.T) {
	google, claude := aitest.NewServer(t, aitest.Gemini, aitest.Say(reply)), aitest.NewServer(t, aitest.Anthropic)
	var out, log bytes.Buffer
	require.NoError(t, run(t.Context(), environment(google, claude), "water", &out, &log))
	require.Equal(t, want, out.String())
	require.Equal(t, "[gemini/"+gemini.DefaultModel+": left]\n", log.String())
	require.Empty(t, claude.Requests())
	require.Contains(t, google.Requests()[0].Text, "5 words that one has to know about water")
}

func TestTheSecondIsAskedForWhatTheFirstLeftUnsaid(t *testing.T) {
	said := aitest.Say(reply[:strings.Index(reply, `{"word":"fog"`)+20])
	google := aitest.NewServer(t, aitest.Gemini, said.CutAt(said.Len(aitest.Gemini)-50))
	claude := aitest.NewServer(t, aitest.Anthropic, aitest.Say(reply))
	var out, log bytes.Buffer
	require.NoError(t, run(t.Context(), environment(google, claude), "water", &out, &log))
	require.Equal(t, want, out.String())
	require.Equal(t, "[gemini/"+gemini.DefaultModel+": truncated]\n[anthropic/"+anthropic.DefaultModel+": left]\n", log.String())
	require.Contains(t, claude.Requests()[0].Text, "3 words that one has to know about water")
	require.Contains(t, claude.Requests()[0].Text, "Not this one: dew")
}

func TestWhatNobodyAnswersIsAnError(t *testing.T) {
	google := aitest.NewServer(t, aitest.Gemini, aitest.Fail(401, "no"))
	claude := aitest.NewServer(t, aitest.Anthropic, aitest.Fail(400, "no"))
	var out, log bytes.Buffer
	err := run(t.Context(), environment(google, claude), "water", &out, &log)
	require.ErrorIs(t, err, ai.Auth)
	require.ErrorContains(t, err, "check GEMINI_API_KEY")
	require.ErrorIs(t, err, ai.BadRequest)
	require.Empty(t, out.String())

	err = run(t.Context(), func(string) string { return "" }, "water", &out, &log)
	require.ErrorContains(t, err, "GEMINI_API_KEY")
}
