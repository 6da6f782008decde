package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/learnsnap/learnsnap-go/storage"
)

// A StoreConfig configures [Metrics.Store]. Every zero value but Store is a default.
type StoreConfig struct {
	Store interface { // required; a [storage.Store] is one
		Depth(ctx context.Context) (storage.Depth, error)
		Stats() storage.Stats
	}
	Every time.Duration // that the queue is looked at; 0 means 5 s, at least 1 s
	Limit time.Duration // of one look; 0 means 3 s
}

// depthLasts is how long what is known of the queue is told: then its series end,
// rather than to go on saying what may long be wrong.
const depthLasts = time.Minute

// Store adds what a store says of itself: jobs_depth, jobs_oldest_seconds and
// jobs_dead_total, db_pool_connections, db_pool_wait_seconds and
// db_pool_refused_total. The queue's are there once the watch runs: a scrape reads
// what it has seen last and never waits for the database.
func (m *Metrics) Store(c StoreConfig) *StoreWatch {
	if c.Every == 0 {
		c.Every = 5 * time.Second
	}
	c.Every = max(c.Every, time.Second)
	if c.Limit <= 0 {
		c.Limit = 3 * time.Second
	}
	w := &StoreWatch{
		config:      c,
		depth:       prometheus.NewDesc("jobs_depth", "Jobs in the queue, by state: waiting (due or due later) or running.", []string{"state"}, nil),
		oldest:      prometheus.NewDesc("jobs_oldest_seconds", "How long ago the oldest job that waits was enqueued; 0 when none waits.", nil, nil),
		dead:        prometheus.NewDesc("jobs_dead_total", "Jobs that have failed for good and that no operator has retried or discarded. A gauge, whatever its name.", nil, nil),
		connections: prometheus.NewDesc("db_pool_connections", "Connections to the database, by state: in_use, idle, and max, which is how many there may be.", []string{"state"}, nil),
		wait:        prometheus.NewDesc("db_pool_wait_seconds", "Waiting for a connection: how many callers had to, and how long altogether.", nil, nil),
		waiting:     prometheus.NewDesc("db_pool_waiting", "Callers that wait for a connection now.", nil, nil),
		refused:     prometheus.NewDesc("db_pool_refused_total", "Callers that were turned away because no connection came free.", nil, nil),
	}
	m.registry.MustRegister(w)
	return w
}

// A StoreWatch looks at a store's queue now and then. It is safe for concurrent use.
type StoreWatch struct {
	config StoreConfig

	depth, oldest, dead, connections, wait, waiting, refused *prometheus.Desc

	mu   sync.Mutex
	last storage.Depth
	at   time.Time // of last; zero before the first look that went well
}

// Run looks at the queue at once and then again and again, until ctx ends; then it
// returns nil. A look that fails is tried again at the next turn.
func (w *StoreWatch) Run(ctx context.Context) error {
	turn := time.NewTicker(w.config.Every)
	defer turn.Stop()
	for {
		w.look(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-turn.C:
		}
	}
}

func (w *StoreWatch) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, w.config.Limit)
	defer cancel()
	depth, err := w.config.Store.Depth(ctx)
	if err != nil {
		return // the database's health says why; here the series end after a while
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.at = depth, time.Now()
}

// Describe implements [prometheus.Collector].
func (w *StoreWatch) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{w.depth, w.oldest, w.dead, w.connections, w.wait, w.waiting, w.refused} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (w *StoreWatch) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	w.mu.Lock()
	depth, at := w.last, w.at
	w.mu.Unlock()
	if !at.IsZero() && time.Since(at) < depthLasts {
		gauge(w.depth, float64(depth.Waiting), "waiting")
		gauge(w.depth, float64(depth.Running), "running")
		gauge(w.dead, float64(depth.Dead))
		age := 0.0
		if !depth.Oldest.IsZero() {
			age = max(time.Since(depth.Oldest).Seconds(), 0)
		}
		gauge(w.oldest, age)
	}
	stats := w.config.Store.Stats()
	gauge(w.connections, float64(stats.InUse), "in_use")
	gauge(w.connections, float64(max(stats.Open-stats.InUse, 0)), "idle")
	gauge(w.connections, float64(stats.Max), "max")
	gauge(w.waiting, float64(stats.Waiting))
	to <- prometheus.MustNewConstSummary(w.wait, uint64(max(stats.Waits, 0)), stats.Waited.Seconds(), nil)
	to <- prometheus.MustNewConstMetric(w.refused, prometheus.CounterValue, float64(stats.Refused))
}
