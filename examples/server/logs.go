package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry/otlp"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry/sentry"
)

// logs are where log lines go: standard output, as JSON; files of a day where LOG_DIR
// is set; a collector where OTEL_EXPORTER_OTLP_ENDPOINT is; errors also to Sentry where
// SENTRY_DSN is.
type logs struct {
	log      *slog.Logger
	level    *telemetry.Level
	files    *telemetry.LogFiles // nil: there are none
	exporter *otlp.Exporter
	reporter *sentry.Reporter
}

func newLogs(ctx context.Context, c config, stdout io.Writer) (*logs, error) {
	l := &logs{level: &telemetry.Level{Base: c.LogLevel}}
	var err error
	l.exporter, err = otlp.New(ctx, otlp.Config{Error: func(err error) {
		l.log.Warn("some traces or log lines could not be exported", "error", err)
	}})
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	if l.reporter, err = sentry.New(sentry.Config{DSN: c.SentryDSN}); err != nil {
		return nil, fmt.Errorf("SENTRY_DSN: %w", err)
	}
	also := append(l.exporter.Logs(l.level), l.reporter.Handlers()...)
	if c.LogDir != "" {
		if l.files, err = telemetry.OpenLogFiles(telemetry.LogFilesConfig{Dir: c.LogDir, Level: l.level}); err != nil {
			return nil, fmt.Errorf("LOG_DIR %s: %w", c.LogDir, err)
		}
		also = append(also, l.files.Handler())
	}
	l.log = slog.New(telemetry.NewLogHandler(stdout, telemetry.LogConfig{Level: l.level, Also: also}))
	return l, nil
}

func (l *logs) close() error {
	if l.files == nil {
		return nil
	}
	return l.files.Close()
}
