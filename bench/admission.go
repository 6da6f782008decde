package main

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// admissions admit a call and take its success, again and again.
var admissions = []struct {
	name string
	run  func() testing.BenchmarkResult
}{
	{"LearnSnap Breaker", gate(func() resilience.Gate { return resilience.NewBreaker(resilience.BreakerConfig{}) })},
	{"gobreaker Execute", func() testing.BenchmarkResult {
		b := gobreaker.NewCircuitBreaker[any](gobreaker.Settings{Timeout: 3 * time.Minute})
		call := func() (any, error) { return nil, nil }
		return testing.Benchmark(func(t *testing.B) {
			for t.Loop() {
				if _, err := b.Execute(call); err != nil {
					t.Fatal(err)
				}
			}
		})
	}},
	{"gobreaker Allow", func() testing.BenchmarkResult {
		b := gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{Timeout: 3 * time.Minute})
		return testing.Benchmark(func(t *testing.B) {
			for t.Loop() {
				done, err := b.Allow()
				if err != nil {
					t.Fatal(err)
				}
				done(nil)
			}
		})
	}},
	{"failsafe-go TryAcquirePermit, RecordSuccess", func() testing.BenchmarkResult {
		b := circuitbreaker.NewBuilder[any]().WithFailureThreshold(3).WithDelay(3 * time.Minute).Build()
		return testing.Benchmark(func(t *testing.B) {
			for t.Loop() {
				if !b.TryAcquirePermit() {
					t.Fatal("refused")
				}
				b.RecordSuccess()
			}
		})
	}},
	{"LearnSnap Limiter", gate(func() resilience.Gate { return resilience.NewLimiter(resilience.LimiterConfig{}) })},
	{"LearnSnap Quota", gate(newQuota)},
	{"LearnSnap Breaker + Limiter + Quota", gate(func() resilience.Gate {
		return resilience.Gates(resilience.NewBreaker(resilience.BreakerConfig{}), resilience.NewLimiter(resilience.LimiterConfig{}), newQuota())
	})},
	{"a clock read", func() testing.BenchmarkResult {
		return testing.Benchmark(func(t *testing.B) {
			for t.Loop() {
				time.Now()
			}
		})
	}},
}

func newQuota() resilience.Gate {
	return resilience.NewQuota(resilience.QuotaConfig{Requests: math.MaxInt32, Tokens: math.MaxInt32, Estimate: 1})
}

func gate(open func() resilience.Gate) func() testing.BenchmarkResult {
	return func() testing.BenchmarkResult {
		g := open()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		return testing.Benchmark(func(t *testing.B) {
			for t.Loop() {
				done, err := g.Enter(ctx)
				if err != nil {
					t.Fatal(err)
				}
				done(nil)
			}
		})
	}
}
