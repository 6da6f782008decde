package telemetry

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/learnsnap/learnsnap-go/ai"
)

// Tracers returns a tracer that tells each of all, in their order, of calls to models.
// Nil ones are left out.
func Tracers(all ...ai.Tracer) ai.Tracer {
	var some tracers
	for _, t := range all {
		if t != nil {
			some = append(some, t)
		}
	}
	if len(some) == 1 {
		return some[0]
	}
	return some
}

type tracers []ai.Tracer

func (all tracers) Start(ctx context.Context, model string, p *ai.Prompt) context.Context {
	for _, t := range all {
		ctx = t.Start(ctx, model, p)
	}
	return ctx
}

func (all tracers) End(ctx context.Context, a ai.Attempt) {
	for _, t := range all {
		t.End(ctx, a)
	}
}

// Models returns what makes a span of each attempt at a model, or nil when tracing is
// off; give it to [ai.Traced], by [Tracers]. Names and attributes follow the semantic
// conventions of OpenTelemetry for generative AI, but for the opt-in ones that hold
// what was said.
func (t *Tracing) Models() ai.Tracer {
	if t.tracer == nil {
		return nil
	}
	return modelTracer{t.tracer}
}

type modelTracer struct {
	tracer trace.Tracer
}

// Start implements [ai.Tracer].
func (t modelTracer) Start(ctx context.Context, model string, p *ai.Prompt) context.Context {
	provider, name := partsOf(model)
	name, _, _ = strings.Cut(name, "#") // the second key of a provider
	operation := "chat"
	if provider == "gemini" {
		operation = "generate_content"
	}
	attrs := []attribute.KeyValue{
		attribute.String("gen_ai.operation.name", operation),
		attribute.String("gen_ai.provider.name", providerName(provider)),
		attribute.String("gen_ai.request.model", name),
		attribute.Bool("gen_ai.request.stream", true),
		attribute.String("gen_ai.output.type", "json"),
		attribute.String("learnsnap.model", model),
	}
	if p != nil && p.MaxTokens > 0 {
		attrs = append(attrs, attribute.Int("gen_ai.request.max_tokens", p.MaxTokens))
	}
	kind := trace.SpanKindClient
	if provider == "offline" {
		kind = trace.SpanKindInternal
	}
	ctx, _ = t.tracer.Start(ctx, strings.TrimSuffix(operation+" "+name, " "), trace.WithSpanKind(kind), trace.WithAttributes(attrs...))
	return ctx
}

// providerName is the provider's name as the conventions have it.
func providerName(ours string) string {
	switch ours {
	case "gemini":
		return "gcp.gemini"
	case "offline":
		return "learnsnap.offline"
	}
	return ours
}

// End implements [ai.Tracer].
func (t modelTracer) End(ctx context.Context, a ai.Attempt) {
	span := trace.SpanFromContext(ctx)
	defer span.End()
	if !span.IsRecording() {
		return
	}
	outcome := a.Outcome()
	attrs := []attribute.KeyValue{attribute.String("learnsnap.outcome", outcome)}
	if a.RequestID != "" {
		attrs = append(attrs, attribute.String("gen_ai.response.id", bounded(a.RequestID)))
	}
	if a.Reason != "" {
		attrs = append(attrs, attribute.StringSlice("gen_ai.response.finish_reasons", []string{bounded(a.Reason)}))
	}
	if a.FirstChunk > 0 {
		attrs = append(attrs, attribute.Float64("gen_ai.response.time_to_first_chunk", a.FirstChunk.Seconds()))
	}
	if a.Usage != nil {
		attrs = append(attrs, usage(*a.Usage)...)
	}
	span.SetAttributes(attrs...)
	switch outcome {
	case "ok", "length", "left":
	default:
		failed(span, outcome)
	}
}

func usage(u ai.Usage) []attribute.KeyValue {
	attrs := []attribute.KeyValue{
		attribute.Int("gen_ai.usage.input_tokens", u.Input),
		attribute.Int("gen_ai.usage.output_tokens", u.Output),
	}
	for _, part := range []struct {
		name   string
		tokens int
	}{
		{"gen_ai.usage.cache_read.input_tokens", u.CacheRead},
		{"gen_ai.usage.cache_creation.input_tokens", u.CacheWrite},
		{"gen_ai.usage.reasoning.output_tokens", u.Reasoning},
	} {
		if part.tokens > 0 {
			attrs = append(attrs, attribute.Int(part.name, part.tokens))
		}
	}
	return attrs
}

// bounded makes a provider's word fit for an attribute: it comes from outside.
func bounded(word string) string {
	clean := cleaner{room: 128}
	return clean.text(word)
}
