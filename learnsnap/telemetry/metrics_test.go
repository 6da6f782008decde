package telemetry_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

func TestMetricsHaveTheNamesThatDashboardsKnow(t *testing.T) {
	m := telemetry.NewMetrics(telemetry.MetricsConfig{Version: "1.2.3"})
	m.Route("GET", "/api/v1/quiz/:id").Done(200, 20*time.Millisecond)
	m.Route("GET", "/api/v1/quiz/:id").Done(404, 20*time.Millisecond)
	m.Route("GET", "/api/v1/quiz/:id/events").Done(200, -1)
	for _, o := range []learnsnap.Observation{
		{Occasion: learnsnap.Created, Pages: 2},
		{Occasion: learnsnap.PagesMoved, Action: "hold", Pages: 2},
		{Occasion: learnsnap.PagesMoved, Action: "release", Pages: 2},
		{Occasion: learnsnap.Accepted, Kind: learnsnap.PageItem},
		{Occasion: learnsnap.Accepted, Kind: learnsnap.QuestionItem},
		{Occasion: learnsnap.Dropped, Kind: learnsnap.QuestionItem, Reason: "repeated"},
		{Occasion: learnsnap.Verified, Kind: learnsnap.QuestionItem, Reason: learnsnap.Outvoted},
		{Occasion: learnsnap.FirstQuestion, Elapsed: time.Second},
		{Occasion: learnsnap.Ready, Elapsed: 50 * time.Second},
		{Occasion: learnsnap.Failed, Elapsed: 50 * time.Second},
	} {
		m.Observe(t.Context(), o)
	}

	got := scrape(t, m)
	for _, line := range []string{
		`http_requests_total{method="GET",route="/api/v1/quiz/:id",status="200"} 1`,
		`http_requests_total{method="GET",route="/api/v1/quiz/:id",status="404"} 1`,
		`http_requests_total{method="GET",route="/api/v1/quiz/:id/events",status="200"} 1`,
		`http_request_duration_seconds_count{method="GET",route="/api/v1/quiz/:id"} 2`,
		`http_request_duration_seconds_count{method="GET",route="/api/v1/quiz/:id/events"} 0`,
		`quiz_generation_duration_seconds_bucket{le="60"} 1`,
		`quiz_generation_duration_seconds_count 1`,
		`quiz_time_to_first_question_seconds_count 1`,
		`quiz_questions_total{outcome="accepted"} 1`,
		`quiz_questions_total{outcome="dropped"} 1`,
		`quiz_verifications_total{outcome="outvoted"} 1`,
		`quiz_verifications_total{outcome="unverified"} 0`,
		`credits_pages_total{action="grant"} 0`,
		`credits_pages_total{action="hold"} 2`,
		`credits_pages_total{action="release"} 2`,
	} {
		require.Contains(t, got, line+"\n")
	}
	require.Contains(t, got, `version="1.2.3"`)
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes", "learnsnap_build_info"} {
		require.Contains(t, got, "\n"+name)
	}
}

func TestMetricsOfTwoProgramsDoNotMeet(t *testing.T) {
	first, second := telemetry.NewMetrics(telemetry.MetricsConfig{}), telemetry.NewMetrics(telemetry.MetricsConfig{})
	first.Observe(t.Context(), learnsnap.Observation{Occasion: learnsnap.Ready})
	require.Contains(t, scrape(t, second), "quiz_generation_duration_seconds_count 0\n")

	global, err := prometheus.DefaultGatherer.Gather()
	require.NoError(t, err)
	for _, family := range global {
		require.NotContains(t, family.GetName(), "quiz_")
	}
}

func TestRouteOfNoMetricsRecordsNothing(t *testing.T) {
	require.NotPanics(t, func() { telemetry.Route{}.Done(200, 0) })
}

func TestQuizLinesSayWhatHappenedAtTheLevelThatItDeserves(t *testing.T) {
	for _, c := range []struct {
		name  string
		o     learnsnap.Observation
		level string
		want  string
	}{
		{"a quiz is news", learnsnap.Observation{Occasion: learnsnap.Created, Session: "s1", Pages: 2}, "INFO", `"session":"s1","pages":2`},
		{"an item is a detail", learnsnap.Observation{Occasion: learnsnap.Dropped, Reason: "repeated"}, "DEBUG", `"reason":"repeated"`},
		{"a blurred photo is no fault", learnsnap.Observation{Occasion: learnsnap.Failed, Code: learnsnap.RecaptureRequired}, "INFO", "RECAPTURE_REQUIRED"},
		{"a model that fails is", learnsnap.Observation{Occasion: learnsnap.Failed, Code: learnsnap.GenerationFailed, Err: errors.New("boom")}, "ERROR", "boom"},
		{"another attempt is a warning", learnsnap.Observation{Occasion: learnsnap.Postponed}, "WARN", "postponed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			metrics := telemetry.NewMetrics(telemetry.MetricsConfig{})
			log := slog.New(telemetry.NewLogHandler(&out, telemetry.LogConfig{Level: slog.LevelDebug}))
			telemetry.Observers(metrics, telemetry.LogObserver(log)).Observe(t.Context(), c.o)
			require.Contains(t, out.String(), `"level":"`+c.level+`"`)
			require.Contains(t, out.String(), c.want)
			require.Equal(t, 1, strings.Count(out.String(), "\n"))
		})
	}
}

func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, 200, w.Code)
	body, err := io.ReadAll(w.Result().Body)
	require.NoError(t, err)
	return string(body)
}
