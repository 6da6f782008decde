package otlp

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

// spans and lines tell of errors themselves: the SDK would write them to stderr, past
// the log and what it leaves out.
type spans struct {
	sdktrace.SpanExporter
	tell func(error)
}

// ExportSpans implements [sdktrace.SpanExporter].
func (s spans) ExportSpans(ctx context.Context, all []sdktrace.ReadOnlySpan) error {
	if err := s.SpanExporter.ExportSpans(ctx, all); err != nil {
		s.tell(fmt.Errorf("export %d spans: %w", len(all), err))
	}
	return nil
}

type lines struct {
	sdklog.Exporter
	tell func(error)
}

// Export implements [sdklog.Exporter].
func (l lines) Export(ctx context.Context, all []sdklog.Record) error {
	if err := l.Exporter.Export(ctx, all); err != nil {
		l.tell(fmt.Errorf("export %d log lines: %w", len(all), err))
	}
	return nil
}

// ids draws ids by lot, but for spans that ought to have one that others can know; see
// [telemetry.SpanID].
type ids struct{}

// NewIDs implements [sdktrace.IDGenerator].
func (g ids) NewIDs(ctx context.Context) (id trace.TraceID, span trace.SpanID) {
	for !id.IsValid() {
		binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
		binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	}
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID implements [sdktrace.IDGenerator].
func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	id, ok := telemetry.SpanID(ctx)
	for !ok {
		binary.NativeEndian.PutUint64(id[:], rand.Uint64())
		ok = id.IsValid()
	}
	return id
}

// leveled leaves out what is below a level.
type leveled struct {
	slog.Handler
	level slog.Leveler
}

// Enabled implements [slog.Handler].
func (h leveled) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level.Level() && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements [slog.Handler].
func (h leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return leveled{h.Handler.WithAttrs(attrs), h.level}
}

// WithGroup implements [slog.Handler].
func (h leveled) WithGroup(name string) slog.Handler {
	return leveled{h.Handler.WithGroup(name), h.level}
}
