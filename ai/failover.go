package ai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
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
	for _, m := range models {
		name := m.Name()
		for n := 2; slices.Contains(f.names, name); n++ {
			name = fmt.Sprintf("%s#%d", m.Name(), n)
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

// named returns the error with the name that the model has here. An error of
// another type, and what a model of models ends in, becomes the cause of one.
func named(err error, name string) error {
	if e, ok := err.(*Error); ok {
		c := *e
		c.Model = name
		return &c
	}
	after, _ := resilience.RetryAfter(err)
	return &Error{Kind: KindOf(err), Model: name, After: after, Err: err}
}

// Check asks all models at once and passes when one does: the others are broken
// off, so that a provider that is silent does not make us look ill. Otherwise it
// returns all their errors.
func (f *failover) Check(ctx context.Context) error {
	type answer struct {
		i   int
		err error
	}
	answers := make(chan answer, len(f.models))
	ctx, cancel := context.WithCancel(ctx)
	var asked sync.WaitGroup
	defer asked.Wait()
	defer cancel()
	for i, m := range f.models {
		asked.Go(func() { answers <- answer{i, Check(ctx, m)} })
	}
	causes := make([]error, len(f.models))
	for range f.models {
		a := <-answers
		if a.err == nil {
			return nil
		}
		causes[a.i] = named(a.err, f.names[a.i])
	}
	return &ExhaustedError{Causes: causes}
}

// Models returns the models of a [Failover] by their names in it, in order, also
// where the failover is wrapped; and of any other model that one alone.
func Models(m Model) iter.Seq2[string, Model] {
	return func(yield func(string, Model) bool) {
		f, ok := failoverIn(m)
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

// failoverIn finds a failover in m's chain of Unwrap() [Model] methods.
func failoverIn(m Model) (*failover, bool) {
	for m != nil {
		if f, ok := m.(*failover); ok {
			return f, true
		}
		w, ok := m.(interface{ Unwrap() Model })
		if !ok {
			break
		}
		m = w.Unwrap()
	}
	return nil, false
}

// An ExhaustedError says that no model is left to ask: a [Failover] has been
// through all that were not to be avoided, or a [Run] through all there are.
type ExhaustedError struct {
	Causes []error // why each model failed; empty when all were to be avoided
}

func (e *ExhaustedError) Error() string {
	var b strings.Builder
	b.WriteString("no model is left to ask")
	for i, cause := range e.Causes {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		b.WriteString(cause.Error())
	}
	return b.String()
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
