// Package jobs is the queue of sessions, on River, for any engine that River has
// a driver for. It is generic over the engine's transaction.
//
// River is version 0 and changes; nothing outside this package knows it, and
// storage/storagetest holds what we rely on.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// attempts is what a job's row allows. The real limit is known to Work alone,
// which may run in another process, of another configuration.
const attempts = 1000

// args is what a job carries.
type args struct {
	Session string `json:"session"`
}

// Kind implements [river.JobArgs].
func (args) Kind() string { return "session" }

// A Queue enqueues and works jobs. It is safe for concurrent use.
type Queue[TTx any] struct {
	driver Driver[TTx]
	insert *river.Client[TTx]
	log    *slog.Logger
	clock  clock
}

// A Driver is River's, with a way to say that jobs were inserted.
type Driver[TTx any] interface {
	riverdriver.Driver[TTx]

	// Wake makes the workers of this process look for jobs. It never blocks.
	Wake()
}

// New returns a queue over a driver. log gets what River has to warn of. now is the
// clock that jobs are dated and worked by; nil means the database's.
func New[TTx any](driver Driver[TTx], log *slog.Logger, now func() time.Time) (*Queue[TTx], error) {
	q := &Queue[TTx]{driver: driver, log: warnings(log), clock: clock{now}}
	var err error
	if q.insert, err = river.NewClient(driver, &river.Config{Logger: q.log, Test: q.clock.config()}); err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return q, nil
}

// Insert enqueues a session in the caller's transaction, to be worked from due on
// (zero means now), and returns the job's id. After the commit the caller calls Wake.
func (q *Queue[TTx]) Insert(ctx context.Context, tx TTx, session string, due time.Time) (int64, error) {
	inserted, err := q.insert.InsertTx(ctx, tx, args{Session: session}, insertOpts(due))
	if err != nil {
		return 0, err
	}
	return inserted.Job.ID, nil
}

// A Due session is one to enqueue.
type Due struct {
	Session string
	Due     time.Time // zero means now
}

// InsertMany is Insert for many sessions, in one statement. The ids come in the same
// order.
func (q *Queue[TTx]) InsertMany(ctx context.Context, tx TTx, sessions []Due) ([]int64, error) {
	params := make([]river.InsertManyParams, len(sessions))
	for i, s := range sessions {
		params[i] = river.InsertManyParams{Args: args{Session: s.Session}, InsertOpts: insertOpts(s.Due)}
	}
	inserted, err := q.insert.InsertManyTx(ctx, tx, params)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(inserted))
	for i, in := range inserted {
		ids[i] = in.Job.ID
	}
	return ids, nil
}

func insertOpts(due time.Time) *river.InsertOpts {
	return &river.InsertOpts{MaxAttempts: attempts, ScheduledAt: due}
}

// Wake tells the workers of this process that jobs were committed, so that they
// need not wait for their next look. It never blocks.
func (q *Queue[TTx]) Wake() { q.driver.Wake() }

// Delete removes a job in the caller's transaction. One that is running stays,
// and one that is gone already is fine.
func (q *Queue[TTx]) Delete(ctx context.Context, tx TTx, id int64) error {
	_, err := q.insert.JobDeleteTx(ctx, tx, id)
	if errors.Is(err, rivertype.ErrNotFound) || errors.Is(err, rivertype.ErrJobRunning) {
		return nil
	}
	return err
}
