// Package dialect writes an [ai.Schema] as JSON Schema in the dialects of the
// providers. Properties keep their order: models write members in the order of
// the schema, and the fold needs pages before questions.
package dialect

import (
	"bytes"
	"encoding/json"

	"github.com/learnsnap/learnsnap-go/ai"
)

// Options tell what a provider's dialect asks for.
type Options struct {
	Closed      bool // objects say additionalProperties: false
	AllRequired bool // every property is required; an optional one may be null
	Ordering    bool // objects carry propertyOrdering
	ItemBounds  bool // minItems and maxItems are understood
}

// Write returns the schema as one JSON value.
func Write(s *ai.Schema, o Options) []byte {
	w := writer{options: o}
	w.schema(s, false)
	return w.b.Bytes()
}

type writer struct {
	b       bytes.Buffer
	options Options
}

// schema writes one schema; nullable adds null to what it allows.
func (w *writer) schema(s *ai.Schema, nullable bool) {
	nullable = nullable || s.Nullable
	w.b.WriteByte('{')
	if len(s.AnyOf) > 0 {
		w.key("anyOf")
		w.alternatives(s.AnyOf, nullable)
	} else {
		w.key("type")
		if nullable {
			w.value([]string{s.Type, "null"})
		} else {
			w.value(s.Type)
		}
	}
	if s.Description != "" {
		w.key("description")
		w.value(s.Description)
	}
	if len(s.Enum) > 0 {
		w.key("enum")
		w.enum(s.Enum, nullable)
	}
	if s.Items != nil {
		w.key("items")
		w.schema(s.Items, false)
	}
	if w.options.ItemBounds && s.MinItems > 0 {
		w.key("minItems")
		w.value(s.MinItems)
	}
	if w.options.ItemBounds && s.MaxItems > 0 {
		w.key("maxItems")
		w.value(s.MaxItems)
	}
	if s.Type == "object" {
		w.object(s)
	}
	w.b.WriteByte('}')
}

func (w *writer) alternatives(schemas []*ai.Schema, nullable bool) {
	w.b.WriteByte('[')
	for i, alternative := range schemas {
		if i > 0 {
			w.b.WriteByte(',')
		}
		w.schema(alternative, false)
	}
	if nullable {
		w.b.WriteString(`,{"type":"null"}`)
	}
	w.b.WriteByte(']')
}

func (w *writer) enum(values []string, nullable bool) {
	all := make([]any, 0, len(values)+1)
	for _, v := range values {
		all = append(all, v)
	}
	if nullable {
		all = append(all, nil)
	}
	w.value(all)
}

func (w *writer) object(s *ai.Schema) {
	required, names := []string{}, []string{}
	w.key("properties")
	w.b.WriteByte('{')
	for i, p := range s.Properties {
		if i > 0 {
			w.b.WriteByte(',')
		}
		w.value(p.Name)
		w.b.WriteByte(':')
		w.schema(p.Schema, p.Optional && w.options.AllRequired)
		names = append(names, p.Name)
		if !p.Optional || w.options.AllRequired {
			required = append(required, p.Name)
		}
	}
	w.b.WriteByte('}')
	w.key("required")
	w.value(required)
	if w.options.Ordering {
		w.key("propertyOrdering")
		w.value(names)
	}
	if w.options.Closed {
		w.key("additionalProperties")
		w.value(false)
	}
}

// key writes a member's name, with a comma where one is due.
func (w *writer) key(name string) {
	if last := w.b.Bytes(); last[len(last)-1] != '{' {
		w.b.WriteByte(',')
	}
	w.value(name)
	w.b.WriteByte(':')
}

func (w *writer) value(v any) { w.b.Write(Value(v)) }

// Value returns v as JSON. It is for strings, numbers and lists of them, which
// always have a form.
func Value(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("dialect: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
