package telemetry

import (
	"context"
	"io"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

// A LogConfig configures [NewLogHandler]. The zero value is ready to use.
type LogConfig struct {
	Level slog.Leveler // nil means slog.LevelInfo; a *[Level] or a *slog.LevelVar can be changed later

	// MaxBytes is how much text a line may carry; what is longer is cut, and says so.
	// 0 means 16 KiB.
	MaxBytes int

	// Also get every record, as it was made fit to be written: [LogFiles.Handler],
	// handlers of telemetry/otlp and telemetry/sentry.
	Also []slog.Handler
}

// NewLogHandler returns a handler that writes one JSON object a line to w, and
// hands each record to the other handlers of c. A nil w is left out.
//
// It adds the request's id from the context (see [WithRequestID]), and the trace's
// and span's id where the context has a span. Nothing is written as it comes: texts,
// wherever they stand (message, attributes, groups, errors, structures), go through
// [Scrub], and the value of an attribute is hidden when its name, or its group's name,
// is that of a secret (see [SecretName]), of somebody's address or number, or of
// learners' text, in any spelling (apiKey, API_KEY, X-Api-Key).
//
// The handler is safe for concurrent use; a line is one Write.
func NewLogHandler(w io.Writer, c LogConfig) slog.Handler {
	to := slices.Clone(c.Also)
	if w != nil {
		to = append(to, slog.NewJSONHandler(w, &slog.HandlerOptions{Level: c.Level}))
	}
	h := &logHandler{room: c.MaxBytes, to: slog.NewMultiHandler(to...)}
	if len(to) == 1 {
		h.to = to[0]
	}
	if h.room <= 0 {
		h.room = 16 << 10
	}
	return h
}

// The names under which a line carries what it belongs to.
const (
	RequestIDKey = "requestId"
	TraceIDKey   = "traceId"
	SpanIDKey    = "spanId"
)

// A logHandler makes records fit to be written, and hands them on. It keeps the
// groups that are open itself, so that a request's id always stands at the top.
type logHandler struct {
	room int
	to   slog.Handler
	open []openGroup
}

type openGroup struct {
	name  string
	sort  sort        // of the name, or of a group around it
	attrs []slog.Attr // that were made fit
}

// Enabled implements [slog.Handler].
func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.to.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	clean := cleaner{room: h.room}
	safe := slog.NewRecord(r.Time, r.Level, clean.text(r.Message), r.PC)
	if id := RequestID(ctx); id != "" {
		safe.AddAttrs(slog.String(RequestIDKey, clean.text(id)))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		safe.AddAttrs(slog.String(TraceIDKey, span.TraceID().String()), slog.String(SpanIDKey, span.SpanID().String()))
	}
	var space [8]slog.Attr
	attrs := space[:0]
	r.Attrs(func(a slog.Attr) bool {
		if clean.room <= 0 {
			attrs = append(attrs, slog.Bool("cut", true))
			return false
		}
		attrs = append(attrs, clean.attr(a, h.within(), 0))
		return true
	})
	for _, group := range slices.Backward(h.open) {
		attrs = []slog.Attr{{Key: group.name, Value: slog.GroupValue(slices.Concat(group.attrs, attrs)...)}}
	}
	safe.AddAttrs(attrs...)
	return h.to.Handle(ctx, safe)
}

// within is the sort of the groups that are open.
func (h *logHandler) within() sort {
	if len(h.open) == 0 {
		return plain
	}
	return h.open[len(h.open)-1].sort
}

// WithAttrs implements [slog.Handler].
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	clean := cleaner{room: h.room}
	safe := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		safe[i] = clean.attr(a, h.within(), 0)
	}
	with := *h
	if last := len(h.open) - 1; last >= 0 {
		with.open = slices.Clone(h.open)
		with.open[last].attrs = slices.Concat(h.open[last].attrs, safe)
		return &with
	}
	with.to = h.to.WithAttrs(safe)
	return &with
}

// WithGroup implements [slog.Handler].
func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	of := sortOf(name)
	if of == plain {
		of = h.within()
	}
	with.open = append(slices.Clip(h.open), openGroup{name: Scrub(name), sort: of})
	return &with
}

type requestIDKey struct{}

// WithRequestID returns a context whose log lines carry the id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the id that ctx carries, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
