package ai

import (
	"context"
	"errors"
	"iter"
	"time"
)

// A Tracer watches the calls to models. It is the seam at which metrics and
// traces are attached; this package knows neither.
type Tracer interface {
	// Start is called before a call. The call is made with the context that it
	// returns.
	Start(ctx context.Context, model string, p *Prompt) context.Context

	// End is called after the call, with the context from Start.
	End(ctx context.Context, a Attempt)
}

// An Attempt is how a call to a model went.
type Attempt struct {
	Model      string        // [Model].Name
	RequestID  string        // the provider's name for the call
	FirstChunk time.Duration // until the first chunk; 0 means that none came
	Duration   time.Duration // until the end
	Usage      *Usage        // nil means not known
	Finish     Finish        // FinishNone: it ended without one
	Reason     string        // the provider's own word for Finish
	Left       bool          // the consumer broke off
	Err        error         // what the stream ended in
}

// Traced tells a tracer of each call to a model. Inside a [Failover] and outside
// of a [Guard] it sees every attempt, refusals of gates included.
func Traced(m Model, t Tracer) Model { return &traced{m, t} }

type traced struct {
	Model
	tracer Tracer
}

// Unwrap returns the traced model.
func (t *traced) Unwrap() Model { return t.Model }

func (t *traced) Stream(ctx context.Context, p Prompt) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		began := time.Now()
		ctx := t.tracer.Start(ctx, t.Name(), &p)
		a := Attempt{Model: t.Name(), Err: errPanicked} // stays when the model or the consumer panics
		defer func() {
			a.Duration = time.Since(began)
			t.tracer.End(ctx, a)
		}()
		t.pass(ctx, p, began, &a, yield)
	}
}

// pass yields the model's stream and notes in a how it went.
func (t *traced) pass(ctx context.Context, p Prompt, began time.Time, a *Attempt, yield func(Chunk, error) bool) {
	for chunk, err := range t.Model.Stream(ctx, p) {
		if a.FirstChunk == 0 && err == nil {
			a.FirstChunk = max(time.Since(began), 1)
		}
		a.note(chunk, err)
		if !yield(chunk, err) {
			a.Left = err == nil
			a.Err = err
			return
		}
		if err != nil {
			a.Err = err
			return
		}
	}
	a.Err = nil
}

func (a *Attempt) note(chunk Chunk, err error) {
	if chunk.Usage != nil {
		a.Usage = chunk.Usage
	}
	if chunk.Finish != FinishNone {
		a.Finish, a.Reason = chunk.Finish, chunk.Reason
	}
	if chunk.RequestID != "" {
		a.RequestID = chunk.RequestID
	}
	var e *Error
	if errors.As(err, &e) && e.RequestID != "" {
		a.RequestID = e.RequestID
	}
}
