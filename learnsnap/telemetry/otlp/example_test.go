package otlp_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry/otlp"
)

func Example() {
	ctx, stop := context.WithCancel(context.Background())
	exporter, err := otlp.New(ctx, otlp.Config{Service: "quizzes", Version: "1.2.3"})
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- exporter.Run(ctx) }()

	tracing := telemetry.NewTracing(telemetry.TracingConfig{Provider: exporter.Traces()})
	lines := slog.New(telemetry.NewLogHandler(os.Stderr, telemetry.LogConfig{Level: slog.LevelWarn, Also: exporter.Logs(slog.LevelInfo)}))
	lines.InfoContext(ctx, "goes to the collector, when the environment names one")
	fmt.Println("traced:", tracing.Models() != nil)

	stop()
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	// Output: traced: false
}
