package learnsnap

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/learnsnap/learnsnap-go/ai"
)

// A purse is what one quiz may cost. What calls have used is charged while they
// stream, by an estimate that gives way to the provider's own word. Nil is a purse
// without a bottom. It is safe for concurrent use.
type purse struct {
	prices ai.Prices
	most   float64 // US dollars

	mu    sync.Mutex
	spent float64
}

// newPurse returns the purse of a quiz that has these items. They remember what was
// spent before them.
func newPurse(c Config, have []Item) *purse {
	if c.MaxCostUSD <= 0 {
		return nil
	}
	p := &purse{prices: c.Prices, most: c.MaxCostUSD}
	for _, it := range have {
		p.spent = max(p.spent, it.SpentUSD)
	}
	return p
}

// micro is what amounts are rounded up to: a millionth of a dollar.
const micro = 1e-6

// total returns what was spent, the calls under way included.
func (p *purse) total() float64 {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return math.Ceil(p.spent/micro) * micro
}

// free reports whether a model is known to cost nothing.
func (p *purse) free(model string) bool {
	return sourceOf(model) != "" || p.prices.Free(model)
}

// affords reports whether a call to a model may be made that uses so much at
// least. A model whose price nobody knows may be asked while there is money.
func (p *purse) affords(model string, least ai.Usage) bool {
	if p.free(model) {
		return true
	}
	usd, _ := p.prices.Cost(model, least)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spent < p.most && p.spent+usd <= p.most
}

// charge replaces what a call was charged so far by what it has used, and reports
// whether there is money left.
func (p *purse) charge(charged *float64, model string, u ai.Usage) bool {
	usd, _ := p.prices.Cost(model, u)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent += usd - *charged
	*charged = usd
	return p.spent < p.most
}

// of returns a model whose calls are paid out of the purse.
func (p *purse) of(m ai.Model) ai.Model {
	if p == nil {
		return m
	}
	return paid{m, p}
}

// A paid model leaves out the models that the purse can't pay, and breaks off the
// reply during which it runs empty.
type paid struct {
	ai.Model
	purse *purse
}

// Unwrap returns the model.
func (m paid) Unwrap() ai.Model { return m.Model }

// Stream implements [ai.Model].
func (m paid) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		meter, model, charged := ai.NewMeter(p), m.Name(), 0.0
		least, _ := meter.Usage()
		tooDear := m.tooDear(least)
		if slices.Contains(tooDear, model) {
			yield(ai.Chunk{}, costError(model))
			return
		}
		p.Avoid = slices.Concat(p.Avoid, tooDear)
		for chunk, err := range m.Model.Stream(ctx, p) {
			if err != nil {
				yield(chunk, withCauses(err, tooDear))
				return
			}
			if chunk.Model != "" {
				model = chunk.Model
			}
			meter.Count(chunk)
			used, _ := meter.Usage()
			rich := m.purse.charge(&charged, model, used) || m.purse.free(model)
			if !yield(chunk, nil) {
				return
			}
			if !rich && chunk.Finish == ai.FinishNone {
				yield(ai.Chunk{}, costError(model))
				return
			}
		}
	}
}

// tooDear names the models that the purse can't pay.
func (m paid) tooDear(least ai.Usage) []string {
	var names []string
	for name := range ai.Models(m.Model) {
		if !m.purse.affords(name, least) {
			names = append(names, name)
		}
	}
	return names
}

// withCauses adds to what a failover ends in, which knows nothing of the models
// that it was to avoid, why they were left out.
func withCauses(err error, tooDear []string) error {
	var exhausted *ai.ExhaustedError
	if len(tooDear) == 0 || !errors.As(err, &exhausted) {
		return err
	}
	causes := slices.Clone(exhausted.Causes)
	for _, model := range tooDear {
		causes = append(causes, costError(model))
	}
	return &ai.ExhaustedError{Causes: causes}
}

func costError(model string) error {
	return &ai.Error{Kind: ai.QuotaExhausted, Model: model, Err: costReached{}}
}

// costReached is why a model is not asked, or not listened to any longer.
type costReached struct{}

func (costReached) Error() string { return "the quiz would cost more than it may" }

// PageCode returns the code that this error is told by.
func (costReached) PageCode() string { return string(CostLimit) }
