package aitest_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// question is a prompt with a picture.
func question() ai.Prompt {
	picture := &ai.Media{Type: "image/png", Size: 4, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("\x89PNG")), nil
	}}
	return ai.Prompt{System: "be brief", Parts: []ai.Part{{Media: picture}, {Text: "what is this?"}}}
}

// adapter returns an adapter of a fresh server.
func adapter(t *testing.T, p aitest.Provider, script ...aitest.Step) ai.Model {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	m, err := adapters[p](aitest.NewServer(t, p, script...).URL, &http.Client{Transport: transport})
	require.NoError(t, err)
	return m
}

// scripted is a scripted model that answers like an adapter: it reads the media,
// and refuses what can't be asked.
func scripted(name string) ai.Model {
	return aitest.NewScripted(name, aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
		refusal := &ai.Error{Kind: ai.BadRequest, Model: name}
		for _, part := range p.Parts {
			switch {
			case part.Media == nil && part.Text == "", part.Media != nil && part.Media.Open == nil:
				return aitest.Broken("", refusal)
			case part.Media == nil:
				continue
			}
			file, err := part.Media.Open()
			if err != nil {
				return aitest.Broken("", &ai.Error{Kind: ai.BadRequest, Model: name, Err: err})
			}
			if err := file.Close(); err != nil {
				return aitest.Broken("", err)
			}
		}
		if len(p.Parts) == 0 {
			return aitest.Broken("", refusal)
		}
		return aitest.Attempt{Text: said, Cut: 5, Finish: ai.FinishStop, Usage: &ai.Usage{Input: 10, Output: 3}}
	}})
}

func TestTheAdaptersKeepTheContract(t *testing.T) {
	for p := range adapters {
		for name, step := range map[string]aitest.Step{
			"": aitest.Say(said).Pieces(8), " in one piece": aitest.Say(said).Pieces(1 << 20), " zipped": aitest.Say(said).Gzip(),
			" cut by a limit": aitest.Say(said).Length(),
		} {
			t.Run(string(p)+name, func(t *testing.T) {
				aitest.Run(t, func(t *testing.T) ai.Model { return adapter(t, p, step) }, question())
			})
		}
	}
}

func TestAScriptedModelKeepsTheContract(t *testing.T) {
	aitest.Run(t, func(*testing.T) ai.Model { return scripted("test/a") }, question())
}

// gates are a model's gates without a quota, which lets the first call through
// alone.
func gates() resilience.Gate {
	return resilience.Gates(
		resilience.NewBreaker(resilience.BreakerConfig{Name: "g"}),
		resilience.NewLimiter(resilience.LimiterConfig{Name: "g", Refused: ai.Busy}),
		resilience.NewQuota(resilience.QuotaConfig{Name: "g", Requests: 1_000_000}),
	)
}

func TestWhatWrapsModelsKeepsTheContract(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) ai.Model{
		"guard":  func(*testing.T) ai.Model { return ai.Guard(scripted("test/a"), gates()) },
		"traced": func(*testing.T) ai.Model { return ai.Traced(scripted("test/a"), &notes{}) },
		"failover to the first": func(*testing.T) ai.Model {
			return ai.Failover(scripted("test/a"), scripted("test/a"))
		},
		"failover to the last": func(t *testing.T) ai.Model {
			down := aitest.NewScripted("test/down", aitest.Broken("", &ai.Error{Kind: ai.Unavailable, Model: "test/down"}))
			return ai.Failover(down, adapter(t, aitest.Gemini, aitest.Fail(503, "down")), scripted("test/a"))
		},
		"all of them over adapters": func(t *testing.T) ai.Model {
			var chain []ai.Model
			for p := range adapters {
				chain = append(chain, ai.Traced(ai.Guard(adapter(t, p, aitest.Say(said)), gates()), &notes{}))
			}
			return ai.Traced(ai.Failover(chain...), &notes{})
		},
	} {
		t.Run(name, func(t *testing.T) { aitest.Run(t, open, question()) })
	}
}

// notes is a tracer that listens to nothing.
type notes struct{}

func (*notes) Start(ctx context.Context, _ string, _ *ai.Prompt) context.Context { return ctx }
func (*notes) End(context.Context, ai.Attempt)                                   {}
