package telemetry

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/learnsnap/learnsnap-go/learnsnap"
)

// quizMetrics are what a [learnsnap.Observation] becomes.
type quizMetrics struct {
	duration      prometheus.Histogram
	firstQuestion prometheus.Histogram
	questions     *prometheus.CounterVec
	verifications *prometheus.CounterVec
	pages         *prometheus.CounterVec
}

// The outcomes of a question and the actions of the ledger.
var (
	outcomes = []string{"accepted", "dropped"}
	actions  = []string{"grant", "hold", "release"}
	verdicts = []string{learnsnap.Agreed, learnsnap.Upheld, learnsnap.Outvoted, learnsnap.Unverified}
)

func newQuizMetrics() quizMetrics {
	m := quizMetrics{
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "quiz_generation_duration_seconds",
			Help: "Time from a quiz's creation until it was ready. Failed quizzes are left out.",
			// 60 and 120 are the objectives' thresholds: they must be borders.
			Buckets: []float64{.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600},
		}),
		firstQuestion: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "quiz_time_to_first_question_seconds",
			Help:    "Time from a quiz's creation until its first question was stored.",
			Buckets: []float64{.1, .25, .5, 1, 1.5, 2.5, 5, 10, 20, 30, 60, 120},
		}),
		questions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "quiz_questions_total",
			Help: "Questions that a model wrote, by outcome: accepted or dropped.",
		}, []string{"outcome"}),
		verifications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "quiz_verifications_total",
			Help: "Questions put to a second model, by outcome: agreed, upheld (by the third vote), outvoted (dropped) or unverified (no vote could be had: kept).",
		}, []string{"outcome"}),
		pages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "credits_pages_total",
			Help: "Pages moved in the ledger, by action: grant, hold or release.",
		}, []string{"action"}),
	}
	for _, outcome := range outcomes {
		m.questions.WithLabelValues(outcome)
	}
	for _, verdict := range verdicts {
		m.verifications.WithLabelValues(verdict)
	}
	for _, action := range actions {
		m.pages.WithLabelValues(action)
	}
	return m
}

func (m quizMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.duration, m.firstQuestion, m.questions, m.verifications, m.pages}
}

// Observe implements [learnsnap.Observer].
func (m *Metrics) Observe(_ context.Context, o learnsnap.Observation) {
	switch o.Occasion {
	case learnsnap.FirstQuestion:
		m.quizzes.firstQuestion.Observe(o.Elapsed.Seconds())
	case learnsnap.Ready:
		m.quizzes.duration.Observe(o.Elapsed.Seconds())
	case learnsnap.Accepted, learnsnap.Dropped:
		if o.Kind == learnsnap.QuestionItem {
			m.quizzes.questions.WithLabelValues(string(o.Occasion)).Inc()
		}
	case learnsnap.Verified:
		m.quizzes.verifications.WithLabelValues(o.Reason).Inc()
	case learnsnap.PagesMoved:
		m.quizzes.pages.WithLabelValues(o.Action).Add(float64(max(o.Pages, 0)))
	}
}
