package storagetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func deadCases() []testcase {
	return []testcase{
		{"a dead job tells what it died of", deadTells},
		{"a cause is what the last error names, else panic or error", deadCauses},
		{"dead jobs come newest first, at most so many, before a number", deadPages},
		{"a dead job outlives its session", deadOutlives},
		{"a retry makes the job due with all its attempts and the session queued", retryQueues},
		{"a retry holds nothing anew, and no outcome settles twice", retrySettlesOnce},
		{"only a dead job can be retried or discarded", deadOnly},
		{"a job whose session is ready is not retried", retryReady},
		{"a job whose session is gone is not retried", retryGone},
		{"of many who retry a job one does", retryTogether},
		{"a discarded job is gone", discard},
		{"of many who discard and retry a job one does", discardTogether},
		{"dead jobs survive a restart", deadRestart},
	}
}

// A caused error names its cause and is permanent.
type caused string

func (e caused) Error() string   { return "it went wrong" }
func (e caused) Cause() string   { return string(e) }
func (e caused) Permanent() bool { return true }

// bury works what is due with a handler that fails each session and answers err.
func (s *suite) bury(err error, sessions ...string) {
	s.Helper()
	before, depthErr := s.Depth(s.Context())
	s.ok(depthErr)
	stop := s.work(storage.WorkConfig{MaxAttempts: 1}, func(ctx context.Context, j storage.Job) error {
		return errors.Join(err, s.fail(ctx, j.Session))
	})
	s.drained(before.Dead + len(sessions))
	stop()
}

// fail ends a session as a worker does that has given up.
func (s *suite) fail(ctx context.Context, id string) error {
	got, err := s.ClaimSession(ctx, id)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.FinishSession(ctx, id, got.Claim, storage.Outcome{Status: storage.Failed, Code: "INTERNAL", Detail: []byte(`{"n":1}`)})
}

// dead returns the only dead job.
func (s *suite) dead() storage.DeadJob {
	s.Helper()
	jobs := s.deadJobs(0, 10)
	equal(s, "dead jobs", len(jobs), 1)
	return jobs[0]
}

func (s *suite) deadJobs(before int64, limit int) []storage.DeadJob {
	s.Helper()
	jobs, err := s.DeadJobs(s.Context(), before, limit)
	s.ok(err)
	return jobs
}

func deadTells(s *suite) {
	equal(s, "dead jobs of an empty store", len(s.deadJobs(0, 10)), 0)
	start := time.Now().Add(-time.Second)
	s.create("a")
	equal(s, "dead jobs while it waits", len(s.deadJobs(0, 10)), 0)
	s.work(storage.WorkConfig{MaxAttempts: 2}, func(_ context.Context, j storage.Job) error {
		return fmt.Errorf("no luck with %d", j.Attempt)
	})
	s.drained(1)
	d := s.dead()
	equal(s, "session, owner, cause", d.Session+" "+d.Owner+" "+d.Cause, "a amal error")
	equal(s, "errors", len(d.Errors), 2)
	for i, e := range d.Errors {
		equal(s, "attempt", e.Attempt, i+1)
		equal(s, "stack", e.Stack, "")
		if !strings.Contains(e.Text, fmt.Sprint("no luck with ", i+1)) {
			s.Fatalf("error %d says %q", i, e.Text)
		}
		s.between("error", e.At, start)
	}
	s.between("creation", d.Created, start)
	s.between("death", d.Died, start)
}

// between checks that a time is in UTC and of now, as far as one clock fits another.
func (s *suite) between(what string, got, start time.Time) {
	s.Helper()
	equal(s, what+" in UTC", got.Location(), time.UTC)
	if got.Before(start) || got.After(time.Now().Add(time.Second)) {
		s.Fatalf("the %s was at %v, not after %v", what, got, start)
	}
}

func deadCauses(s *suite) {
	for _, c := range []struct {
		session string
		err     error
		want    string
	}{
		{"named", fmt.Errorf("wrapped: %w", caused("PROVIDERS_DOWN")), "PROVIDERS_DOWN"},
		{"unnamed", refusal(true), "error"},
		{"empty", caused(""), "error"},
		{"panic", nil, "panic"},
	} {
		s.create(c.session)
		stop := s.work(storage.WorkConfig{MaxAttempts: 1}, func(context.Context, storage.Job) error {
			if c.err == nil {
				panic("a bug")
			}
			return c.err
		})
		s.drained(1)
		stop()
		d := s.dead()
		equal(s, "cause of "+c.session, d.Session+" "+d.Cause, c.session+" "+c.want)
		equal(s, "has a stack", d.Errors[0].Stack != "", c.err == nil)
		s.ok(s.DiscardJob(s.Context(), d.ID))
	}
	s.create("last")
	s.work(storage.WorkConfig{MaxAttempts: 2}, func(_ context.Context, j storage.Job) error {
		if j.Attempt == 1 {
			panic("a bug")
		}
		return caused("LAST")
	})
	s.drained(1)
	equal(s, "cause of the last error", s.dead().Cause, "LAST")
}

func deadPages(s *suite) {
	for i := range 5 {
		id := fmt.Sprint("s", i)
		s.create(id)
		s.bury(refusal(true), id)
	}
	var seen []string
	before := int64(0)
	for {
		page := s.deadJobs(before, 2)
		for _, d := range page {
			seen = append(seen, d.Session)
		}
		if len(page) == 0 {
			break
		}
		before = page[len(page)-1].ID
	}
	equal(s, "order", strings.Join(seen, " "), "s4 s3 s2 s1 s0")
	for _, limit := range []int{0, -1} {
		equal(s, "none asked, got", len(s.deadJobs(0, limit)), 0)
	}
}

func deadOutlives(s *suite) {
	s.create("erased")
	s.create("expired")
	s.bury(refusal(true), "erased", "expired")
	s.ok(s.EraseSession(s.Context(), "erased", "ERASED"))
	equal(s, "expired", s.expire(late(), 10), 1)
	jobs := s.deadJobs(0, 10)
	equal(s, "dead jobs", len(jobs), 2)
	for _, d := range jobs {
		equal(s, "owner of a session that is gone", d.Owner, "")
	}
}

func retryQueues(s *suite) {
	s.create("a")
	s.bury(refusal(true), "a")
	s.ok(s.RetryJob(s.Context(), s.dead().ID))
	s.jobs(1, 0, 0)
	equal(s, "dead jobs", len(s.deadJobs(0, 10)), 0)
	got, err := s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "session", string(got.Status)+got.Code+string(got.Detail), "queued")
	equal(s, "claim", got.Claim, 1)
	s.reopen()

	seen := make(chan storage.Job, 10)
	stop := s.work(storage.WorkConfig{MaxAttempts: 2}, func(ctx context.Context, j storage.Job) error {
		seen <- j
		if j.Attempt == 1 {
			return errors.New("no luck")
		}
		return s.fail(ctx, j.Session)
	})
	for attempt := 1; attempt <= 2; attempt++ {
		equal(s, "job", wait(s, "an attempt", seen), storage.Job{Session: "a", Attempt: attempt, MaxAttempts: 2})
	}
	s.drained(0)
	stop()
	got, err = s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "session", string(got.Status), "failed")
	equal(s, "claim", got.Claim, 2)

	s.create("b") // a worker died of it before it could say that the session has failed
	stop = s.work(storage.WorkConfig{MaxAttempts: 1}, func(ctx context.Context, _ storage.Job) error {
		_, err := s.ClaimSession(ctx, "b")
		return errors.Join(refusal(true), err)
	})
	s.drained(1)
	stop()
	s.ok(s.RetryJob(s.Context(), s.dead().ID))
	got, err = s.Session(s.Context(), "b")
	s.ok(err)
	equal(s, "session", got.Status, storage.Processing)
	s.ok(s.EraseSession(s.Context(), "b", "ERASED")) // with the new job, not the old one
	s.jobs(0, 0, 0)
}

func retrySettlesOnce(s *suite) {
	for _, outcome := range []storage.Status{storage.Ready, storage.Failed} {
		id := string(outcome)
		s.grantFor("amal", id, 2)
		s.ok(s.CreateSession(s.Context(), session(id, "amal", 2), true))
		s.bury(refusal(true), id)
		s.ok(s.RetryJob(s.Context(), s.dead().ID))
		got, err := s.ClaimSession(s.Context(), id)
		s.ok(err)
		s.ok(s.FinishSession(s.Context(), id, got.Claim, storage.Outcome{Status: outcome}))
		s.work(storage.WorkConfig{}, func(context.Context, storage.Job) error { return nil })()
		s.bury(nil)
	}
	equal(s, "entries", s.entries("amal"),
		"release +2 failed, hold -2 failed, grant +2 failed, release +2 ready, hold -2 ready, grant +2 ready")
	s.balanced("amal", 4)
	s.ok(s.VerifyEntries(s.Context(), "amal"))
}

func deadOnly(s *suite) {
	running := make(chan struct{})
	stop := s.work(storage.WorkConfig{Workers: 1}, func(ctx context.Context, _ storage.Job) error {
		close(running)
		<-ctx.Done()
		return ctx.Err()
	})
	s.create("a") // worked, and so not dead
	wait(s, "the job", running)
	s.create("b") // waits, and so not dead
	for id := int64(-1); id <= 20; id++ {
		s.is(s.RetryJob(s.Context(), id), storage.ErrNotFound)
		s.is(s.DiscardJob(s.Context(), id), storage.ErrNotFound)
	}
	s.jobs(1, 1, 0)
	stop()
}

func retryReady(s *suite) {
	for _, end := range []string{"ready", "completed"} {
		s.create(end)
		stop := s.work(storage.WorkConfig{MaxAttempts: 1}, func(ctx context.Context, j storage.Job) error {
			got, err := s.ClaimSession(ctx, j.Session)
			if err == nil {
				err = s.FinishSession(ctx, j.Session, got.Claim, storage.Outcome{Status: storage.Ready})
			}
			return errors.Join(refusal(true), err)
		})
		s.drained(1)
		stop()
		if end == "completed" {
			s.ok(s.SubmitSession(s.Context(), end, []byte(`{}`)))
		}
		dead := s.dead()
		s.is(s.RetryJob(s.Context(), dead.ID), storage.ErrConflict)
		s.jobs(0, 0, 1)
		got, err := s.Session(s.Context(), end)
		s.ok(err)
		equal(s, "status", string(got.Status), end)
		s.ok(s.DiscardJob(s.Context(), dead.ID))
	}
}

func retryGone(s *suite) {
	s.create("a")
	s.bury(refusal(true), "a")
	s.ok(s.EraseSession(s.Context(), "a", "ERASED"))
	dead := s.dead()
	s.is(s.RetryJob(s.Context(), dead.ID), storage.ErrNotFound)
	s.jobs(0, 0, 1)
	s.ok(s.DiscardJob(s.Context(), dead.ID))
}

func retryTogether(s *suite) {
	s.create("a")
	s.bury(refusal(true), "a")
	dead := s.dead()
	errs := together(30, func(int) error { return s.RetryJob(s.Context(), dead.ID) })
	equal(s, "retried", count(errs, nil), 1)
	equal(s, "refused", count(errs, storage.ErrNotFound), len(errs)-1)
	s.jobs(1, 0, 0)
}

func discard(s *suite) {
	s.create("a")
	s.create("b")
	s.bury(refusal(true), "a", "b")
	jobs := s.deadJobs(0, 10)
	s.ok(s.DiscardJob(s.Context(), jobs[0].ID))
	s.is(s.DiscardJob(s.Context(), jobs[0].ID), storage.ErrNotFound)
	s.is(s.RetryJob(s.Context(), jobs[0].ID), storage.ErrNotFound)
	equal(s, "left", s.dead().ID, jobs[1].ID)
	got, err := s.Session(s.Context(), jobs[0].Session)
	s.ok(err)
	equal(s, "its session", got.Status, storage.Failed)
}

func discardTogether(s *suite) {
	for round := range 5 {
		id := fmt.Sprint("s", round)
		s.create(id)
		s.bury(refusal(true), id)
		dead := s.dead()
		errs := together(20, func(i int) error {
			if i%2 == 0 {
				return s.RetryJob(s.Context(), dead.ID)
			}
			return s.DiscardJob(s.Context(), dead.ID)
		})
		equal(s, "done", count(errs, nil), 1)
		equal(s, "refused", count(errs, storage.ErrNotFound), len(errs)-1)
		got, err := s.Session(s.Context(), id)
		s.ok(err)
		d, err := s.Depth(s.Context())
		s.ok(err)
		equal(s, "dead", d.Dead, 0)
		equal(s, "a job waits when the session is queued", d.Waiting == 1, got.Status == storage.Queued)
		s.ok(s.EraseSession(s.Context(), id, "ERASED"))
	}
}

func deadRestart(s *suite) {
	s.create("a")
	s.bury(caused("LOST"), "a")
	before := s.dead()
	s.reopen()
	after := s.dead()
	equal(s, "dead job", fmt.Sprint(after), fmt.Sprint(before))
	s.ok(s.RetryJob(s.Context(), after.ID))
	s.jobs(1, 0, 0)
}
