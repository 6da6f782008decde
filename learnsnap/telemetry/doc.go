// Package telemetry says what a LearnSnap program does: log lines that carry the
// request they belong to and never a secret, and metrics for Prometheus under the
// names that the dashboards and alerts know.
//
// Nothing else in this module knows a metric's name. Packages offer a seam
// (learnsnap.Observer and the like), and this package plugs into it:
//
//	metrics := telemetry.NewMetrics(telemetry.MetricsConfig{Version: "1.2.3"})
//	log := slog.New(telemetry.NewLogHandler(os.Stdout, telemetry.LogConfig{}))
//	service, err := learnsnap.NewService(learnsnap.ServiceConfig{Observer: metrics, …})
//	http.Handle("GET /metrics", metrics.Handler())
//
// # Labels
//
// A label's value is a route's pattern, a code or an outcome: something that the
// program's source lists. What a caller sent is never one, for each new value of
// a label is a new time series that stays.
package telemetry
