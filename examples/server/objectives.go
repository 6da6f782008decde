package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/resilience"
	"github.com/learnsnap/learnsnap-go/slo"
)

// What is done while a budget burns. Each is undone by itself.
const (
	skipVerification = "skip-verification" // no second model is asked
	fewerCalls       = "fewer-calls"       // as by REDUCED_AI_CONCURRENCY
)

// objectives are the budgets and what is counted towards them.
type objectives struct {
	tracker                                      *slo.Tracker
	requests, admitted, quizzes, calls, payments *slo.Recorder
}

func newObjectives(ledger slo.Ledger, log *slog.Logger) (*objectives, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "replica"
	}
	tracker, err := slo.New(slo.Config{
		Objectives: slo.Defaults(), Ledger: ledger, Replica: host, Log: log,
		Policies: []slo.Policy{
			{Name: skipVerification, Objective: "quiz-latency-p95", Severity: slo.Page},
			{Name: fewerCalls, Objective: "ai-success", Severity: slo.Page},
		},
	})
	if err != nil {
		return nil, err
	}
	o := &objectives{tracker: tracker}
	for name, recorder := range map[string]**slo.Recorder{
		"requests": &o.requests, "admitted-requests": &o.admitted, "quizzes": &o.quizzes, "ai-calls": &o.calls, "payments": &o.payments,
	} {
		if *recorder, err = tracker.Recorder(name); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// answered counts a request to a route. Probes and scrapes are left out, as in the
// rules for Prometheus: their number says nothing about people.
func (o *objectives) answered(route string, status int) {
	if strings.HasPrefix(route, "/health") || route == "/metrics" {
		return
	}
	o.requests.Record(status < 500)
	if status != 503 {
		o.admitted.Record(status < 500)
	}
}

// Observe implements [learnsnap.Observer].
func (o *objectives) Observe(_ context.Context, seen learnsnap.Observation) {
	if seen.Occasion == learnsnap.Ready {
		o.quizzes.Observe(seen.Elapsed)
	}
}

// Start implements [ai.Tracer].
func (o *objectives) Start(ctx context.Context, _ string, _ *ai.Prompt) context.Context { return ctx }

// End implements [ai.Tracer]: a call that nobody made, or that we broke off, says
// nothing about its provider.
func (o *objectives) End(_ context.Context, a ai.Attempt) {
	switch a.Outcome() {
	case "rejected", "cancelled":
	case "ok", "length", "left":
		o.calls.Record(true)
	default:
		o.calls.Record(false)
	}
}

// unless is a gate that refuses while a policy is at work.
type unless struct {
	tracker *slo.Tracker
	policy  string
}

// Enter implements [resilience.Gate].
func (g unless) Enter(context.Context) (done func(error), err error) {
	if g.tracker.Acting(g.policy) {
		return nil, &resilience.RejectedError{Err: errors.New("a burning budget leaves no time for it"), After: time.Minute}
	}
	return func(error) {}, nil
}
