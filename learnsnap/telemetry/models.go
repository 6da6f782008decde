package telemetry

import (
	"context"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// Models returns a tracer that counts and times the calls to models, and says what
// they have cost: ai_requests_total, ai_request_duration_seconds, ai_tokens_total,
// ai_cost_usd_total, ai_cost_estimated_usd_total and ai_inflight. The model names
// that it sees become labels; they come from the configuration. It may be asked
// for several times.
func (m *Metrics) Models() ai.Tracer {
	m.modelsOnce.Do(func() {
		m.models = newModelMetrics(m.prices)
		m.registry.MustRegister(m.models.requests, m.models.duration, m.models.tokens, m.models.cost, m.models.estimated, m.models.inflight)
	})
	return m.models
}

// Breaker adds the circuit breaker of a provider, be it a model or a gateway of
// payments: circuit_breaker_state is 1 for the state that it is in, asked at each scrape.
func (m *Metrics) Breaker(provider string, state func() resilience.State) {
	for _, s := range []resilience.State{resilience.Closed, resilience.HalfOpen, resilience.Open} {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "circuit_breaker_state",
			Help:        "1 for the state that the breaker of a provider is in.",
			ConstLabels: prometheus.Labels{"provider": provider, "state": s.String()},
		}, func() float64 {
			if state() == s {
				return 1
			}
			return 0
		}))
	}
}

type modelMetrics struct {
	prices           ai.Prices
	requests, tokens *prometheus.CounterVec
	cost, estimated  *prometheus.CounterVec
	duration         *prometheus.HistogramVec
	inflight         *prometheus.GaugeVec
}

func newModelMetrics(prices ai.Prices) *modelMetrics {
	return &modelMetrics{
		prices: prices,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ai_requests_total",
			Help: "Attempts at models, by how they ended: ok, length, left (enough was there), cancelled, rejected (by a gate), or the kind of failure.",
		}, []string{"provider", "model", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "ai_request_duration_seconds",
			Help:    "Time of an attempt at a model, to its end.",
			Buckets: []float64{.1, .25, .5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320},
		}, []string{"provider", "model"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ai_tokens_total",
			Help: "Tokens that models have told of, by direction: input (cached ones included) and output (reasoning included).",
		}, []string{"provider", "model", "direction"}),
		cost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ai_cost_usd_total",
			Help: "US dollars that attempts at models have cost, by the price list. A model without a price has no series; attempts that failed before their first chunk are left out.",
		}, []string{"provider", "model"}),
		estimated: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ai_cost_estimated_usd_total",
			Help: "Of ai_cost_usd_total: that of attempts whose tokens had to be estimated, because their end was not seen.",
		}, []string{"provider", "model"}),
		inflight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "ai_inflight",
			Help: "Attempts under way.",
		}, []string{"provider"}),
	}
}

// Start implements [ai.Tracer].
func (m *modelMetrics) Start(ctx context.Context, model string, _ *ai.Prompt) context.Context {
	provider, _ := partsOf(model)
	m.inflight.WithLabelValues(provider).Inc()
	return ctx
}

// End implements [ai.Tracer].
func (m *modelMetrics) End(_ context.Context, a ai.Attempt) {
	provider, model := partsOf(a.Model)
	m.inflight.WithLabelValues(provider).Dec()
	m.requests.WithLabelValues(provider, model, a.Outcome()).Inc()
	m.duration.WithLabelValues(provider, model).Observe(a.Duration.Seconds())
	if a.Usage != nil {
		m.tokens.WithLabelValues(provider, model, "input").Add(float64(max(a.Usage.Input, 0)))
		m.tokens.WithLabelValues(provider, model, "output").Add(float64(max(a.Usage.Output, 0)))
	}
	if usd, ok := m.prices.Cost(a.Model, a.Spent); ok {
		m.cost.WithLabelValues(provider, model).Add(max(usd, 0))
		if a.Estimated {
			m.estimated.WithLabelValues(provider, model).Add(max(usd, 0))
		}
	}
}

// partsOf parts "provider/model".
func partsOf(name string) (provider, model string) {
	provider, model, _ = strings.Cut(name, "/")
	return provider, model
}
