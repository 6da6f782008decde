package sentry

import (
	"context"
	"log/slog"
	"runtime"
	"slices"

	"github.com/getsentry/sentry-go"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

// A handler makes events of records. Its attributes come scrubbed, for it stands
// behind telemetry.NewLogHandler; what is sent is scrubbed once more.
type handler struct {
	reporter *Reporter
	attrs    []field
	group    string // with a full stop at its end, or empty
}

// A field is an attribute under its full name.
type field struct{ name, value string }

// Enabled implements [slog.Handler].
func (h handler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

// Handle implements [slog.Handler].
func (h handler) Handle(_ context.Context, r slog.Record) error {
	e := sentry.NewEvent()
	e.Level = sentry.LevelError
	e.Message = r.Message
	fields := slices.Clone(h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		fields = add(fields, h.group, a)
		return true
	})
	e.Tags = map[string]string{}
	attributes := sentry.Context{}
	exception := sentry.Exception{Type: r.Message, Stacktrace: place(r.PC)}
	for _, f := range fields {
		switch f.name {
		case telemetry.RequestIDKey, telemetry.TraceIDKey, telemetry.EventKey, "session", "code", "route", "model":
			e.Tags[f.name] = f.value // to be searched by
		case "error", "err":
			exception.Value = f.value
		default:
			attributes[f.name] = f.value
		}
	}
	if len(attributes) > 0 {
		e.Contexts = map[string]sentry.Context{"attributes": attributes}
	}
	e.Exception = []sentry.Exception{exception}
	h.reporter.report(e)
	return nil
}

// place is where a record was made.
func place(pc uintptr) *sentry.Stacktrace {
	if pc == 0 {
		return nil
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return &sentry.Stacktrace{Frames: []sentry.Frame{sentry.NewFrame(frame)}}
}

func add(fields []field, group string, a slog.Attr) []field {
	value := a.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		return append(fields, field{group + a.Key, value.String()})
	}
	if a.Key != "" {
		group += a.Key + "."
	}
	for _, inner := range value.Group() {
		fields = add(fields, group, inner)
	}
	return fields
}

// WithAttrs implements [slog.Handler].
func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = slices.Clip(h.attrs)
	for _, a := range attrs {
		h.attrs = add(h.attrs, h.group, a)
	}
	return h
}

// WithGroup implements [slog.Handler].
func (h handler) WithGroup(name string) slog.Handler {
	if name != "" {
		h.group += name + "."
	}
	return h
}

// most is how much of one text is sent.
const most = 8 << 10

// scrubbed keeps of an event what may leave.
func scrubbed(e *sentry.Event) *sentry.Event {
	e.User, e.Request, e.Breadcrumbs, e.Modules, e.Attachments, e.Threads = sentry.User{}, nil, nil, nil, nil, nil
	e.Message = text(e.Message)
	for i := range e.Exception {
		e.Exception[i].Type, e.Exception[i].Value = text(e.Exception[i].Type), text(e.Exception[i].Value)
	}
	for name, value := range e.Tags {
		e.Tags[name] = text(value)
	}
	for _, fields := range e.Contexts {
		for name, value := range fields {
			if words, ok := value.(string); ok && !telemetry.SecretName(name) {
				fields[name] = text(words)
			} else {
				fields[name] = telemetry.Redacted
			}
		}
	}
	return e
}

func text(s string) string {
	if len(s) > most {
		s = s[:most]
	}
	return telemetry.Scrub(s)
}
