package storagetest

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// itemsEach is how many items a session of [Live] gets.
const itemsEach = 6

// A CrashConfig configures [Crash].
type CrashConfig struct {
	Kills     int // in all
	Processes int // that live at the same time; 0 means 1

	// Command returns a process that opens the store and calls [Live] with its standard
	// output.
	Command func() *exec.Cmd

	// Open opens the store, while no process lives.
	Open func(t *testing.T) storage.Store
}

// Crash kills processes that use a store, with SIGKILL and at random moments, one
// after the other. It then looks for everything that any of them was answered, works
// what is left, and proves that each session ended once, with each item once, and
// that the ledger says of each exactly what its outcome asks.
func Crash(t *testing.T, c CrashConfig) {
	t.Helper()
	s := &suite{T: t}
	var answers []answer
	processes := make([]*process, max(c.Processes, 1))
	for n := range c.Kills {
		p := &processes[n%len(processes)]
		if *p == nil {
			*p = spawn(s, c.Command())
		}
		for i := range processes { // all live before one dies
			if processes[i] == nil {
				processes[i] = spawn(s, c.Command())
			}
		}
		answered := 0
		if n%4 > 0 {
			answered = 1 + mathrand.N(200)
		}
		answers = append(answers, (*p).dieAfter(s, answered)...)
		*p = nil
	}
	for _, p := range processes {
		if p != nil {
			answers = append(answers, p.dieAfter(s, 0)...)
		}
	}
	s.Store = c.Open(t)
	defer func() { s.ok(s.Close()) }()
	s.ok(s.Check(s.Context()))
	audited := map[string]bool{}
	for _, a := range answers {
		s.kept(a)
		if a.kind == "audit" {
			audited[a.session] = true
		}
	}
	s.keptAudit(audited)
	d, err := s.Depth(s.Context())
	s.ok(err)
	t.Logf("%d kills, %d answers before them, %d jobs to go on with", c.Kills, len(answers), d.Waiting+d.Running)
	s.finishAll()
	s.ok(s.Check(s.Context()))
	s.whole()
}

// Live is what a process does that [Crash] kills: it creates sessions with their
// blobs and works them, has guests log in and pay, and tells on w what was answered, after it was. It returns
// only when something fails that must not.
func Live(ctx context.Context, store storage.Store, w io.Writer) error {
	tell := func(a answer) { fmt.Fprintln(w, a.kind, a.session, a.detail) } // in one piece: a kill can't cut it
	tell(answer{kind: "open"})
	life := rand.Text()
	var workers sync.WaitGroup
	errs := make(chan error, 8)
	workers.Go(func() {
		errs <- store.Work(ctx, storage.WorkConfig{Workers: 4, MaxAttempts: 1}, func(ctx context.Context, j storage.Job) error {
			return generate(ctx, store, j, tell)
		})
	})
	for writer := range 3 {
		workers.Go(func() {
			for n := 0; ; n++ {
				if err := request(ctx, store, fmt.Sprintf("%s-%d-%d", life, writer, n), tell); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	workers.Go(func() {
		for n := 0; ; n++ {
			if err := buy(ctx, store, fmt.Sprintf("%s-buys-%d", life, n), tell); err != nil {
				errs <- err
				return
			}
		}
	})
	return <-errs // nil never comes: the process is killed
}

// An answer is what a process says of something that the store has answered.
type answer struct{ kind, session, detail string }

// request does what a server does for a new quiz.
func request(ctx context.Context, store storage.Store, id string, tell func(answer)) error {
	if _, err := store.Grant(ctx, "amal", id, 2); err != nil {
		return err
	}
	tell(answer{"grant", id, ""})
	blob, err := store.PutBlob(ctx, id, strings.NewReader(strings.Repeat(id, 500)))
	if err != nil {
		return err
	}
	tell(answer{"blob", id, blob.Hash})
	if err := store.CreateSession(ctx, storage.Session{ID: id, Owner: "amal", Pages: 2, Key: id, Request: []byte(`{}`)}, true); err != nil {
		return err
	}
	tell(answer{"session", id, ""})
	return nil
}

// generate works a session as a fold: it goes on from the items that are there.
// A killed worker's attempt must not have counted.
func generate(ctx context.Context, store storage.Store, j storage.Job, tell func(answer)) error {
	if j.Attempt != 1 {
		return fmt.Errorf("attempt %d", j.Attempt)
	}
	s, err := store.ClaimSession(ctx, j.Session)
	if errors.Is(err, storage.ErrConflict) {
		return nil // ended; only the queue has not heard of it
	}
	for seq := s.Items + 1; seq <= itemsEach && err == nil; seq++ {
		it := storage.Item{Seq: seq, Kind: "question", JSON: fmt.Appendf(nil, `{"of":%q,"claim":%d}`, s.ID, s.Claim)}
		if err = store.AppendItem(ctx, s.ID, s.Claim, it); err == nil {
			tell(answer{"item", s.ID, strconv.Itoa(seq)})
		}
	}
	if err == nil {
		outcome := outcomeOf(s.ID)
		if err = store.FinishSession(ctx, s.ID, s.Claim, storage.Outcome{Status: outcome}); err == nil {
			tell(answer{"finish", s.ID, string(outcome)})
		}
	}
	if errors.Is(err, storage.ErrStale) {
		return nil // another worker goes on
	}
	return err
}

// outcomeOf makes about every third session fail.
func outcomeOf(id string) storage.Status {
	if id[len(id)-1]%3 == 0 {
		return storage.Failed
	}
	return storage.Ready
}

// A process is one that lives until it is killed.
type process struct {
	cmd     *exec.Cmd
	answers chan answer // closed when it has died
}

func spawn(s *suite, cmd *exec.Cmd) *process {
	s.Helper()
	out, err := cmd.StdoutPipe()
	s.ok(err)
	s.ok(cmd.Start())
	p := &process{cmd: cmd, answers: make(chan answer, 1<<16)}
	go func() {
		defer close(p.answers)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			words := append(strings.Fields(lines.Text()), "", "", "")
			p.answers <- answer{words[0], words[1], words[2]}
		}
	}()
	s.Cleanup(func() { _ = cmd.Process.Kill() })
	return p
}

// dieAfter kills a process at a random moment, some milliseconds after so many
// answers, and returns what the store has answered to it. No answer means that the
// moment may come while it opens the store.
func (p *process) dieAfter(s *suite, answered int) []answer {
	s.Helper()
	var answers []answer
	for len(answers) < answered {
		answers = append(answers, wait(s, "an answer", p.answers))
	}
	longest := 5 * time.Millisecond
	if answered == 0 {
		longest = 100 * time.Millisecond
	}
	time.Sleep(mathrand.N(longest)) // the moment is the test's input
	s.ok(p.cmd.Process.Kill())
	for a := range p.answers {
		answers = append(answers, a)
	}
	_ = p.cmd.Wait() // "signal: killed"
	equal(s, "exit code of a process: it was killed, and did not fail", p.cmd.ProcessState.ExitCode(), -1)
	return answers
}

// kept looks for what was answered.
func (s *suite) kept(a answer) {
	s.Helper()
	ctx := s.Context()
	switch a.kind {
	case "grant":
		added, err := s.Grant(ctx, "amal", a.session, 2)
		s.ok(err)
		equal(s, "the grant of "+a.session+" was lost", added, false)
	case "blob":
		r, err := s.OpenBlob(ctx, a.session, a.detail)
		s.ok(err)
		s.ok(r.Close())
	case "session":
		_, err := s.Session(ctx, a.session)
		s.ok(err)
	case "item":
		seq, err := strconv.Atoi(a.detail)
		s.ok(err)
		items, err := s.Items(ctx, a.session, seq-1)
		s.ok(err)
		if len(items) == 0 || items[0].Seq != seq {
			s.Fatalf("item %d of %s is lost", seq, a.session)
		}
	case "finish":
		got, err := s.Session(ctx, a.session)
		s.ok(err)
		equal(s, "outcome of "+a.session, string(got.Status), a.detail)
	default:
		s.keptMoney(a)
	}
}

// finishAll works what is left.
func (s *suite) finishAll() {
	s.Helper()
	stop := s.work(storage.WorkConfig{Workers: 16, MaxAttempts: 1}, func(ctx context.Context, j storage.Job) error {
		return generate(ctx, s.Store, j, func(answer) {})
	})
	s.drained(0)
	stop()
}

// whole proves that each session ended with each item once, and that the ledger
// says of each exactly what its outcome asks.
func (s *suite) whole() {
	s.Helper()
	ctx := s.Context()
	sums, ends := map[string]int{}, map[string]int{}
	for before := int64(0); ; {
		entries, err := s.Entries(ctx, "amal", before, 1000)
		s.ok(err)
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			sums[e.Cause] += e.Pages
			if e.Action == storage.Capture || e.Action == storage.Release {
				ends[e.Cause]++
			}
			before = e.ID
		}
	}
	for id, sum := range sums {
		got, err := s.Session(ctx, id)
		if errors.Is(err, storage.ErrNotFound) { // killed between the grant and the session
			equal(s, "pages of "+id, sum, 2)
			continue
		}
		s.ok(err)
		equal(s, "outcome of "+id, got.Status, outcomeOf(id))
		equal(s, "pages of "+id, sum, map[storage.Status]int{storage.Ready: 0, storage.Failed: 2}[got.Status])
		equal(s, "ends of the hold of "+id, ends[id], 1)
		items, err := s.Items(ctx, id, 0)
		s.ok(err)
		equal(s, "items of "+id, len(items), itemsEach)
	}
	if len(sums) == 0 {
		s.Fatal("nothing was done: every process died too early")
	}
}
