package ai

import (
	"context"
	"errors"
	"iter"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// Guard puts a gate before a model: usually [resilience.Gates] of a breaker, a
// limiter and a quota. Inside a [Failover] each model has a guard of its own.
//
// The gate is told of a success when a finish was seen, or when the consumer broke
// off after a chunk. It is told of faults only ([Kind.Fault]): a request that the
// model refuses is not the provider's failure. A cancelled call gives its place
// back. A gate that is a [resilience.Learner] gets what replies say about rate
// limits, and, before the end of a call, the tokens that it took.
func Guard(m Model, g resilience.Gate) Model { return &guarded{m, g} }

type guarded struct {
	Model
	gate resilience.Gate
}

// Unwrap returns the guarded model.
func (g *guarded) Unwrap() Model { return g.Model }

func (g *guarded) Stream(ctx context.Context, p Prompt) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		done, err := g.gate.Enter(ctx)
		if err != nil {
			yield(Chunk{}, err)
			return
		}
		result := errPanicked // stays when the model or the consumer panics
		var usage *Usage
		defer func() {
			if usage != nil {
				g.learn(&resilience.Signal{Spent: usage.Input + usage.Output, Output: usage.Output})
			}
			done(result)
		}()
		result = g.pass(ctx, p, &usage, yield)
	}
}

var errPanicked = errors.New("the call panicked")

// pass yields the model's stream and returns what the gate is to be told.
func (g *guarded) pass(ctx context.Context, p Prompt, usage **Usage, yield func(Chunk, error) bool) error {
	finished, left := false, false
	for chunk, err := range g.Model.Stream(ctx, p) {
		if err != nil {
			var e *Error
			if errors.As(err, &e) {
				g.learn(e.Limits)
			}
			yield(chunk, err)
			return verdict(ctx, err)
		}
		finished = finished || chunk.Finish != FinishNone
		g.learn(chunk.Limits)
		if chunk.Usage != nil {
			*usage = chunk.Usage
		}
		if left = !yield(chunk, nil); left {
			break
		}
	}
	switch {
	case finished:
		return nil
	case ctx.Err() != nil:
		return context.Canceled
	case left:
		return nil
	}
	return &Error{Kind: Truncated, Err: errors.New("the stream ended without a finish")}
}

func (g *guarded) learn(s *resilience.Signal) {
	if l, ok := g.gate.(resilience.Learner); ok && s != nil {
		l.Learn(*s)
	}
}

// verdict returns the error as the gate is to see it: nil where it is no fault of
// the model's.
func verdict(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Canceled
	}
	var e *Error
	if errors.As(err, &e) && !e.Kind.Fault() {
		return nil
	}
	return err
}
