package learnsnap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	// patience is how long after its creation a session still waits for models that
	// say when they can be asked again. Later that counts as an attempt.
	patience = 30 * time.Minute

	// mostCrashes is how many processes may die with a quiz, beside one for each item
	// that it has got, before it is given up: it may be what kills them.
	mostCrashes = 5

	storeAgain  = 5 * time.Second  // until a worker tries a store again that failed
	switchAgain = 30 * time.Second // until it looks again whether generation is still switched off
)

// work works on one session until its quiz is ready, has failed, or has to wait.
func (s *Service) work(ctx context.Context, job storage.Job) error {
	if s.enabled(FlagGenerationStopped) {
		return &laterError{errors.New("generation is switched off"), switchAgain}
	}
	claimed, err := s.claim(ctx, job.Session)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrConflict):
		return nil // it has ended or is gone
	case err != nil:
		return &laterError{err, storeAgain}
	case s.expired(claimed):
		return nil // upkeep removes it
	}
	w := &worker{Service: s, session: claimed, last: claimed.Items}
	ctx, end := w.traced(ctx, job)
	err = w.attempt(ctx, job)
	end(err)
	return err
}

// attempt goes on with the quiz until it is ready, has failed, or has to wait.
func (w *worker) attempt(ctx context.Context, job storage.Job) error {
	if job.Crashes >= mostCrashes+w.session.Items {
		return w.crashed(ctx, job)
	}
	err := w.generate(ctx)
	switch {
	case errors.Is(err, errLost):
		return nil
	case err != nil && ctx.Err() != nil:
		return err // the process ends: the next one goes on
	}
	return w.settle(ctx, job, err)
}

func (s *Service) claim(ctx context.Context, id string) (storage.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, workerWait)
	defer cancel()
	return s.store.ClaimSession(ctx, id)
}

// errLost says that another worker has the session, or that it is gone.
var errLost = errors.New("the session is another worker's")

// A worker works on a session that it has claimed.
type worker struct {
	*Service
	session storage.Session
	asked   sessionRequest
	count   tally
	last    int // Seq of the last item
}

// generate goes on from the items that are there and stores each new one before it
// is shown. A panic is an error: the session must not hang on it.
func (w *worker) generate(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{Code: Internal, Err: fmt.Errorf("panic: %v\n%s", r, debug.Stack())}
		}
	}()
	if w.asked, err = readRequest(w.session); err != nil {
		return err
	}
	have, err := w.items(ctx)
	if err != nil {
		return err
	}
	for _, it := range have {
		w.count.add(it.Kind)
	}
	if have, err = w.recall(ctx, have); err != nil {
		return err
	}
	w.forgetReadPages(ctx)
	for part, err := range w.engine.Stream(ctx, w.request(ctx, have)) {
		if err != nil {
			return err
		}
		if err := w.keep(ctx, part.Item); err != nil {
			return err // and the model's call ends with the loop
		}
		w.remember(ctx, part.Item)
	}
	return nil
}

// items returns what an earlier worker has left.
func (w *worker) items(ctx context.Context) ([]Item, error) {
	ctx, cancel := context.WithTimeout(ctx, workerWait)
	defer cancel()
	items, err := readItems(ctx, w.store, w.session.ID, 0)
	if CodeOf(err) == Unavailable {
		return nil, &laterError{err, storeAgain}
	}
	return items, err
}

// request is what is asked of the engine.
func (w *worker) request(ctx context.Context, have []Item) Request {
	r := Request{
		Questions: w.asked.Questions, Language: w.asked.Language, Types: w.asked.Types,
		Have: have, ID: w.asked.Seed, SkipUnreadable: w.asked.SkipUnreadable,
	}
	for _, p := range w.asked.Pages {
		r.Pages = append(r.Pages, ai.Media{Type: p.Type, Size: p.Size, Open: func() (io.ReadCloser, error) {
			return w.store.OpenBlob(ctx, w.session.ID, p.Hash)
		}})
	}
	return r
}

// keep stores an item, and then shows it.
func (w *worker) keep(ctx context.Context, it Item) error {
	kept, err := MarshalItem(it)
	if err != nil {
		return &Error{Code: Internal, Err: err}
	}
	if err := w.write(ctx, func(ctx context.Context) error {
		return w.store.AppendItem(ctx, w.session.ID, w.session.Claim, kept)
	}); err != nil {
		return err
	}
	w.last = it.Seq
	w.hub.offer(w.session.ID, it)
	w.count.add(it.Kind)
	switch it.Kind {
	case PageItem:
		w.forgetReadPages(ctx)
	case QuestionItem:
		if w.count.questions == 1 {
			observe(ctx, w.observer, Observation{Occasion: FirstQuestion, Session: w.session.ID, Elapsed: w.age()})
		}
	}
	return nil
}

// write makes a write under the claim.
func (w *worker) write(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, workerWait)
	defer cancel()
	switch err := do(ctx); {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrStale), errors.Is(err, storage.ErrNotFound):
		return errLost
	default:
		return &laterError{err, storeAgain}
	}
}

// forgetReadPages deletes the pages once every one was read.
func (w *worker) forgetReadPages(ctx context.Context) {
	if w.count.pages >= len(w.asked.Pages) {
		w.forgetPages(ctx)
	}
}

// forgetPages deletes the pages. What can't be deleted now goes with the session.
func (w *worker) forgetPages(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, workerWait)
	defer cancel()
	if err := w.store.DeleteBlobs(ctx, w.session.ID); err != nil {
		observe(ctx, w.observer, Observation{Occasion: UpkeepFailed, Session: w.session.ID, Err: err})
	}
}

func (w *worker) age() time.Duration { return w.now().Sub(w.session.Created) }

// settle decides what becomes of a session whose generation has ended: ready,
// failed for good, or to be tried again.
func (w *worker) settle(ctx context.Context, job storage.Job, failed error) error {
	if failed == nil {
		return w.finish(ctx, nil)
	}
	var later *laterError
	if errors.As(failed, &later) {
		w.postponed(ctx, failed)
		return failed
	}
	lasting := lasts(CodeOf(failed))
	if after, ok := retryAfter(failed); ok && !lasting && w.age()+after < patience {
		w.postponed(ctx, failed)
		return failed // the queue waits as long as it says
	}
	if !lasting && job.Attempt < job.MaxAttempts {
		w.postponed(ctx, failed)
		return &attemptError{failed, false}
	}
	if err := w.finish(ctx, failed); err != nil {
		return err
	}
	if lasting {
		return nil // an answer, though a sad one: nothing for an operator to look at
	}
	return &attemptError{failed, true}
}

// crashed gives up a session with which process after process has died.
func (w *worker) crashed(ctx context.Context, job storage.Job) error {
	err := &Error{Code: Internal, Err: fmt.Errorf("%d processes have died while they worked on it", job.Crashes)}
	if failed := w.finish(ctx, err); failed != nil {
		return failed
	}
	return &attemptError{err, true}
}

func (w *worker) postponed(ctx context.Context, err error) {
	observe(ctx, w.observer, Observation{Occasion: Postponed, Session: w.session.ID, Code: CodeOf(err), Err: err})
}

// finish ends the session: ready, or failed for a reason.
func (w *worker) finish(ctx context.Context, failed error) error {
	outcome := storage.Outcome{Status: storage.Ready}
	seen := Observation{Occasion: Ready, Session: w.session.ID}
	if failed != nil {
		seen.Occasion, seen.Code, seen.Err = Failed, CodeOf(failed), failed
		outcome = storage.Outcome{Status: storage.Failed, Code: string(seen.Code)}
		var e *Error
		if errors.As(failed, &e) && len(e.Pages) > 0 {
			var err error
			if outcome.Detail, err = json.Marshal(failureDetail{Pages: e.Pages}); err != nil {
				return err
			}
		}
	}
	err := w.write(ctx, func(ctx context.Context) error {
		return w.store.FinishSession(ctx, w.session.ID, w.session.Claim, outcome)
	})
	switch {
	case errors.Is(err, errLost), errors.Is(err, storage.ErrConflict):
		return nil
	case err != nil:
		return err
	}
	if failed != nil && lasts(seen.Code) {
		w.forgetPages(ctx) // nobody will try it again
	}
	w.hub.overAfter(w.session.ID, w.last)
	seen.Elapsed = w.age()
	observe(ctx, w.observer, seen)
	if w.counted() {
		action := storage.Capture
		if failed != nil {
			action = storage.Release
		}
		w.moved(ctx, w.session.ID, action, w.session.Pages)
	}
	return nil
}

// lasts reports whether a failure would be the same another time.
func lasts(c Code) bool {
	switch c {
	case GenerationFailed, Overloaded, Unavailable, Internal:
		return false
	}
	return true
}

func retryAfter(err error) (time.Duration, bool) {
	var asked interface{ RetryAfter() time.Duration }
	if !errors.As(err, &asked) {
		return 0, false
	}
	after := asked.RetryAfter()
	return after, after > 0
}

// A laterError puts a job off without spending an attempt: it is not the job's
// fault.
type laterError struct {
	err   error
	after time.Duration
}

func (e *laterError) Error() string { return e.err.Error() }

func (e *laterError) Unwrap() error { return e.err }

// RetryAfter tells the queue how long to wait.
func (e *laterError) RetryAfter() time.Duration { return e.after }

// An attemptError spends an attempt. It hides what the cause says about waiting,
// which the queue would follow instead.
type attemptError struct {
	err  error
	last bool
}

func (e *attemptError) Error() string { return e.err.Error() }

// Cause groups dead jobs.
func (e *attemptError) Cause() string { return string(CodeOf(e.err)) }

// Permanent tells the queue that there is no other attempt.
func (e *attemptError) Permanent() bool { return e.last }
