package ai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
)

func TestMeterEstimatesWhatTheProviderHasNotToldOf(t *testing.T) {
	prompt := ai.Prompt{
		System: strings.Repeat("s", 30),
		Parts:  []ai.Part{{Media: &ai.Media{}}, {Text: strings.Repeat("t", 31)}},
	}
	const input = 2500 + 21
	text := func(n int) ai.Chunk { return ai.Chunk{Text: strings.Repeat("x", n)} }
	told := func(n int, u ai.Usage) ai.Chunk { return ai.Chunk{Text: strings.Repeat("x", n), Usage: &u} }
	for _, c := range []struct {
		name      string
		chunks    []ai.Chunk
		want      ai.Usage
		estimated bool
	}{
		{"before the first chunk", nil, ai.Usage{Input: input}, true},
		{"nothing told", []ai.Chunk{text(7), text(2)}, ai.Usage{Input: input, Output: 3}, true},
		{"told at the end", []ai.Chunk{text(90), told(0, ai.Usage{Input: 900, CacheRead: 100, Output: 25})}, ai.Usage{Input: 900, CacheRead: 100, Output: 25}, false},
		{"the prompt told at the start", []ai.Chunk{told(0, ai.Usage{Input: 900, Output: 1}), text(30)}, ai.Usage{Input: 900, Output: 11}, true},
		{"running totals", []ai.Chunk{told(30, ai.Usage{Input: 900, Output: 9}), told(30, ai.Usage{Input: 900, Output: 19, Reasoning: 4})}, ai.Usage{Input: 900, Output: 19, Reasoning: 4}, false},
		{"running totals that stop", []ai.Chunk{told(30, ai.Usage{Input: 900, Output: 9}), text(3)}, ai.Usage{Input: 900, Output: 10}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := ai.NewMeter(prompt)
			for _, chunk := range c.chunks {
				m.Count(chunk)
			}
			got, estimated := m.Usage()
			require.Equal(t, c.want, got)
			require.Equal(t, c.estimated, estimated)
		})
	}
}

func TestMeterCountsTheSchemaOfAPrompt(t *testing.T) {
	word := &ai.Schema{Type: "string", Description: strings.Repeat("d", 300), Enum: []string{strings.Repeat("e", 300)}}
	list := &ai.Schema{Type: "array", Items: &ai.Schema{AnyOf: []*ai.Schema{word, {Type: "integer"}}}}
	root := &ai.Schema{Type: "object", Properties: []ai.Property{{Name: "list", Schema: list}}}
	u, _ := ai.NewMeter(ai.Prompt{Schema: root}).Usage()
	require.Greater(t, u.Input, 200)
	require.Less(t, u.Input, 300)
}
