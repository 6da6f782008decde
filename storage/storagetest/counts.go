package storagetest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

func countCases() []testcase {
	return []testcase{
		{"counts add up over the replicas but one", countsAddUp},
		{"a count takes the place of the one before", countsReplace},
		{"counts are read from a minute on", countsSince},
		{"wrong counts are refused and change nothing", countsWrong},
		{"old counts are dropped, those of the hour stay", countsDrop},
		{"replicas that count at once lose nothing", countsTogether},
		{"one replica that counts twice at once loses nothing", countsOfOneTogether},
	}
}

// hour is a whole hour, not in UTC.
func hour() time.Time { return instant().Truncate(time.Hour) }

func minute(n int) time.Time { return hour().Add(time.Duration(n) * time.Minute) }

// puts stores one count.
func (s *suite) puts(replica, objective string, at time.Time, good, total int64) {
	s.Helper()
	s.ok(s.PutSLOCounts(s.Context(), replica, []string{objective}, []time.Time{at}, []int64{good}, []int64{total}))
}

// counts returns what is counted from a minute on: objective, minute of the hour, good
// of total.
func (s *suite) counts(except string, since time.Time) string {
	s.Helper()
	var rows []string
	s.ok(s.SLOCounts(s.Context(), except, since, func(objective string, at time.Time, good, total int64) {
		equal(s, "the minute's zone", at.Location(), time.UTC)
		rows = append(rows, fmt.Sprintf("%s %d: %d/%d", objective, int(at.Sub(hour())/time.Minute), good, total))
	}))
	slices.Sort(rows)
	return strings.Join(rows, ", ")
}

func countsAddUp(s *suite) {
	equal(s, "counts", s.counts("", hour()), "")
	s.ok(s.PutSLOCounts(s.Context(), "r1", nil, nil, nil, nil))
	s.ok(s.PutSLOCounts(s.Context(), "r1", []string{"a", "b", "a"}, []time.Time{minute(0), minute(0), minute(61)}, []int64{1, 2, 3}, []int64{10, 20, 30}))
	s.puts("r2", "a", minute(0), 1<<40, 1<<41)
	s.puts("r3", "نسبة", minute(59), 0, 7)
	for range 2 {
		equal(s, "all", s.counts("", hour()), fmt.Sprintf("a 0: %d/%d, a 61: 3/30, b 0: 2/20, نسبة 59: 0/7", 1<<40+1, 1<<41+10))
		equal(s, "all but r2", s.counts("r2", hour()), "a 0: 1/10, a 61: 3/30, b 0: 2/20, نسبة 59: 0/7")
		equal(s, "all but one that is not there", s.counts("r9", minute(59)), "a 61: 3/30, نسبة 59: 0/7")
		s.reopen()
	}
}

func countsReplace(s *suite) {
	s.puts("r1", "a", minute(5), 1, 2)
	s.puts("r1", "a", minute(6), 3, 4)
	for range 2 {
		s.puts("r1", "a", minute(5), 7, 9)
	}
	s.puts("r2", "a", minute(5), 1, 1)
	equal(s, "counts", s.counts("", hour()), "a 5: 8/10, a 6: 3/4")
}

func countsSince(s *suite) {
	for _, at := range []int{-1, 0, 29, 30, 60} {
		s.puts("r1", "a", minute(at), 1, 1)
	}
	equal(s, "from the hour on", s.counts("", hour()), "a 0: 1/1, a 29: 1/1, a 30: 1/1, a 60: 1/1")
	equal(s, "from a minute on", s.counts("", minute(30)), "a 30: 1/1, a 60: 1/1")
	equal(s, "from within a minute on", s.counts("", minute(29).Add(time.Second)), "a 30: 1/1, a 60: 1/1")
	equal(s, "from later on", s.counts("", minute(61)), "")
}

func countsWrong(s *suite) {
	at, one := []time.Time{minute(0)}, []int64{1}
	s.refused("a replica without a name", s.PutSLOCounts(s.Context(), "", []string{"a"}, at, one, one))
	s.refused("an objective without a name", s.PutSLOCounts(s.Context(), "r1", []string{"a", ""}, []time.Time{minute(0), minute(1)}, []int64{1, 1}, []int64{1, 1}))
	s.refused("lists of different lengths", s.PutSLOCounts(s.Context(), "r1", []string{"a", "b"}, at, one, one))
	s.refused("half a minute", s.PutSLOCounts(s.Context(), "r1", []string{"a"}, []time.Time{minute(0).Add(30 * time.Second)}, one, one))
	equal(s, "counts", s.counts("", hour()), "")
}

func countsDrop(s *suite) {
	for _, at := range []int{-61, -1, 0, 10} {
		s.puts("r1", "a", minute(at), 1, 1)
		s.puts("r2", "b", minute(at), 1, 1)
	}
	for range 2 {
		s.ok(s.DropSLOCounts(s.Context(), minute(5)))
		equal(s, "counts", s.counts("", minute(-99)), "a 0: 1/1, a 10: 1/1, b 0: 1/1, b 10: 1/1")
	}
}

func countsTogether(s *suite) {
	const replicas, rounds = 8, 10
	errs := together(replicas, func(i int) (err error) {
		for n := range rounds {
			err = s.PutSLOCounts(s.Context(), fmt.Sprint("r", i), []string{"a", "b"}, []time.Time{minute(n), minute(n)}, []int64{int64(n), 1}, []int64{10, 10})
			if err != nil {
				return err
			}
		}
		return nil
	})
	equal(s, "put", count(errs, nil), replicas)
	var want []string
	for n := range rounds {
		want = append(want, fmt.Sprintf("a %d: %d/%d", n, n*replicas, 10*replicas), fmt.Sprintf("b %d: %d/%d", n, replicas, 10*replicas))
	}
	slices.Sort(want)
	equal(s, "counts", s.counts("", hour()), strings.Join(want, ", "))
}

func countsOfOneTogether(s *suite) {
	errs := together(60, func(i int) error {
		return s.PutSLOCounts(s.Context(), "r1", []string{"b", "a"}, []time.Time{minute(i), minute(i)}, []int64{1, 1}, []int64{1, 1})
	})
	equal(s, "put", count(errs, nil), 60)
	equal(s, "minutes", len(strings.Split(s.counts("", hour()), ", ")), 120)
}
