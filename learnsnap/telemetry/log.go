package telemetry

import (
	"context"
	"io"
	"log/slog"
)

// A LogConfig configures [NewLogHandler]. The zero value is ready to use.
type LogConfig struct {
	Level slog.Leveler // nil means slog.LevelInfo; a *slog.LevelVar can be changed later
}

// NewLogHandler returns a handler that writes one JSON object a line to w. It
// adds the request's id from the context (see [WithRequestID]) and writes
// "[redacted]" for the value of every attribute whose name, or whose group's
// name, says that it is a secret: token, authorization, cookie, secret, password,
// key and the like, in any spelling (apiKey, API_KEY, X-Api-Key).
//
// It looks at names only: a secret inside a message or under a harmless name is
// written as it is. The handler is safe for concurrent use; a line is one Write.
func NewLogHandler(w io.Writer, c LogConfig) slog.Handler {
	return requestHandler{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: c.Level, ReplaceAttr: redact})}
}

// RequestIDKey is the name under which a line carries its request's id.
const RequestIDKey = "requestId"

// requestHandler adds the request's id to each record.
type requestHandler struct {
	slog.Handler
}

func (h requestHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r = r.Clone() // a record shares its attributes with other handlers
		r.AddAttrs(slog.String(RequestIDKey, id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs)}
}

func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name)}
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
