package telemetry

import (
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
)

// A MetricsConfig configures [NewMetrics]. The zero value is ready to use.
type MetricsConfig struct {
	Version string    // of the program; "" means that of the build, or "devel"
	Prices  ai.Prices // that ai_cost_usd_total goes by; nil means [ai.DefaultPrices]
}

// Metrics counts and times what happens, in a registry of its own: nothing is
// shared with prometheus.DefaultRegisterer, so that a program may hold several. It
// is a [learnsnap.Observer] and is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	quizzes  quizMetrics
	money    moneyMetrics
	prices   ai.Prices

	modelsOnce sync.Once
	models     *modelMetrics
}

// NewMetrics returns metrics with every series at zero whose labels are known
// beforehand: an alert on a rate needs a zero to start from.
func NewMetrics(c MetricsConfig) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total",
			Help: "Requests answered, by method, route (its pattern) and status.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_request_duration_seconds",
			Help:    "Time from the request's header to the end of its answer. Event streams are left out: they last as long as they are watched.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route"}),
		quizzes: newQuizMetrics(),
		money:   newMoneyMetrics(),
		prices:  c.Prices,
	}
	if m.prices == nil {
		m.prices = ai.DefaultPrices()
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(c.Version), m.requests, m.duration, m.money.payments, m.money.webhooks,
	)
	m.registry.MustRegister(m.quizzes.collectors()...)
	return m
}

var _ learnsnap.Observer = (*Metrics)(nil)

// Register adds collectors of the program's own. It panics when one's name is
// taken, for that is a mistake in the source.
func (m *Metrics) Register(cs ...prometheus.Collector) { m.registry.MustRegister(cs...) }

// Handler answers scrapes. A scrape that a collector fails in answers with what
// there is.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: 4,
		EnableOpenMetrics:   true,
	})
}

// A Route records the requests of one method and pattern. The zero value records
// nothing.
type Route struct {
	requests *prometheus.CounterVec
	duration prometheus.Observer
}

// Route returns the recorder of one method and route pattern. Call it where
// routes are registered, not for a request: both become labels.
func (m *Metrics) Route(method, pattern string) Route {
	labels := prometheus.Labels{"method": method, "route": pattern}
	return Route{
		requests: m.requests.MustCurryWith(labels),
		duration: m.duration.With(labels),
	}
}

// Done records an answered request. A negative time is not recorded: that of a
// stream which lasts as long as somebody watches.
func (r Route) Done(status int, took time.Duration) {
	if r.requests == nil {
		return
	}
	r.requests.WithLabelValues(strconv.Itoa(status)).Inc()
	if took >= 0 {
		r.duration.Observe(took.Seconds())
	}
}

// buildInfo is a gauge that is always 1; what it says is in its labels.
func buildInfo(version string) prometheus.Collector {
	revision := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		if version == "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	if version == "" {
		version = "devel"
	}
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "learnsnap_build_info",
		Help:        "The build that runs: always 1.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "goversion": runtime.Version()},
	})
	gauge.Set(1)
	return gauge
}
