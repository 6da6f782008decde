// Package sentry reports errors and panics to a server that speaks Sentry's protocol.
// It is a package of its own because of its SDK, whose global hub is not used.
//
//	reporter, err := sentry.New(sentry.Config{DSN: dsn, Release: "1.2.3"})
//	log := slog.New(telemetry.NewLogHandler(os.Stdout, telemetry.LogConfig{Also: reporter.Handlers()}))
//	lifecycle.Add("sentry", reporter.Run)
//	defer func() { if r := recover(); r != nil { reporter.Panic(ctx, r); … } }()
//
// Whatever leaves goes through telemetry.Scrub, field by field; requests, users, the
// environment and source lines are not sent at all. Without a DSN all is off.
package sentry
