package ai_test

import (
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
)

// A drama is a run over models that do what chance tells them.
type drama struct {
	rng      *rand.Rand
	want     int
	accepted []int // in the order of Accept
	attempts int
	ended    bool // ctx was cancelled or the consumer has left
}

func (d *drama) task() ai.Task[int] {
	task := numbers(d.want)
	accept := task.Accept
	task.Accept = func(e ai.Element, done []int) (int, error) {
		n, err := accept(e, done)
		if err == nil {
			d.accepted = append(d.accepted, n)
		}
		return n, err
	}
	return task
}

// missing are the numbers that a prompt still asks for, and some that it does not.
func (d *drama) missing(p ai.Prompt, repeats bool) (rest []int) {
	for n := 1; n <= d.want; n++ {
		if !slices.Contains(p.Data.([]int), n) || repeats && d.rng.IntN(4) == 0 {
			rest = append(rest, n)
		}
	}
	return rest
}

// erratic is a model that may break anywhere, stop early, say nothing or garbage.
func (d *drama) erratic(name string) ai.Model {
	return aitest.NewScripted(name, aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
		d.attempts++
		text := reply(d.missing(p, true)...)
		anywhere := d.rng.IntN(len(text) + 1)
		a := aitest.Attempt{Text: text, Cut: 1 + d.rng.IntN(20), Finish: ai.FinishStop}
		switch d.rng.IntN(10) {
		case 0:
			a.Text, a.Finish, a.Err = text[:anywhere], ai.FinishNone, errDown
		case 1:
			a.Text, a.Finish = text[:anywhere], ai.FinishLength
		case 2:
			a.Text, a.Finish = text[:anywhere], ai.FinishNone
		case 3:
			return aitest.Broken("", io.ErrUnexpectedEOF)
		case 4:
			a.Text = strings.Replace(text, "{", "garbage {", 2)
		case 5:
			a.Text = "```json\n" + text + "\n```"
		case 6:
			a.Chunks, a.Text, a.Loop = []ai.Chunk{{Text: `{"q":[`}}, `{"N":0},`, true
		case 7:
			return aitest.Broken("", &ai.Error{Kind: ai.Kind(d.rng.IntN(int(ai.Malformed) + 1))})
		}
		return a
	}})
}

// sound is a model that says all that is missing.
func (d *drama) sound() ai.Model {
	return aitest.NewScripted("sound", aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
		d.attempts++
		return aitest.Complete(reply(d.missing(p, false)...))
	}})
}

// play ranges over a run, and cancels or leaves where it is told to.
func (d *drama) play(t *testing.T, m ai.Model, have []int, cancelAfter, leaveAfter int) (items []int, err error) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for item, failed := range ai.Run(ctx, m, d.task(), have) {
		require.NoError(t, err, "something came after an error")
		if err = failed; err != nil {
			continue
		}
		items = append(items, item)
		if len(items) == cancelAfter {
			d.ended = true
			d.attempts = 0
			cancel()
		}
		if len(items) == leaveAfter {
			d.attempts = 0
			return items, nil
		}
	}
	return items, err
}

// Whatever three models do: what is accepted is yielded, once and in that order, at
// once; the run ends; it is complete when one model can still answer; and nothing is
// asked after a cancel or after the consumer has left.
func TestRunKeepsItsPromisesWhateverModelsDo(t *testing.T) {
	for seed := range uint64(2000) {
		d := &drama{rng: rand.New(rand.NewPCG(seed, 3))}
		d.want = 1 + d.rng.IntN(12)
		have := []int{}
		for n := 1; n <= d.want; n++ {
			if d.rng.IntN(5) == 0 {
				have = append(have, n)
			}
		}
		models := []ai.Model{d.erratic("a"), d.erratic("a"), d.erratic("b")}
		sound := d.rng.IntN(2) == 0
		if sound {
			models = slices.Insert(models, d.rng.IntN(4), d.sound())
		}
		cancelAfter, leaveAfter := 0, 0
		switch d.rng.IntN(5) {
		case 0:
			cancelAfter = 1 + d.rng.IntN(d.want)
		case 1:
			leaveAfter = 1 + d.rng.IntN(d.want)
		}

		items, err := d.play(t, ai.Failover(models...), have, cancelAfter, leaveAfter)

		require.Equal(t, d.accepted, items, "seed %d: accepted and yielded", seed)
		all := slices.Concat(have, items)
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(all))), len(all), "seed %d: %v", seed, all)
		require.LessOrEqual(t, d.attempts, 2+5*(d.want+1), "seed %d: each lap of four models brings an item", seed)
		switch left := leaveAfter > 0 && len(items) == leaveAfter; {
		case left:
			require.Zero(t, d.attempts, "seed %d", seed)
		case d.ended && len(all) < d.want:
			require.Equal(t, context.Canceled, err, "seed %d", seed)
			require.Zero(t, d.attempts, "seed %d", seed)
		case sound:
			require.NoError(t, err, "seed %d", seed)
			require.Len(t, all, d.want, "seed %d", seed)
		case err != nil:
			var exhausted *ai.ExhaustedError
			require.ErrorAs(t, err, &exhausted, "seed %d", seed)
			require.NotEmpty(t, exhausted.Causes, "seed %d", seed)
		default:
			require.Len(t, all, d.want, "seed %d: no error, so all is there", seed)
		}
	}
}
