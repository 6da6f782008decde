package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/flags"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/resilience"
	"github.com/learnsnap/learnsnap-go/slo"
	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// names are all metrics and their labels, beside go_* and process_*. Dashboards,
// alerts and the runbook are written against them: one that goes or changes here
// breaks them.
const names = `
ai_cost_estimated_usd_total{model,provider}
ai_cost_usd_total{model,provider}
ai_inflight{provider}
ai_request_duration_seconds{model,provider}
ai_requests_total{model,outcome,provider}
ai_tokens_total{direction,model,provider}
backup_last_success_timestamp_seconds{}
circuit_breaker_state{provider,state}
credits_pages_total{action}
db_pool_connections{state}
db_pool_refused_total{}
db_pool_wait_seconds{}
db_pool_waiting{}
feature_flag_enabled{flag}
http_request_duration_seconds{method,route}
http_requests_total{method,route,status}
jobs_dead_total{}
jobs_depth{state}
jobs_oldest_seconds{}
learnsnap_build_info{goversion,revision,version}
limits_shared{}
memory_limit_bytes{}
memory_state{state}
memory_used_bytes{}
payments_stuck{}
payments_total{outcome}
quiz_generation_duration_seconds{}
quiz_questions_total{outcome}
quiz_time_to_first_question_seconds{}
quiz_verifications_total{outcome}
slo_burn_rate{slo,window}
slo_error_budget_remaining_ratio{slo}
webhook_events_total{outcome}
webhook_events_waiting{}
`

func TestMetricsAreThoseThatAreWrittenDown(t *testing.T) {
	m := whole(t)
	var got strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue
		}
		labels := map[string]bool{}
		for _, series := range m[name].Metric {
			for _, label := range series.Label {
				labels[label.GetName()] = true
			}
		}
		fmt.Fprintf(&got, "%s{%s}\n", name, strings.Join(slices.Sorted(maps.Keys(labels)), ","))
	}
	require.Equal(t, strings.TrimLeft(names, "\n"), got.String())
}

// TestSeriesAreBounded names the bound: what callers send makes no series. It wires
// 60 routes, 4 models and all that there is else, and sends what is not foreseen.
func TestSeriesAreBounded(t *testing.T) {
	const bound = 1_900
	series := 0
	for _, family := range whole(t) {
		for _, s := range family.Metric {
			switch {
			case s.Histogram != nil:
				series += len(s.Histogram.Bucket) + 3
			case s.Summary != nil:
				series += len(s.Summary.Quantile) + 2
			default:
				series++
			}
		}
	}
	t.Logf("%d series", series)
	require.LessOrEqual(t, series, bound)
}

func TestOutcomesOfMoneyAreThereFromTheStart(t *testing.T) {
	m := telemetry.NewMetrics(telemetry.MetricsConfig{})
	paid := m.Payments("cancelled")
	paid("paid")
	paid("what a gateway made up")
	m.Webhooks("forged")("forged")
	got := scrape(t, m)
	for _, line := range []string{
		`payments_total{outcome="paid"} 1`,
		`payments_total{outcome="failed"} 0`,
		`payments_total{outcome="cancelled"} 0`,
		`payments_total{outcome="other"} 1`,
		`webhook_events_total{outcome="paid"} 0`,
		`webhook_events_total{outcome="failed"} 0`,
		`webhook_events_total{outcome="forged"} 1`,
	} {
		require.Contains(t, got, line+"\n")
	}
}

func TestQueueIsToldWithoutWaitingForTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := telemetry.NewMetrics(telemetry.MetricsConfig{})
		store := &silent{depth: storage.Depth{Waiting: 3, Running: 1, Dead: 2, Oldest: time.Now().Add(-time.Minute)}}
		watch := m.Store(telemetry.StoreConfig{Store: store})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- watch.Run(ctx) }()
		synctest.Wait()
		got := scrape(t, m)
		for _, line := range []string{
			`jobs_depth{state="running"} 1`, `jobs_depth{state="waiting"} 3`, `jobs_dead_total 2`, `jobs_oldest_seconds 60`,
			`db_pool_connections{state="idle"} 3`, `db_pool_connections{state="in_use"} 5`, `db_pool_connections{state="max"} 20`,
			`db_pool_wait_seconds_sum 1.5`, `db_pool_wait_seconds_count 7`, `db_pool_waiting 2`, `db_pool_refused_total 4`,
		} {
			require.Contains(t, got, line+"\n")
		}

		store.hangs.Store(true)
		time.Sleep(30 * time.Second)
		began := time.Now()
		require.Contains(t, scrape(t, m), "jobs_oldest_seconds 90\n", "a job that waits grows older, whoever is asked")
		require.Equal(t, began, time.Now(), "no time passes in a scrape")
		time.Sleep(time.Minute)
		require.NotContains(t, scrape(t, m), "jobs_depth", "what may be wrong by now is not told")
		require.Contains(t, scrape(t, m), "db_pool_connections")

		cancel()
		require.NoError(t, <-ended)
	})
}

// silent is a store whose database may stop to answer.
type silent struct {
	depth storage.Depth
	hangs atomic.Bool
}

func (s *silent) Depth(ctx context.Context) (storage.Depth, error) {
	if s.hangs.Load() {
		<-ctx.Done()
		return storage.Depth{}, ctx.Err()
	}
	return s.depth, nil
}

func (s *silent) Stats() storage.Stats {
	return storage.Stats{Max: 20, Open: 8, InUse: 5, Waiting: 2, Waits: 7, Waited: 1500 * time.Millisecond, Refused: 4}
}

func TestStatesAreToldAsTheyAreAtTheScrape(t *testing.T) {
	m := telemetry.NewMetrics(telemetry.MetricsConfig{})
	on, memory, backup := false, resilience.MemoryReport{}, time.Time{}
	m.Flags([]string{"READ_ONLY_MODE"}, func(string) bool { return on })
	m.Memory(func() resilience.MemoryReport { return memory })
	m.Backups(func() time.Time { return backup })
	shared, stuck, waiting := true, 0, 0
	m.Limits(func() bool { return shared })
	m.Stuck(func() int { return stuck }, func() int { return waiting })
	got := scrape(t, m)
	for _, line := range []string{
		`feature_flag_enabled{flag="READ_ONLY_MODE"} 0`, `memory_state{state="ok"} 1`, `backup_last_success_timestamp_seconds 0`,
		`limits_shared 1`, `payments_stuck 0`, `webhook_events_waiting 0`,
	} {
		require.Contains(t, got, line+"\n")
	}
	on, memory, backup = true, resilience.MemoryReport{State: resilience.MemoryShed, Used: 75, Limit: 100}, time.Unix(7, 0)
	shared, stuck, waiting = false, 2, 3
	got = scrape(t, m)
	for _, line := range []string{
		`limits_shared 0`, `payments_stuck 2`, `webhook_events_waiting 3`,
		`feature_flag_enabled{flag="READ_ONLY_MODE"} 1`, `memory_state{state="ok"} 0`, `memory_state{state="shed"} 1`,
		`memory_used_bytes 75`, `memory_limit_bytes 100`, `backup_last_success_timestamp_seconds 7`,
	} {
		require.Contains(t, got, line+"\n")
	}
}

// BenchmarkScrape asks for everything, as a busy server has it: over HTTP's handler,
// without a socket.
func BenchmarkScrape(b *testing.B) {
	m := wired(b)
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		size = w.Body.Len()
	}
	b.ReportMetric(float64(size), "B/scrape")
}

// BenchmarkBudgets is the part that a scrape pays once a second.
func BenchmarkBudgets(b *testing.B) {
	tracker := budgets(b)
	for b.Loop() {
		tracker.Report()
	}
}

// whole gathers the metrics of a program that uses all there is.
func whole(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(scrape(t, wired(t))))
	require.NoError(t, err)
	return families
}

func wired(t testing.TB) *telemetry.Metrics {
	m := telemetry.NewMetrics(telemetry.MetricsConfig{Prices: ai.Prices{"p0/m": {}, "p1/m": {}, "p2/m": {}, "p3/m": {}}})
	for i := range 60 {
		route := m.Route("GET", fmt.Sprintf("/api/v1/route%d/:id", i))
		for _, status := range []int{200, 400, 401, 404, 429, 500, 503} {
			route.Done(status, time.Second)
		}
	}
	for i := range 4 {
		for _, err := range []error{nil, ai.Unavailable, ai.RateLimited, errors.New("new"), context.Canceled} {
			a := ai.Attempt{Model: fmt.Sprintf("p%d/m", i), Usage: &ai.Usage{Input: 1}, Estimated: true, Err: err}
			m.Models().End(m.Models().Start(t.Context(), a.Model, nil), a)
		}
		m.Breaker(fmt.Sprintf("p%d/m", i), func() resilience.State { return resilience.Closed })
	}
	for i := range 100 {
		m.Observe(t.Context(), learnsnap.Observation{Occasion: learnsnap.Ready, Session: fmt.Sprint(i), Elapsed: time.Duration(i) * time.Second})
		m.Payments()(fmt.Sprint("made up ", i))
		m.Webhooks()(fmt.Sprint("made up ", i))
	}
	all := flags.Defaults()
	set := []string{}
	for _, f := range all {
		set = append(set, f.Name)
	}
	m.Flags(set, func(string) bool { return false })
	m.Memory(func() resilience.MemoryReport { return resilience.MemoryReport{} })
	m.Backups(func() time.Time { return time.Time{} })
	m.Limits(func() bool { return true })
	m.Stuck(func() int { return 0 }, func() int { return 0 })
	m.Budgets(budgets(t).Report)

	store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	watch := m.Store(telemetry.StoreConfig{Store: store})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- watch.Run(ctx) }()
	for !strings.Contains(body(m), "\njobs_depth{") {
		time.Sleep(time.Millisecond)
	}
	cancel()
	require.NoError(t, <-ended)
	return m
}

func budgets(t testing.TB) *slo.Tracker {
	tracker, err := slo.New(slo.Config{Objectives: slo.Defaults()})
	require.NoError(t, err)
	return tracker
}

func body(m *telemetry.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	all, _ := io.ReadAll(w.Body) // of a recorder: never an error
	return string(all)
}
