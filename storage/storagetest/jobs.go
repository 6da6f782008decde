package storagetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func jobCases() []testcase {
	return []testcase{
		{"a job that succeeds is worked once", jobOnce},
		{"a job that was enqueued before the worker came is worked", jobBefore},
		{"every job is worked, no more at a time than there are workers", jobParallel},
		{"an error is tried again until the attempts are spent, then the job is kept", jobAttempts},
		{"an error that is permanent is not tried again", jobPermanent},
		{"an error with a time to wait spends no attempt", jobSnooze},
		{"a wait of seconds ends", jobLongSnooze},
		{"a panic is an error", jobPanic},
		{"an attempt that takes too long is cancelled and spent", jobTimeout},
		{"a job without a timeout has no deadline", jobNoTimeout},
		{"the end of work cancels the handlers, waits, and spends no attempt", jobInterrupted},
		{"work that begins ended does nothing", jobEnded},
		{"close ends work", jobClose},
		{"waiting and dead jobs survive a restart", jobRestart},
		{"a job that is not due yet is not worked", jobNotDue},
		{"a job is worked when it is due", jobDue},
		{"the depth knows the oldest waiting job", jobDepth},
	}
}

// work runs Work until the returned function, which waits for its end, is called.
func (s *suite) work(c storage.WorkConfig, handle func(context.Context, storage.Job) error) (stop func()) {
	ctx, cancel := context.WithCancel(s.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Work(ctx, c, handle) }()
	var done atomic.Bool
	stop = func() {
		s.Helper()
		if done.Swap(true) {
			return
		}
		cancel()
		s.ok(wait(s, "the end of work", ended))
	}
	s.Cleanup(stop)
	return stop
}

// drained waits until no job waits or runs and checks how many are dead.
func (s *suite) drained(dead int) {
	s.Helper()
	eventually(s, "an empty queue", func() bool {
		d, err := s.Depth(s.Context())
		s.ok(err)
		return d.Waiting == 0 && d.Running == 0
	})
	s.jobs(0, 0, dead)
}

// A snooze is an error with a time to wait.
type snooze time.Duration

func (e snooze) Error() string             { return "come back later" }
func (e snooze) RetryAfter() time.Duration { return time.Duration(e) }

// A refusal is a permanent error.
type refusal bool

func (e refusal) Error() string   { return "never" }
func (e refusal) Permanent() bool { return bool(e) }

func jobOnce(s *suite) {
	seen := make(chan storage.Job, 10)
	s.work(storage.WorkConfig{MaxAttempts: 7}, func(ctx context.Context, j storage.Job) error {
		seen <- j
		return ctx.Err()
	})
	s.create("a")
	equal(s, "job", wait(s, "the job", seen), storage.Job{Session: "a", Attempt: 1, MaxAttempts: 7})
	s.drained(0)
	equal(s, "worked again", len(seen), 0)
}

func jobBefore(s *suite) {
	s.create("a")
	seen := make(chan storage.Job, 10)
	s.work(storage.WorkConfig{}, func(_ context.Context, j storage.Job) error {
		seen <- j
		return nil
	})
	equal(s, "job", wait(s, "the job", seen), storage.Job{Session: "a", Attempt: 1, MaxAttempts: 3})
	s.drained(0)
}

func jobParallel(s *suite) {
	const jobs, workers = 30, 3
	var running, most, total atomic.Int32
	full := make(chan struct{})
	s.work(storage.WorkConfig{Workers: workers}, func(ctx context.Context, _ storage.Job) error {
		n := running.Add(1)
		defer running.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == workers && total.Load() == 0 {
			close(full) // as many as may have been seen at once
		}
		select {
		case <-full:
		case <-ctx.Done():
			return ctx.Err()
		}
		total.Add(1)
		return nil
	})
	errs := together(jobs, func(i int) error {
		return s.CreateSession(s.Context(), session(fmt.Sprint("s", i), "amal", 1), false)
	})
	equal(s, "created", count(errs, nil), jobs)
	s.drained(0)
	equal(s, "worked", total.Load(), jobs)
	equal(s, "at a time", most.Load(), workers)
}

func jobAttempts(s *suite) {
	seen := make(chan storage.Job, 10)
	s.work(storage.WorkConfig{MaxAttempts: 2}, func(_ context.Context, j storage.Job) error {
		seen <- j
		return errors.New("no luck")
	})
	s.create("a")
	equal(s, "first", wait(s, "the first attempt", seen).Attempt, 1)
	equal(s, "second", wait(s, "the second attempt", seen), storage.Job{Session: "a", Attempt: 2, MaxAttempts: 2})
	s.drained(1)
	equal(s, "worked again", len(seen), 0)
}

func jobPermanent(s *suite) {
	seen := make(chan storage.Job, 10)
	s.work(storage.WorkConfig{MaxAttempts: 2}, func(_ context.Context, j storage.Job) error {
		seen <- j
		return fmt.Errorf("wrapped: %w", refusal(j.Session == "a" || j.Attempt == 2))
	})
	s.create("a")
	wait(s, "the job", seen)
	s.drained(1)
	equal(s, "worked again", len(seen), 0)

	s.create("b") // Permanent() false is an error like others
	wait(s, "the first attempt", seen)
	wait(s, "the second attempt", seen)
	s.drained(2)
}

func jobSnooze(s *suite) {
	seen := make(chan storage.Job, 10)
	s.work(storage.WorkConfig{MaxAttempts: 1}, func(_ context.Context, j storage.Job) error {
		seen <- j
		if len(seen) < 3 {
			return fmt.Errorf("wrapped: %w", snooze(10*time.Millisecond))
		}
		return fmt.Errorf("wrapped: %w", snooze(0)) // no time to wait: an error like others
	})
	s.create("a")
	s.drained(1)
	equal(s, "attempts", len(seen), 3)
	for range 3 {
		equal(s, "attempt", wait(s, "an attempt", seen).Attempt, 1)
	}
}

// jobLongSnooze takes the way of waits that a queue may set aside and has to fetch
// back.
func jobLongSnooze(s *suite) {
	if testing.Short() {
		s.Skip("waits for seconds")
	}
	seen := make(chan time.Time, 10)
	s.work(storage.WorkConfig{MaxAttempts: 1}, func(_ context.Context, j storage.Job) error {
		seen <- time.Now()
		if len(seen) == 1 {
			return snooze(6 * time.Second)
		}
		return nil
	})
	s.create("a")
	s.drained(0)
	first, second := wait(s, "the first attempt", seen), wait(s, "the second attempt", seen)
	if second.Sub(first) < 6*time.Second {
		s.Fatalf("came back after %v, asked for 6 s", second.Sub(first))
	}
}

func jobPanic(s *suite) {
	seen := make(chan storage.Job, 10)
	s.work(storage.WorkConfig{MaxAttempts: 1}, func(_ context.Context, j storage.Job) error {
		seen <- j
		if j.Session == "a" {
			panic("a bug")
		}
		return nil
	})
	s.create("a")
	wait(s, "the panic", seen)
	s.drained(1)
	s.create("b")
	equal(s, "the worker goes on", wait(s, "the next job", seen).Session, "b")
	s.drained(1)
}

func jobTimeout(s *suite) {
	seen := make(chan storage.Job, 10)
	s.work(storage.WorkConfig{MaxAttempts: 1, Timeout: 20 * time.Millisecond}, func(ctx context.Context, j storage.Job) error {
		<-ctx.Done()
		seen <- j
		return ctx.Err()
	})
	s.create("a")
	wait(s, "the timeout", seen)
	s.drained(1)
}

func jobNoTimeout(s *suite) {
	deadlines := make(chan bool, 10)
	handle := func(ctx context.Context, _ storage.Job) error {
		_, has := ctx.Deadline()
		deadlines <- has
		return nil
	}
	stop := s.work(storage.WorkConfig{Timeout: -1}, handle)
	s.create("a")
	equal(s, "has a deadline", wait(s, "the job", deadlines), false)
	s.drained(0)
	stop()
	s.work(storage.WorkConfig{}, handle)
	s.create("b")
	equal(s, "has a deadline", wait(s, "the job", deadlines), true)
	s.drained(0)
}

func jobInterrupted(s *suite) {
	for _, answer := range []struct {
		name string
		err  error
	}{{"its context's error", nil}, {"some error", errors.New("torn")}, {"a permanent error", refusal(true)}, {"a wait", snooze(time.Hour)}} {
		started := make(chan storage.Job, 1)
		var returned atomic.Bool
		stop := s.work(storage.WorkConfig{MaxAttempts: 1}, func(ctx context.Context, j storage.Job) error {
			started <- j
			<-ctx.Done()
			time.Sleep(20 * time.Millisecond) // whoever did not wait would not see the end of this
			returned.Store(true)
			return cmp.Or(answer.err, ctx.Err())
		})
		if answer.err == nil {
			s.create("a")
		}
		equal(s, "attempt after "+answer.name, wait(s, "the job", started), storage.Job{Session: "a", Attempt: 1, MaxAttempts: 1})
		stop()
		equal(s, "the handler was waited for", returned.Load(), true)
		s.jobs(1, 0, 0)
	}
	seen := make(chan storage.Job, 10)
	s.work(storage.WorkConfig{MaxAttempts: 1}, func(_ context.Context, j storage.Job) error {
		seen <- j
		return nil
	})
	equal(s, "attempt in the end", wait(s, "the job", seen).Attempt, 1)
	s.drained(0)
}

func jobEnded(s *suite) {
	s.create("a")
	s.ok(s.Work(s.cancelled(), storage.WorkConfig{}, func(context.Context, storage.Job) error { return nil }))
	s.jobs(1, 0, 0)
}

func jobClose(s *suite) {
	started := make(chan struct{})
	ended := make(chan error, 1)
	store := s.Store
	go func() {
		ended <- store.Work(context.Background(), storage.WorkConfig{}, func(ctx context.Context, _ storage.Job) error {
			close(started)
			<-ctx.Done()
			return ctx.Err()
		})
	}()
	s.create("a")
	wait(s, "the job", started)
	s.reopen()
	s.ok(wait(s, "the end of work", ended))
	s.jobs(1, 0, 0)
	s.refused("work on a closed store", store.Work(s.Context(), storage.WorkConfig{}, nil))
}

func jobRestart(s *suite) {
	stop := s.work(storage.WorkConfig{}, func(context.Context, storage.Job) error { return refusal(true) })
	s.create("dead")
	s.drained(1)
	stop()
	s.create("waiting")
	s.reopen()
	s.jobs(1, 0, 1)
	seen := make(chan storage.Job, 10)
	s.work(storage.WorkConfig{}, func(_ context.Context, j storage.Job) error {
		seen <- j
		return nil
	})
	equal(s, "job", wait(s, "the job", seen).Session, "waiting")
	s.drained(1)
}

func jobNotDue(s *suite) {
	later := session("later", "amal", 1)
	later.Due = time.Now().Add(time.Hour)
	s.ok(s.CreateSession(s.Context(), later, false))
	past := session("past", "amal", 1)
	past.Due = time.Now().Add(-time.Hour)
	s.ok(s.CreateSession(s.Context(), past, false))
	s.jobs(2, 0, 0)
	seen := make(chan storage.Job, 10)
	handle := func(_ context.Context, j storage.Job) error {
		seen <- j
		return nil
	}
	stop := s.work(storage.WorkConfig{}, handle)
	equal(s, "job", wait(s, "what is due", seen).Session, "past")
	stop()
	s.reopen()
	s.work(storage.WorkConfig{}, handle)
	s.create("now")
	equal(s, "job", wait(s, "what is due", seen).Session, "now")
	eventually(s, "the end of that", func() bool {
		d, err := s.Depth(s.Context())
		s.ok(err)
		return d.Running == 0 && d.Waiting == 1
	})
	equal(s, "worked too early", len(seen), 0)
}

func jobDue(s *suite) {
	due := time.Now().Add(1500 * time.Millisecond)
	soon := session("soon", "amal", 1)
	soon.Due = due
	seen := make(chan time.Time, 10)
	s.work(storage.WorkConfig{}, func(context.Context, storage.Job) error {
		seen <- time.Now()
		return nil
	})
	s.ok(s.CreateSession(s.Context(), soon, false))
	if at := wait(s, "the job", seen); at.Before(due.Add(-10 * time.Millisecond)) { // queues keep milliseconds
		s.Fatalf("worked %v before it was due", due.Sub(at))
	}
	s.drained(0)
}

func jobDepth(s *suite) {
	d, err := s.Depth(s.Context())
	s.ok(err)
	equal(s, "depth of an empty queue", d, storage.Depth{})
	start := time.Now()
	s.create("a")
	d, err = s.Depth(s.Context())
	s.ok(err)
	oldest := d.Oldest
	equal(s, "oldest in UTC", oldest.Location(), time.UTC)
	if oldest.Before(start.Add(-time.Second)) || oldest.After(time.Now().Add(time.Second)) {
		s.Fatalf("the oldest waits since %v, it was enqueued after %v", oldest, start)
	}
	eventually(s, "another millisecond", func() bool { return time.Since(oldest) > 10*time.Millisecond })
	s.create("b")
	d, err = s.Depth(s.Context())
	s.ok(err)
	equal(s, "waiting", d.Waiting, 2)
	equal(s, "oldest of two", d.Oldest, oldest)
	running := make(chan struct{})
	s.work(storage.WorkConfig{Workers: 1}, func(ctx context.Context, _ storage.Job) error {
		close(running)
		<-ctx.Done()
		return ctx.Err()
	})
	wait(s, "the first job", running)
	s.jobs(1, 1, 0)
}
