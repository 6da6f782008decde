package aitest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
)

// The clauses of the contract that tell how calls end.

func beginsNothing(s *subject) error {
	cancelled, cancel := context.WithCancel(s.ctx)
	cancel()
	late, cancel := context.WithDeadline(s.ctx, time.Unix(0, 0))
	defer cancel()
	for _, ctx := range []context.Context{cancelled, late} {
		got := s.play(ctx, s.ask)
		if len(got.chunks) > 0 {
			return fmt.Errorf("%d chunks came", len(got.chunks))
		}
		if err := got.isEndOf(ctx); err != nil {
			return err
		}
	}
	for i, m := range s.media {
		if m.opened.Load() > 0 {
			return fmt.Errorf("media %d was opened", i+1)
		}
	}
	return s.whole(s.ctx)
}

func endsCancelled(s *subject) error {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	var got call
	for chunk, err := range s.model.Stream(ctx, s.ask) {
		got.note(chunk, err)
		cancel()
	}
	switch {
	case len(got.chunks) > 0 && got.chunks[0].Finish != ai.FinishNone:
		return nil // all was there when the cancel came
	case len(got.chunks) > 1:
		return fmt.Errorf("%d chunks came after the cancel", len(got.chunks)-1)
	}
	return errors.Join(got.isEndOf(ctx), s.closed(), s.whole(s.ctx))
}

func endsCancelledUpload(s *subject) error {
	if !s.readsMedia() {
		return nil
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	s.onOpen(func() error { cancel(); return nil })
	got := s.play(ctx, s.ask)
	if len(got.chunks) > 0 {
		return fmt.Errorf("%d chunks came after the cancel", len(got.chunks))
	}
	return errors.Join(got.isEndOf(ctx), s.closed())
}

func endsLeft(s *subject) error {
	for range s.model.Stream(s.ctx, s.ask) {
		break
	}
	return errors.Join(s.closed(), s.whole(s.ctx))
}

// Enough calls to tell one goroutine that each of them leaves from the few that
// come and go with connections.
const (
	leftCalls = 24
	passing   = 12
)

func leavesNothing(s *subject) error {
	leave := func(calls int) {
		for range calls {
			for range s.model.Stream(s.ctx, s.ask) {
				break
			}
		}
	}
	leave(2)
	if err := s.whole(s.ctx); err != nil {
		return err
	}
	before := runtime.NumGoroutine()
	leave(leftCalls)
	var now int
	if !eventually(func() bool { now = runtime.NumGoroutine(); return now <= before+passing }) {
		return fmt.Errorf("%d goroutines before %d calls that were left, %d after", before, leftCalls, now)
	}
	return s.closed()
}

func keepsCallsApart(s *subject) error {
	left, leave := iter.Pull2(s.model.Stream(s.ctx, s.ask))
	defer leave()
	kept, done := iter.Pull2(s.model.Stream(s.ctx, s.ask))
	defer done()
	var got call
	for more := true; more; {
		var chunk ai.Chunk
		var err error
		left()
		if chunk, err, more = kept(); more {
			got.note(chunk, err)
			leave()
		}
	}
	if err := got.isWhole(); err != nil {
		return fmt.Errorf("a call beside one that was left: %w", err)
	}
	const together = 4
	ended := make(chan error, together)
	for range together {
		go func() { ended <- s.whole(s.ctx) }()
	}
	var errs []error
	for range together {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}
