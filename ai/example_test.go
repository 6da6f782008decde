package ai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// words is a task that wants that many different words.
func words(want int) ai.Task[string] {
	return ai.Task[string]{
		Prompt: func(done []string) ai.Prompt {
			text := fmt.Sprintf(`Give me %d words as {"words":[{"word":"…"}]}, none of %q.`, want-len(done), done)
			return ai.Prompt{Parts: []ai.Part{{Text: text}}}
		},
		Accept: func(e ai.Element, done []string) (string, error) {
			var v struct{ Word string }
			if err := json.Unmarshal(e.JSON, &v); err != nil {
				return "", err
			}
			if v.Word == "" || slices.Contains(done, v.Word) {
				return "", errors.New("no new word")
			}
			return v.Word, nil
		},
		Done: func(done []string) bool { return len(done) >= want },
	}
}

// The first model breaks in the middle of its second word; the second is asked for
// the rest. The caller sees three words.
func ExampleRun() {
	first := aitest.NewScripted("first", aitest.Broken(`{"words":[{"word":"sun"},{"word":"mo`, ai.Overloaded))
	second := aitest.NewScripted("second", aitest.Complete(`{"words":[{"word":"sun"},{"word":"moon"},{"word":"star"}]}`))

	for word, err := range ai.Run(context.Background(), ai.Failover(first, second), words(3), nil) {
		if err != nil {
			fmt.Println("the run ends:", err)
			break
		}
		fmt.Println(word)
	}
	fmt.Println(second.Prompts()[0].Parts[0].Text)
	// Output:
	// sun
	// moon
	// star
	// Give me 2 words as {"words":[{"word":"…"}]}, none of ["sun"].
}

// A program that was killed goes on from what it has saved.
func ExampleRun_resume() {
	model := aitest.NewScripted("a", aitest.Complete(`{"words":[{"word":"star"}]}`))
	saved := []string{"sun", "moon"}
	for word, err := range ai.Run(context.Background(), model, words(3), saved) {
		fmt.Println(word, err)
	}
	// Output:
	// star <nil>
}

func ExampleFailover() {
	down := aitest.NewScripted("cheap", aitest.Broken("", &ai.Error{Kind: ai.RateLimited, After: 20 * time.Second}))
	good := aitest.NewScripted("good", aitest.Complete("Hello!"))
	for chunk, err := range ai.Failover(down, good).Stream(context.Background(), ai.Prompt{}) {
		fmt.Println(chunk.Model, chunk.Text, chunk.Finish, err)
	}

	for _, err := range ai.Failover(down).Stream(context.Background(), ai.Prompt{}) {
		after, _ := resilience.RetryAfter(err)
		fmt.Println(err, "- again in", after)
	}
	// Output:
	// good Hello!  <nil>
	// good  stop <nil>
	// no model is left to ask: cheap: rate limited - again in 20s
}

func ExampleGuard() {
	broken := aitest.NewScripted("cheap", aitest.Broken("", ai.Unavailable))
	breaker := resilience.NewBreaker(resilience.BreakerConfig{Name: "cheap", Failures: 2})
	model := ai.Guard(broken, breaker)
	for range 3 {
		for _, err := range model.Stream(context.Background(), ai.Prompt{}) {
			fmt.Println(err)
		}
	}
	fmt.Println(len(broken.Prompts()), "calls,", breaker.State())
	// Output:
	// unavailable
	// unavailable
	// cheap: circuit open, try again in 3m0s
	// 2 calls, OPEN
}

// counter is a tracer that counts how calls went.
type counter map[string]int

func (counter) Start(ctx context.Context, _ string, _ *ai.Prompt) context.Context { return ctx }

func (c counter) End(_ context.Context, a ai.Attempt) { c[a.Model+" "+a.Outcome()]++ }

func ExampleTraced() {
	seen := counter{}
	model := ai.Failover(
		ai.Traced(aitest.NewScripted("cheap", aitest.Broken("", ai.RateLimited)), seen),
		ai.Traced(aitest.NewScripted("good", aitest.Complete(`{"words":[{"word":"sun"}]}`)), seen),
	)
	for word, err := range ai.Run(context.Background(), model, words(1), nil) {
		fmt.Println(word, err)
	}
	fmt.Println(seen)
	// Output:
	// sun <nil>
	// map[cheap rate_limited:1 good left:1]
}

func ExamplePrices_Cost() {
	prices := ai.DefaultPrices()
	prices["openai/my-tuned-model"] = ai.Price{Rates: ai.Rates{Input: 1, Output: 4}}
	usage := ai.Usage{Input: 12_000, CacheRead: 10_000, Output: 1000}
	for _, model := range []string{"openai/my-tuned-model", "anthropic/claude-opus-5", "unheard/of"} {
		usd, known := prices.Cost(model, usage)
		fmt.Printf("%.4f %v\n", usd, known)
	}
	// Output:
	// 0.0160 true
	// 0.0400 true
	// 0.0000 false
}

// Two models share what a day may cost; what has no price goes on for free.
func ExampleBudget() {
	budget := ai.NewBudget(ai.BudgetConfig{USD: 1, Prices: ai.Prices{"p/dear": {Rates: ai.Rates{Input: 2, Output: 10}}}})
	reply := aitest.Complete(`{"words":[{"word":"sun"}]}`)
	reply.Usage = &ai.Usage{Input: 500_000, Output: 10}
	dear := aitest.NewScripted("p/dear", reply)
	model := ai.Failover(
		ai.Traced(ai.Guard(dear, budget.Gate(dear.Name())), budget),
		aitest.NewScripted("offline/m", aitest.Complete("for free")),
	)

	for range 2 {
		for chunk, err := range model.Stream(context.Background(), ai.Prompt{}) {
			if err != nil {
				fmt.Println("the call ends:", err)
				break
			}
			if chunk.Text != "" {
				fmt.Println(chunk.Model, chunk.Text)
			}
		}
	}
	_, spent := budget.Spent()
	fmt.Printf("%.4f US dollars\n", spent)
	// Output:
	// p/dear {"words":[{"word":"sun"}]}
	// offline/m for free
	// 1.0001 US dollars
}
