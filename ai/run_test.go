package ai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errRepeated = errors.New("repeated")
	errDown     = &ai.Error{Kind: ai.Unavailable, Err: errors.New("down")}
)

// numbers is a task that wants the numbers 1 to want, in any order, each once.
func numbers(want int) ai.Task[int] {
	return ai.Task[int]{
		Prompt: func(done []int) ai.Prompt {
			return ai.Prompt{Parts: []ai.Part{{Text: fmt.Sprint(done)}}, Data: slices.Clone(done)}
		},
		Accept: func(e ai.Element, done []int) (int, error) {
			var v struct{ N int }
			if err := json.Unmarshal(e.JSON, &v); err != nil {
				return 0, err
			}
			if e.Key != "q" || v.N < 1 || slices.Contains(done, v.N) {
				return 0, errRepeated
			}
			return v.N, nil
		},
		Done: func(done []int) bool { return len(done) >= want },
	}
}

// reply writes numbers as a model would.
func reply(numbers ...int) string {
	var b strings.Builder
	b.WriteString(`{"q":[`)
	for i, n := range numbers {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `{"N":%d}`, n)
	}
	b.WriteString("]}")
	return b.String()
}

// collect ranges over a run and checks that an error is the last thing it yields.
func collect[T any](t testing.TB, seq func(func(T, error) bool)) (items []T, err error) {
	t.Helper()
	for item, failed := range seq {
		require.NoError(t, err, "something came after an error")
		if err = failed; err == nil {
			items = append(items, item)
		}
	}
	return items, err
}

func TestRunYieldsEachItemOnce(t *testing.T) {
	m := aitest.NewScripted("a", aitest.Complete(reply(1, 2, 2, 3)))
	items, err := collect(t, ai.Run(t.Context(), m, numbers(3), nil))
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, items)
	require.Len(t, m.Prompts(), 1)
}

func TestRunStartsFromWhatIsDone(t *testing.T) {
	m := aitest.NewScripted("a", aitest.Complete(reply(1, 2, 3, 4)))
	done := []int{2, 3}
	items, err := collect(t, ai.Run(t.Context(), m, numbers(4), done))
	require.NoError(t, err)
	require.Equal(t, []int{1, 4}, items, "what is done is not yielded again")
	require.Equal(t, []int{2, 3}, done)
	require.Equal(t, []int{2, 3}, m.Prompts()[0].Data)

	items, err = collect(t, ai.Run(t.Context(), m, numbers(2), done))
	require.NoError(t, err)
	require.Empty(t, items)
	require.Len(t, m.Prompts(), 1, "nothing is asked when nothing is wanted")
}

func TestRunYieldsAnItemBeforeTheNextChunkIsRead(t *testing.T) {
	var log []string
	m := aitest.NewScripted("a", aitest.Attempt{Chunks: []ai.Chunk{{Text: `{"q":[{"N":1}`}, {Text: `,{"N":2`}, {Text: `}`}}, Finish: ai.FinishStop})
	task := numbers(2)
	for item, err := range ai.Run(t.Context(), watched{m, &log}, task, nil) {
		require.NoError(t, err)
		log = append(log, fmt.Sprint("item ", item))
	}
	require.Equal(t, []string{"chunk", "item 1", "chunk", "chunk", "item 2"}, log)
}

// watched notes when each chunk is read.
type watched struct {
	ai.Model
	log *[]string
}

func (w watched) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		for chunk, err := range w.Model.Stream(ctx, p) {
			*w.log = append(*w.log, "chunk")
			if !yield(chunk, err) {
				return
			}
		}
	}
}

func TestRunSurvivesACutAtEveryByte(t *testing.T) {
	whole := reply(1, 2, 3, 4, 5)
	for n := range len(whole) + 1 {
		for name, first := range map[string]aitest.Attempt{
			"broken":     aitest.Broken(whole[:n], errDown),
			"truncated":  {Text: whole[:n]},
			"length cut": {Text: whole[:n], Finish: ai.FinishLength},
		} {
			a := aitest.NewScripted("a", first)
			b := aitest.NewScripted("b", aitest.Complete(reply(1, 2, 3, 4, 5)))
			items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), numbers(5), nil))
			require.NoError(t, err, "%s at %d", name, n)
			require.Equal(t, []int{1, 2, 3, 4, 5}, items, "%s at %d", name, n)
		}
	}
}

func TestRunAsksTheSameModelAfterAFinishThatBroughtAnItem(t *testing.T) {
	for name, finish := range map[string]ai.Finish{"stop": ai.FinishStop, "length": ai.FinishLength} {
		t.Run(name, func(t *testing.T) {
			a := aitest.NewScripted("a", aitest.Attempt{Text: reply(1), Finish: finish}, aitest.Complete(reply(2)), aitest.Complete(reply(3)))
			b := aitest.NewScripted("b", aitest.Complete(reply(9)))
			items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), numbers(3), nil))
			require.NoError(t, err)
			require.Equal(t, []int{1, 2, 3}, items)
			require.Empty(t, b.Prompts())
			require.Equal(t, []int{1, 2}, a.Prompts()[2].Data)
		})
	}
}

func TestRunAvoidsAModelThatBrokeOrBroughtNothing(t *testing.T) {
	for name, first := range map[string]aitest.Attempt{
		"broke before its first chunk": aitest.Broken("", errDown),
		"broke after an item":          aitest.Broken(`{"q":[{"N":1}`, errDown),
		"brought nothing":              aitest.Complete("{}"),
		"brought nothing good":         aitest.Complete(`{"x":[{"N":1}]}`),
		"an empty stream":              {},
	} {
		t.Run(name, func(t *testing.T) {
			a := aitest.NewScripted("a", first)
			b := aitest.NewScripted("b", aitest.Complete(reply(1, 2, 3)))
			items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), numbers(3), nil))
			require.NoError(t, err)
			require.Equal(t, []int{1, 2, 3}, items)
			require.Len(t, a.Prompts(), 1)
		})
	}
}

func TestRunTakesAnotherLapWhileLapsAcceptSomething(t *testing.T) {
	step := func(n int) aitest.Attempt { return aitest.Broken(fmt.Sprintf(`{"q":[{"N":%d}`, n), errDown) }
	a := aitest.NewScripted("a", step(1), step(3), step(5))
	b := aitest.NewScripted("b", step(2), step(4))
	items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), numbers(5), nil))
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3, 4, 5}, items)
	require.Equal(t, []string{"a"}, b.Prompts()[0].Avoid)
	require.Empty(t, a.Prompts()[1].Avoid, "a new lap avoids nobody")
}

func TestRunEndsWhenALapAcceptsNothing(t *testing.T) {
	later := &ai.Error{Kind: ai.RateLimited, After: 20 * time.Second}
	a := aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":1}`, errDown), aitest.Broken("", errDown))
	b := aitest.NewScripted("b", aitest.Broken("", later))
	items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), numbers(5), nil))
	require.Equal(t, []int{1}, items)
	var exhausted *ai.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	require.ErrorIs(t, err, ai.RateLimited)
	after, known := resilience.RetryAfter(err)
	require.True(t, known)
	require.Equal(t, 20*time.Second, after)
	require.Len(t, a.Prompts(), 2, "a second lap, for the first had accepted something")
}

func TestRunOverAPlainModelEndsWhenItIsBarrenAgain(t *testing.T) {
	m := aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":1}`, errDown), aitest.Broken("", errDown), aitest.Complete(reply(2)), aitest.Broken("", errDown))
	items, err := collect(t, ai.Run(t.Context(), m, numbers(5), nil))
	require.Equal(t, []int{1, 2}, items, "the second lap brought one more")
	require.ErrorIs(t, err, ai.Unavailable)
	require.LessOrEqual(t, len(m.Prompts()), 7)

	m = aitest.NewScripted("a", aitest.Complete("{}"))
	_, err = collect(t, ai.Run(t.Context(), m, numbers(5), nil))
	require.ErrorIs(t, err, ai.Malformed, "a good finish with nothing in it")
	require.Len(t, m.Prompts(), 2)

	gate := resilience.NewBreaker(resilience.BreakerConfig{Failures: 1})
	done, err := gate.Enter(t.Context())
	require.NoError(t, err)
	done(errDown)
	_, err = collect(t, ai.Run(t.Context(), ai.Guard(m, gate), numbers(5), nil))
	require.ErrorIs(t, err, resilience.ErrOpen)
	_, known := resilience.RetryAfter(err)
	require.True(t, known)
}

func TestRunMayEndWhenThereIsEnough(t *testing.T) {
	task := numbers(20)
	task.Enough = func(done []int) bool { return len(done) >= 3 }
	for name, m := range map[string]ai.Model{
		"a finish without a new item": aitest.NewScripted("a", aitest.Complete(reply(1, 2, 3)), aitest.Complete("{}")),
		"exhausted":                   ai.Failover(aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":1},{"N":2},{"N":3}`, errDown), aitest.Broken("", errDown))),
		"a plain model that is down":  aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":1},{"N":2},{"N":3}`, errDown), aitest.Broken("", errDown)),
	} {
		t.Run(name, func(t *testing.T) {
			items, err := collect(t, ai.Run(t.Context(), m, task, nil))
			require.NoError(t, err)
			require.Equal(t, []int{1, 2, 3}, items)
		})
	}
	items, err := collect(t, ai.Run(t.Context(), aitest.NewScripted("a", aitest.Complete(reply(1, 2)), aitest.Complete("{}")), task, nil))
	require.Equal(t, []int{1, 2}, items)
	require.Error(t, err, "two are not enough")
}

func TestRunCutsAnAttemptThatGoesNowhere(t *testing.T) {
	many := make([]int, 40)
	for i := range many {
		many[i] = 1
	}
	for name, first := range map[string]aitest.Attempt{
		"never stops repeating": {Text: `{"q":[` + strings.Repeat(`{"N":0},`, 8), Loop: true},
		"never stops talking":   {Text: strings.Repeat("no JSON at all ", 100), Loop: true},
		"one endless item":      {Text: `{"q":[{"text":"` + strings.Repeat("x", 1000), Loop: false, Answer: endlessItem},
		"too many repetitions":  aitest.Complete(reply(many...)),
	} {
		t.Run(name, func(t *testing.T) {
			var dropped int
			task := numbers(2)
			task.Dropped = func(ai.Element, error) { dropped++ }
			a := aitest.NewScripted("a", first)
			b := aitest.NewScripted("b", aitest.Complete(reply(1, 2)))
			items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), task, nil))
			require.NoError(t, err)
			require.Equal(t, []int{1, 2}, items)
			require.LessOrEqual(t, dropped, 40)

			_, err = collect(t, ai.Run(t.Context(), aitest.NewScripted("a", first), numbers(50), nil))
			require.ErrorIs(t, err, ai.Malformed)
		})
	}
}

func endlessItem(ai.Prompt) aitest.Attempt {
	return aitest.Attempt{Chunks: []ai.Chunk{{Text: `{"q":[{"text":"`}}, Text: strings.Repeat("x", 1000), Loop: true}
}

func TestRunDropsWhatIsNotAccepted(t *testing.T) {
	var why []error
	task := numbers(2)
	task.Dropped = func(_ ai.Element, err error) { why = append(why, err) }
	m := aitest.NewScripted("a", aitest.Complete(`{"q":[{"N":1},{"N":1},{"N":},{"N":"x"},`+"\n// garbage {not json}\n"+`{"N":2}]}`))
	items, err := collect(t, ai.Run(t.Context(), m, task, nil))
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, items)
	require.Len(t, why, 4)
	require.ErrorIs(t, why[0], errRepeated)
}

func TestRunStopsAtOnceWhenTheConsumerDoes(t *testing.T) {
	m := aitest.NewScripted("a", aitest.Attempt{Text: `{"q":[{"N":1},{"N":2},{"N":3}`, Cut: 3, Stall: true})
	for item, err := range ai.Run(t.Context(), m, numbers(9), nil) {
		require.NoError(t, err)
		if item == 2 {
			break
		}
	}
	require.Len(t, m.Prompts(), 1)
}

func TestRunYieldsACancelledContextOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := aitest.NewScripted("a", aitest.Attempt{Text: `{"q":[{"N":1}`, Stall: true})
	var errs []error
	for _, err := range ai.Run(ctx, ai.Failover(m, m), numbers(9), nil) {
		if err != nil {
			errs = append(errs, err)
		}
		cancel()
	}
	require.Equal(t, []error{context.Canceled}, errs)
	require.Len(t, m.Prompts(), 1, "no further attempt")

	_, err := collect(t, ai.Run(ctx, m, numbers(9), nil))
	require.Equal(t, context.Canceled, err)
	require.Len(t, m.Prompts(), 1)
}

func TestRunGivesUpOnNoKindAlone(t *testing.T) {
	for kind := ai.Unknown; kind <= ai.Malformed; kind++ {
		a := aitest.NewScripted("a", aitest.Broken("", &ai.Error{Kind: kind}))
		b := aitest.NewScripted("b", aitest.Complete(reply(1)))
		items, err := collect(t, ai.Run(t.Context(), ai.Failover(a, b), numbers(1), nil))
		require.NoError(t, err, kind)
		require.Equal(t, []int{1}, items)
	}
}

// Whatever three models do, each item comes once, the run ends, and it is complete
// when one of the models still can answer.
func TestRunKeepsItsPromisesWhateverModelsDo(t *testing.T) {
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 3))
		want := 1 + rng.IntN(12)
		answers := func(p ai.Prompt) aitest.Attempt {
			var rest []int
			for n := 1; n <= want; n++ {
				if rng.IntN(4) == 0 || !slices.Contains(p.Data.([]int), n) { // some repeat what is done
					rest = append(rest, n)
				}
			}
			text := reply(rest...)
			a := aitest.Attempt{Text: text, Cut: 1 + rng.IntN(20), Finish: ai.FinishStop}
			switch rng.IntN(7) {
			case 0:
				a = aitest.Broken(text[:rng.IntN(len(text)+1)], errDown)
			case 1:
				a.Text, a.Finish = text[:rng.IntN(len(text)+1)], ai.FinishLength
			case 2:
				a = aitest.Attempt{}
			case 3:
				a = aitest.Broken("", io.ErrUnexpectedEOF)
			case 4:
				a.Text = strings.Replace(text, "{", "garbage {", 2)
			}
			return a
		}
		model := func(name string) ai.Model { return aitest.NewScripted(name, aitest.Attempt{Answer: answers}) }
		sound := aitest.NewScripted("sound", aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
			var rest []int
			for n := 1; n <= want; n++ {
				if !slices.Contains(p.Data.([]int), n) {
					rest = append(rest, n)
				}
			}
			return aitest.Complete(reply(rest...))
		}})
		items, err := collect(t, ai.Run(t.Context(), ai.Failover(model("a"), model("a"), sound), numbers(want), nil))
		require.NoError(t, err, "seed %d", seed)
		sorted := slices.Sorted(slices.Values(items))
		require.Len(t, slices.Compact(sorted), want, "seed %d: %v", seed, items)
		require.Len(t, items, want, "seed %d", seed)

		items, _ = collect(t, ai.Run(t.Context(), ai.Failover(model("a"), model("b")), numbers(want), nil))
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(items))), len(items), "seed %d", seed)
	}
}

func BenchmarkRunItem(b *testing.B) {
	var many []int
	for n := range 400 {
		many = append(many, n+1)
	}
	m := aitest.NewScripted("a", aitest.Attempt{Text: reply(many...), Cut: 100, Finish: ai.FinishStop})
	task := numbers(len(many))
	task.Accept = func(e ai.Element, done []int) (int, error) { return len(done), nil }
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range ai.Run(b.Context(), m, task, nil) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(many)), "ns/item")
}
