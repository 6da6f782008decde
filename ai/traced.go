package ai

import (
	"context"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// A Tracer watches the calls to models. It is the seam at which metrics and
// traces are attached; this package knows neither. Its methods are called in the
// goroutine that makes the call, End once for each Start, also when the model
// panics. A Tracer is safe for concurrent use.
type Tracer interface {
	// Start is called before a call. The call is made with the context that it
	// returns. The prompt is to be read only.
	Start(ctx context.Context, model string, p *Prompt) context.Context

	// End is called after the call, with the context from Start.
	End(ctx context.Context, a Attempt)
}

// An Attempt is how a call to a model went.
type Attempt struct {
	Model      string        // [Model].Name
	RequestID  string        // the provider's name for the call; "" where it gave none
	FirstChunk time.Duration // until the first chunk; 0 means that none came
	Duration   time.Duration // until the end, the consumer's own time included
	Usage      *Usage        // what the provider told of; nil means nothing
	Spent      Usage         // Usage, completed by a [Meter]; zero when no chunk came
	Estimated  bool          // Spent is an estimate, in part at least
	Finish     Finish        // FinishNone: it ended without one
	Reason     string        // the provider's own word for Finish
	Left       bool          // the consumer broke off
	Err        error         // what the stream ended in
}

// Outcome returns the attempt in a word, for a label of a metric: "ok", "length" (a
// token limit cut the reply), "left" (the consumer had enough), "cancelled" (ctx
// has ended), "rejected" (by a gate: nobody was asked), or the [Kind] of what went
// wrong, as in "rate_limited".
func (a Attempt) Outcome() string {
	var e *Error
	var rejected *resilience.RejectedError
	switch {
	case a.Err == nil && a.Finish == FinishStop:
		return "ok"
	case a.Err == nil && a.Finish == FinishLength:
		return "length"
	case a.Err == nil && a.Left:
		return "left"
	case a.Err == nil:
		return label(Truncated)
	case errors.As(a.Err, &e):
		return label(e.Kind)
	case errors.As(a.Err, &rejected):
		return "rejected"
	case errors.Is(a.Err, context.Canceled), errors.Is(a.Err, context.DeadlineExceeded):
		return "cancelled"
	}
	return label(KindOf(a.Err))
}

func label(k Kind) string { return strings.ReplaceAll(k.Error(), " ", "_") }

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
	meter := NewMeter(p)
	defer func() {
		if meter.begun {
			a.Spent, a.Estimated = meter.Usage()
		}
	}()
	for chunk, err := range t.Model.Stream(ctx, p) {
		if a.FirstChunk == 0 && err == nil {
			a.FirstChunk = max(time.Since(began), 1)
		}
		a.note(chunk, err)
		if err == nil {
			meter.Count(chunk)
		}
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
