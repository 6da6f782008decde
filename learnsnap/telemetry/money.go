package telemetry

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

// OtherOutcome is what is counted where an outcome was not named beforehand.
const OtherOutcome = "other"

// moneyMetrics count payments and webhooks by outcome. A gateway need not know them:
// it calls a function with a word.
type moneyMetrics struct {
	payments, webhooks *prometheus.CounterVec
}

func newMoneyMetrics() moneyMetrics {
	m := moneyMetrics{
		payments: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "payments_total",
			Help: "Checkouts that came to an end, by outcome: paid, failed and others.",
		}, []string{"outcome"}),
		webhooks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "webhook_events_total",
			Help: "Webhooks of the payment gateway, by outcome: paid, failed and others.",
		}, []string{"outcome"}),
	}
	outcomesOf(m.payments, nil)
	outcomesOf(m.webhooks, nil)
	return m
}

// Payments returns a function that counts the end of a checkout in payments_total.
// The outcomes "paid" and "failed" are there at zero from the start, further ones from
// this call on; what was not named is counted as [OtherOutcome].
func (m *Metrics) Payments(further ...string) func(outcome string) {
	return outcomesOf(m.money.payments, further)
}

// Webhooks returns a function that counts a webhook in webhook_events_total. Its
// outcomes are as in [Metrics.Payments].
func (m *Metrics) Webhooks(further ...string) func(outcome string) {
	return outcomesOf(m.money.webhooks, further)
}

func outcomesOf(counters *prometheus.CounterVec, further []string) func(string) {
	known := append([]string{"paid", "failed", OtherOutcome}, further...)
	for _, outcome := range known {
		counters.WithLabelValues(outcome)
	}
	return func(outcome string) {
		if !slices.Contains(known, outcome) {
			outcome = OtherOutcome
		}
		counters.WithLabelValues(outcome).Inc()
	}
}

// Stuck adds what selling leaves lying: payments_stuck, payments that an operator
// should look at, and webhook_events_waiting, webhooks that were taken in and that
// nobody has worked on. Both are asked at each scrape and must not wait: let them
// answer what was counted last.
func (m *Metrics) Stuck(payments, webhooks func() int) {
	m.gauge("payments_stuck", "Payments that an operator should look at: under review, or without an end for longer than their time.", nil,
		func() float64 { return float64(payments()) })
	m.gauge("webhook_events_waiting", "Webhooks of the payment gateway that were taken in and wait for longer than they should.", nil,
		func() float64 { return float64(webhooks()) })
}
