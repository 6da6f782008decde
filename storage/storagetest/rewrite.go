package storagetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

// rewriteCases are for a store that is a [storage.Rewriter]; another one skips them.
func rewriteCases() []testcase {
	return []testcase{
		{"every value is shown once and replaced, and nothing else", rewriteAll},
		{"nil leaves a value as it is", rewriteNothing},
		{"what was written meanwhile stays", rewriteMeanwhile},
		{"an error ends the walk and keeps what was done", rewriteError},
		{"a cancelled walk ends", rewriteCancelled},
	}
}

func (s *suite) rewriter() storage.Rewriter {
	s.Helper()
	r, ok := s.Store.(storage.Rewriter)
	if !ok {
		s.Skip("this store is no storage.Rewriter")
	}
	return r
}

// written fills a store with something in every field, more than a batch of items, and
// returns what is where.
func (s *suite) written() map[storage.Place]string {
	s.Helper()
	want := map[storage.Place]string{}
	s.grant("amal", 10)
	s.ok(s.CreateSession(s.Context(), session("failed", "amal", 1), true))
	failed, err := s.ClaimSession(s.Context(), "failed")
	s.ok(err)
	s.ok(s.FinishSession(s.Context(), "failed", failed.Claim, storage.Outcome{Status: storage.Failed, Code: "X", Detail: []byte("why")}))
	want[storage.Place{Field: storage.SessionDetail, Session: "failed"}] = "why"
	s.ok(s.CreateSession(s.Context(), storage.Session{ID: "bare", Owner: "amal"}, false)) // no request

	done := s.claimed("done")
	for seq := range 150 {
		it := item(seq + 1)
		s.ok(s.AppendItem(s.Context(), "done", done.Claim, it))
		want[storage.Place{Field: storage.ItemJSON, Session: "done", Seq: it.Seq, Kind: it.Kind}] = string(it.JSON)
	}
	s.ok(s.FinishSession(s.Context(), "done", done.Claim, storage.Outcome{Status: storage.Ready}))
	s.ok(s.SubmitSession(s.Context(), "done", []byte("result\x00\xff")))
	want[storage.Place{Field: storage.SessionResult, Session: "done"}] = "result\x00\xff"
	for _, id := range []string{"failed", "done"} {
		want[storage.Place{Field: storage.SessionRequest, Session: id, Owner: "amal"}] = `{"n":20}`
	}
	for _, r := range []storage.Report{
		{Session: "done", Question: "q1", Owner: "amal", Comment: "تعليق ' one"},
		{Session: "done", Question: "q1", Owner: "zaid", Comment: "two"},
		{Session: "done", Question: "q2", Owner: "amal", Comment: ""},
	} {
		s.ok(s.AddReport(s.Context(), r))
		want[storage.Place{Field: storage.ReportComment, Session: "done", Question: r.Question, Owner: r.Owner}] = r.Comment
	}
	return want
}

// walk returns what a walk shows, and replaces each value by what change makes of it.
func (s *suite) walk(change func(storage.Place, string) []byte) map[storage.Place]string {
	s.Helper()
	got := map[storage.Place]string{}
	s.ok(s.rewriter().Rewrite(s.Context(), func(p storage.Place, old []byte) ([]byte, error) {
		if p.Field == storage.SessionDetail || p.Field == storage.SessionResult {
			p.Owner = "" // may be told
		}
		if _, twice := got[p]; twice {
			return nil, fmt.Errorf("%+v is shown twice", p)
		}
		got[p] = string(old)
		return change(p, string(old)), nil
	}))
	return got
}

// same stops the case when a walk does not show what it must.
func same(s *suite, got, want map[storage.Place]string) {
	s.Helper()
	equal(s, "values that a walk shows", len(got), len(want))
	for p := range want {
		equal(s, fmt.Sprintf("%+v", p), got[p], want[p])
	}
}

func leave(storage.Place, string) []byte { return nil }

func rewriteAll(s *suite) {
	s.rewriter()
	want := s.written()
	before, err := s.Session(s.Context(), "done")
	s.ok(err)
	entries := s.entries("amal")
	blob := s.put("done", "page")

	got := s.walk(func(_ storage.Place, old string) []byte { return []byte("new " + old) })
	same(s, got, want)
	for p := range want {
		want[p] = "new " + want[p]
	}
	s.reopen()
	same(s, s.walk(leave), want)
	after, err := s.Session(s.Context(), "done")
	s.ok(err)
	equal(s, "request", string(after.Request), "new "+string(before.Request))
	equal(s, "result", string(after.Result), "new "+string(before.Result))
	equal(s, "updated", after.Updated, before.Updated)
	equal(s, "claim, items, status", fmt.Sprint(after.Claim, after.Items, after.Status), fmt.Sprint(before.Claim, before.Items, before.Status))
	items, err := s.Items(s.Context(), "done", 149)
	s.ok(err)
	equal(s, "the last item", string(items[0].JSON), "new "+string(item(150).JSON))
	equal(s, "ledger", s.entries("amal"), entries)
	equal(s, "blob", s.content("done", blob), "page")
	s.ok(s.Check(s.Context()))
}

func rewriteNothing(s *suite) {
	s.rewriter()
	want := s.written()
	s.walk(leave)
	same(s, s.walk(leave), want)
}

func rewriteMeanwhile(s *suite) {
	s.rewriter()
	s.ended("a", storage.Ready)
	report := storage.Report{Session: "a", Question: "q1", Owner: "amal", Comment: "old"}
	s.ok(s.AddReport(s.Context(), report))
	s.walk(func(p storage.Place, _ string) []byte {
		if p.Field == storage.ReportComment {
			report.Comment = "written meanwhile"
			s.ok(s.AddReport(s.Context(), report))
		}
		return []byte("new")
	})
	got, err := s.Reports(s.Context(), "a")
	s.ok(err)
	equal(s, "comment", got[0].Comment, "written meanwhile")
	found, err := s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "request", string(found.Request), "new")

	s.walk(func(p storage.Place, _ string) []byte { // a session that is gone is no error
		s.ok(s.DeleteBlobs(s.Context(), p.Session))
		if p.Field == storage.SessionRequest {
			s.ok(s.EraseSession(s.Context(), p.Session, "ERASED"))
		}
		return []byte("newer")
	})
	_, err = s.Session(s.Context(), "a")
	s.is(err, storage.ErrNotFound)
}

func rewriteError(s *suite) {
	s.rewriter()
	want := s.written()
	torn, seen := errors.New("no"), 0
	err := s.rewriter().Rewrite(s.Context(), func(p storage.Place, old []byte) ([]byte, error) {
		if seen++; seen == len(want)-1 {
			return nil, torn
		}
		return append([]byte("new "), old...), nil
	})
	s.is(err, torn)
	rewritten := 0
	for p, value := range s.walk(leave) {
		switch value {
		case "new " + want[p]:
			rewritten++
		default:
			equal(s, fmt.Sprintf("%+v", p), value, want[p])
		}
	}
	if rewritten == 0 || rewritten == len(want) {
		s.Fatalf("%d of %d values were replaced before the error", rewritten, len(want))
	}
}

func rewriteCancelled(s *suite) {
	r := s.rewriter()
	s.written()
	s.is(r.Rewrite(s.cancelled(), func(storage.Place, []byte) ([]byte, error) { return nil, nil }), context.Canceled)
	ctx, cancel := context.WithCancel(s.Context())
	s.is(r.Rewrite(ctx, func(storage.Place, []byte) ([]byte, error) {
		cancel()
		return []byte("new"), nil
	}), context.Canceled)
}
