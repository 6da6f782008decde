package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

// newLog returns the log: lines of JSON on standard output and, where LOG_DIR is
// set, files of a day as well. close ends the files.
func newLog(c config, level *telemetry.Level, stdout io.Writer) (log *slog.Logger, close func() error, err error) {
	also, close := []slog.Handler(nil), func() error { return nil }
	if c.LogDir != "" {
		files, err := telemetry.OpenLogFiles(telemetry.LogFilesConfig{Dir: c.LogDir, Level: level})
		if err != nil {
			return nil, nil, fmt.Errorf("LOG_DIR %s: %w", c.LogDir, err)
		}
		also, close = append(also, files.Handler()), files.Close
	}
	return slog.New(telemetry.NewLogHandler(stdout, telemetry.LogConfig{Level: level, Also: also})), close, nil
}
