package telemetry

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/learnsnap/learnsnap-go/learnsnap"
)

// Quizzes returns what makes a span of each attempt at a quiz, or nil when tracing is
// off. The attempts belong to the trace of the quiz's creation, whichever process
// makes them. One that goes on where another stopped, or was killed, is linked to the
// first and to the one before: their ids follow from the trace, the session and the
// number of the claim, for a killed process can leave nothing behind. The provider has
// to take them (see [SpanID]).
func (t *Tracing) Quizzes() learnsnap.Tracer {
	if t.tracer == nil {
		return nil
	}
	return quizTracer{t.tracer}
}

type quizTracer struct {
	tracer trace.Tracer
}

// Start implements [learnsnap.Tracer].
func (t quizTracer) Start(ctx context.Context, a learnsnap.Attempt) (context.Context, func(error)) {
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			attribute.String("learnsnap.session.id", a.Session),
			attribute.Int64("learnsnap.quiz.claim", a.Claim),
			attribute.Int("learnsnap.quiz.crashes", a.Crashes),
			attribute.Int("learnsnap.quiz.items", a.Items),
		),
	}
	starting := ctx
	if created := parent(a.Trace); created.IsValid() {
		starting = trace.ContextWithRemoteSpanContext(ctx, created)
		starting = context.WithValue(starting, spanIDKey{}, attemptID(created, a.Session, a.Claim))
		for _, claim := range earlier(a.Claim) {
			options = append(options, trace.WithLinks(trace.Link{
				SpanContext: created.WithSpanID(attemptID(created, a.Session, claim)),
				Attributes:  []attribute.KeyValue{attribute.Int64("learnsnap.quiz.claim", claim)},
			}))
		}
	}
	_, span := t.tracer.Start(starting, "quiz attempt", options...)
	return trace.ContextWithSpan(ctx, span), func(err error) {
		if err != nil {
			failed(span, codeOf(err))
		}
		span.End()
	}
}

// codeOf is [learnsnap.CodeOf] for a label: what has none was interrupted.
func codeOf(err error) string {
	if errors.Is(err, context.Canceled) {
		return "INTERRUPTED"
	}
	return string(learnsnap.CodeOf(err))
}

// earlier are the claims that an attempt is linked to: the first, and the one before.
func earlier(claim int64) []int64 {
	switch {
	case claim <= 1:
		return nil
	case claim == 2:
		return []int64{1}
	}
	return []int64{1, claim - 1}
}

// attemptID is the span's id of an attempt.
func attemptID(created trace.SpanContext, session string, claim int64) (id trace.SpanID) {
	traced := created.TraceID()
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(append(traced[:], session...), uint64(claim)))
	copy(id[:], sum[:])
	return id
}

type spanIDKey struct{}

// SpanID returns the id that the span which is begun with ctx ought to have, for an
// IDGenerator of an SDK; telemetry/otlp has one. Ok is false where any will do.
func SpanID(ctx context.Context) (id trace.SpanID, ok bool) {
	id, ok = ctx.Value(spanIDKey{}).(trace.SpanID)
	return id, ok && id.IsValid()
}

var _ learnsnap.Observer = (*Tracing)(nil)

// Observe adds what happens to a quiz to the span under which it happens, as an event.
// It implements [learnsnap.Observer].
func (t *Tracing) Observe(ctx context.Context, o learnsnap.Observation) {
	if t.tracer == nil {
		return
	}
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() || o.Occasion == learnsnap.Accepted || o.Occasion == learnsnap.PagesMoved {
		return // steps in the database tell of them
	}
	var attrs []attribute.KeyValue
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, attribute.String(key, value))
		}
	}
	add("learnsnap.session.id", o.Session)
	add("learnsnap.item.kind", string(o.Kind))
	add("learnsnap.model", o.Model)
	add("learnsnap.reason", o.Reason)
	add("learnsnap.code", string(o.Code))
	span.AddEvent(event(o.Occasion), trace.WithAttributes(attrs...))
	if o.Occasion == learnsnap.Failed {
		failed(span, string(o.Code))
	}
}
