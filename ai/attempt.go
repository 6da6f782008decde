package ai

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/learnsnap/learnsnap-go/ai/internal/elements"
)

// Bounds of an attempt that goes nowhere: the elements in a row, and the bytes of
// text, without an accepted one; and the bytes of a single element.
const (
	maxDropped = 32
	maxBarren  = 1 << 20
	maxElement = 1 << 20
)

// An attempt is how asking once went.
type attempt struct {
	model   string // that answered, as far as is known
	brought bool   // an item was accepted
	whole   bool   // the reply's object has ended
	finish  Finish // FinishNone when the attempt was ended from here
	err     error  // what it broke in; nil when it ended well or from here
}

// failure returns why an attempt that broke, or brought nothing, is none to repeat.
func (a attempt) failure() error {
	switch {
	case a.err != nil:
		return a.err
	case a.finish == FinishLength:
		return &Error{Kind: Truncated, Model: a.model, Err: errors.New("cut by a token limit before anything new came")}
	}
	return &Error{Kind: Malformed, Model: a.model, Err: errors.New("the reply brought nothing new")}
}

// attempt asks once for what is missing.
func (r *run[T]) attempt(ctx context.Context) attempt {
	p := r.task.Prompt(r.items())
	p.Avoid = append(slices.Clone(p.Avoid), r.avoid...)
	a := attempt{model: r.model.Name()}
	in := intake[T]{run: r, scanner: elements.Scanner{Limit: maxElement}}
	for chunk, err := range r.model.Stream(ctx, p) {
		if err != nil {
			a.model, a.err = nameOf(err, a.model), err
			break
		}
		if chunk.Model != "" {
			a.model = chunk.Model
		}
		if chunk.Finish != FinishNone {
			a.finish = chunk.Finish
		}
		err := in.read(chunk.Text, a.model)
		a.brought, a.whole = in.brought, in.scanner.Whole()
		if err != nil {
			a.err = &Error{Kind: Malformed, Model: a.model, Err: err}
			break
		}
		if in.over {
			return a
		}
	}
	if a.err == nil && a.finish == FinishNone {
		a.err = &Error{Kind: Truncated, Model: a.model, Err: errors.New("the stream ended without a finish")}
	}
	return a
}

// An intake takes the items out of one attempt's text.
type intake[T any] struct {
	run     *run[T]
	scanner elements.Scanner
	brought bool // an item
	over    bool // the consumer broke off, or all that was wanted is there
	dropped int  // elements since the last item
	barren  int  // bytes since the last item
}

// read takes the next piece of the text. It returns an error when the attempt goes
// nowhere.
func (in *intake[T]) read(text, model string) error {
	if text == "" {
		return nil
	}
	in.barren += len(text)
	err := in.scanner.Write([]byte(text), func(key string, json []byte, broken error) bool {
		if in.run.accept(Element{Key: key, JSON: json, Model: model}, broken) {
			in.brought, in.dropped, in.barren = true, 0, 0
			in.over = in.run.stopped || in.run.isDone()
			return !in.over
		}
		in.dropped++
		return in.dropped < maxDropped
	})
	switch {
	case in.over:
		return nil
	case err != nil:
		return err
	case in.dropped >= maxDropped:
		return fmt.Errorf("%d elements in a row were not accepted", in.dropped)
	case in.barren > maxBarren:
		return fmt.Errorf("%d bytes without an element that was accepted", in.barren)
	}
	return nil
}

// accept judges an element and yields the item that it makes. It reports whether
// it made one.
func (r *run[T]) accept(e Element, broken error) bool {
	var item T
	err := broken
	if err == nil {
		item, err = r.task.Accept(e, r.items())
	}
	if err != nil {
		if r.task.Dropped != nil {
			r.task.Dropped(e, err)
		}
		return false
	}
	r.done = append(r.done, item)
	r.stopped = !r.yield(item, nil)
	return true
}
