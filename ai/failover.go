package ai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// Failover makes one model out of several: each prompt goes to the first that is
// not in [Prompt].Avoid, and to the next one while nothing was yielded and the
// model fails, for whatever reason: a refusing gate, too. What breaks after its
// first chunk ends the stream, for only the caller knows what it has taken from
// it; [Run] puts the model into Avoid and asks for the rest.
//
// Failover keeps no state. Names are made unique: a second model of the same name
// becomes "name#2", and chunks and errors carry these names. When no model is left
// the stream ends in an [*ExhaustedError].
//
// The result is a [Checker] that passes when one of the models does.
func Failover(models ...Model) Model {
	f := failover{models: slices.Clone(models)}
	seen := map[string]int{}
	for _, m := range models {
		name := m.Name()
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s#%d", name, seen[name])
		}
		f.names = append(f.names, name)
	}
	return &f
}

type failover struct {
	models []Model
	names  []string
}

func (f *failover) Name() string { return "failover(" + strings.Join(f.names, ",") + ")" }

func (f *failover) Stream(ctx context.Context, p Prompt) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		var causes []error
		for i, m := range f.models {
			if slices.Contains(p.Avoid, f.names[i]) {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(Chunk{}, err)
				return
			}
			cause, over := f.ask(ctx, m, f.names[i], p, yield)
			if over {
				return
			}
			causes = append(causes, cause)
		}
		if err := ctx.Err(); err != nil {
			yield(Chunk{}, err)
			return
		}
		yield(Chunk{}, &ExhaustedError{Causes: causes})
	}
}

// ask yields one model's stream. It is not over when the model failed before it
// had yielded anything; the failure is returned.
func (f *failover) ask(ctx context.Context, m Model, name string, p Prompt, yield func(Chunk, error) bool) (cause error, over bool) {
	begun := false
	for chunk, err := range m.Stream(ctx, p) {
		switch {
		case err == nil:
			begun = true
			chunk.Model = name
			if !yield(chunk, nil) {
				return nil, true
			}
		case ctx.Err() != nil:
			yield(Chunk{}, ctx.Err())
			return nil, true
		case begun:
			yield(Chunk{}, named(err, name))
			return nil, true
		default:
			return named(err, name), false
		}
	}
	if begun {
		return nil, true
	}
	return &Error{Kind: Truncated, Model: name, Err: errors.New("an empty stream")}, false
}

// named returns the error with the name that the model has here.
func named(err error, name string) error {
	var e *Error
	if !errors.As(err, &e) {
		after, _ := resilience.RetryAfter(err)
		return &Error{Model: name, After: after, Err: err, Kind: kindOf(err)}
	}
	c := *e
	c.Model = name
	return &c
}

// kindOf gives a gate's refusal the kind that it stands for.
func kindOf(err error) Kind {
	switch {
	case errors.Is(err, resilience.ErrOpen):
		return Unavailable
	case errors.Is(err, resilience.ErrFull):
		return Overloaded
	case errors.Is(err, resilience.ErrQuota):
		return RateLimited
	}
	return Unknown
}

// Check passes when one model does. Otherwise it returns all their errors.
func (f *failover) Check(ctx context.Context) error {
	var causes []error
	for i, m := range f.models {
		err := Check(ctx, m)
		if err == nil {
			return nil
		}
		causes = append(causes, named(err, f.names[i]))
	}
	return &ExhaustedError{Causes: causes}
}

// Models returns the models of a [Failover] by their names in it, in order, and
// of any other model that one alone.
func Models(m Model) iter.Seq2[string, Model] {
	return func(yield func(string, Model) bool) {
		f, ok := m.(*failover)
		if !ok {
			yield(m.Name(), m)
			return
		}
		for i, inner := range f.models {
			if !yield(f.names[i], inner) {
				return
			}
		}
	}
}

// An ExhaustedError says that no model of a [Failover] is left to ask.
type ExhaustedError struct {
	Causes []error // why each model that was asked failed; empty when all were to be avoided
}

func (e *ExhaustedError) Error() string {
	if len(e.Causes) == 0 {
		return "no model is left to ask"
	}
	return "no model is left to ask: " + errors.Join(e.Causes...).Error()
}

// Unwrap returns the causes.
func (e *ExhaustedError) Unwrap() []error { return e.Causes }

// RetryAfter returns the smallest time after which one of the causes says that it
// may be over; 0 means that none knows.
func (e *ExhaustedError) RetryAfter() time.Duration {
	var least time.Duration
	for _, cause := range e.Causes {
		if after, ok := resilience.RetryAfter(cause); ok && (least == 0 || after < least) {
			least = after
		}
	}
	return least
}
