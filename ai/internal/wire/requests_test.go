package wire_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
	"github.com/learnsnap/learnsnap-go/ai/openai"
)

// schema compiles one of the providers' published request schemas, or skips where
// they are missing.
func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	dir := os.Getenv("LEARNSNAP_WIRE")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "wire", "dev")
	}
	file := filepath.Join(filepath.Dir(filepath.Clean(dir)), "schemas", name+".json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("no published schemas: %v", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	dropOlder(doc)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("schema.json", doc))
	s, err := c.Compile("schema.json")
	require.NoError(t, err)
	return s
}

// dropOlder takes out a keyword of an older draft that one of them still has.
func dropOlder(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, isFlag := v["$recursiveAnchor"].(bool); isFlag {
			delete(v, "$recursiveAnchor")
		}
		for _, child := range v {
			dropOlder(child)
		}
	case []any:
		for _, child := range v {
			dropOlder(child)
		}
	}
}

func prompts() map[string]ai.Prompt {
	temperature := 0.3
	image := ai.Part{Media: &ai.Media{Type: "image/jpeg", Size: 5, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte{0xff, 0xd8, 1, 2, 3})), nil
	}}}
	answer := &ai.Schema{
		Name: "quiz", Type: "object", Properties: []ai.Property{
			{Name: "pages", Schema: &ai.Schema{Type: "array", MinItems: 1, MaxItems: 20, Items: &ai.Schema{Type: "object", Properties: []ai.Property{
				{Name: "page", Schema: &ai.Schema{Type: "integer", Description: "from 1"}},
				{Name: "text", Schema: &ai.Schema{Type: "string", Nullable: true}},
			}}}},
			{Name: "questions", Schema: &ai.Schema{Type: "array", Items: &ai.Schema{AnyOf: []*ai.Schema{
				{Type: "object", Properties: []ai.Property{
					{Name: "type", Schema: &ai.Schema{Type: "string", Enum: []string{"true_false"}}},
					{Name: "correct", Schema: &ai.Schema{Type: "boolean"}},
					{Name: "hint", Schema: &ai.Schema{Type: "string"}, Optional: true},
				}},
				{Type: "object", Properties: []ai.Property{{Name: "weight", Schema: &ai.Schema{Type: "number"}}}},
			}}}},
		},
	}
	return map[string]ai.Prompt{
		"plain": {Parts: []ai.Part{{Text: "hello \"<world>\" \u2028 مرحبا"}}},
		"everything": {
			System: "You read pages.", Parts: []ai.Part{image, image, {Text: "Read."}},
			Schema: answer, MaxTokens: 1000, Temperature: &temperature, Avoid: []string{"x"}, Data: 7,
		},
	}
}

func TestEveryRequestFitsThePublishedSchema(t *testing.T) {
	for _, c := range []struct {
		name, schema string
		model        func(*http.Client) (ai.Model, error)
	}{
		{"gemini", "gemini.generate.request", func(h *http.Client) (ai.Model, error) { return gemini.New(gemini.Config{Key: "k", HTTP: h}) }},
		{"anthropic", "anthropic.messages.request", func(h *http.Client) (ai.Model, error) { return anthropic.New(anthropic.Config{Key: "k", HTTP: h}) }},
		{"openai responses", "openai.responses.request", func(h *http.Client) (ai.Model, error) { return openai.New(openai.Config{Key: "k", HTTP: h}) }},
		{"openai chat", "openai.chat.request", func(h *http.Client) (ai.Model, error) {
			return openai.New(openai.Config{Key: "k", HTTP: h, Protocol: openai.Chat})
		}},
		{"compatible chat", "openai.chat.request", func(h *http.Client) (ai.Model, error) {
			return openai.New(openai.Config{Key: "k", HTTP: h, BaseURL: "http://127.0.0.1:1/v1"})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := schema(t, c.schema)
			for name, p := range prompts() {
				f := &transport{answers: []func(*http.Request) (*http.Response, error){answer(400, "{}")}}
				m, err := c.model(&http.Client{Transport: f})
				require.NoError(t, err)
				for range m.Stream(t.Context(), p) {
				}
				require.Len(t, f.bodies, 1)
				v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(f.bodies[0])))
				require.NoError(t, err, f.bodies[0])
				require.NoError(t, s.Validate(v), "%s: %s", name, f.bodies[0])
			}
		})
	}
}
