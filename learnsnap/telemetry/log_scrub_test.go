package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

// said is everything that must never be written, planted wherever something stands.
const said = "sara@example.com hunter2: token=hunter2 +966512345678 ما عاصمة مصر"

type valuer struct{ slog.Value }

func (v valuer) LogValue() slog.Value { return v.Value }

type panicking struct{}

func (panicking) Error() string { panic("no " + said) }

func TestNothingIsWrittenAsItComes(t *testing.T) {
	type learner struct {
		Email  string         `json:"contact"`
		Answer string         `json:"answer"`
		APIKey string         `json:"apiKey"`
		Deep   map[string]any `json:"deep"`
	}
	for name, write := range map[string]func(*slog.Logger){
		"message":        func(l *slog.Logger) { l.Info("m " + said) },
		"attribute":      func(l *slog.Logger) { l.Info("m", "a", said) },
		"name":           func(l *slog.Logger) { l.Info("m", said, 1) },
		"error":          func(l *slog.Logger) { l.Info("m", "err", fmt.Errorf("x: %w", errors.New(said))) },
		"group":          func(l *slog.Logger) { l.Info("m", slog.Group("g", slog.Group("h", slog.String("a", said)))) },
		"open group":     func(l *slog.Logger) { l.WithGroup("g").With("a", said).Info("m", "b", said) },
		"kept attribute": func(l *slog.Logger) { l.With("a", said).Info("m") },
		"valuer":         func(l *slog.Logger) { l.Info("m", "a", valuer{slog.GroupValue(slog.String("b", said))}) },
		"strings":        func(l *slog.Logger) { l.Info("m", "a", []string{said}) },
		"bytes":          func(l *slog.Logger) { l.Info("m", "a", []byte(said)) },
		"structure": func(l *slog.Logger) {
			l.Info("m", "a", learner{said, "hunter2", "hunter2", map[string]any{said: []any{said}}})
		},
		"raw JSON":        func(l *slog.Logger) { l.Info("m", "a", json.RawMessage(`{"pin":"hunter2"}`)) },
		"learner's text":  func(l *slog.Logger) { l.Info("m", "answer", "hunter2", "pageText", "hunter2", "clientName", "hunter2") },
		"phone by name":   func(l *slog.Logger) { l.Info("m", "mobile", 512345678) },
		"phone as number": func(l *slog.Logger) { l.Info("m", "a", 966512345678, "b", uint64(966512345678)) },
		"panic":           func(l *slog.Logger) { l.Info("m", "a", panicking{}) },
		"request":         func(l *slog.Logger) { l.InfoContext(telemetry.WithRequestID(context.Background(), said), "m") },
		"unknown":         func(l *slog.Logger) { l.Info("m", "a", func() {}) },
	} {
		t.Run(name, func(t *testing.T) {
			var out, also bytes.Buffer
			write(slog.New(telemetry.NewLogHandler(&out, telemetry.LogConfig{Also: []slog.Handler{slog.NewTextHandler(&also, nil)}})))
			require.NotEmpty(t, line(t, bytes.NewBuffer(bytes.Clone(out.Bytes()))))
			for _, got := range []string{out.String(), also.String()} {
				for _, planted := range []string{"sara", "token=hunter2", "512345678", "عاصمة"} {
					require.NotContains(t, got, planted)
				}
				if strings.Contains(got, "hunter2") {
					require.Contains(t, got, "hunter2: token=[redacted]", "only where nothing gives it away")
				}
			}
		})
	}
}

func TestWhetherThereIsASecretMayBeTold(t *testing.T) {
	var out bytes.Buffer
	slog.New(telemetry.NewLogHandler(&out, telemetry.LogConfig{})).Info("m", "jwtSecretSet", true)
	require.Equal(t, true, line(t, &out)["jwtSecretSet"])
}

// FuzzLog writes anything anywhere: a line is one object of JSON, of bounded length,
// and holds no address that stands free.
func FuzzLog(f *testing.F) {
	f.Add("m", "token", "sara@example.com", []byte(`{"a":[1,{"email":"x"}],"b":"sara@example.com"}`))
	f.Add("ما", "a\x00", "\xff+966512345678", []byte(`[[[[[[[[[[]]]]]]]]]]`))
	f.Fuzz(func(t *testing.T, message, name, value string, tree []byte) {
		var out bytes.Buffer
		log := slog.New(telemetry.NewLogHandler(&out, telemetry.LogConfig{MaxBytes: 1000}))
		log.With(name, value).WithGroup(name).Error(message, name, value, "error", errors.New(value+"\nsara@example.com\n"+value), "tree", json.RawMessage(tree))
		require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")))
		require.NotContains(t, out.String(), "\\nsara@example.com\\n")
		line(t, &out)
	})
}

func TestLineIsOfBoundedLength(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(telemetry.NewLogHandler(&out, telemetry.LogConfig{MaxBytes: 1000}))
	long := strings.Repeat("word é ", 10_000)
	args := []any{}
	for i := range 100 {
		args = append(args, fmt.Sprintf("a%d", i), long)
	}
	log.With("with", long).Error(long, args...)
	require.Less(t, out.Len(), 3000)
	got := line(t, &out)
	require.Equal(t, true, got["cut"])
	require.Contains(t, got["msg"], "…[cut]")
}

func TestNestingIsBounded(t *testing.T) {
	deep := slog.Group("g", slog.Int("a", 1))
	tree := any("x")
	for range 100 {
		deep = slog.Group("g", deep)
		tree = []any{tree}
	}
	var out bytes.Buffer
	slog.New(telemetry.NewLogHandler(&out, telemetry.LogConfig{})).Info("m", deep, "tree", tree)
	require.Less(t, out.Len(), 500)
	line(t, &out)
}

func TestLineCarriesItsTraceAndItsRequestAtTheTop(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(telemetry.NewLogHandler(&out, telemetry.LogConfig{}))
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	ctx := telemetry.WithRequestID(trace.ContextWithSpanContext(context.Background(), span), "req-1")
	log.WithGroup("g").With("a", 1).WithGroup("secrets").InfoContext(ctx, "m", "b", "x")
	got := line(t, &out)
	require.Equal(t, "req-1", got[telemetry.RequestIDKey])
	require.Equal(t, span.TraceID().String(), got[telemetry.TraceIDKey])
	require.Equal(t, span.SpanID().String(), got[telemetry.SpanIDKey])
	require.Equal(t, map[string]any{"a": 1.0, "secrets": map[string]any{"b": telemetry.Redacted}}, got["g"])
}

func TestLevelGoesBackByItself(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	level := &telemetry.Level{Base: slog.LevelWarn, Now: func() time.Time { return now }}
	require.Equal(t, slog.LevelWarn, level.Level())

	level.Set(slog.LevelDebug, now.Add(time.Minute))
	require.Equal(t, slog.LevelDebug, level.Level())
	now = now.Add(time.Minute)
	require.Equal(t, slog.LevelWarn, level.Level())

	level.Set(slog.LevelError, time.Time{})
	now = now.Add(1000 * time.Hour)
	held, until := level.Holds()
	require.Equal(t, slog.LevelError, held)
	require.Zero(t, until)
	level.Reset()
	require.Equal(t, slog.LevelWarn, level.Level())
	require.Equal(t, slog.LevelInfo, new(telemetry.Level).Level())
}

func BenchmarkLog(b *testing.B) {
	ctx := telemetry.WithRequestID(context.Background(), "UMQNLX4YD2KQH7ZTBWJ3FAVE5R")
	for name, h := range map[string]slog.Handler{
		"slog":      slog.NewJSONHandler(io.Discard, nil),
		"telemetry": telemetry.NewLogHandler(io.Discard, telemetry.LogConfig{}),
	} {
		log := slog.New(h)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				log.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("method", "GET"), slog.String("route", "/api/v1/quiz/:id"),
					slog.Int("status", 200), slog.Duration("took", 1234567), slog.String("error", "page 3 of 20: unexpected EOF"))
			}
		})
	}
}
