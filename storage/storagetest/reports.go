package storagetest

import (
	"context"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func reportCases() []testcase {
	return []testcase{
		{"reports come back oldest first", reportsInOrder},
		{"a second report of an owner about a question replaces the first", reportReplaces},
		{"a report on an unknown session is not found", reportUnknown},
		{"the reports of all sessions come newest first, each once however many at a time", reportsRecent},
		{"a report that is replaced or gone is no longer where it was", reportsRecentChange},
	}
}

func reportsInOrder(s *suite) {
	s.ended("a", storage.Ready)
	s.ended("b", storage.Ready)
	want := []storage.Report{
		{Session: "a", Question: "q2", Owner: "amal", Reason: "wrong", Comment: "المفتاح خطأ", Created: instant()},
		{Session: "a", Question: "q1", Owner: "amal", Reason: "unclear", Created: instant().Add(time.Microsecond)},
		{Session: "a", Question: "q2", Owner: "basma", Reason: "wrong", Created: instant().Add(time.Second)},
	}
	for _, i := range []int{2, 0, 1} {
		s.ok(s.AddReport(s.Context(), want[i]))
	}
	got, err := s.Reports(s.Context(), "a")
	s.ok(err)
	equal(s, "reports", len(got), len(want))
	for i := range want {
		want[i].Created = want[i].Created.UTC()
		equal(s, "report", got[i], want[i])
	}
	got, err = s.Reports(s.Context(), "b")
	s.ok(err)
	equal(s, "reports on another session", len(got), 0)
}

func reportReplaces(s *suite) {
	s.ended("a", storage.Ready)
	first := storage.Report{Session: "a", Question: "q1", Owner: "amal", Reason: "wrong", Comment: "x", Created: instant()}
	s.ok(s.AddReport(s.Context(), first))
	second := first
	second.Reason, second.Comment, second.Created = "unclear", "", instant().Add(time.Hour).UTC()
	s.ok(s.AddReport(s.Context(), second))
	got, err := s.Reports(s.Context(), "a")
	s.ok(err)
	equal(s, "reports", len(got), 1)
	equal(s, "report", got[0], second)
}

func reportUnknown(s *suite) {
	s.is(s.AddReport(s.Context(), storage.Report{Session: "unknown", Question: "q1", Owner: "amal"}), storage.ErrNotFound)
	got, err := s.Reports(s.Context(), "unknown")
	s.ok(err)
	equal(s, "reports", len(got), 0)
}

// recent returns all reports, so many at a time.
func (s *suite) recent(limit int) []storage.Report {
	s.Helper()
	var all []storage.Report
	for last := (storage.Report{}); ; last = all[len(all)-1] {
		some, err := s.RecentReports(s.Context(), last, limit)
		s.ok(err)
		if len(some) > limit {
			s.Fatalf("%d reports, want at most %d", len(some), limit)
		}
		if all = append(all, some...); len(some) < limit {
			return all
		}
	}
}

func reportsRecent(s *suite) {
	equal(s, "reports of an empty store", len(s.recent(10)), 0)
	var want []storage.Report
	for i, id := range []string{"a", "b", "c"} {
		s.ended(id, storage.Ready)
		for j, owner := range []string{"amal", "بسمة"} {
			for n := range 3 { // some at one time
				want = append(want, storage.Report{
					Session: id, Question: fmt.Sprint("q", n), Owner: owner, Reason: "wrong", Comment: fmt.Sprint("تعليق ", i, j, n),
					Created: instant().Add(time.Duration(n/2) * time.Microsecond),
				})
			}
		}
	}
	for _, r := range want {
		s.ok(s.AddReport(s.Context(), r))
	}
	all := s.recent(100)
	equal(s, "reports", len(all), len(want))
	for i, r := range all[1:] {
		if r.Created.After(all[i].Created) {
			s.Fatalf("report %d is newer than the one before", i+1)
		}
	}
	for _, limit := range []int{1, 2, 5, len(want)} {
		seen := map[storage.Report]bool{}
		for i, r := range s.recent(limit) {
			equal(s, "report", r, all[i])
			seen[r] = true
		}
		for _, r := range want {
			r.Created = r.Created.UTC()
			equal(s, fmt.Sprintf("%+v was seen", r), seen[r], true)
		}
	}
	none, err := s.RecentReports(s.Context(), storage.Report{}, 0)
	s.ok(err)
	equal(s, "reports, of which none are wanted", len(none), 0)
	_, err = s.RecentReports(s.cancelled(), storage.Report{}, 1)
	s.is(err, context.Canceled)
}

func reportsRecentChange(s *suite) {
	s.ended("a", storage.Ready)
	s.ended("b", storage.Ready)
	for i, id := range []string{"a", "b", "a"} {
		s.ok(s.AddReport(s.Context(), storage.Report{Session: id, Question: "q", Owner: "amal", Reason: fmt.Sprint(i), Created: instant().Add(time.Duration(i) * time.Hour)}))
	}
	got := s.recent(1)
	equal(s, "reports", fmt.Sprint(len(got), got[0].Session, got[0].Reason, got[1].Session), "2a2b")
	// What follows one that has gone is what would have followed it.
	s.ok(s.EraseSession(s.Context(), "a", "ERASED"))
	rest, err := s.RecentReports(s.Context(), got[0], 5)
	s.ok(err)
	equal(s, "the rest", len(rest), 1)
	equal(s, "all", len(s.recent(5)), 1)
	s.ok(s.EraseOwner(s.Context(), "amal", "ERASED"))
	equal(s, "reports of an erased owner", len(s.recent(5)), 0)
}
