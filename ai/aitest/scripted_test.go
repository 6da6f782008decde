package aitest_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// play reads all that one call of a model yields.
func play(t *testing.T, m ai.Model, p ai.Prompt) (chunks []ai.Chunk, err error) {
	t.Helper()
	for chunk, failed := range m.Stream(t.Context(), p) {
		require.NoError(t, err, "something came after an error")
		if err = failed; err == nil {
			chunks = append(chunks, chunk)
		}
	}
	return chunks, err
}

func TestScriptedPlaysItsAttemptsInOrder(t *testing.T) {
	usage := &ai.Usage{Input: 3, Output: 4}
	limits := &resilience.Signal{Requests: resilience.Window{Limit: 60}}
	m := aitest.NewScripted("a",
		aitest.Complete("whole"),
		aitest.Broken("half", io.ErrUnexpectedEOF),
		aitest.Attempt{Chunks: []ai.Chunk{{Limits: limits, RequestID: "r1"}}, Text: "م!", Cut: 1, Finish: ai.FinishLength, Usage: usage},
		aitest.Attempt{})
	require.Equal(t, "a", m.Name())

	chunks, err := play(t, m, ai.Prompt{System: "first"})
	require.NoError(t, err)
	require.Equal(t, []ai.Chunk{{Text: "whole", Model: "a"}, {Finish: ai.FinishStop, Model: "a"}}, chunks)

	chunks, err = play(t, m, ai.Prompt{System: "second"})
	require.Equal(t, io.ErrUnexpectedEOF, err)
	require.Equal(t, []ai.Chunk{{Text: "half", Model: "a"}}, chunks)

	chunks, err = play(t, m, ai.Prompt{})
	require.NoError(t, err)
	require.Equal(t, []ai.Chunk{
		{Limits: limits, RequestID: "r1"},
		{Text: "\xd9", Model: "a"}, {Text: "\x85", Model: "a"}, {Text: "!", Model: "a"},
		{Finish: ai.FinishLength, Usage: usage, Model: "a"},
	}, chunks, "cut inside a letter, too")

	for range 2 {
		chunks, err = play(t, m, ai.Prompt{})
		require.NoError(t, err)
		require.Empty(t, chunks, "the last attempt answers all further calls")
	}
	require.Len(t, m.Prompts(), 5)
	require.Equal(t, "second", m.Prompts()[1].System)
}

func TestScriptedAnswersThePrompt(t *testing.T) {
	m := aitest.NewScripted("a", aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
		return aitest.Complete(strings.ToUpper(p.Parts[0].Text))
	}})
	chunks, err := play(t, m, ai.Prompt{Parts: []ai.Part{{Text: "hello"}}})
	require.NoError(t, err)
	require.Equal(t, "HELLO", chunks[0].Text)
}

func TestScriptedStallsAndLoopsUntilItIsStopped(t *testing.T) {
	for name, a := range map[string]aitest.Attempt{
		"stalls":                {Text: "x", Stall: true},
		"stalls before a fault": {Text: "x", Stall: true, Err: io.ErrUnexpectedEOF},
		"loops":                 {Text: "x", Loop: true},
	} {
		t.Run(name, func(t *testing.T) {
			m := aitest.NewScripted("a", a)
			for chunk, err := range m.Stream(t.Context(), ai.Prompt{}) {
				require.NoError(t, err)
				require.Equal(t, "x", chunk.Text)
				break
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var last error
			for _, err := range m.Stream(ctx, ai.Prompt{}) {
				last = err
				cancel()
			}
			require.Equal(t, context.Canceled, last)
		})
	}
}

func TestScriptedWithoutAScriptSaysNothing(t *testing.T) {
	chunks, err := play(t, aitest.NewScripted("a"), ai.Prompt{})
	require.NoError(t, err)
	require.Empty(t, chunks)
}
