package learnsnap

import (
	"context"
	"iter"
	"slices"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// refills bounds how often questions that were outvoted are asked for anew, after
// all else is there.
const refills = 2

// fill asks until the quiz is full, and once more for what was outvoted after
// that. A run counts the questions that wait for their verdict as if they were
// there, so that nobody is asked for more than is wanted.
func (g *generation) fill(parent, ctx context.Context) error {
	for round := 0; ; round++ {
		outvoted := len(g.weak)
		model := witness{attended{g.purse.of(g.engine.config.Model), g}, g}
		for _, err := range ai.Run(ctx, model, g.task(ctx), g.items) {
			if err != nil {
				return orElse(err, g.await(parent, ctx))
			}
			if !g.flush() {
				return nil
			}
		}
		full := g.complete()
		if err := g.await(parent, ctx); err != nil || g.left || g.complete() {
			return err
		}
		if round == refills || len(g.weak) == outvoted || ctx.Err() != nil || !full && g.enough() {
			return ctx.Err()
		}
	}
}

// orElse returns the first error.
func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// line puts an accepted question in the line of those that become items, in their
// order, each with its verdict.
func (g *generation) line(ctx context.Context, it Item) {
	c := &candidate{item: it, decided: true}
	g.waiting = append(g.waiting, c)
	if g.verifier.takes(it.Question) {
		c.decided = false
		g.verifier.begin(ctx, c, g.pages[it.Question.Evidence.Page].Text)
	}
	g.advance(ctx)
}

// advance makes items of the questions at the head of the line. Only now is it
// chosen where a key stands: as a function of the request's id, the item's number
// and the keys so far, so that a run that starts again chooses the same.
func (g *generation) advance(ctx context.Context) {
	for len(g.waiting) > 0 && g.waiting[0].decided {
		it := g.waiting[0].item
		g.waiting = g.waiting[1:]
		q := quiz.Balance(*it.Question, g.request.ID, g.seq+1, g.questions)
		q.ID = g.questionID()
		it.Question = &q
		g.finish(ctx, it)
	}
}

// hear takes a verdict, and shows what becomes final by it. It reports false once
// the consumer wants no more.
func (g *generation) hear(ctx context.Context, v verdict) bool {
	to := g.engine.config.Observer
	observe(ctx, to, Observation{Occasion: Verified, Kind: QuestionItem, Model: v.model, Reason: v.reason, Err: v.err})
	v.of.decided = true
	if v.reason == Outvoted {
		g.waiting = slices.DeleteFunc(g.waiting, func(c *candidate) bool { return c == v.of })
		g.weak = append(g.weak, *v.of.item.Question)
		observe(ctx, to, Observation{Occasion: Dropped, Kind: QuestionItem, Model: v.of.item.Model, Reason: Outvoted})
	}
	g.advance(ctx)
	return g.flush()
}

// await waits for the verdicts that are missing. When the generation's time is over
// the questions are kept without; when the caller's is, they are left to whoever
// goes on.
func (g *generation) await(parent, ctx context.Context) error {
	for len(g.waiting) > 0 && !g.left {
		select {
		case v := <-g.verifier.heard():
			g.hear(ctx, v)
		case <-ctx.Done():
			if err := parent.Err(); err != nil {
				return err
			}
			for _, c := range slices.Clone(g.waiting) {
				if !c.decided {
					g.hear(ctx, verdict{of: c, reason: Unverified, err: ctx.Err()})
				}
			}
		}
	}
	return nil
}

// counted is the number of questions, with those that wait for their verdict.
func (g *generation) counted() int { return len(g.questions) + len(g.waiting) }

// known are the questions that are not to be repeated.
func (g *generation) known() []quiz.Question {
	if len(g.waiting)+len(g.weak) == 0 {
		return g.questions
	}
	all := slices.Concat(g.questions, g.weak)
	for _, c := range g.waiting {
		all = append(all, *c.item.Question)
	}
	return all
}

// An attended model is a model beside whose stream verdicts are heard: while it is
// silent, too. All that a generation knows stays in the consumer's goroutine; only
// the stream itself has one of its own, and is held back until each chunk was taken.
type attended struct {
	ai.Model
	g *generation
}

// A passed chunk is one on its way from a stream's goroutine.
type passed struct {
	chunk ai.Chunk
	err   error
}

// Stream implements [ai.Model].
func (a attended) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	if a.g.verifier == nil {
		return a.Model.Stream(ctx, p)
	}
	return func(yield func(ai.Chunk, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		s := startStream(a.Model.Stream(ctx, p))
		defer s.leave() // before the cancel: a stream that is broken off has not failed
		for {
			select {
			case next, ok := <-s.chunks:
				if !ok {
					return
				}
				if !yield(next.chunk, next.err) {
					return
				}
				s.taken <- struct{}{}
			case v := <-a.g.verifier.heard():
				if !a.g.hear(ctx, v) {
					cancel()
					return
				}
			}
		}
	}
}

// A stream is ranged over in a goroutine of its own.
type stream struct {
	chunks   chan passed   // closed at the end
	taken    chan struct{} // a value for each chunk that was taken: go on
	gone     chan struct{} // closed when the consumer has gone
	panicked any
}

func startStream(of iter.Seq2[ai.Chunk, error]) *stream {
	s := &stream{chunks: make(chan passed), taken: make(chan struct{}), gone: make(chan struct{})}
	go func() {
		defer close(s.chunks)
		defer func() { s.panicked = recover() }()
		for chunk, err := range of {
			if !s.pass(passed{chunk, err}) {
				return
			}
		}
	}()
	return s
}

// pass hands over a chunk and waits until the next one is wanted.
func (s *stream) pass(next passed) bool {
	select {
	case s.chunks <- next:
	case <-s.gone:
		return false
	}
	select {
	case <-s.taken:
		return true
	case <-s.gone:
		return false
	}
}

// leave breaks the stream off where it has not ended, and waits until it has. A
// panic in it goes on here.
func (s *stream) leave() {
	close(s.gone)
	for range s.chunks {
		continue
	}
	if s.panicked != nil {
		panic(s.panicked)
	}
}
