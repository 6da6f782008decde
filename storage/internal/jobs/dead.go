package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/learnsnap/learnsnap-go/storage"
)

// keptErrors is how many errors a [storage.DeadJob] tells of: half of them the first
// ones, half the last ones.
const keptErrors = 20

// The causes of errors that do not name one.
const (
	causePanic = "panic"
	causeError = "error"
)

// Dead returns dead jobs as [storage.Jobs].DeadJobs says, without their owners.
func (q *Queue[TTx]) Dead(ctx context.Context, before int64, limit int) ([]storage.DeadJob, error) {
	if limit <= 0 {
		return nil, nil
	}
	list := river.NewJobListParams().
		States(rivertype.JobStateDiscarded, rivertype.JobStateCancelled).
		OrderBy(river.JobListOrderByID, river.SortOrderDesc).
		First(min(limit, 1000))
	if before > 0 {
		list = list.Where("id < @before", river.NamedArgs{"before": before})
	}
	found, err := q.insert.JobList(ctx, list)
	if err != nil {
		return nil, fmt.Errorf("dead jobs: %w", err)
	}
	dead := make([]storage.DeadJob, len(found.Jobs))
	for i, row := range found.Jobs {
		if dead[i], err = deadJob(row); err != nil {
			return nil, err
		}
	}
	return dead, nil
}

func deadJob(row *rivertype.JobRow) (storage.DeadJob, error) {
	session, err := sessionOf(row)
	if err != nil {
		return storage.DeadJob{}, err
	}
	dead := storage.DeadJob{ID: row.ID, Session: session, Cause: recordedCause(row.Metadata), Created: row.CreatedAt.UTC()}
	if row.FinalizedAt != nil {
		dead.Died = row.FinalizedAt.UTC()
	}
	for i, e := range row.Errors {
		if len(row.Errors) > keptErrors && i >= keptErrors/2 && i < len(row.Errors)-keptErrors/2 {
			continue
		}
		dead.Errors = append(dead.Errors, storage.AttemptError{Attempt: e.Attempt, At: e.At.UTC(), Text: e.Error, Stack: e.Trace})
	}
	// What was recorded is of the last attempt that returned; a panic does not.
	if n := len(row.Errors); n > 0 && row.Errors[n-1].Trace != "" {
		dead.Cause = causePanic
	}
	return dead, nil
}

func sessionOf(row *rivertype.JobRow) (string, error) {
	var a args
	if err := json.Unmarshal(row.EncodedArgs, &a); err != nil {
		return "", fmt.Errorf("arguments of job %d: %w", row.ID, err)
	}
	return a.Session, nil
}

// DeadTx returns the session of a dead job, or [storage.ErrNotFound].
func (q *Queue[TTx]) DeadTx(ctx context.Context, tx TTx, id int64) (string, error) {
	row, err := q.insert.JobGetTx(ctx, tx, id)
	if errors.Is(err, rivertype.ErrNotFound) {
		return "", storage.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	if row.State != rivertype.JobStateDiscarded && row.State != rivertype.JobStateCancelled {
		return "", storage.ErrNotFound
	}
	return sessionOf(row)
}

// RetryTx puts a new job in the place of a dead one, due now, and returns its id.
// River would give a job that it retries only one more attempt.
func (q *Queue[TTx]) RetryTx(ctx context.Context, tx TTx, id int64) (int64, error) {
	session, err := q.DeadTx(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	if err := q.DiscardTx(ctx, tx, id); err != nil {
		return 0, err
	}
	return q.Insert(ctx, tx, session, time.Time{})
}

// DiscardTx removes a dead job, or answers [storage.ErrNotFound].
func (q *Queue[TTx]) DiscardTx(ctx context.Context, tx TTx, id int64) error {
	if _, err := q.DeadTx(ctx, tx, id); err != nil {
		return err
	}
	_, err := q.insert.JobDeleteTx(ctx, tx, id)
	if errors.Is(err, rivertype.ErrNotFound) || errors.Is(err, rivertype.ErrJobRunning) {
		return storage.ErrNotFound // somebody else was first
	}
	return err
}

// causeOf is the word that groups an error with its like.
func causeOf(err error) string {
	var e interface{ Cause() string }
	if errors.As(err, &e) && e.Cause() != "" {
		return e.Cause()
	}
	return causeError
}

// recordedCause reads what Work has recorded as the job's output.
func recordedCause(metadata []byte) string {
	var m struct {
		Output string `json:"output"`
	}
	if json.Unmarshal(metadata, &m) != nil || m.Output == "" {
		return causeError
	}
	return m.Output
}

// crashes is how often the engine has taken the job from a dead worker.
func crashes(metadata []byte) int {
	var m struct {
		Crashes int `json:"crashes"`
	}
	if json.Unmarshal(metadata, &m) != nil {
		return 0 // whoever wrote that, the job can be worked
	}
	return m.Crashes
}
