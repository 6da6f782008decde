package otlp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope names who makes the lines.
const scope = "github.com/learnsnap/learnsnap-go"

// A Config configures [New]. The zero value is ready to use.
type Config struct {
	Service string // OTEL_SERVICE_NAME has the better of it; "" means "learnsnap"
	Version string // of the program; "" leaves it out

	// Error is told, at most once a minute, of what could not be sent. Nil means that
	// nobody is.
	Error func(error)

	// Flush is how long Run may still send at its end; 0 means 5 s.
	Flush time.Duration
}

// An Exporter sends spans and log lines. One that is off does nothing. It is safe for
// concurrent use.
type Exporter struct {
	config Config
	traces *sdktrace.TracerProvider // nil when off
	logs   *sdklog.LoggerProvider   // nil when off

	mu   sync.Mutex
	told time.Time
}

// New returns an exporter as the environment wants it, which may be off. It sends
// nothing before [Exporter.Run], and needs no collector that answers. Whoever has one
// that is not off must run it: it holds goroutines. What can't be done as the
// environment says is an error.
func New(ctx context.Context, c Config) (*Exporter, error) {
	if c.Service == "" {
		c.Service = "learnsnap"
	}
	if c.Flush <= 0 {
		c.Flush = 5 * time.Second
	}
	e := &Exporter{config: c}
	traces, tracesErr := wanted("TRACES")
	logs, logsErr := wanted("LOGS")
	if err := errors.Join(tracesErr, logsErr); err != nil || !traces && !logs {
		return e, err
	}
	about, err := e.resource(ctx)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	if traces {
		sender, err := otlptracehttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("export traces: %w", err)
		}
		e.traces = sdktrace.NewTracerProvider(
			sdktrace.WithResource(about), sdktrace.WithIDGenerator(ids{}), sdktrace.WithBatcher(spans{sender, e.tell}))
	}
	if logs {
		sender, err := otlploghttp.New(ctx)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("export logs: %w", err), e.shutdown())
		}
		e.logs = sdklog.NewLoggerProvider(
			sdklog.WithResource(about), sdklog.WithProcessor(sdklog.NewBatchProcessor(lines{sender, e.tell})))
	}
	return e, nil
}

// wanted reports whether a signal is to be sent.
func wanted(signal string) (bool, error) {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" {
		return false, nil
	}
	name := "OTEL_" + signal + "_EXPORTER"
	asked := os.Getenv(name)
	switch asked {
	case "none":
		return false, nil
	case "", "otlp":
	default:
		return false, fmt.Errorf("%s: %q is not to be had (want otlp or none)", name, asked)
	}
	if asked == "" && os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") == "" {
		return false, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_" + signal + "_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		switch protocol := os.Getenv(name); protocol {
		case "", "http/protobuf":
		default:
			return false, fmt.Errorf("%s: %q is not to be had (want http/protobuf)", name, protocol)
		}
	}
	return true, nil
}

// resource says whose spans and lines these are.
func (e *Exporter) resource(ctx context.Context) (*resource.Resource, error) {
	attrs := []attribute.KeyValue{attribute.String("service.name", e.config.Service)}
	if e.config.Version != "" {
		attrs = append(attrs, attribute.String("service.version", e.config.Version))
	}
	return resource.New(ctx, resource.WithAttributes(attrs...), resource.WithHost(), resource.WithTelemetrySDK(), resource.WithFromEnv())
}

// Traces returns what makes spans, for telemetry.TracingConfig, or nil when traces are
// off.
func (e *Exporter) Traces() trace.TracerProvider {
	if e.traces == nil {
		return nil
	}
	return e.traces
}

// Logs returns the handler that sends lines of a level and above, for
// telemetry.LogConfig.Also, or none when logs are off. A nil level means
// slog.LevelInfo. It sends records as they come: it belongs behind
// telemetry.NewLogHandler.
func (e *Exporter) Logs(level slog.Leveler) []slog.Handler {
	if e.logs == nil {
		return nil
	}
	if level == nil {
		level = slog.LevelInfo
	}
	return []slog.Handler{leveled{otelslog.NewHandler(scope, otelslog.WithLoggerProvider(e.logs)), level}}
}

// Run waits for the end of ctx, sends what is left, and ends the exporter. It returns
// nil, for what could not be sent is no failure of the program.
func (e *Exporter) Run(ctx context.Context) error {
	<-ctx.Done()
	if err := e.shutdown(); err != nil {
		e.tell(fmt.Errorf("send what is left: %w", err))
	}
	return nil
}

func (e *Exporter) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), e.config.Flush)
	defer cancel()
	var errs []error
	if e.traces != nil {
		errs = append(errs, e.traces.Shutdown(ctx))
	}
	if e.logs != nil {
		errs = append(errs, e.logs.Shutdown(ctx))
	}
	return errors.Join(errs...)
}

// tell tells of an error, unless it did so within the last minute.
func (e *Exporter) tell(err error) {
	if e.config.Error == nil {
		return
	}
	e.mu.Lock()
	now := time.Now()
	quiet := !e.told.IsZero() && now.Sub(e.told) < time.Minute
	if !quiet {
		e.told = now
	}
	e.mu.Unlock()
	if !quiet {
		e.config.Error(err)
	}
}
