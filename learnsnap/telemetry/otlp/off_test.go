package otlp_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry/otlp"
	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	waitLong  = 30 * time.Second
	waitShort = 10 * time.Millisecond
)

func TestWithoutAnEndpointAllIsOff(t *testing.T) {
	exporter, err := otlp.New(t.Context(), otlp.Config{})
	require.NoError(t, err)
	require.Nil(t, exporter.Traces())
	require.Empty(t, exporter.Logs(nil))
	run(t, exporter)

	off := telemetry.NewTracing(telemetry.TracingConfig{Provider: exporter.Traces()})
	require.Nil(t, off.Models())
	require.Nil(t, off.Quizzes())
	var store storage.Store
	require.Equal(t, store, off.Store(store, "sqlite"))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		ctx, end := off.Request(r, "/")
		end(200)
		off.Carry(ctx)
	}))
}

func TestEnvironmentIsObeyedOrRefused(t *testing.T) {
	for _, c := range []struct {
		name         string
		env          map[string]string
		traces, logs bool
		err          string
	}{
		{name: "disabled", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}},
		{name: "traces alone", env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, traces: true},
		{name: "logs alone", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"}, logs: true},
		{name: "standard's endpoint", env: map[string]string{"OTEL_LOGS_EXPORTER": "otlp"}, logs: true},
		{name: "other exporter", env: map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, err: `OTEL_TRACES_EXPORTER: "zipkin"`},
		{
			name: "other protocol", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
			err: `OTEL_EXPORTER_OTLP_PROTOCOL: "grpc"`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			exporter, err := otlp.New(t.Context(), otlp.Config{Flush: time.Millisecond})
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.traces, exporter.Traces() != nil)
			require.Equal(t, c.logs, len(exporter.Logs(nil)) == 1)
			run(t, exporter)
		})
	}
}

func TestCollectorThatRefusesIsToldOfOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	var told atomic.Int32
	exporter, err := otlp.New(t.Context(), otlp.Config{Error: func(err error) {
		if err == nil {
			t.Error(errors.New("an error that is none"))
		}
		told.Add(1)
	}})
	require.NoError(t, err)
	log := slog.New(exporter.Logs(slog.LevelWarn)[0]).With("a", 1).WithGroup("g")
	require.False(t, log.Enabled(context.Background(), slog.LevelInfo))
	for range 10 {
		_, span := exporter.Traces().Tracer("test").Start(t.Context(), "span")
		span.End()
		log.Warn("line", "b", 2)
	}
	run(t, exporter)
	require.Equal(t, int32(1), told.Load())
}

// BenchmarkRequest is what a request pays for its span.
func BenchmarkRequest(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	b.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", server.URL)
	exporter, err := otlp.New(b.Context(), otlp.Config{Flush: time.Second})
	require.NoError(b, err)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for name, provider := range map[string]trace.TracerProvider{"off": nil, "on": exporter.Traces()} {
		tracing := telemetry.NewTracing(telemetry.TracingConfig{Provider: provider})
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, end := tracing.Request(r, "/")
				end(200)
			}
		})
	}
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	require.NoError(b, exporter.Run(ctx))
}
