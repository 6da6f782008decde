package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// A ClockConfig configures [Clock].
type ClockConfig struct {
	// Open opens an empty store.
	Open func(t *testing.T) storage.Store

	// Set makes the clock that the store keeps its jobs and limits by go ahead of the
	// true one, or behind it.
	Set func(ahead time.Duration)
}

// Clock sets a store's clock an hour forward, back and forward again while sessions
// are made and worked, and proves that each is finished once, and soon: one that was
// made, put off or has failed before a change does not wait for the hour to come again.
func Clock(t *testing.T, c ClockConfig) {
	t.Helper()
	s := &suite{T: t, Store: c.Open(t)}
	defer func() { s.ok(s.Close()) }()
	k := &clocked{suite: s, tries: map[string]int{}}
	s.grant("amal", 1000)

	stop := s.work(storage.WorkConfig{Workers: 4}, k.handle)
	for _, ahead := range []time.Duration{0, time.Hour, 0, -time.Hour, time.Hour, -time.Hour, 0} {
		c.Set(ahead)
		k.limit(ahead)
		k.create()
		k.seen() // what fails or is put off comes again at another time
		k.create()
	}
	k.finished()
	stop()

	c.Set(time.Hour)
	k.create() // and nobody works
	c.Set(0)
	stop = s.work(storage.WorkConfig{Workers: 4}, k.handle)
	k.finished()
	stop()

	s.drained(0)
	s.ok(s.Check(s.Context()))
	balance, err := s.Balance(s.Context(), "amal")
	s.ok(err)
	equal(s, "the balance", balance, 1000-k.made)
}

// A clocked is the work of [Clock].
type clocked struct {
	*suite
	made  int
	tried atomic.Int64 // sessions that have been worked at least once
	done  atomic.Int64

	mu    sync.Mutex
	tries map[string]int
}

// fates are what becomes of the sessions in turn: at their first try they succeed, fail,
// are put off for a moment, or for longer than the queue keeps a job at hand.
var fates = []error{nil, errors.New("fails once"), snooze(time.Second), snooze(7 * time.Second)}

func (k *clocked) create() {
	k.Helper()
	for range fates {
		k.ok(k.CreateSession(k.Context(), storage.Session{ID: fmt.Sprintf("s%03d", k.made), Owner: "amal", Pages: 1}, true))
		k.made++
	}
}

// limit takes from a limit by one, which nobody may find shut for longer than it says.
func (k *clocked) limit(ahead time.Duration) {
	k.Helper()
	taken, err := k.Take(k.Context(), "amal", 1, 100, time.Minute)
	k.ok(err)
	if !taken.OK || taken.Reset > time.Minute {
		k.Fatalf("%v ahead a limit of a minute is %+v", ahead, taken)
	}
}

func (k *clocked) seen() {
	k.Helper()
	eventually(k.suite, "a first try of each session", func() bool { return int(k.tried.Load()) == k.made })
}

func (k *clocked) finished() {
	k.Helper()
	eventually(k.suite, "the end of each session", func() bool { return int(k.done.Load()) == k.made })
}

// handle makes a session's one item and ends it.
func (k *clocked) handle(ctx context.Context, j storage.Job) error {
	k.mu.Lock()
	k.tries[j.Session]++
	try := k.tries[j.Session]
	k.mu.Unlock()
	var n int
	if _, err := fmt.Sscanf(j.Session, "s%d", &n); err != nil {
		return err
	}
	if try == 1 {
		k.tried.Add(1)
		if err := fates[n%len(fates)]; err != nil {
			return err
		}
	}
	claimed, err := k.ClaimSession(ctx, j.Session)
	if err == nil {
		err = k.AppendItem(ctx, j.Session, claimed.Claim, storage.Item{Seq: claimed.Items + 1, Kind: "question", JSON: []byte(`{}`)})
	}
	if err == nil {
		err = k.FinishSession(ctx, j.Session, claimed.Claim, storage.Outcome{Status: storage.Ready})
	}
	if err != nil {
		k.Errorf("try %d of %s: %v", try, j.Session, err)
		return err
	}
	k.done.Add(1)
	return nil
}
