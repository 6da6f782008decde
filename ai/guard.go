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
// off after a chunk: a probe of a half-open breaker that [Run] ends early has seen
// a healthy model. It is told of faults only ([Kind.Fault]; a stream that ends
// without a finish is one): a request that the model refuses is not the provider's
// failure. A call whose ctx has ended gives its place back, as one does that a gate
// further in has refused.
//
// A gate that is a [resilience.Learner] gets what replies say about rate limits,
// and, before the end of a call, the tokens that it took.
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
			if finished {
				return nil
			}
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
	return &Error{Kind: Truncated, Model: g.Name(), Err: errors.New("the stream ended without a finish")}
}

func (g *guarded) learn(s *resilience.Signal) {
	if l, ok := g.gate.(resilience.Learner); ok && s != nil {
		l.Learn(*s)
	}
}

// verdict returns an error as the gate is to see it: nil where it is no fault of
// the model's.
func verdict(ctx context.Context, err error) error {
	var e *Error
	var rejected *resilience.RejectedError
	switch {
	case ctx.Err() != nil:
		return context.Canceled
	case !KindOf(err).Fault():
		return nil
	case errors.As(err, &e) && errors.Is(err, context.Canceled):
		// A fault whose cause is a cancel of the adapter's own, as of a reply that
		// has fallen silent: a gate would take it for the caller's.
		fault := *e
		fault.Err = nil
		return &fault
	case e == nil && errors.As(err, &rejected):
		return context.Canceled // nobody was asked
	}
	return err
}
