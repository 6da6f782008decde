package telemetry

import (
	"context"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// A TracingConfig configures [NewTracing].
type TracingConfig struct {
	// Provider makes the spans; telemetry/otlp has one that exports them. Nil means that
	// tracing is off, and costs nothing.
	Provider trace.TracerProvider

	// Public says that requests come from strangers. Then a request begins a trace of its
	// own, linked to the one that it names: a stranger's sampling is not followed.
	Public bool
}

// A Tracing follows a quiz through the process, and through those after it: from the
// request to the attempts at the quiz, the calls to models, and the steps in the
// database. Each part plugs into the seam of its package:
//
//	ctx, end := tracing.Request(r, "/api/v1/quiz/create")       // in the middleware
//	service.Create(ctx, owner, pages, learnsnap.Options{Trace: tracing.Carry(ctx)})
//	learnsnap.ServiceConfig{Tracer: tracing.Quizzes(), Observer: telemetry.Observers(tracing, …), Store: tracing.Store(store, "sqlite")}
//	ai.Traced(model, telemetry.Tracers(metrics.Models(), tracing.Models()))
//
// Attributes are names, numbers and words that the program's source lists, and ids.
// What stands on a page, what a model or a learner wrote, and texts of errors are in
// none. It is safe for concurrent use.
type Tracing struct {
	tracer trace.Tracer // nil when tracing is off
	public bool
}

// NewTracing returns tracing by a provider.
func NewTracing(c TracingConfig) *Tracing {
	t := &Tracing{public: c.Public}
	if c.Provider != nil {
		t.tracer = c.Provider.Tracer("github.com/learnsnap/learnsnap-go/learnsnap/telemetry")
	}
	return t
}

// Request begins the span of a request to a route, which is its pattern. It goes on
// with the trace that the request's traceparent header names. End is called with the
// status of the answer.
func (t *Tracing) Request(r *http.Request, route string) (ctx context.Context, end func(status int)) {
	ctx = r.Context()
	if t.tracer == nil {
		return ctx, func(int) {}
	}
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", method(r.Method)), attribute.String("http.route", route)),
	}
	if from := parent(r.Header.Get("Traceparent")); from.IsValid() {
		if t.public {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: from}))
		} else {
			ctx = trace.ContextWithRemoteSpanContext(ctx, from)
		}
	}
	if id := RequestID(ctx); id != "" {
		options = append(options, trace.WithAttributes(attribute.String("learnsnap.request.id", Scrub(id))))
	}
	ctx, span := t.tracer.Start(ctx, method(r.Method)+" "+route, options...)
	return ctx, func(status int) {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			failed(span, strconv.Itoa(status))
		}
		span.End()
	}
}

// method is one of those that a span's name may have.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "_OTHER"
}

// Carry returns the trace of ctx for [learnsnap.Options].Trace, as a traceparent, or ""
// when there is none.
func (t *Tracing) Carry(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// parent reads a traceparent; one that is none is not valid.
func parent(traceparent string) trace.SpanContext {
	if traceparent == "" {
		return trace.SpanContext{}
	}
	carrier := propagation.MapCarrier{"traceparent": traceparent}
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
}

// failed marks a span by a word out of a small set. An error's own text may quote a
// page, and is left out.
func failed(span trace.Span, kind string) {
	span.SetStatus(codes.Error, kind)
	span.SetAttributes(attribute.String("error.type", kind))
}
