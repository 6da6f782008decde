package storagetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func creditCases() []testcase {
	return []testcase{
		{"an unknown owner has nothing", unknownOwner},
		{"a cause is granted once to each owner", grantOnce},
		{"a grant needs an owner, a cause and a page", badGrants},
		{"of many who grant one cause one does", grantTogether},
		{"entries come newest first, at most so many", entriesNewestFirst},
		{"entries before a number", entriesBefore},
		{"an adjustment adds or takes, once for each cause", adjustOnce},
		{"an adjustment needs an owner, a cause and pages", badAdjusts},
		{"adjustments at once never take more than there is", adjustTogether},
		{"the chains of many owners hold, also after a restart", chains},
		{"200 at one balance never overdraw it and lose nothing", deductTogether},
		{"grants, holds and releases at once add up", mixedTogether},
		{"a cancelled grant does nothing", cancelledGrant},
	}
}

func unknownOwner(s *suite) {
	s.balanced("nobody", 0)
	entries, err := s.Entries(s.Context(), "nobody", 0, 10)
	s.ok(err)
	equal(s, "entries", len(entries), 0)
}

func grantOnce(s *suite) {
	s.grant("amal", 2)
	added, err := s.Grant(s.Context(), "amal", "welcome", 7)
	s.ok(err)
	equal(s, "granted again", added, false)
	s.grant("basma", 3)
	added, err = s.Grant(s.Context(), "amal", "birthday", 1)
	s.ok(err)
	equal(s, "granted for another cause", added, true)
	s.balanced("amal", 3)
	s.balanced("basma", 3)
}

func badGrants(s *suite) {
	for _, g := range []struct {
		owner, cause string
		pages        int
	}{{"", "welcome", 1}, {"amal", "", 1}, {"amal", "welcome", 0}, {"amal", "welcome", -1}} {
		_, err := s.Grant(s.Context(), g.owner, g.cause, g.pages)
		s.refused(fmt.Sprint(g), err)
	}
	s.balanced("amal", 0)
}

func grantTogether(s *suite) {
	added := make([]bool, 50)
	errs := together(len(added), func(i int) (err error) {
		added[i], err = s.Grant(s.Context(), "amal", "welcome", 2)
		return err
	})
	equal(s, "calls", count(errs, nil), len(added))
	n := 0
	for _, did := range added {
		if did {
			n++
		}
	}
	equal(s, "granted", n, 1)
	s.balanced("amal", 2)
}

func entriesNewestFirst(s *suite) {
	before := time.Now().Add(-time.Second)
	s.grant("amal", 5)
	s.grant("basma", 5)
	s.ok(s.CreateSession(s.Context(), session("a", "amal", 2), true))
	s.ok(s.CreateSession(s.Context(), session("b", "amal", 1), true))
	entries, err := s.Entries(s.Context(), "amal", 0, 2)
	s.ok(err)
	equal(s, "entries", len(entries), 2)
	equal(s, "newest", entries[0].Cause+" "+entries[1].Cause, "b a")
	equal(s, "ids grow", entries[0].ID > entries[1].ID, true)
	equal(s, "owner, action and pages", fmt.Sprint(entries[0].Owner, entries[0].Action, entries[0].Pages), "amalhold-1")
	equal(s, "created in UTC", entries[0].Created.Location(), time.UTC)
	equal(s, "created now", entries[0].Created.After(before), true)
	for _, limit := range []int{0, -1} {
		none, err := s.Entries(s.Context(), "amal", 0, limit)
		s.ok(err)
		equal(s, "none asked, got", len(none), 0)
	}
}

func deductTogether(s *suite) {
	const callers, pages, start = 200, 3, 301 // a hundred succeed, one page is left
	s.grant("amal", start)
	errs := together(callers, func(i int) error {
		return s.CreateSession(s.Context(), session(fmt.Sprint("s", i), "amal", pages), true)
	})
	equal(s, "deducted", count(errs, nil), start/pages)
	equal(s, "refused", count(errs, storage.ErrInsufficient), callers-start/pages)
	s.balanced("amal", start%pages)
	s.jobs(start/pages, 0, 0)
	for i, err := range errs {
		_, missing := s.Session(s.Context(), fmt.Sprint("s", i))
		equal(s, "a session is there when it was answered", missing == nil, err == nil)
	}
}

func mixedTogether(s *suite) {
	const callers = 60
	errs := together(callers, func(i int) error {
		id := fmt.Sprint("s", i)
		if _, err := s.Grant(s.Context(), "amal", id, 2); err != nil {
			return err
		}
		if err := s.CreateSession(s.Context(), session(id, "amal", 2), true); err != nil {
			return err
		}
		got, err := s.ClaimSession(s.Context(), id)
		if err != nil {
			return err
		}
		outcome := storage.Outcome{Status: storage.Ready}
		if i%2 == 0 {
			outcome.Status = storage.Failed
		}
		return s.FinishSession(s.Context(), id, got.Claim, outcome)
	})
	for _, err := range errs {
		s.ok(err)
	}
	s.balanced("amal", callers) // half of the 2 × callers came back
}

func cancelledGrant(s *suite) {
	_, err := s.Grant(s.cancelled(), "amal", "welcome", 2)
	s.is(err, context.Canceled)
	s.balanced("amal", 0)
	s.grant("amal", 2)
}

func entriesBefore(s *suite) {
	for i := range 5 {
		s.grantFor("amal", fmt.Sprint("c", i), 1)
		s.grantFor("basma", fmt.Sprint("c", i), 1)
	}
	var seen []string
	before := int64(0)
	for {
		page, err := s.Entries(s.Context(), "amal", before, 2)
		s.ok(err)
		for _, e := range page {
			equal(s, "owner", e.Owner, "amal")
			seen = append(seen, e.Cause)
		}
		if len(page) == 0 {
			break
		}
		before = page[len(page)-1].ID
	}
	equal(s, "order", strings.Join(seen, " "), "c4 c3 c2 c1 c0")
}

func (s *suite) adjust(owner, cause string, pages int) bool {
	s.Helper()
	did, err := s.Adjust(s.Context(), owner, cause, pages)
	s.ok(err)
	return did
}

func adjustOnce(s *suite) {
	equal(s, "added", s.adjust("amal", "sorry", 3), true)
	equal(s, "added again", s.adjust("amal", "sorry", 5), false)
	equal(s, "taken", s.adjust("amal", "too many", -3), true)
	equal(s, "taken again, when nothing is left", s.adjust("amal", "too many", -3), false)
	s.balanced("amal", 0)
	_, err := s.Adjust(s.Context(), "amal", "more", -1)
	s.is(err, storage.ErrInsufficient)
	_, err = s.Adjust(s.Context(), "nobody", "more", -1)
	s.is(err, storage.ErrInsufficient)
	s.grantFor("amal", "sorry", 1) // a cause is of its action
	equal(s, "taken after the grant", s.adjust("amal", "more", -1), true)
	equal(s, "entries", s.entries("amal"), "adjust -1 more, grant +1 sorry, adjust -3 too many, adjust +3 sorry")
	s.balanced("amal", 0)
	s.balanced("nobody", 0)
	s.ok(s.VerifyEntries(s.Context(), "amal"))
}

func badAdjusts(s *suite) {
	for _, a := range []struct {
		owner, cause string
		pages        int
	}{{"", "sorry", 1}, {"amal", "", 1}, {"amal", "sorry", 0}} {
		_, err := s.Adjust(s.Context(), a.owner, a.cause, a.pages)
		s.refused(fmt.Sprint(a), err)
	}
	_, err := s.Adjust(s.cancelled(), "amal", "sorry", 1)
	s.is(err, context.Canceled)
	s.balanced("amal", 0)
}

func adjustTogether(s *suite) {
	const callers, pages, start = 100, 3, 31
	s.grant("amal", start)
	errs := together(callers, func(i int) error {
		if i%2 == 0 {
			return s.CreateSession(s.Context(), session(fmt.Sprint("s", i), "amal", pages), true)
		}
		_, err := s.Adjust(s.Context(), "amal", fmt.Sprint("c", i), -pages)
		return err
	})
	equal(s, "taken", count(errs, nil), start/pages)
	equal(s, "refused", count(errs, storage.ErrInsufficient), callers-start/pages)
	s.balanced("amal", start%pages)

	did := make([]bool, 50)
	errs = together(len(did), func(i int) (err error) {
		did[i], err = s.Adjust(s.Context(), "amal", "one cause", 2)
		return err
	})
	equal(s, "calls", count(errs, nil), len(did))
	n := 0
	for _, d := range did {
		if d {
			n++
		}
	}
	equal(s, "adjusted", n, 1)
	s.balanced("amal", start%pages+2)
}

func chains(s *suite) {
	const owners, each = 20, 10
	s.ok(s.VerifyEntries(s.Context(), "nobody"))
	for life := range 2 {
		errs := together(owners*each, func(i int) error {
			owner, id := fmt.Sprint("owner", i%owners), fmt.Sprintf("s%d-%d", life, i)
			if _, err := s.Grant(s.Context(), owner, id, 3); err != nil {
				return err
			}
			if err := s.CreateSession(s.Context(), session(id, owner, 2), true); err != nil {
				return err
			}
			if i%2 == 0 {
				return s.fail(s.Context(), id)
			}
			return s.VerifyEntries(s.Context(), owner) // no half of a write is seen
		})
		for _, err := range errs {
			s.ok(err)
		}
		for i := range owners {
			s.ok(s.VerifyEntries(s.Context(), fmt.Sprint("owner", i)))
		}
		s.reopen()
	}
	for i := range owners {
		s.ok(s.VerifyEntries(s.Context(), fmt.Sprint("owner", i)))
	}
	s.ok(s.Check(s.Context()))
}
