package storagetest

import (
	"context"
	"fmt"
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
		{"200 at one balance never overdraw it and lose nothing", deductTogether},
		{"grants, holds and releases at once add up", mixedTogether},
		{"a cancelled grant does nothing", cancelledGrant},
	}
}

func unknownOwner(s *suite) {
	s.balanced("nobody", 0)
	entries, err := s.Entries(s.Context(), "nobody", 10)
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
	entries, err := s.Entries(s.Context(), "amal", 2)
	s.ok(err)
	equal(s, "entries", len(entries), 2)
	equal(s, "newest", entries[0].Cause+" "+entries[1].Cause, "b a")
	equal(s, "ids grow", entries[0].ID > entries[1].ID, true)
	equal(s, "owner, action and pages", fmt.Sprint(entries[0].Owner, entries[0].Action, entries[0].Pages), "amalhold-1")
	equal(s, "created in UTC", entries[0].Created.Location(), time.UTC)
	equal(s, "created now", entries[0].Created.After(before), true)
	for _, limit := range []int{0, -1} {
		none, err := s.Entries(s.Context(), "amal", limit)
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
