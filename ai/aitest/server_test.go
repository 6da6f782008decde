package aitest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
	"github.com/learnsnap/learnsnap-go/ai/openai"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// adapters are the models that speak each wire format to a server.
var adapters = map[aitest.Provider]func(url string, client *http.Client) (ai.Model, error){
	aitest.Gemini: func(url string, client *http.Client) (ai.Model, error) {
		return gemini.New(gemini.Config{Key: "k", BaseURL: url, HTTP: client, Retries: -1})
	},
	aitest.Anthropic: func(url string, client *http.Client) (ai.Model, error) {
		return anthropic.New(anthropic.Config{Key: "k", BaseURL: url, HTTP: client, Retries: -1})
	},
	aitest.Responses: func(url string, client *http.Client) (ai.Model, error) {
		return openai.New(openai.Config{Key: "k", BaseURL: url, HTTP: client, Retries: -1, Protocol: openai.Responses})
	},
	aitest.Chat: func(url string, client *http.Client) (ai.Model, error) {
		return openai.New(openai.Config{Key: "k", BaseURL: url, HTTP: client, Retries: -1})
	},
}

// ask asks the adapter of a format and returns what came.
func ask(t *testing.T, p aitest.Provider, s *aitest.Server, parts ...ai.Part) (text string, finish ai.Finish, usage ai.Usage, err error) {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	m, err := adapters[p](s.URL, &http.Client{Transport: transport})
	require.NoError(t, err)
	if len(parts) == 0 {
		parts = []ai.Part{{Text: "hello"}}
	}
	var b strings.Builder
	for chunk, streamErr := range m.Stream(t.Context(), ai.Prompt{System: "be brief", Parts: parts}) {
		err = streamErr
		b.WriteString(chunk.Text)
		if chunk.Usage != nil {
			usage = *chunk.Usage
		}
		if chunk.Finish != ai.FinishNone {
			finish = chunk.Finish
		}
	}
	return b.String(), finish, usage, err
}

const said = "The water cycle, دورة الماء في الطبيعة, and \"more\" 🌧."

func TestServerSpeaksEachWireFormat(t *testing.T) {
	for p := range adapters {
		t.Run(string(p), func(t *testing.T) {
			for name, step := range map[string]aitest.Step{
				"plain": aitest.Say(said), "gzip": aitest.Say(said).Gzip(), "trickle": aitest.Say(said).Every(time.Microsecond),
				"one byte an event": aitest.Say(said).Pieces(1), "all in one event": aitest.Say(said).Pieces(1 << 20),
			} {
				s := aitest.NewServer(t, p, step)
				text, finish, usage, err := ask(t, p, s)
				require.NoError(t, err, name)
				require.Equal(t, said, text, name)
				require.Equal(t, ai.FinishStop, finish, name)
				require.Equal(t, 1000, usage.Input, name)
				require.Positive(t, usage.Output, name)
			}
			text, finish, _, err := ask(t, p, aitest.NewServer(t, p, aitest.Say(said).Length()))
			require.NoError(t, err)
			require.Equal(t, said, text)
			require.Equal(t, ai.FinishLength, finish)
		})
	}
}

func TestServerSeesWhatItWasAsked(t *testing.T) {
	for p := range adapters {
		t.Run(string(p), func(t *testing.T) {
			s := aitest.NewServer(t, p, aitest.Answer(func(r aitest.Request) aitest.Step {
				return aitest.Say(strings.Repeat("i", r.Images))
			}))
			image := ai.Part{Media: &ai.Media{Type: "image/png", Size: 4, Open: func() (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader("\x89PNG")), nil
			}}}
			text, _, _, err := ask(t, p, s, image, image, ai.Part{Text: "read these"})
			require.NoError(t, err)
			require.Equal(t, "ii", text)
			require.Len(t, s.Requests(), 1)
			require.Contains(t, s.Requests()[0].Text, "read these")
			require.Contains(t, s.Requests()[0].Text, "be brief")
		})
	}
}

func TestAStreamThatBreaksAnywhereIsNeverASuccess(t *testing.T) {
	for p := range adapters {
		t.Run(string(p), func(t *testing.T) {
			whole := aitest.Say(said)
			for n := 1; n < whole.Len(p); n += 7 {
				for name, step := range map[string]aitest.Step{"reset": whole.CutAt(n), "early end": whole.EndAt(n)} {
					text, finish, _, err := ask(t, p, aitest.NewServer(t, p, step))
					require.True(t, strings.HasPrefix(said, text), "%s at %d: %q", name, n, text)
					if finish != ai.FinishNone {
						require.NoError(t, err)
						require.Equal(t, said, text, "%s at %d: a finish means that all is there", name, n)
						continue
					}
					var e *ai.Error
					require.ErrorAs(t, err, &e, "%s at %d", name, n)
				}
			}
		})
	}
}

func TestFaultsHaveTheirKind(t *testing.T) {
	for p := range adapters {
		t.Run(string(p), func(t *testing.T) {
			for name, c := range map[string]struct {
				step aitest.Step
				kind ai.Kind
			}{
				"rate limit":   {aitest.RateLimit(p, time.Minute), ai.RateLimited},
				"overload":     {aitest.Overload(), ai.Overloaded},
				"server error": {aitest.Fail(500, "oops"), ai.Unavailable},
				"wrong key":    {aitest.Fail(401, "no"), ai.Auth},
				"web page":     {aitest.Play(200, http.Header{"Content-Type": {"text/html"}}, []byte("<html>")), ai.Malformed},
				"no such page": {aitest.Play(404, http.Header{"Content-Type": {"text/html"}}, []byte("<html>")), ai.BadRequest},
				"endless":      {aitest.Say("").Endless(), ai.Malformed},
			} {
				_, _, _, err := ask(t, p, aitest.NewServer(t, p, c.step))
				require.ErrorIs(t, err, c.kind, name)
				if name == "rate limit" {
					var e *ai.Error
					require.ErrorAs(t, err, &e)
					require.Equal(t, time.Minute, e.After)
				}
			}
			text, _, _, err := ask(t, p, aitest.NewServer(t, p, aitest.Say(said).ErrorEvent()))
			require.Equal(t, said, text)
			require.True(t, errors.Is(err, ai.Overloaded) || errors.Is(err, ai.Unavailable), "an error event: %v", err)
		})
	}
}

func TestCancelEndsACallAtOnce(t *testing.T) {
	for p := range adapters {
		t.Run(string(p), func(t *testing.T) {
			s := aitest.NewServer(t, p, aitest.Say(said).Pieces(4).StallAt(aitest.Say(said).Pieces(4).Len(p)-200))
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			m, err := adapters[p](s.URL, &http.Client{Transport: transport})
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var last error
			for chunk, err := range m.Stream(ctx, ai.Prompt{Parts: []ai.Part{{Text: "x"}}}) {
				if chunk.Text != "" {
					cancel() // and the loop goes on until the stream ends
				}
				last = err
			}
			require.Equal(t, context.Canceled, last)
		})
	}
}

func TestAServerThatGoesDownCutsItsReplies(t *testing.T) {
	s := aitest.NewServer(t, aitest.Chat, aitest.Say(said).Pieces(4).StallAt(300))
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	m, err := adapters[aitest.Chat](s.URL, &http.Client{Transport: transport})
	require.NoError(t, err)
	var last error
	for chunk, err := range m.Stream(t.Context(), ai.Prompt{Parts: []ai.Part{{Text: "x"}}}) {
		if chunk.Text != "" {
			s.Close()
		}
		last = err
	}
	require.ErrorIs(t, last, ai.Truncated)
}
