package slo

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Window is what budgets are counted over: 30 days, rolling, in buckets of a minute.
const Window = 30 * 24 * time.Hour

// An Objective says what share of events must be good. The same definition counts in
// this process ([Tracker]), in Prometheus ([WriteRules]) and in whatever reads
// OpenSLO ([WriteOpenSLO]).
type Objective struct {
	// Name is an RFC 1123 label: at most 63 small letters, digits and dashes. It
	// names the budget in the ledger: one that is renamed begins anew.
	Name string

	Description string  // one sentence, for people
	Target      float64 // the share of good events, between 0 and 1; 0.999 leaves a budget of one in a thousand

	// Indicators are the events that count, at least one. The events of all are
	// added up.
	Indicators []Indicator

	// MinBad is how many events in an alert's longer window must be bad before it
	// fires, so that where little happens a single failure wakes nobody. 0 means 3,
	// −1 that one is enough.
	MinBad int

	// Runbook is where somebody whom an alert has woken reads on; it becomes the
	// alerts' annotation runbook_url. It may be empty.
	Runbook string
}

// An Indicator is one kind of event.
type Indicator struct {
	// Name is what [Tracker.Recorder] finds the indicator by. Several objectives may
	// name the same one: what is recorded once counts in each.
	Name string

	// Within makes an event that took longer a bad one ([Recorder.Observe]); that a
	// quiz takes at most a minute for 95 of 100 is a Target of 0.95 and a Within of a
	// minute. 0 means that time does not matter.
	Within time.Duration

	// Prometheus says how Prometheus counts the same events. It may be zero when
	// neither rules nor OpenSLO are written.
	Prometheus Selectors
}

// Selectors choose the counters of one indicator in Prometheus, each as a vector
// selector without range or function: http_requests_total{status=~"5.."}. Exactly
// one of Good and Bad is set.
type Selectors struct {
	Good  string
	Bad   string
	Total string
}

const defaultMinBad = 3

// Defaults returns LearnSnap's six objectives. Who records what is in docs/SLO.md.
func Defaults() []Objective {
	const (
		requests = `route!~"/health.*|/metrics"`
		quizzes  = "quiz_generation_duration_seconds"
	)
	return []Objective{
		{
			Name: "availability", Target: 0.999,
			Description: "Requests that are answered, not turned away and not broken: no status of 500 or above.",
			Indicators: []Indicator{{Name: "requests", Prometheus: Selectors{
				Bad:   `http_requests_total{` + requests + `,status=~"5.."}`,
				Total: `http_requests_total{` + requests + `}`,
			}}},
			Runbook: "docs/SLO.md#availability",
		},
		{
			Name: "quiz-latency-p95", Target: 0.95,
			Description: "Quizzes that are ready within 60 seconds.",
			Indicators: []Indicator{{Name: "quizzes", Within: time.Minute, Prometheus: Selectors{
				Good:  quizzes + `_bucket{le=~"60(\\.0)?"}`, // OpenMetrics writes 60.0
				Total: quizzes + `_count`,
			}}},
			Runbook: "docs/SLO.md#quiz-latency",
		},
		{
			Name: "quiz-latency-p99", Target: 0.99,
			Description: "Quizzes that are ready within 120 seconds.",
			Indicators: []Indicator{{Name: "quizzes", Within: 2 * time.Minute, Prometheus: Selectors{
				Good:  quizzes + `_bucket{le=~"120(\\.0)?"}`,
				Total: quizzes + `_count`,
			}}},
			Runbook: "docs/SLO.md#quiz-latency",
		},
		{
			Name: "error-rate", Target: 0.999,
			Description: "Requests that were let in (any status but 503) and did not break (no status of 500 or above).",
			Indicators: []Indicator{{Name: "admitted-requests", Prometheus: Selectors{
				Bad:   `http_requests_total{` + requests + `,status=~"5..",status!="503"}`,
				Total: `http_requests_total{` + requests + `,status!="503"}`,
			}}},
			Runbook: "docs/SLO.md#error-rate",
		},
		{
			Name: "ai-success", Target: 0.95,
			Description: "Calls of a provider that gave a usable answer. Calls that we cancelled or did not make are left out.",
			Indicators: []Indicator{{Name: "ai-calls", Prometheus: Selectors{
				Good:  `ai_requests_total{provider!="offline",outcome=~"ok|length|left"}`,
				Total: `ai_requests_total{provider!="offline",outcome!~"cancelled|rejected"}`,
			}}},
			Runbook: "docs/SLO.md#ai-success",
		},
		{
			Name: "payment-success", Target: 0.99,
			Description: "Payments that ended in pages for the payer. Those that the payer called off are left out.",
			Indicators: []Indicator{{Name: "payments", Prometheus: Selectors{
				Good:  `payments_total{outcome="paid"}`,
				Total: `payments_total{outcome=~"paid|failed|review"}`,
			}}},
			Runbook: "docs/SLO.md#payment-success",
		},
	}
}

// budget is the share of events that may be bad.
func (o Objective) budget() float64 { return 1 - o.Target }

func (o Objective) minBad() int64 {
	switch {
	case o.MinBad == 0:
		return defaultMinBad
	case o.MinBad < 0:
		return 1
	}
	return int64(o.MinBad)
}

// nameForm is that of an RFC 1123 label.
func nameForm() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`) }

// check reports everything that is wrong with objectives, joined.
func check(objectives []Objective) error {
	if len(objectives) == 0 {
		return errors.New("no objectives")
	}
	form := nameForm()
	var errs []error
	seen := map[string]bool{}
	for _, o := range objectives {
		bad := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("objective %q: %s", o.Name, fmt.Sprintf(format, args...)))
		}
		if !form.MatchString(o.Name) {
			bad("the name must be 1 to 63 small letters, digits and inner dashes")
		}
		if seen[o.Name] {
			bad("there are two of this name")
		}
		seen[o.Name] = true
		if !(o.Target > 0 && o.Target < 1) {
			bad("target %v must lie between 0 and 1", o.Target)
		}
		if len(o.Indicators) == 0 {
			bad("no indicators")
		}
		for _, i := range o.Indicators {
			if i.Name == "" {
				bad("an indicator has no name")
			}
			if i.Within < 0 {
				bad("indicator %q: within %v is negative", i.Name, i.Within)
			}
		}
	}
	return errors.Join(errs...)
}
