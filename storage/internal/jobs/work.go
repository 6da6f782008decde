package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	fetchCooldown   = 5 * time.Millisecond   // between two looks for jobs: bursts start within it
	fetchPoll       = 200 * time.Millisecond // between looks that nobody rang for: a wait of up to 5 s ends within it, a longer one within River's 5 s
	fetchPollShared = 100 * time.Millisecond // the same where other processes insert jobs, which ring for their own workers only
	keepDone        = 24 * time.Hour         // finished jobs, for whoever asks what happened
	rescueAfter     = time.Hour              // beyond the timeout; the engine finds dead workers long before

	// LongestWait is how long a job that was tried waits at most until it is tried again,
	// whatever its handler asks for: it can ask again then.
	LongestWait = 30 * time.Minute

	firstBackoff = time.Second
	backoffGrows = 4
	maxBackoff   = 5 * time.Minute
)

// Work works jobs as [storage.Jobs] says. It returns when ctx has ended and every
// handler has returned.
func (q *Queue[TTx]) Work(ctx context.Context, c storage.WorkConfig, handle func(context.Context, storage.Job) error) error {
	return q.WorkAs(ctx, "", q.driver, c, handle)
}

// WorkAs is Work under a name of the engine's, which stands last in attempted_by of
// the jobs that are being worked, and with the engine's own view of the queue's driver.
func (q *Queue[TTx]) WorkAs(
	ctx context.Context, name string, driver riverdriver.Driver[TTx], c storage.WorkConfig, handle func(context.Context, storage.Job) error,
) error {
	if ctx.Err() != nil {
		return nil
	}
	w := &worker{ending: ctx, maxAttempts: cmp.Or(c.MaxAttempts, 3), handle: handle}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, w); err != nil {
		return fmt.Errorf("work: %w", err)
	}
	config := q.config(c, workers)
	config.ID = name
	client, err := river.NewClient(driver, config)
	if err != nil {
		return fmt.Errorf("work: %w", err)
	}
	// River's own reaction to the end of its context would spend an attempt.
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("work: %w", err)
	}
	<-ctx.Done()
	if err := client.StopAndCancel(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("stop work: %w", err)
	}
	return nil
}

func (q *Queue[TTx]) config(c storage.WorkConfig, workers *river.Workers) *river.Config {
	timeout := cmp.Or(c.Timeout, 10*time.Minute)
	rescue := timeout + rescueAfter
	if timeout < 0 {
		timeout, rescue = -1, 100*365*24*time.Hour
	}
	config := &river.Config{
		Logger:                      q.log,
		Workers:                     workers,
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: cmp.Or(max(c.Workers, 0), 2)}},
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           fetchPoll,
		JobTimeout:                  timeout,
		RescueStuckJobsAfter:        rescue,
		RetryPolicy:                 backoff{q.clock},
		Test:                        q.clock.config(),
		CompletedJobRetentionPeriod: keepDone,
		DiscardedJobRetentionPeriod: -1, // a dead letter is kept
		CancelledJobRetentionPeriod: -1,
	}
	switch q.driver.DatabaseName() {
	case riverdriver.DatabaseNamePostgres:
		config.FetchPollInterval = fetchPollShared
	case riverdriver.DatabaseNameSQLite:
		config.ReindexerIndexNames = []string{} // a rebuilt index is no better there, and would lock out the writer
	}
	return config
}

// A worker puts the contract of [storage.Jobs] into River's terms.
type worker struct {
	river.WorkerDefaults[args]
	ending      context.Context // that of Work
	maxAttempts int
	handle      func(context.Context, storage.Job) error
}

// Work implements [river.Worker].
func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	// River decides with this row, after us, whether there is another attempt. A
	// panic passes us by, so the limit must stand before the handler runs.
	job.MaxAttempts = w.maxAttempts
	if w.ending.Err() != nil {
		return interrupted(ctx, w.ending.Err())
	}
	err := w.handle(ctx, storage.Job{
		Session: job.Args.Session, Attempt: job.Attempt, MaxAttempts: w.maxAttempts, Crashes: crashes(job.Metadata),
	})
	switch {
	case err == nil:
		return nil
	case w.ending.Err() != nil:
		return interrupted(ctx, err)
	}
	if after, ok := retryAfter(err); ok {
		return river.JobSnooze(min(after, LongestWait))
	}
	if permanent(err) {
		job.MaxAttempts = job.Attempt // this was the last
	}
	return errors.Join(err, river.RecordOutput(ctx, causeOf(err)))
}

// interrupted is what River takes for the end of the process rather than for a
// failure. It must not come before River has begun to stop, or it would count.
func interrupted(ctx context.Context, err error) error {
	<-ctx.Done()
	return errors.Join(err, context.Canceled)
}

func retryAfter(err error) (time.Duration, bool) {
	var e interface{ RetryAfter() time.Duration }
	if !errors.As(err, &e) {
		return 0, false
	}
	after := e.RetryAfter()
	return after, after > 0
}

func permanent(err error) bool {
	var e interface{ Permanent() bool }
	return errors.As(err, &e) && e.Permanent()
}

// backoff is the time before the next attempt: 1 s, 4 s, 16 s, … up to 5 min, each
// up to a quarter less at random.
type backoff struct{ clock clock }

// NextRetry implements [river.ClientRetryPolicy].
func (b backoff) NextRetry(job *rivertype.JobRow) time.Time {
	wait := firstBackoff
	for n := 1; n < job.Attempt && wait < maxBackoff; n++ {
		wait *= backoffGrows
	}
	wait = min(wait, maxBackoff)
	return b.clock.Now().Add(wait - rand.N(wait/4))
}
