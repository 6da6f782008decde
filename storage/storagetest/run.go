// Package storagetest proves that a [storage.Store] keeps its contracts. Whoever
// writes an engine runs it against a real database:
//
//	func TestStore(t *testing.T) {
//		storagetest.Run(t, func(t *testing.T, dir string) storage.Store {
//			store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
//			if err != nil {
//				t.Fatal(err)
//			}
//			return store
//		})
//	}
//
// The suite is meant to run with the race detector. Faults of the machine (killed
// processes, full disks) are the engine's own to test.
package storagetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// patience is how long a case waits for what must happen. It only bounds a hang;
// no case depends on how fast things are.
const patience = time.Minute

// Run runs every case as a subtest, each on an empty store of its own.
//
// open returns the store whose data is named dir, an empty folder of the case's
// own. It is called again with the same dir, after Close, to prove what a restart
// must keep; another kind of engine takes dir as a mere name, and makes a schema or a
// database of its own for each. It may take its time, and may call t.Parallel when it
// is called with a dir for the first time: cases share nothing.
func Run(t *testing.T, open func(t *testing.T, dir string) storage.Store) {
	groups := map[string][]testcase{
		"Sessions": sessionCases(),
		"Expiry":   expiryCases(),
		"Keys":     keyCases(),
		"Items":    itemCases(),
		"Texts":    textCases(),
		"Reports":  reportCases(),
		"Credits":  creditCases(),
		"Jobs":     jobCases(),
		"Dead":     deadCases(),
		"Dump":     dumpCases(),
		"Blobs":    blobCases(),
		"Values":   valueCases(),
		"Accounts": accountCases(),
		"Payments": paymentCases(),
		"Webhooks": webhookCases(),
		"Limits":   limitCases(),
		"Flags":    flagCases(),
		"Counts":   countCases(),
		"Audit":    auditCases(),
		"Rewrite":  rewriteCases(),
		"Store":    storeCases(),
	}
	names := make([]string, 0, len(groups))
	for name := range groups {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			for _, c := range groups[name] {
				t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
					s := &suite{T: t, open: open, dir: t.TempDir()}
					s.Store = open(t, s.dir)
					t.Cleanup(func() { s.ok(s.Close()) })
					c.run(s)
				})
			}
		})
	}
}

// Copied returns an open for [Run] of an engine that keeps all it has in its folder:
// each case begins with a copy of an empty store, for to make one's tables takes ten
// times as long.
func Copied(t *testing.T, open func(t *testing.T, dir string) storage.Store) func(t *testing.T, dir string) storage.Store {
	t.Helper()
	made := t.TempDir()
	if err := open(t, made).Close(); err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, dir string) storage.Store {
		t.Helper()
		if files, err := os.ReadDir(dir); err == nil && len(files) == 0 {
			if err := os.CopyFS(dir, os.DirFS(made)); err != nil {
				t.Fatal(err)
			}
		}
		return open(t, dir)
	}
}

// A testcase is one sentence of a contract.
type testcase struct {
	name string
	run  func(*suite)
}

// A suite is what a case works with.
type suite struct {
	*testing.T
	storage.Store
	open func(t *testing.T, dir string) storage.Store
	dir  string
}

// reopen closes the store and opens its data again.
func (s *suite) reopen() {
	s.Helper()
	s.ok(s.Close())
	s.Store = s.open(s.T, s.dir)
}

// ok stops the case at an error.
func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("unexpected error: %v", err)
	}
}

// is stops the case when err is not want.
func (s *suite) is(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("got error %v, want %v", err, want)
	}
}

// refused stops the case when there is no error.
func (s *suite) refused(what string, err error) {
	s.Helper()
	if err == nil {
		s.Fatalf("%s was not refused", what)
	}
}

// equal stops the case when two values differ.
func equal[T comparable](s *suite, what string, got, want T) {
	s.Helper()
	if got != want {
		s.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// wait waits for an event.
func wait[T any](s *suite, what string, events <-chan T) T {
	s.Helper()
	select {
	case event := <-events:
		return event
	case <-time.After(patience):
		s.Fatalf("waited %v for %s", patience, what)
		panic("unreachable")
	}
}

// eventually waits until a look at the store shows what must come.
func eventually(s *suite, what string, look func() bool) {
	s.Helper()
	deadline := time.Now().Add(patience)
	for !look() {
		if time.Now().After(deadline) {
			s.Fatalf("waited %v for %s", patience, what)
		}
		time.Sleep(5 * time.Millisecond) // a store has nothing to wait on
	}
}

// together runs do n times at once and returns its errors.
func together(n int, do func(i int) error) []error {
	errs := make([]error, n)
	gate, done := make(chan struct{}), make(chan struct{})
	for i := range n {
		go func() {
			<-gate
			errs[i] = do(i)
			done <- struct{}{}
		}()
	}
	close(gate)
	for range n {
		<-done
	}
	return errs
}

// count returns how many errors are want; nil counts the successes.
func count(errs []error, want error) int {
	n := 0
	for _, err := range errs {
		if errors.Is(err, want) {
			n++
		}
	}
	return n
}

// instant is a time with a fraction that only microseconds hold, not in UTC.
func instant() time.Time {
	return time.Date(2031, time.May, 4, 3, 2, 1, 123456000, time.FixedZone("", 3*60*60))
}

// session returns a session that expires long after the test.
func session(id, owner string, pages int) storage.Session {
	return storage.Session{
		ID: id, Owner: owner, Pages: pages, Request: []byte(`{"n":20}`),
		Created: instant(), Expires: instant().Add(24 * time.Hour),
	}
}

// create stores a session of "amal" that holds nothing.
func (s *suite) create(id string) {
	s.Helper()
	s.ok(s.CreateSession(s.Context(), session(id, "amal", 1), false))
}

// claimed creates a session and claims it.
func (s *suite) claimed(id string) storage.Session {
	s.Helper()
	s.create(id)
	got, err := s.ClaimSession(s.Context(), id)
	s.ok(err)
	return got
}

// ended creates a session and ends it.
func (s *suite) ended(id string, status storage.Status) storage.Session {
	s.Helper()
	got := s.claimed(id)
	s.ok(s.FinishSession(s.Context(), id, got.Claim, storage.Outcome{Status: status}))
	return got
}

// grant gives an owner pages as a welcome.
func (s *suite) grant(owner string, pages int) {
	s.Helper()
	s.grantFor(owner, "welcome", pages)
}

// grantFor gives an owner pages.
func (s *suite) grantFor(owner, cause string, pages int) {
	s.Helper()
	added, err := s.Grant(s.Context(), owner, cause, pages)
	s.ok(err)
	equal(s, "granted", added, true)
}

// balanced checks a balance, and that it is the sum of the entries.
func (s *suite) balanced(owner string, want int) {
	s.Helper()
	got, err := s.Balance(s.Context(), owner)
	s.ok(err)
	equal(s, "balance of "+owner, got, want)
	entries, err := s.Entries(s.Context(), owner, 0, 1<<20)
	s.ok(err)
	sum := 0
	for _, e := range entries {
		sum += e.Pages
	}
	equal(s, "sum of the entries of "+owner, sum, want)
}

// entries returns the actions of an owner's entries, newest first.
func (s *suite) entries(owner string) string {
	s.Helper()
	entries, err := s.Entries(s.Context(), owner, 0, 100)
	s.ok(err)
	var words []string
	for _, e := range entries {
		words = append(words, fmt.Sprintf("%s %+d %s", e.Action, e.Pages, e.Cause))
	}
	return strings.Join(words, ", ")
}

// jobs checks how many jobs wait, run and are dead.
func (s *suite) jobs(waiting, running, dead int) {
	s.Helper()
	d, err := s.Depth(s.Context())
	s.ok(err)
	equal(s, "jobs waiting, running, dead", [3]int{d.Waiting, d.Running, d.Dead}, [3]int{waiting, running, dead})
}

// cancelled returns a context that has ended.
func (s *suite) cancelled() context.Context {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	return ctx
}
