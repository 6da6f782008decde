package learnsnap

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	// inlineHeadStart is how long the queue leaves a quiz alone that is worked on at
	// once: longer than a generation may take.
	inlineHeadStart = DefaultTimeout + time.Minute

	inlineMost     = 64 // quizzes at a time; more go through the queue
	inlineAttempts = 3
	inlineBackoff  = 2 * time.Second // doubled for each further attempt
)

// An inline works on quizzes beside the queue, for as long as run lasts.
type inline struct {
	mu      sync.Mutex
	ctx     context.Context // of run; nil while it does not run
	places  int
	working sync.WaitGroup
}

func newInline() *inline { return &inline{places: inlineMost} }

// run lets quizzes be worked on until ctx ends, and waits for those under way to
// stop: the queue goes on with them.
func (w *inline) run(ctx context.Context) {
	w.mu.Lock()
	w.ctx = ctx
	w.mu.Unlock()
	<-ctx.Done()
	w.mu.Lock()
	w.ctx = nil
	w.mu.Unlock()
	w.working.Wait()
}

// reserve takes a place for a quiz, where that is wanted and there is one.
func (w *inline) reserve(wanted bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !wanted || w.ctx == nil || w.places == 0 {
		return false
	}
	w.places--
	return true
}

func (w *inline) giveUp(reserved bool) {
	if reserved {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.places++
	}
}

// start works on a session in the place that was reserved for it.
func (w *inline) start(reserved bool, session string, work func(context.Context, storage.Job) error) {
	if !reserved {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ctx == nil { // the process ends; the queue has it
		w.places++
		return
	}
	ctx := w.ctx
	w.working.Go(func() {
		defer w.giveUp(true)
		attempts(ctx, session, work)
	})
}

// attempts does what the queue would do about errors.
func attempts(ctx context.Context, session string, work func(context.Context, storage.Job) error) {
	for attempt := 1; attempt <= inlineAttempts; {
		err := work(ctx, storage.Job{Session: session, Attempt: attempt, MaxAttempts: inlineAttempts})
		var last interface{ Permanent() bool }
		if err == nil || ctx.Err() != nil || errors.As(err, &last) && last.Permanent() {
			return
		}
		wait, later := retryAfter(err)
		if !later {
			wait = inlineBackoff << attempt
			attempt++
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}
