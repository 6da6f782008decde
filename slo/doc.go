// Package slo keeps service level objectives: what share of events must be good, how
// much may still go wrong, and how fast that is being used up.
//
// # One definition
//
// An [Objective] is a target and the events that count. The same value counts in this
// process, writes Prometheus' rules and writes OpenSLO, so that what a health page says
// and what wakes people are one thing.
//
//	tracker, err := slo.New(slo.Config{Objectives: slo.Defaults(), Ledger: store})
//	requests, err := tracker.Recorder("requests") // once
//	life.Add("slo", tracker.Run)                  // anything that runs a func(ctx) error
//
//	requests.Record(status < 500)                 // for each event: no lock, no clock, no allocation
//	quizzes.Observe(took)                         // good when within the objective's time
//
//	tracker.Report()                              // for /health/slo and for metrics
//
// A latency objective is no percentile of times: it is the share of events that came
// within a time. "P95 under a minute" is a target of 0.95 and a Within of a minute.
// Shares add up over minutes and replicas; percentiles do not.
//
// # Budgets
//
// A budget is what the target leaves: 0.1 % of the events of the last 30 days.
// [Burns] are the alerts on how fast it goes, with the windows of the SRE workbook.
// [Objective].MinBad keeps a single failure of a quiet night from waking anybody.
//
// # Counting
//
// Recording is an atomic addition. [Tracker.Run] moves what has come together into
// minutes, every ten seconds. With a [Ledger], minutes are stored under a key of the
// process, as absolute numbers: a write may be repeated, a process killed loses at most
// its last ten seconds, and the sums over replicas are just that. Without the ledger,
// or while it is away, the process goes on counting for itself.
//
// # Acting
//
// A [Policy] does something while a budget burns and takes it back afterwards. Reports
// show which are at work, and why.
//
// # What it is not
//
// It measures nothing by itself, serves no HTTP and exports no metric: those who do ask
// [Tracker.Report]. It imports the standard library alone.
package slo
