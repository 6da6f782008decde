package gemini

import (
	"strconv"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/body"
	"github.com/learnsnap/learnsnap-go/ai/internal/dialect"
)

// request writes a GenerateContentRequest.
func request(p ai.Prompt) *body.Body {
	var b body.Body
	text := func(s string) { b.Text([]byte(s)) }
	text("{")
	if p.System != "" {
		text(`"systemInstruction":{"parts":[{"text":`)
		b.Text(dialect.Value(p.System))
		text(`}]},`)
	}
	text(`"contents":[{"role":"user","parts":[`)
	for i, part := range p.Parts {
		if i > 0 {
			text(",")
		}
		if part.Media == nil {
			text(`{"text":`)
			b.Text(dialect.Value(part.Text))
			text("}")
			continue
		}
		text(`{"inlineData":{"mimeType":`)
		b.Text(dialect.Value(part.Media.Type))
		text(`,"data":"`)
		b.Media(part.Media)
		text(`"}}`)
	}
	text("]}]")
	b.Text(generationConfig(p))
	text("}")
	return &b
}

func generationConfig(p ai.Prompt) []byte {
	var c []byte
	add := func(name string, value []byte) {
		if len(c) > 0 {
			c = append(c, ',')
		}
		c = append(append(append(c, '"'), name...), '"', ':')
		c = append(c, value...)
	}
	if p.Schema != nil {
		add("responseMimeType", []byte(`"application/json"`))
		add("responseJsonSchema", dialect.Write(p.Schema, dialect.Options{Ordering: true, ItemBounds: true}))
	}
	if p.MaxTokens > 0 {
		add("maxOutputTokens", strconv.AppendInt(nil, int64(p.MaxTokens), 10))
	}
	if p.Temperature != nil {
		add("temperature", dialect.Value(*p.Temperature))
	}
	if c == nil {
		return nil
	}
	return append(append([]byte(`,"generationConfig":{`), c...), '}')
}
