//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// ErrNoFakeTime says that the library which moves a server's clock was not found.
var ErrNoFakeTime = errors.New("no libfaketime is installed (install with: apt-get install faketime)")

// NewWithClock starts a server for one test, as [New] does, whose clock can be set: set
// makes it go ahead of the true one, or behind it, at once. The test is skipped where
// the library for that is missing.
func NewWithClock(t testing.TB, options ...string) (s *Server, set func(ahead time.Duration)) {
	t.Helper()
	libraries, _ := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if len(libraries) == 0 {
		t.Skip(ErrNoFakeTime)
	}
	dir, err := os.MkdirTemp("", "clock-") // one that the server's account can read
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "ahead")
	set = func(ahead time.Duration) {
		t.Helper()
		// A new file in the place of the old one: none is ever read half.
		err := os.WriteFile(file+".new", fmt.Appendf(nil, "%+d\n", int(ahead.Seconds())), 0o644)
		if err == nil {
			err = os.Rename(file+".new", file)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	set(0)
	s = &Server{options: options, environ: []string{
		"LD_PRELOAD=" + libraries[0], "FAKETIME_TIMESTAMP_FILE=" + file, "FAKETIME_NO_CACHE=1",
		"FAKETIME_DONT_FAKE_MONOTONIC=1", // timeouts go on
	}}
	if err := s.start(); err != nil {
		skipOrFail(t, err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s, set
}
