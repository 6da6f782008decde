package sentry_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry/sentry"
)

func Example() {
	reporter, err := sentry.New(sentry.Config{DSN: os.Getenv("SENTRY_DSN"), Release: "1.2.3"})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- reporter.Run(ctx) }()

	lines := slog.New(telemetry.NewLogHandler(os.Stderr, telemetry.LogConfig{Level: slog.LevelError + 1, Also: reporter.Handlers()}))
	lines.ErrorContext(ctx, "quiz failed", "session", "s1")
	func() {
		defer func() {
			if r := recover(); r != nil {
				reporter.Panic(ctx, r)
				fmt.Println("the process lives")
			}
		}()
		panic("a bug")
	}()

	stop()
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	// Output: the process lives
}
