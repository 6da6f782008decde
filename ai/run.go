package ai

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// maxBarrenAttempts bounds the attempts in a row that brought nothing, for a model
// that neither heeds [Prompt].Avoid nor keeps to one name.
const maxBarrenAttempts = 100

// Run works on a task until it is done, and yields each item as soon as its
// closing brace arrived and Accept took it, before it reads on. It starts from
// done, the items that are there already; they are not yielded again.
//
// Run alone decides between attempts. It asks m again for the rest when a reply
// has ended, by itself or at a token limit, after bringing an item. A model whose
// attempt broke, or brought no item, is put into [Prompt].Avoid, so that a
// [Failover] asks the next. An attempt is broken off, too, when 32 elements in a
// row or 1 MiB of text bring nothing that is accepted ([Malformed]).
//
// When m has no model left (an [*ExhaustedError], or a plain Model that brought
// nothing though it was to be avoided), Avoid is emptied for another lap if an item
// was accepted since it was last empty. Else the run ends in an [*ExhaustedError]
// with the last failure of each model. So every lap accepts something, and nothing
// loops. No [Kind] alone ends a run: what one model refuses the next may do.
//
// The run ends without an error when Done says so, and when Enough says that it
// may and nothing more comes: m has ended a reply by itself without a new item, or
// has no model left. A reply without an object, or that ends inside of it, says
// nothing about what more there is: the next model is asked. Run never sleeps and knows no list of models. When ctx ends,
// its error is yielded, once, as the last thing, and nothing more is asked.
// Breaking off the loop ends the call under way at once. The slice done is not
// changed. Each range over the result is a run of its own.
func Run[T any](ctx context.Context, m Model, t Task[T], done []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		r := run[T]{task: t, model: m, done: slices.Clone(done), yield: yield}
		if err := r.loop(ctx); err != nil {
			var none T
			yield(none, err)
		}
	}
}

type run[T any] struct {
	task    Task[T]
	model   Model
	done    []T
	yield   func(T, error) bool
	stopped bool // the consumer broke off

	// Since the current lap began:
	avoid    []string
	failures []failure
	accepted bool // an item
	barren   int  // attempts in a row that brought none
}

// A failure is how a model's last attempt ended.
type failure struct {
	model string
	err   error
}

// loop makes attempts until the run ends, and returns the error it ends with.
func (r *run[T]) loop(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.isDone() {
			return nil
		}
		a := r.attempt(ctx)
		r.accepted = r.accepted || a.brought
		switch {
		case r.stopped || r.isDone():
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case a.err == nil && a.brought:
			r.barren = 0
			continue // the same model goes on
		case a.err == nil && a.finish == FinishStop && a.whole && r.enough():
			return nil
		}
		if r.moveOn(a) {
			continue
		}
		if r.enough() {
			return nil
		}
		if !r.accepted {
			return r.exhausted()
		}
		r.avoid, r.failures, r.accepted, r.barren = nil, nil, false, 0
	}
}

// moveOn takes note of an attempt that broke or brought nothing, and reports
// whether there is somebody left to ask in this lap.
func (r *run[T]) moveOn(a attempt) bool {
	var exhausted *ExhaustedError
	if errors.As(a.err, &exhausted) {
		for _, cause := range exhausted.Causes {
			r.blame(nameOf(cause, ""), cause)
		}
		return false
	}
	r.blame(a.model, a.failure())
	again := slices.Contains(r.avoid, a.model)
	if !again {
		r.avoid = append(r.avoid, a.model)
	}
	if a.brought {
		r.barren = 0
		return true
	}
	r.barren++
	return !again && r.barren < maxBarrenAttempts
}

// blame keeps the last failure of each model.
func (r *run[T]) blame(model string, err error) {
	for i, f := range r.failures {
		if f.model == model && model != "" {
			r.failures[i].err = err
			return
		}
	}
	r.failures = append(r.failures, failure{model, err})
}

func (r *run[T]) exhausted() error {
	e := &ExhaustedError{}
	for _, f := range r.failures {
		e.Causes = append(e.Causes, f.err)
	}
	return e
}

func (r *run[T]) isDone() bool { return r.task.Done != nil && r.task.Done(r.items()) }
func (r *run[T]) enough() bool { return r.task.Enough != nil && r.task.Enough(r.items()) }

// items returns the items so far, such that an append to them is a copy.
func (r *run[T]) items() []T { return slices.Clip(r.done) }

// nameOf returns the model that an error names, or the one that is known.
func nameOf(err error, known string) string {
	var e *Error
	if errors.As(err, &e) && e.Model != "" {
		return e.Model
	}
	return known
}
