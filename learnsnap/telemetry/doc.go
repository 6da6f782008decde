// Package telemetry says what a LearnSnap program does: log lines that carry the
// request and the trace they belong to and never a secret, metrics for Prometheus under
// the names that the dashboards and alerts know, and spans for OpenTelemetry.
//
// Nothing else in this module knows a metric's or a span's name. Packages offer a seam
// (learnsnap.Observer, ai.Tracer and the like), and this package plugs into it:
//
//	metrics := telemetry.NewMetrics(telemetry.MetricsConfig{Version: "1.2.3"})
//	log := slog.New(telemetry.NewLogHandler(os.Stdout, telemetry.LogConfig{}))
//	service, err := learnsnap.NewService(learnsnap.ServiceConfig{Observer: metrics, …})
//	http.Handle("GET /metrics", metrics.Handler())
//
// SDKs hang on leaves: telemetry/otlp sends spans and lines to a collector,
// telemetry/sentry reports errors. Whoever does not import them links neither.
//
// # What is never said
//
// Texts go through [Scrub] wherever they stand, and values of secret names are hidden;
// spans hold no texts at all. It is a net below the rule that nobody logs what a learner
// wrote, not instead of it: a name or a short phrase in Latin letters looks like any word.
//
// # Labels
//
// A label's value is a route's pattern, a code or an outcome: something that the
// program's source lists. What a caller sent is never one, for each new value of
// a label is a new time series that stays.
package telemetry
