package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
	"github.com/learnsnap/learnsnap-go/ai/openai"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// A chain is the models that are asked, in order: the providers that have a key,
// each behind a breaker, a limiter and a quota of its own, and the offline model
// last.
type chain struct {
	model    ai.Model // all of them
	links    []link
	breakers map[string]*resilience.Breaker
	verify   ai.Model            // of AI_VERIFY; nil means that none is set
	made     map[string]ai.Model // those of providers, by name
	prices   ai.Prices
	budget   *ai.Budget // of a day; nil means that none is set
	tracer   ai.Tracer
	reduced  func() bool // fewer calls at a time
}

// A link is one model of the chain, as it is known there.
type link struct {
	name  string
	model ai.Model
}

// newChain makes the chain. reduced asks whether there are to be fewer calls at a
// time; tracer is told of those of providers.
func newChain(c config, log *slog.Logger, metrics *telemetry.Metrics, tracer ai.Tracer, reduced func() bool, ocr *offline.Tesseract) (*chain, error) {
	ch := &chain{
		breakers: map[string]*resilience.Breaker{}, made: map[string]ai.Model{}, prices: c.prices(),
		tracer: tracer, reduced: reduced,
	}
	var err error
	if ch.budget, err = newBudget(c, ch.prices, log); err != nil {
		return nil, err
	}
	var models []ai.Model
	for _, p := range c.Providers {
		m, err := ch.ready(p, c, log, metrics)
		if err != nil {
			return nil, err
		}
		models = append(models, m)
	}
	if c.Verify.name != "" {
		if ch.verify, err = ch.ready(c.Verify, c, log, metrics); err != nil {
			return nil, err
		}
	}
	models = append(models, ai.Traced(offline.New(offline.Config{Reader: ocr}), metrics.Models()))
	ch.model = ai.Failover(models...)
	for name, m := range ai.Models(ch.model) {
		ch.links = append(ch.links, link{name, m})
	}
	return ch, nil
}

// ready returns a provider's model with all that stands around it, one for each
// name: who writes and verifies has one breaker.
func (ch *chain) ready(p provider, c config, log *slog.Logger, metrics *telemetry.Metrics) (ai.Model, error) {
	m, err := open(p, log)
	if err != nil {
		return nil, fmt.Errorf("provider %s: %w", p.name, err)
	}
	if made, ok := ch.made[m.Name()]; ok {
		return made, nil
	}
	made := ai.Traced(ch.guarded(m, c, log, metrics), ch.tracer)
	ch.made[m.Name()] = made
	return made, nil
}

func open(p provider, log *slog.Logger) (ai.Model, error) {
	switch p.name {
	case "gemini":
		return gemini.New(gemini.Config{Key: p.key, Model: p.model, BaseURL: p.baseURL, Log: log})
	case "openai":
		return openai.New(openai.Config{Key: p.key, Model: p.model, BaseURL: p.baseURL, Log: log})
	}
	return anthropic.New(anthropic.Config{Key: p.key, Model: p.model, BaseURL: p.baseURL, Log: log})
}

// reducedTo is how many calls a model gets at a time while REDUCED_AI_CONCURRENCY is on.
const reducedTo = 2

// guarded puts a model behind its gates. AI_CONCURRENCY bounds the limiter. The
// budget stands first: its refusal is none of the others' business.
func (ch *chain) guarded(m ai.Model, c config, log *slog.Logger, metrics *telemetry.Metrics) ai.Model {
	name := m.Name()
	breaker := resilience.NewBreaker(resilience.BreakerConfig{Name: name, OnChange: func(name string, from, to resilience.State) {
		log.Warn("circuit breaker", "model", name, "from", from.String(), "to", to.String())
	}})
	limit := resilience.LimiterConfig{Name: name, Refused: ai.Busy}
	if c.AIConcurrency > 0 {
		limit.Start, limit.Max = min(5, c.AIConcurrency), c.AIConcurrency
	}
	ch.breakers[name] = breaker
	metrics.Breaker(name, breaker.State)
	few := switchedGate{ch.reduced, resilience.NewLimiter(resilience.LimiterConfig{Name: name, Start: reducedTo, Max: reducedTo})}
	gates := []resilience.Gate{breaker, few, resilience.NewLimiter(limit), resilience.NewQuota(resilience.QuotaConfig{Name: name, Refused: ai.Busy})}
	if _, priced := ch.prices.Cost(name, ai.Usage{}); !priced {
		if c.AIQuizUSD == 0 { // else the engine says so
			log.Warn("the price of this model is not known, its calls count as nothing; set AI_PRICES", "model", name)
		}
	} else if ch.budget != nil && !ch.prices.Free(name) {
		gates = append([]resilience.Gate{ch.budget.Gate(name)}, gates...)
		return ai.Traced(ai.Guard(m, resilience.Gates(gates...)), ch.budget)
	}
	return ai.Guard(m, resilience.Gates(gates...))
}

// check asks each model whether it would answer, cheaply and in parallel.
func (ch *chain) check(ctx context.Context) map[string]error {
	type result struct {
		name string
		err  error
	}
	results := make(chan result, len(ch.links))
	for _, l := range ch.links {
		go func() { results <- result{l.name, ai.Check(ctx, l.model)} }()
	}
	all := map[string]error{}
	for range ch.links {
		r := <-results
		all[r.name] = r.err
	}
	return all
}
