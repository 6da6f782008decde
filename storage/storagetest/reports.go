package storagetest

import (
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func reportCases() []testcase {
	return []testcase{
		{"reports come back oldest first", reportsInOrder},
		{"a second report of an owner about a question replaces the first", reportReplaces},
		{"a report on an unknown session is not found", reportUnknown},
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
