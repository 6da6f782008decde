package ai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
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
