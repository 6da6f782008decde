package storagetest

import (
	"context"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func auditCases() []testcase {
	return []testcase{
		{"an entry comes back as it was added", auditComesBack},
		{"entries come newest first, before a number, at most so many", auditNewestFirst},
		{"an entry needs to say who and what", auditWrong},
		{"many who add at once are all in one chain, also after a restart", auditTogether},
		{"a cancelled entry is not added", auditCancelled},
	}
}

// audited adds an entry.
func (s *suite) audited(what string) {
	s.Helper()
	s.ok(s.AddAudit(s.Context(), storage.AuditEntry{Who: "amal", What: what}))
}

// audit returns entries, newest first.
func (s *suite) audit(before int64, limit int) []storage.AuditEntry {
	s.Helper()
	got, err := s.AuditEntries(s.Context(), before, limit)
	s.ok(err)
	return got
}

func auditComesBack(s *suite) {
	s.ok(s.VerifyAudit(s.Context()))
	want := storage.AuditEntry{
		ID: 77, Who: "أمل", What: "flag.put", Target: "A'; --", Why: "drill \x01", Detail: []byte(`{"on":true}`), At: instant(),
	}
	s.ok(s.AddAudit(s.Context(), want))
	before := time.Now().Add(-time.Second)
	s.audited("flag.delete")
	for range 2 {
		all := s.audit(0, 10)
		equal(s, "entries", len(all), 2)
		got := all[1]
		equal(s, "fields", fmt.Sprint(got.Who, got.What, got.Target, got.Why, string(got.Detail)),
			fmt.Sprint(want.Who, want.What, want.Target, want.Why, string(want.Detail)))
		equal(s, "time", got.At, want.At.UTC())
		equal(s, "its own number", got.ID < all[0].ID, true)
		equal(s, "no detail", len(all[0].Detail), 0)
		equal(s, "now", all[0].At.After(before), true)
		s.ok(s.VerifyAudit(s.Context()))
		s.ok(s.Check(s.Context()))
		s.reopen()
	}
}

func auditNewestFirst(s *suite) {
	equal(s, "entries", len(s.audit(0, 10)), 0)
	for i := range 5 {
		s.audited(fmt.Sprint("w", i))
	}
	first := s.audit(0, 2)
	equal(s, "newest", first[0].What+first[1].What, "w4w3")
	rest := s.audit(first[1].ID, 10)
	equal(s, "the rest", len(rest), 3)
	equal(s, "next", rest[0].What, "w2")
	equal(s, "before the first", len(s.audit(rest[2].ID, 10)), 0)
	equal(s, "none asked, got", len(s.audit(0, 0))+len(s.audit(0, -1)), 0)
}

func auditWrong(s *suite) {
	s.refused("nobody", s.AddAudit(s.Context(), storage.AuditEntry{What: "w"}))
	s.refused("nothing", s.AddAudit(s.Context(), storage.AuditEntry{Who: "amal"}))
	equal(s, "entries", len(s.audit(0, 10)), 0)
}

func auditTogether(s *suite) {
	const callers = 100
	errs := together(callers, func(i int) error {
		return s.AddAudit(s.Context(), storage.AuditEntry{Who: "amal", What: fmt.Sprint("w", i), Detail: []byte(`{}`)})
	})
	equal(s, "added", count(errs, nil), callers)
	s.ok(s.VerifyAudit(s.Context()))
	s.reopen()
	s.audited("after the restart")
	s.ok(s.VerifyAudit(s.Context()))
	all := map[string]bool{}
	for _, e := range s.audit(0, 1000) {
		all[e.What] = true
	}
	equal(s, "entries", len(all), callers+1)
}

func auditCancelled(s *suite) {
	s.is(s.AddAudit(s.cancelled(), storage.AuditEntry{Who: "amal", What: "late"}), context.Canceled)
	s.is(s.VerifyAudit(s.cancelled()), context.Canceled)
	equal(s, "entries", len(s.audit(0, 10)), 0)
}
