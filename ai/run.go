package ai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/learnsnap/learnsnap-go/ai/internal/elements"
)

// Bounds of an attempt that goes nowhere: the elements in a row, and the bytes of
// text, without an accepted one; and of a single element.
const (
	maxRejected = 32
	maxBarren   = 1 << 20
	maxElement  = 1 << 20
)

// Run works on a task until it is done, and yields each item as soon as its
// closing brace arrived and Accept took it. It starts from done, the items that
// are there already; they are not yielded again.
//
// Run alone decides between attempts. It asks m again for the rest when a reply
// has ended after bringing an item. A model whose attempt broke, or brought no
// item, is put into [Prompt].Avoid, so that a [Failover] asks the next. When m has
// none left (an [*ExhaustedError], or a plain Model that failed again while it was
// to be avoided), Avoid is emptied for another lap if an item was accepted since
// it was last empty; else the run ends with the error. So every lap accepts
// something, and nothing loops.
//
// The run ends without an error when Done says so, and when nothing more comes
// but Enough says that it may. It never sleeps and knows no list of models. When
// ctx ends, its error is yielded once, and nothing more is asked. Breaking off the
// loop ends the call under way at once. The slice done is not changed.
func Run[T any](ctx context.Context, m Model, t Task[T], done []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		r := run[T]{task: t, model: m, done: slices.Clone(done), yield: yield}
		if err := r.loop(ctx); err != nil {
			var none T
			yield(none, err)
		}
	}
}

// errBarren says that a reply has ended well and held nothing that was accepted.
var errBarren = errors.New("the reply brought nothing new")

type run[T any] struct {
	task    Task[T]
	model   Model
	done    []T
	yield   func(T, error) bool
	stopped bool // the consumer broke off

	avoid    []string
	accepted bool // an item, since avoid was last empty
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
		brought, by, err := r.attempt(ctx)
		r.accepted = r.accepted || brought
		switch {
		case r.stopped || r.isDone():
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && brought:
			continue // the same model goes on
		case err == nil && r.enough():
			return nil
		case err == nil:
			err = &Error{Kind: Malformed, Model: by, Err: errBarren}
		}
		var exhausted *ExhaustedError
		if !errors.As(err, &exhausted) {
			again := slices.Contains(r.avoid, by)
			if !again {
				r.avoid = append(r.avoid, by)
			}
			if !again || brought {
				continue
			}
		}
		if r.enough() {
			return nil
		}
		if !r.accepted {
			return err
		}
		r.avoid, r.accepted = nil, false
	}
}

func (r *run[T]) isDone() bool { return r.task.Done != nil && r.task.Done(r.done) }
func (r *run[T]) enough() bool { return r.task.Enough != nil && r.task.Enough(r.done) }

// attempt asks once. It reports whether an item was accepted, the name of the
// model that answered, and the error that the reply ended with; none is a finish.
func (r *run[T]) attempt(ctx context.Context) (brought bool, by string, err error) {
	p := r.task.Prompt(r.done)
	p.Avoid = append(slices.Clone(p.Avoid), r.avoid...)
	by = r.model.Name()
	scanner := elements.Scanner{Limit: maxElement}
	rejected, barren, finished := 0, 0, false
	take := func(key string, json []byte, broken error) bool {
		if r.accept(Element{Key: key, JSON: json, Model: by}, broken) {
			brought, rejected, barren = true, 0, 0
		} else {
			rejected++
		}
		return !r.stopped && rejected < maxRejected && !r.isDone()
	}
	for chunk, failed := range r.model.Stream(ctx, p) {
		if failed != nil {
			return brought, nameOf(failed, by), failed
		}
		if chunk.Model != "" {
			by = chunk.Model
		}
		finished = finished || chunk.Finish != FinishNone
		barren += len(chunk.Text)
		if err := scanner.Write([]byte(chunk.Text), take); err != nil {
			return brought, by, malformed(by, err)
		}
		switch {
		case r.stopped || brought && r.isDone():
			return brought, by, nil
		case rejected >= maxRejected:
			return brought, by, malformed(by, fmt.Errorf("%d items in a row were not accepted", rejected))
		case barren > maxBarren:
			return brought, by, malformed(by, fmt.Errorf("%d bytes without an item that was accepted", barren))
		}
	}
	if !finished {
		return brought, by, &Error{Kind: Truncated, Model: by, Err: errors.New("the stream ended without a finish")}
	}
	return brought, by, nil
}

// accept judges an element and yields the item that it makes. It reports whether
// it did.
func (r *run[T]) accept(e Element, broken error) bool {
	var item T
	err := broken
	if err == nil {
		item, err = r.task.Accept(e, r.done)
	}
	if err != nil {
		if r.task.Dropped != nil {
			r.task.Dropped(e, err)
		}
		return false
	}
	r.done = append(r.done, item)
	if !r.yield(item, nil) {
		r.stopped = true
	}
	return true
}

func malformed(model string, err error) error {
	return &Error{Kind: Malformed, Model: model, Err: err}
}

// nameOf returns the model that an error names, or the one that is known.
func nameOf(err error, known string) string {
	var e *Error
	if errors.As(err, &e) && e.Model != "" {
		return e.Model
	}
	return known
}
