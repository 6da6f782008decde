package storagetest

import (
	"fmt"
	"slices"

	"github.com/learnsnap/learnsnap-go/storage"
)

func keyCases() []testcase {
	return []testcase{
		{"a session is found by its owner's key", keyFinds},
		{"a key that was used takes nothing, whatever the id and the balance", keyUsed},
		{"a key is its owner's", keyOfOwner},
		{"no key is no key", keyNone},
		{"of many who create under one key one succeeds", keyTogether},
		{"a key is free again when its session is gone", keyFree},
	}
}

// keyed returns a session of one page that was asked for under a key.
func keyed(id, owner, key string) storage.Session {
	n := session(id, owner, 1)
	n.Key, n.Print = key, "print of "+id
	return n
}

func (s *suite) byKey(owner, key string) storage.Session {
	s.Helper()
	got, err := s.SessionByKey(s.Context(), owner, key)
	s.ok(err)
	return got
}

func keyFinds(s *suite) {
	want := keyed("a", "amal", "مفتاح' \x01")
	s.ok(s.CreateSession(s.Context(), want, false))
	s.create("b")
	for range 2 {
		got := s.byKey("amal", want.Key)
		equal(s, "session", got.ID, "a")
		equal(s, "key", got.Key, want.Key)
		equal(s, "print", got.Print, want.Print)
		equal(s, "request", string(got.Request), string(want.Request))
		s.reopen()
	}
	for _, unknown := range [][2]string{{"amal", "other"}, {"basma", want.Key}, {"", want.Key}, {"amal", ""}} {
		_, err := s.SessionByKey(s.Context(), unknown[0], unknown[1])
		s.is(err, storage.ErrNotFound)
	}
}

func keyUsed(s *suite) {
	s.grant("amal", 1)
	s.ok(s.CreateSession(s.Context(), keyed("a", "amal", "k"), true))
	for _, id := range []string{"a", "b"} { // nothing is left to hold
		s.is(s.CreateSession(s.Context(), keyed(id, "amal", "k"), true), storage.ErrExists)
	}
	s.grantFor("amal", "more", 5)
	s.is(s.CreateSession(s.Context(), keyed("b", "amal", "k"), true), storage.ErrExists)
	_, err := s.Session(s.Context(), "b")
	s.is(err, storage.ErrNotFound)
	equal(s, "print of the first", s.byKey("amal", "k").Print, "print of a")
	s.balanced("amal", 5)
	s.jobs(1, 0, 0)

	got, err := s.ClaimSession(s.Context(), "a") // ended or not, it is there
	s.ok(err)
	s.ok(s.FinishSession(s.Context(), "a", got.Claim, storage.Outcome{Status: storage.Failed}))
	s.is(s.CreateSession(s.Context(), keyed("b", "amal", "k"), true), storage.ErrExists)
}

func keyOfOwner(s *suite) {
	s.ok(s.CreateSession(s.Context(), keyed("a", "amal", "k"), false))
	s.ok(s.CreateSession(s.Context(), keyed("b", "basma", "k"), false))
	s.ok(s.CreateSession(s.Context(), keyed("c", "amal", "K"), false))
	equal(s, "amal's", s.byKey("amal", "k").ID, "a")
	equal(s, "basma's", s.byKey("basma", "k").ID, "b")
	equal(s, "amal's other", s.byKey("amal", "K").ID, "c")
}

func keyNone(s *suite) {
	s.create("a")
	s.create("b")
	got, err := s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "key and print", got.Key+got.Print, "")
}

func keyTogether(s *suite) {
	const callers = 50
	s.grant("amal", callers)
	errs := together(callers, func(i int) error {
		return s.CreateSession(s.Context(), keyed(fmt.Sprint("s", i), "amal", "k"), true)
	})
	equal(s, "created", count(errs, nil), 1)
	equal(s, "refused", count(errs, storage.ErrExists), callers-1)
	equal(s, "the one that was answered", s.byKey("amal", "k").ID, fmt.Sprint("s", slices.Index(errs, nil)))
	s.balanced("amal", callers-1)
	s.jobs(1, 0, 0)
}

func keyFree(s *suite) {
	s.ok(s.CreateSession(s.Context(), keyed("a", "amal", "k"), false))
	equal(s, "expired", s.expire(late(), 10), 1)
	_, err := s.SessionByKey(s.Context(), "amal", "k")
	s.is(err, storage.ErrNotFound)
	s.ok(s.CreateSession(s.Context(), keyed("b", "amal", "k"), false))
	s.ok(s.EraseSession(s.Context(), "b", "ERASED"))
	s.ok(s.CreateSession(s.Context(), keyed("c", "amal", "k"), false))
	equal(s, "session", s.byKey("amal", "k").ID, "c")
}
