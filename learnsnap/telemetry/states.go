package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// Flags adds the switches: feature_flag_enabled is 1 for each of names that is on,
// asked at each scrape. flags.Set.Enabled fits.
func (m *Metrics) Flags(names []string, enabled func(flag string) bool) {
	for _, name := range names {
		m.gauge("feature_flag_enabled", "1 for a flag that is switched on.", prometheus.Labels{"flag": name}, func() float64 {
			return one(enabled(name))
		})
	}
}

// Memory adds what a watchdog sees: memory_used_bytes, memory_limit_bytes (0 when
// there is none), and memory_state, which is 1 for the state that it is in.
// [resilience.Watchdog].Report fits.
func (m *Metrics) Memory(report func() resilience.MemoryReport) {
	m.gauge("memory_used_bytes", "Memory in use that a collection would not free.", nil, func() float64 { return float64(report().Used) })
	m.gauge("memory_limit_bytes", "Memory that the process may use; 0 when there is no limit.", nil, func() float64 { return float64(report().Limit) })
	for _, s := range []resilience.MemoryState{resilience.MemoryOK, resilience.MemoryWarn, resilience.MemoryShed, resilience.MemoryRestart} {
		m.gauge("memory_state", "1 for the state that the memory watchdog is in.", prometheus.Labels{"state": s.String()}, func() float64 {
			return one(report().State == s)
		})
	}
}

// Backups adds backup_last_success_timestamp_seconds: when the last backup that
// succeeded was made, 0 when none is known of, so that its age is too great then too.
func (m *Metrics) Backups(last func() time.Time) {
	m.gauge("backup_last_success_timestamp_seconds", "When the last backup was made that succeeded, in Unix time; 0 when none is known of.", nil, func() float64 {
		at := last()
		if at.IsZero() {
			return 0
		}
		return float64(at.UnixMilli()) / 1000
	})
}

// Limits adds limits_shared: 1 while the limits of callers are counted for all
// processes together, 0 while each counts for itself. It is asked at each scrape.
func (m *Metrics) Limits(shared func() bool) {
	m.gauge("limits_shared", "1 while limits are counted for all processes together, 0 while this one counts alone.", nil, func() float64 { return one(shared()) })
}

func (m *Metrics) gauge(name, help string, labels prometheus.Labels, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, value))
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
