package anthropic

import (
	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/body"
	"github.com/learnsnap/learnsnap-go/ai/internal/dialect"
)

// request writes a CreateMessageParams.
func request(p ai.Prompt, model string, maxTokens int) *body.Body {
	if p.MaxTokens > 0 {
		maxTokens = p.MaxTokens
	}
	var b body.Body
	text := func(s string) { b.Text([]byte(s)) }
	text(`{"model":`)
	b.Text(dialect.Value(model))
	text(`,"max_tokens":`)
	b.Text(dialect.Value(maxTokens))
	text(`,"stream":true`)
	if p.System != "" {
		text(`,"system":`)
		b.Text(dialect.Value(p.System))
	}
	if p.Temperature != nil {
		text(`,"temperature":`)
		b.Text(dialect.Value(*p.Temperature))
	}
	if p.Schema != nil {
		text(`,"output_config":{"format":{"type":"json_schema","schema":`)
		b.Text(dialect.Write(p.Schema, dialect.Options{Closed: true}))
		text("}}")
	}
	text(`,"messages":[{"role":"user","content":[`)
	for i, part := range p.Parts {
		if i > 0 {
			text(",")
		}
		if part.Media == nil {
			text(`{"type":"text","text":`)
			b.Text(dialect.Value(part.Text))
			text("}")
			continue
		}
		text(`{"type":"image","source":{"type":"base64","media_type":`)
		b.Text(dialect.Value(part.Media.Type))
		text(`,"data":"`)
		b.Media(part.Media)
		text(`"}}`)
	}
	text("]}]}")
	return &b
}
