package ai_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
)

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

func TestRunCountsFromTheLastItem(t *testing.T) {
	junk := strings.Repeat(`{"N":0},`, 31)
	m := aitest.NewScripted("a", aitest.Complete(`{"q":[`+junk+`{"N":1},`+junk+`{"N":2},`+junk+`{"N":3}]}`))
	items, err := collect(t, ai.Run(t.Context(), m, numbers(3), nil))
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3}, items, "31 in a row are few enough, however often")
	require.Len(t, m.Prompts(), 1)

	var dropped int
	task := numbers(1)
	task.Dropped = func(ai.Element, error) { dropped++ }
	m = aitest.NewScripted("a", aitest.Complete(`{"q":[`+junk+`{"N":0},{"N":1}]}`), aitest.Complete(reply(1)))
	_, err = collect(t, ai.Run(t.Context(), m, task, nil))
	require.NoError(t, err)
	require.Equal(t, 32, dropped)
	require.Len(t, m.Prompts(), 2, "32 are not")

	long := strings.Repeat("thinking ", (1<<20)/9-10)
	m = aitest.NewScripted("a", aitest.Attempt{Text: long + `{"q":[{"N":1}, ` + long + `{"N":2}]}`, Cut: 4096, Finish: ai.FinishStop})
	items, err = collect(t, ai.Run(t.Context(), m, numbers(2), nil))
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, items)
	require.Len(t, m.Prompts(), 1, "nearly 1 MiB before each item")
}

func TestRunCutsAnAttemptBeforeItReadsOn(t *testing.T) {
	m := aitest.NewScripted("a", aitest.Attempt{Text: strings.Repeat(`{"N":0},`, 8), Chunks: []ai.Chunk{{Text: `{"q":[`}}, Loop: true})
	var log []string
	_, err := collect(t, ai.Run(t.Context(), watched{m, &log}, numbers(1), nil))
	require.ErrorIs(t, err, ai.Malformed)
	require.Len(t, log, 2*5, "two attempts of one chunk and four times eight elements")
}

func TestElementsNameTheModelThatWroteThem(t *testing.T) {
	var wrote []string
	task := numbers(4)
	accept := task.Accept
	task.Accept = func(e ai.Element, done []int) (int, error) {
		wrote = append(wrote, e.Model)
		return accept(e, done)
	}
	a := aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":1}`, errDown))
	second := aitest.NewScripted("a", aitest.Broken(`{"q":[{"N":2}`, errDown))
	b := aitest.NewScripted("b", aitest.Complete(reply(3, 4)))
	_, err := collect(t, ai.Run(t.Context(), ai.Failover(a, second, b), task, nil))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "a#2", "b", "b"}, wrote)

	wrote = nil
	nameless := aitest.NewScripted("plain", aitest.Attempt{Chunks: []ai.Chunk{{Text: reply(1, 2, 3, 4)}}, Finish: ai.FinishStop})
	_, err = collect(t, ai.Run(t.Context(), nameless, task, nil))
	require.NoError(t, err)
	require.Equal(t, []string{"plain", "plain", "plain", "plain"}, wrote, "a chunk that names nobody is its model's")
}

func TestTasksCannotDisturbWhatIsDone(t *testing.T) {
	task := numbers(5)
	accept := task.Accept
	var kept [][]int
	task.Accept = func(e ai.Element, done []int) (int, error) {
		kept = append(kept, done)
		_ = append(done, -1) // lands in a copy
		return accept(e, done)
	}
	m := aitest.NewScripted("a", aitest.Complete(reply(1, 2, 3, 4, 5)))
	items, err := collect(t, ai.Run(t.Context(), m, task, make([]int, 0, 8)))
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3, 4, 5}, items)
	require.Equal(t, [][]int{{}, {1}, {1, 2}, {1, 2, 3}, {1, 2, 3, 4}}, kept)
}

func TestEachRangeIsARunOfItsOwn(t *testing.T) {
	m := aitest.NewScripted("a", aitest.Complete(reply(1, 2)))
	seq := ai.Run(t.Context(), m, numbers(2), nil)
	for range 2 {
		items, err := collect(t, seq)
		require.NoError(t, err)
		require.Equal(t, []int{1, 2}, items)
	}
	require.Len(t, m.Prompts(), 2)
}

// stamped notes when a chunk with a closing brace is handed over.
type stamped struct {
	ai.Model
	at *time.Time
}

func (s stamped) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		for chunk, err := range s.Model.Stream(ctx, p) {
			if chunk.Text == "}" {
				*s.at = time.Now()
			}
			if !yield(chunk, err) {
				return
			}
		}
	}
}

// BenchmarkItemLatency measures from the chunk that holds an item's closing brace
// to the item, of a question's size, decoded.
func BenchmarkItemLatency(b *testing.B) {
	question := `{"N":%d,"type":"multiple_choice","question":"What is it that stands on the page?","options":["first","second","third","fourth"],"correct":"B","explanation":"The page says so in a sentence, which is quoted below.","evidence":{"text":"This sentence stands on the page.","page":1,"confidence":0.9}`
	var chunks []ai.Chunk
	for n := range 100 {
		text := fmt.Sprintf(question, n+1)
		for i := 0; i < len(text); i += 40 {
			chunks = append(chunks, ai.Chunk{Text: text[i:min(i+40, len(text))]})
		}
		chunks = append(chunks, ai.Chunk{Text: "}"})
	}
	chunks[0].Text = `{"q":[` + chunks[0].Text
	m := aitest.NewScripted("a", aitest.Attempt{Chunks: chunks, Finish: ai.FinishStop})
	var at time.Time
	var total, worst time.Duration
	items := 0
	task := numbers(100)
	for b.Loop() {
		for _, err := range ai.Run(b.Context(), stamped{m, &at}, task, nil) {
			if err != nil {
				b.Fatal(err)
			}
			took := time.Since(at)
			total, worst, items = total+took, max(worst, took), items+1
		}
	}
	b.ReportMetric(float64(total.Nanoseconds())/float64(items), "ns/item")
	b.ReportMetric(float64(worst.Microseconds()), "µs-worst")
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
