package telemetry

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/learnsnap/learnsnap-go/slo"
)

// budgetsFor is how long a report is good for: scrapes in quick succession cost one.
const budgetsFor = time.Second

// Budgets adds where the error budgets stand: slo_error_budget_remaining_ratio and
// slo_burn_rate for each objective and window. [slo.Tracker].Report is asked at a
// scrape, at most once a second.
func (m *Metrics) Budgets(report func() slo.Report) {
	m.registry.MustRegister(&budgets{
		report: report,
		left: prometheus.NewDesc("slo_error_budget_remaining_ratio",
			"Share of the error budget of the last 30 days that is left; negative once it is overspent.", []string{"slo"}, nil),
		burn: prometheus.NewDesc("slo_burn_rate",
			"How many times as fast as it lasts the error budget was used up in a window.", []string{"slo", "window"}, nil),
	})
}

type budgets struct {
	report     func() slo.Report
	left, burn *prometheus.Desc

	mu   sync.Mutex
	last slo.Report
	at   time.Time
}

// Describe implements [prometheus.Collector].
func (b *budgets) Describe(to chan<- *prometheus.Desc) {
	to <- b.left
	to <- b.burn
}

// Collect implements [prometheus.Collector].
func (b *budgets) Collect(to chan<- prometheus.Metric) {
	for _, o := range b.read().Objectives {
		to <- prometheus.MustNewConstMetric(b.left, prometheus.GaugeValue, o.BudgetRatio, o.Name)
		for _, burn := range o.Burn {
			to <- prometheus.MustNewConstMetric(b.burn, prometheus.GaugeValue, burn.Rate, o.Name, burn.Window)
		}
	}
}

func (b *budgets) read() slo.Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); b.at.IsZero() || now.Sub(b.at) >= budgetsFor {
		b.last, b.at = b.report(), now
	}
	return b.last
}
