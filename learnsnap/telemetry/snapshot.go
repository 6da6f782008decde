package telemetry

import (
	"fmt"

	dto "github.com/prometheus/client_model/go"
)

// A Sample is the value of one series at one moment.
type Sample struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
	Value  float64           `json:"value"`
}

// Snapshot returns every series, for those who have no Prometheus at hand: counters
// and gauges as they are, of histograms and summaries how many were observed
// (name_count) and their sum (name_sum). What could be gathered is returned beside an
// error.
func (m *Metrics) Snapshot() ([]Sample, error) {
	families, err := m.registry.Gather()
	var samples []Sample
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			samples = append(samples, samplesOf(family.GetName(), metric)...)
		}
	}
	if err != nil {
		return samples, fmt.Errorf("gather metrics: %w", err)
	}
	return samples, nil
}

func samplesOf(name string, m *dto.Metric) []Sample {
	labels := make(map[string]string, len(m.GetLabel()))
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	one := func(suffix string, value float64) Sample { return Sample{name + suffix, labels, value} }
	switch {
	case m.Counter != nil:
		return []Sample{one("", m.Counter.GetValue())}
	case m.Gauge != nil:
		return []Sample{one("", m.Gauge.GetValue())}
	case m.Untyped != nil:
		return []Sample{one("", m.Untyped.GetValue())}
	case m.Histogram != nil:
		return []Sample{one("_count", float64(m.Histogram.GetSampleCount())), one("_sum", m.Histogram.GetSampleSum())}
	case m.Summary != nil:
		return []Sample{one("_count", float64(m.Summary.GetSampleCount())), one("_sum", m.Summary.GetSampleSum())}
	}
	return nil
}
