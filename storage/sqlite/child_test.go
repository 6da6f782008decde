package sqlite_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// itemsEach is how many items a session of the child gets.
const itemsEach = 6

// An answer is what a process says of something that the store has answered.
type answer struct {
	Kind, Session, Detail string
}

// tell writes an answer in one piece, so that a kill cannot cut it.
func tell(a answer) { fmt.Println(a.Kind, a.Session, a.Detail) }

// child is what the killed process does: it creates sessions with their blobs and
// works them, and tells what was answered, after it was.
func child(ctx context.Context, dir string) error {
	store, err := sqlite.Open(ctx, sqlite.Config{Dir: dir})
	if err != nil {
		return err
	}
	tell(answer{Kind: "open"})
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
				if err := request(ctx, store, fmt.Sprintf("%s-%d-%d", life, writer, n)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	return <-errs // nil never comes: the process is killed
}

// request does what a server does for a new quiz.
func request(ctx context.Context, store storage.Store, id string) error {
	if _, err := store.Grant(ctx, "amal", id, 2); err != nil {
		return err
	}
	tell(answer{"grant", id, ""})
	blob, err := store.PutBlob(ctx, id, strings.NewReader(strings.Repeat(id, 500)))
	if err != nil {
		return err
	}
	tell(answer{"blob", id, blob.Hash})
	if err := store.CreateSession(ctx, storage.Session{ID: id, Owner: "amal", Pages: 2, Request: []byte(`{}`)}, true); err != nil {
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
		it := storage.Item{Seq: seq, Kind: "question", JSON: fmt.Appendf(nil, `{"of":%q}`, s.ID)}
		if err = store.AppendItem(ctx, s.ID, s.Claim, it); err == nil {
			tell(answer{"item", s.ID, strconv.Itoa(seq)})
		}
	}
	if err != nil {
		return err
	}
	outcome := outcomeOf(s.ID)
	if err := store.FinishSession(ctx, s.ID, s.Claim, storage.Outcome{Status: outcome}); err != nil {
		return err
	}
	tell(answer{"finish", s.ID, string(outcome)})
	return nil
}

// outcomeOf makes about every third session fail.
func outcomeOf(id string) storage.Status {
	if id[len(id)-1]%3 == 0 {
		return storage.Failed
	}
	return storage.Ready
}

// A process is a running child.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func spawn(t *testing.T, dir string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &process{cmd: cmd, lines: bufio.NewScanner(out)}
	t.Cleanup(func() { _ = p.kill() })
	return p
}

// next returns what the child tells next; false means that it has died.
func (p *process) next() (answer, bool) {
	if !p.lines.Scan() {
		return answer{}, false
	}
	words := append(strings.Fields(p.lines.Text()), "", "", "")
	return answer{words[0], words[1], words[2]}, true
}

// kill ends the child as a power cut would, as far as a process can tell.
func (p *process) kill() error {
	if p.cmd.ProcessState != nil {
		return nil
	}
	err := p.cmd.Process.Kill()
	_ = p.cmd.Wait() // "signal: killed"
	return err
}
