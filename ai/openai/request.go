package openai

import (
	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/body"
	"github.com/learnsnap/learnsnap-go/ai/internal/dialect"
)

// strict is OpenAI's dialect for strict schemas: closed objects, every property
// required, what is optional may be null.
var strict = dialect.Options{Closed: true, AllRequired: true}

// A shape is where two protocols differ in writing the same parts.
type shape struct{ text, image, imageEnd string }

var (
	responsesShape = shape{text: `{"type":"input_text","text":`, image: `{"type":"input_image","detail":"auto","image_url":"`, imageEnd: `"}`}
	chatShape      = shape{text: `{"type":"text","text":`, image: `{"type":"image_url","image_url":{"url":"`, imageEnd: `"}}`}
)

// responsesRequest writes a CreateResponse. Nothing is stored at the provider.
func responsesRequest(p ai.Prompt, model string) *body.Body {
	w := begin(model)
	w.raw(`,"store":false`)
	if p.System != "" {
		w.member("instructions", p.System)
	}
	if p.MaxTokens > 0 {
		w.member("max_output_tokens", p.MaxTokens)
	}
	if p.Temperature != nil {
		w.member("temperature", *p.Temperature)
	}
	if p.Schema != nil {
		w.raw(`,"text":{"format":{"type":"json_schema","name":`)
		w.schema(p.Schema)
		w.raw(`}}`)
	}
	w.raw(`,"input":[{"role":"user","content":[`)
	w.parts(p.Parts, responsesShape)
	w.raw("]}]}")
	return &w.body
}

// chatRequest writes a CreateChatCompletionRequest. Servers other than OpenAI's
// own know the older name of the bound.
func chatRequest(p ai.Prompt, model string, own bool) *body.Body {
	w := begin(model)
	w.raw(`,"stream_options":{"include_usage":true}`)
	if p.MaxTokens > 0 && own {
		w.member("max_completion_tokens", p.MaxTokens)
	} else if p.MaxTokens > 0 {
		w.member("max_tokens", p.MaxTokens)
	}
	if p.Temperature != nil {
		w.member("temperature", *p.Temperature)
	}
	if p.Schema != nil {
		w.raw(`,"response_format":{"type":"json_schema","json_schema":{"name":`)
		w.schema(p.Schema)
		w.raw(`}}`)
	}
	w.raw(`,"messages":[`)
	if p.System != "" {
		w.raw(`{"role":"system","content":`)
		w.value(p.System)
		w.raw("},")
	}
	w.raw(`{"role":"user","content":[`)
	w.parts(p.Parts, chatShape)
	w.raw("]}]}")
	return &w.body
}

type writer struct{ body body.Body }

func begin(model string) *writer {
	var w writer
	w.raw(`{"model":`)
	w.value(model)
	w.raw(`,"stream":true`)
	return &w
}

func (w *writer) raw(s string) { w.body.Text([]byte(s)) }
func (w *writer) value(v any)  { w.body.Text(dialect.Value(v)) }
func (w *writer) member(name string, v any) {
	w.raw(`,"` + name + `":`)
	w.value(v)
}

// schema writes the name, the schema and that it is strict.
func (w *writer) schema(s *ai.Schema) {
	name := s.Name
	if name == "" {
		name = "reply"
	}
	w.value(name)
	w.raw(`,"strict":true,"schema":`)
	w.body.Text(dialect.Write(s, strict))
}

func (w *writer) parts(parts []ai.Part, s shape) {
	for i, part := range parts {
		if i > 0 {
			w.raw(",")
		}
		if part.Media == nil {
			w.raw(s.text)
			w.value(part.Text)
			w.raw("}")
			continue
		}
		w.raw(s.image + "data:" + part.Media.Type + ";base64,")
		w.body.Media(part.Media)
		w.raw(s.imageEnd)
	}
}
