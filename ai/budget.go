package ai

import (
	"context"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// A BudgetConfig configures a [Budget].
type BudgetConfig struct {
	USD    float64 // that a day may cost; required
	Prices Prices  // nil means [DefaultPrices]

	// Spent is what an earlier process has spent on Day (UTC, "2006-01-02"). On
	// another day it counts as nothing.
	Day   string
	Spent float64

	// OnSpend is called after each call that has cost something, with the day and all
	// that was spent on it: keep it, and a restart does not forget. It is called by
	// one goroutine at a time, with no lock held that a gate needs. Nil means nobody.
	OnSpend func(day string, usd float64)

	Now func() time.Time // nil means [time.Now]
}

// A Budget bounds what the calls to several models cost together in a day, which
// ends at midnight UTC. Each model that has a price gets a gate of it, and the calls
// are watched by [Traced]:
//
//	gate := resilience.Gates(budget.Gate(m.Name()), breaker)
//	m = ai.Traced(ai.Guard(m, gate), budget)
//
// It knows of one process. A call that is under way counts as the mean of its
// model's calls until it has ended, so calls side by side overstep the bound by
// about as much as they differ from one another. A Budget is safe for concurrent
// use.
type Budget struct {
	config BudgetConfig

	telling sync.Mutex // orders OnSpend

	mu       sync.Mutex
	day      string
	spent    float64
	expected float64 // of the calls under way
	means    map[string]*mean
}

// A mean is what a model's calls have cost.
type mean struct {
	usd   float64
	calls float64
}

func (m *mean) value() float64 {
	if m == nil || m.calls == 0 {
		return 0
	}
	return m.usd / m.calls
}

// NewBudget returns a budget.
func NewBudget(c BudgetConfig) *Budget {
	if c.Prices == nil {
		c.Prices = DefaultPrices()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Budget{config: c, day: c.Day, spent: max(c.Spent, 0), means: map[string]*mean{}}
}

var _ Tracer = (*Budget)(nil)

// Gate returns the gate of a model. It refuses with a [*resilience.RejectedError]
// that wraps [resilience.ErrQuota] and, when the day's money is spent, says how long
// it is until the next day. While only the calls under way may yet spend it, nobody
// knows when to come back.
func (b *Budget) Gate(model string) resilience.Gate { return budgetGate{b, model} }

// Spent returns the day (UTC) and what was spent on it so far, in US dollars.
func (b *Budget) Spent() (day string, usd float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn()
	return b.day, b.spent
}

// Start implements [Tracer].
func (b *Budget) Start(ctx context.Context, _ string, _ *Prompt) context.Context { return ctx }

// End implements [Tracer]: it counts what the call has cost.
func (b *Budget) End(_ context.Context, a Attempt) {
	usd, ok := b.config.Prices.Cost(a.Model, a.Spent)
	if !ok || usd <= 0 {
		return
	}
	b.telling.Lock()
	defer b.telling.Unlock()
	day, spent := b.add(a.Model, usd)
	if b.config.OnSpend != nil {
		b.config.OnSpend(day, spent)
	}
}

func (b *Budget) add(model string, usd float64) (day string, spent float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn()
	m := b.means[model]
	if m == nil {
		m = &mean{}
		b.means[model] = m
	}
	m.usd, m.calls = m.usd+usd, m.calls+1
	b.spent += usd
	return b.day, b.spent
}

// turn begins a new day, if it is one.
func (b *Budget) turn() time.Time {
	now := b.config.Now().UTC()
	if day := now.Format(time.DateOnly); day != b.day {
		b.day, b.spent = day, 0
	}
	return now
}

type budgetGate struct {
	*Budget
	model string
}

// Enter implements [resilience.Gate].
func (g budgetGate) Enter(context.Context) (func(error), error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.turn()
	if g.spent+g.expected >= g.config.USD {
		refusal := &resilience.RejectedError{Gate: g.model + ": budget of the day", Err: resilience.ErrQuota}
		if g.spent >= g.config.USD {
			refusal.After = now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now)
		}
		return nil, refusal
	}
	cost := g.means[g.model].value()
	g.expected += cost
	return func(error) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.expected -= cost
	}, nil
}
