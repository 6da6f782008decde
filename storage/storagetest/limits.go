package storagetest

import (
	"context"
	"fmt"
	"strings"
	"time"
)

func limitCases() []testcase {
	return []testcase{
		{"a limit is taken until nothing is left", limitTaken},
		{"more than is left takes nothing", limitTooMuch},
		{"keys have nothing to do with each other", limitKeys},
		{"a limit is whole again when its window has ended", limitReset},
		{"of many who take at once as many do as the limit says", limitTogether},
		{"a limit needs a key, something to take and a window", limitWrong},
		{"what has ended is swept", limitSwept},
	}
}

// take takes of a limit of 5 an hour.
func (s *suite) take(key string, n int) (ok bool, left int) {
	s.Helper()
	got, err := s.Take(s.Context(), key, n, 5, time.Hour)
	s.ok(err)
	if got.Reset <= 0 || got.Reset > time.Hour {
		s.Fatalf("an hour ends after %v", got.Reset)
	}
	return got.OK, got.Left
}

// takes checks a take.
func (s *suite) takes(key string, n int, ok bool, left int) {
	s.Helper()
	gotOK, gotLeft := s.take(key, n)
	equal(s, "taken and left", fmt.Sprint(gotOK, gotLeft), fmt.Sprint(ok, left))
}

func limitTaken(s *suite) {
	for left := 4; left >= 0; left-- {
		s.takes("k", 1, true, left)
	}
	for range 3 {
		s.takes("k", 1, false, 0)
	}
}

func limitTooMuch(s *suite) {
	s.takes("k", 6, false, 5)
	s.takes("k", 3, true, 2)
	s.takes("k", 3, false, 2)
	s.takes("k", 2, true, 0)
	got, err := s.Take(s.Context(), "none", 1, 0, time.Hour)
	s.ok(err)
	equal(s, "of a limit of nothing", fmt.Sprint(got.OK, got.Left), "false 0")
}

func limitKeys(s *suite) {
	s.takes("مفتاح' \x01", 5, true, 0)
	s.takes("K", 1, true, 4)
	s.takes("k", 1, true, 4)
	s.takes(strings.Repeat("k", 256), 1, true, 4)
}

func limitReset(s *suite) {
	const window = 50 * time.Millisecond
	began := time.Now()
	for rounds := 0; rounds < 3; {
		got, err := s.Take(s.Context(), "k", 1, 1, window)
		s.ok(err)
		if got.OK {
			rounds++
		}
		if time.Since(began) > patience {
			s.Fatalf("the window has not ended in %v", patience)
		}
	}
}

func limitTogether(s *suite) {
	ok := make([]bool, 60)
	errs := together(len(ok), func(i int) error {
		got, err := s.Take(s.Context(), "k", 1, 25, time.Hour)
		ok[i] = got.OK
		return err
	})
	equal(s, "answered", count(errs, nil), len(ok))
	n := 0
	for _, did := range ok {
		if did {
			n++
		}
	}
	equal(s, "taken", n, 25)
}

func limitWrong(s *suite) {
	for _, c := range []struct {
		key    string
		n      int
		window time.Duration
	}{{"", 1, time.Hour}, {strings.Repeat("k", 257), 1, time.Hour}, {"k", 0, time.Hour}, {"k", -1, time.Hour}, {"k", 1, 0}} {
		_, err := s.Take(s.Context(), c.key, c.n, 5, c.window)
		s.refused(fmt.Sprint(c), err)
	}
	_, err := s.Take(s.cancelled(), "k", 1, 5, time.Hour)
	s.is(err, context.Canceled)
	s.takes("k", 1, true, 4)
}

func limitSwept(s *suite) {
	for i := range 3 {
		_, err := s.Take(s.Context(), fmt.Sprint("k", i), 1, 5, time.Millisecond)
		s.ok(err)
	}
	s.takes("long", 2, true, 3)
	swept := 0
	eventually(s, "the end of three windows", func() bool {
		n, err := s.SweepLimits(s.Context())
		s.ok(err)
		swept += n
		return swept == 3
	})
	s.takes("long", 1, true, 2)
}
