// Command ai asks language models for words of a subject, and prints each as soon
// as it is whole. Two providers stand in for one another: what the first leaves
// unsaid the second is asked for.
//
//	GEMINI_API_KEY=… ANTHROPIC_API_KEY=… go run ./examples/ai the water cycle
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
	"github.com/learnsnap/learnsnap-go/resilience"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv, strings.Join(os.Args[1:], " "), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "ai:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, getenv func(string) string, subject string, out, log io.Writer) error {
	google, err := gemini.New(gemini.Config{Key: getenv("GEMINI_API_KEY"), BaseURL: getenv("GEMINI_BASE_URL")})
	if err != nil {
		return fmt.Errorf("GEMINI_API_KEY: %w", err)
	}
	claude, err := anthropic.New(anthropic.Config{Key: getenv("ANTHROPIC_API_KEY"), BaseURL: getenv("ANTHROPIC_BASE_URL")})
	if err != nil {
		return fmt.Errorf("ANTHROPIC_API_KEY: %w", err)
	}
	model := ai.Failover(watched(google, log), watched(claude, log))
	for w, err := range ai.Run(ctx, model, words(subject, 5), nil) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s\n", w.Word, w.Meaning)
	}
	return nil
}

// watched is a model that is left alone for a while after it has failed three times,
// and whose calls are told.
func watched(m ai.Model, log io.Writer) ai.Model {
	gate := resilience.Gates(
		resilience.NewBreaker(resilience.BreakerConfig{Name: m.Name()}),
		resilience.NewLimiter(resilience.LimiterConfig{Name: m.Name(), Refused: ai.Busy}),
	)
	return ai.Traced(ai.Guard(m, gate), teller{log})
}

// A teller is a tracer that tells of each call in a line.
type teller struct{ out io.Writer }

func (t teller) Start(ctx context.Context, _ string, _ *ai.Prompt) context.Context { return ctx }

func (t teller) End(_ context.Context, a ai.Attempt) {
	fmt.Fprintf(t.out, "[%s: %s]\n", a.Model, a.Outcome())
}

type word struct{ Word, Meaning string }

// words is the task: what is asked, given what is there already; what is taken; and
// when it is done.
func words(subject string, want int) ai.Task[word] {
	text := &ai.Schema{Type: "string"}
	reply := &ai.Schema{Type: "object", Properties: []ai.Property{
		{Name: "words", Schema: &ai.Schema{Type: "array", Items: &ai.Schema{Type: "object", Properties: []ai.Property{
			{Name: "word", Schema: text}, {Name: "meaning", Schema: text},
		}}}},
	}}
	return ai.Task[word]{
		Prompt: func(done []word) ai.Prompt {
			ask := fmt.Sprintf("%d words that one has to know about %s, each with its meaning in a line.", want-len(done), subject)
			for _, w := range done {
				ask += "\nNot this one: " + w.Word
			}
			return ai.Prompt{Parts: []ai.Part{{Text: ask}}, Schema: reply}
		},
		Accept: func(e ai.Element, done []word) (word, error) {
			var w word
			err := json.Unmarshal(e.JSON, &w)
			again := slices.ContainsFunc(done, func(d word) bool { return d.Word == w.Word })
			if err == nil && (w.Word == "" || again) {
				err = errors.New("no new word")
			}
			return w, err
		},
		Done: func(done []word) bool { return len(done) >= want },
	}
}
