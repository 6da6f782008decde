package learnsnap

import (
	"context"

	"github.com/learnsnap/learnsnap-go/storage"
)

// A Tracer watches a [Service] at its quizzes. It is the seam at which traces are
// attached; this package knows none. It is safe for concurrent use.
type Tracer interface {
	// Start is called before an attempt at a quiz, which is made with the context that
	// it returns. End is called once after it, with nil when nothing is left to do: the
	// quiz is ready or has failed for good, which [Observer] is told of.
	Start(ctx context.Context, a Attempt) (traced context.Context, end func(error))
}

// An Attempt is one worker's go at a quiz.
type Attempt struct {
	Session string
	Trace   string // what [Options].Trace said at the quiz's creation
	Claim   int64  // from 1, raised by each attempt, those included whose process died
	Crashes int    // of them
	Items   int    // that earlier attempts have left
}

// MaxTrace is how many bytes of [Options].Trace are kept; a longer one is left out.
const MaxTrace = 256

func keptTrace(trace string) string {
	if len(trace) > MaxTrace {
		return ""
	}
	return trace
}

// traced begins an attempt for the tracer, if there is one.
func (w *worker) traced(ctx context.Context, job storage.Job) (context.Context, func(error)) {
	if w.tracer == nil {
		return ctx, func(error) {}
	}
	asked, err := readRequest(w.session)
	if err != nil {
		asked.Trace = "" // generate tells of it
	}
	return w.tracer.Start(ctx, Attempt{
		Session: w.session.ID, Trace: asked.Trace, Claim: w.session.Claim, Crashes: job.Crashes, Items: w.session.Items,
	})
}
