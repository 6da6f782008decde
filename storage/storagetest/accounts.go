package storagetest

import (
	"context"
	"fmt"
	"slices"

	"github.com/learnsnap/learnsnap-go/storage"
)

func accountCases() []testcase {
	return []testcase{
		{"an account is opened once and found again, also after a restart", accountOpens},
		{"an account needs an id, a kind, and a cause for its welcome", accountWrong},
		{"an id that is another's is refused", accountTaken},
		{"a welcome is given once to each owner and cause", accountWelcome},
		{"of many who open one subject at once one does", accountTogether},
		{"exactly the first users are early ones, when a thousand log in at once", accountEarly},
		{"pages above those kept move once for each device", transferOnce},
		{"pages move between a device and a user only", transferWrong},
		{"two users racing for one device", transferUsers},
		{"devices racing for one user", transferDevices},
		{"a transfer racing with quizzes overdraws nothing", transferQuizzes},
		{"what is on hold stays the device's", transferHolds},
		{"an erased owner leaves amounts only, and a ledger that verifies", eraseOwner},
		{"an owner without an account is erased", eraseStranger},
		{"erasing while others write", eraseWhileWritten},
	}
}

// opened opens an account that is not there yet.
func (s *suite) opened(kind storage.AccountKind, id, subject string, w storage.Welcome) storage.Account {
	s.Helper()
	a, made, err := s.OpenAccount(s.Context(), storage.Account{ID: id, Kind: kind, Subject: subject}, w)
	s.ok(err)
	equal(s, "made", made, true)
	return a
}

// guest opens a device that has pages.
func (s *suite) guest(id string, pages int) {
	s.Helper()
	s.opened(storage.Device, id, "", storage.Welcome{Cause: "free", Pages: pages})
}

func (s *suite) user(id string) {
	s.Helper()
	s.opened(storage.User, id, "issuer|"+id, storage.Welcome{})
}

// transferred moves pages above 2.
func (s *suite) transferred(device, user string) int {
	s.Helper()
	n, err := s.TransferPages(s.Context(), device, user, 2)
	s.ok(err)
	return n
}

func accountOpens(s *suite) {
	want := s.opened(storage.User, "u1", "https://issuer|أمل' --", storage.Welcome{})
	equal(s, "account", fmt.Sprint(want.ID, want.Kind, want.Subject, want.Early, want.User), "u1userhttps://issuer|أمل' --false")
	equal(s, "created", want.Created.IsZero(), false)
	device := s.opened(storage.Device, "d1", "", storage.Welcome{})
	for range 2 {
		for _, id := range []string{"u1", "another"} { // a new id for each login
			got, made, err := s.OpenAccount(s.Context(), storage.Account{ID: id, Kind: storage.User, Subject: want.Subject}, storage.Welcome{Cause: "free", Pages: 2})
			s.ok(err)
			equal(s, "made again", made, false)
			equal(s, "account", got, want)
		}
		got, made, err := s.OpenAccount(s.Context(), storage.Account{ID: "d1", Kind: storage.Device}, storage.Welcome{})
		s.ok(err)
		equal(s, "made again", made, false)
		equal(s, "device", got, device)
		got, err = s.Account(s.Context(), "u1")
		s.ok(err)
		equal(s, "account", got, want)
		s.reopen()
	}
	for _, id := range []string{"another", "", "U1"} {
		_, err := s.Account(s.Context(), id)
		s.is(err, storage.ErrNotFound)
	}
	s.balanced("u1", 0)
}

func accountWrong(s *suite) {
	for _, a := range []storage.Account{{Kind: storage.User, Subject: "x"}, {ID: "u1"}, {ID: "u1", Kind: "robot"}} {
		_, _, err := s.OpenAccount(s.Context(), a, storage.Welcome{})
		s.refused(fmt.Sprint(a), err)
	}
	_, _, err := s.OpenAccount(s.Context(), storage.Account{ID: "u1", Kind: storage.User}, storage.Welcome{Pages: 2})
	s.refused("a welcome without a cause", err)
	_, err = s.Account(s.Context(), "u1")
	s.is(err, storage.ErrNotFound)
}

func accountTaken(s *suite) {
	s.user("u1")
	s.guest("d1", 1)
	for _, a := range []storage.Account{
		{ID: "u1", Kind: storage.User, Subject: "issuer|other"}, {ID: "u1", Kind: storage.Device}, {ID: "d1", Kind: storage.User}, {ID: "d1", Kind: storage.User, Subject: "x"},
	} {
		_, _, err := s.OpenAccount(s.Context(), a, storage.Welcome{Cause: "free", Pages: 5})
		s.is(err, storage.ErrExists)
	}
	s.balanced("u1", 0)
	s.balanced("d1", 1)
	got, made, err := s.OpenAccount(s.Context(), storage.Account{ID: "d2", Kind: storage.Device, Subject: "issuer|u1"}, storage.Welcome{})
	s.ok(err)
	equal(s, "a subject is of its kind", fmt.Sprint(made, got.ID), "trued2")
}

func accountWelcome(s *suite) {
	s.guest("d1", 2)
	s.balanced("d1", 2)
	equal(s, "entries", s.entries("d1"), "grant +2 free")
	s.grantFor("d2", "free", 7) // by a program that knew no accounts
	s.guest("d2", 2)
	s.balanced("d2", 7)
}

func accountTogether(s *suite) {
	const callers = 60
	ids, made := make([]string, callers), make([]bool, callers)
	errs := together(callers, func(i int) error {
		a, did, err := s.OpenAccount(s.Context(), storage.Account{ID: fmt.Sprint("u", i), Kind: storage.User, Subject: "amal"}, storage.Welcome{Cause: "free", Pages: 2})
		ids[i], made[i] = a.ID, did
		return err
	})
	equal(s, "opened", count(errs, nil), callers)
	equal(s, "accounts", len(slices.Compact(ids)), 1)
	n := 0
	for _, did := range made {
		if did {
			n++
		}
	}
	equal(s, "made", n, 1)
	s.balanced(ids[0], 2)
}

func accountEarly(s *suite) {
	const candidates, early = 40, 30
	w := storage.Welcome{Cause: "free", Pages: 2, Early: early, EarlyPages: 50}
	s.opened(storage.Device, "d1", "", w)
	s.balanced("d1", 2)                                 // a device is no user
	errs := together(25*candidates, func(i int) error { // the store may be too busy for all of them
		_, _, err := patient(s.Context(), func() (int64, bool, error) {
			_, made, err := s.OpenAccount(s.Context(), storage.Account{ID: fmt.Sprint("u", i), Kind: storage.User, Subject: fmt.Sprint("s", i%candidates)}, w)
			return 0, made, err
		})
		return err
	})
	equal(s, "opened", count(errs, nil), len(errs))
	var pages []int
	for i := range candidates {
		a, _, err := s.OpenAccount(s.Context(), storage.Account{ID: "again", Kind: storage.User, Subject: fmt.Sprint("s", i)}, w)
		s.ok(err)
		balance, err := s.Balance(s.Context(), a.ID)
		s.ok(err)
		equal(s, "an early one has more", a.Early, balance == 50)
		pages = append(pages, balance)
		if i == 0 {
			s.ok(s.EraseOwner(s.Context(), a.ID, "ERASED")) // leaves no place
		}
	}
	slices.Sort(pages)
	equal(s, "those who came late", pages[candidates-early-1], 2)
	equal(s, "the early ones", pages[candidates-early], 50)
	equal(s, "one more", s.opened(storage.User, "late", "late", w).Early, false)
	s.balanced("late", 2)
}

func transferOnce(s *suite) {
	s.guest("d1", 7)
	s.user("u1")
	s.user("u2")
	equal(s, "moved", s.transferred("d1", "u1"), 5)
	s.balanced("d1", 2)
	s.balanced("u1", 5)
	equal(s, "entries", s.entries("d1")+"; "+s.entries("u1"), "transfer -5 u1, grant +7 free; transfer +5 d1")
	s.grantFor("d1", "pack", 10)
	for _, user := range []string{"u1", "u2"} {
		equal(s, "moved again to "+user, s.transferred("d1", user), 0)
	}
	device, err := s.Account(s.Context(), "d1")
	s.ok(err)
	equal(s, "whose pages they are", device.User, "u1")
	s.reopen()
	equal(s, "moved after a restart", s.transferred("d1", "u2"), 0)

	s.guest("d2", 2) // nothing above, and its only time all the same
	equal(s, "moved of nothing", s.transferred("d2", "u1"), 0)
	s.grantFor("d2", "pack", 10)
	equal(s, "moved later", s.transferred("d2", "u1"), 0)
	s.guest("d3", 3)
	n, err := s.TransferPages(s.Context(), "d3", "u1", 0)
	s.ok(err)
	equal(s, "moved of all", n, 3)
	s.opened(storage.Device, "d4", "", storage.Welcome{}) // without a balance
	equal(s, "moved without a balance", s.transferred("d4", "u1"), 0)
	for _, owner := range []string{"d1", "d2", "d3", "d4", "u1", "u2"} {
		s.ok(s.VerifyEntries(s.Context(), owner))
	}
	s.ok(s.Check(s.Context()))
}

func transferWrong(s *suite) {
	s.guest("d1", 7)
	s.guest("d2", 7)
	s.user("u1")
	s.user("u2")
	s.ok(s.EraseOwner(s.Context(), "u2", "ERASED"))
	for _, pair := range [][2]string{{"d1", "nobody"}, {"nobody", "u1"}, {"d1", "d2"}, {"u1", "d1"}, {"d1", "d1"}, {"d1", "u2"}, {"", ""}} {
		_, err := s.TransferPages(s.Context(), pair[0], pair[1], 2)
		s.is(err, storage.ErrNotFound)
	}
	_, err := s.TransferPages(s.cancelled(), "d1", "u1", 2)
	s.is(err, context.Canceled)
	equal(s, "moved then", s.transferred("d1", "u1"), 5)
}

func transferUsers(s *suite) {
	const users = 20
	s.guest("d1", 12)
	for i := range users {
		s.user(fmt.Sprint("u", i))
	}
	moved := make([]int, 2*users)
	errs := together(len(moved), func(i int) (err error) {
		moved[i], err = s.TransferPages(s.Context(), "d1", fmt.Sprint("u", i%users), 2)
		return err
	})
	equal(s, "answered", count(errs, nil), len(errs))
	sum := 0
	for _, n := range moved {
		sum += n
	}
	equal(s, "moved in all", sum, 10)
	winner := slices.Index(moved, 10) % users
	s.balanced("d1", 2)
	s.balanced(fmt.Sprint("u", winner), 10)
	s.balanced(fmt.Sprint("u", (winner+1)%users), 0)
}

func transferDevices(s *suite) {
	const devices = 20
	s.user("u1")
	for i := range devices {
		s.guest(fmt.Sprint("d", i), 5)
	}
	errs := together(2*devices, func(i int) error {
		_, err := s.TransferPages(s.Context(), fmt.Sprint("d", i%devices), "u1", 2)
		return err
	})
	equal(s, "answered", count(errs, nil), len(errs))
	s.balanced("u1", 3*devices)
	s.balanced("d7", 2)
}

func transferQuizzes(s *suite) {
	const callers = 40
	s.guest("d1", 22)
	s.user("u1")
	errs := together(callers, func(i int) error {
		if i%10 == 3 {
			_, err := s.TransferPages(s.Context(), "d1", "u1", 2)
			return err
		}
		return s.CreateSession(s.Context(), session(fmt.Sprint("s", i), "d1", 1), true)
	})
	equal(s, "answered or refused", count(errs, nil)+count(errs, storage.ErrInsufficient), callers)
	held := count(errs, nil) - callers/10
	device, err := s.Balance(s.Context(), "d1")
	s.ok(err)
	user, err := s.Balance(s.Context(), "u1")
	s.ok(err)
	equal(s, "all together", device+user+held, 22)
	s.balanced("d1", device)
	s.ok(s.Check(s.Context()))
}

func transferHolds(s *suite) {
	s.guest("d1", 7)
	s.user("u1")
	s.ok(s.CreateSession(s.Context(), session("a", "d1", 4), true))
	equal(s, "moved", s.transferred("d1", "u1"), 1)
	got, err := s.ClaimSession(s.Context(), "a")
	s.ok(err)
	equal(s, "whose session it is", got.Owner, "d1")
	s.ok(s.FinishSession(s.Context(), "a", got.Claim, storage.Outcome{Status: storage.Failed}))
	s.balanced("d1", 6)
	s.balanced("u1", 1)
}

func eraseOwner(s *suite) {
	s.guest("d1", 9)
	s.user("u1")
	s.transferred("d1", "u1")
	for _, id := range []string{"a", "b", "c"} {
		s.ok(s.CreateSession(s.Context(), session(id, "u1", 1), true))
	}
	s.create("other")
	s.ok(s.AddReport(s.Context(), storage.Report{Session: "other", Question: "q1", Owner: "u1"}))
	s.ok(s.AddReport(s.Context(), storage.Report{Session: "other", Question: "q1", Owner: "amal"}))
	blob, kept := s.put("a", "page"), s.put("other", "page")
	got, err := s.ClaimSession(s.Context(), "b")
	s.ok(err)
	s.ok(s.AppendItem(s.Context(), "b", got.Claim, item(1)))

	for range 2 { // once more does nothing
		s.ok(s.EraseOwner(s.Context(), "u1", "ERASED"))
		for _, id := range []string{"a", "b", "c"} {
			_, err := s.Session(s.Context(), id)
			s.is(err, storage.ErrNotFound)
		}
		_, err = s.OpenBlob(s.Context(), "a", blob.Hash)
		s.is(err, storage.ErrNotFound)
		equal(s, "another's blob", s.content("other", kept), "page")
		_, err = s.Account(s.Context(), "u1")
		s.is(err, storage.ErrNotFound)
		_, _, err = s.OpenAccount(s.Context(), storage.Account{ID: "u1", Kind: storage.User, Subject: "x"}, storage.Welcome{})
		s.is(err, storage.ErrConflict)
		reports, err := s.Reports(s.Context(), "other")
		s.ok(err)
		equal(s, "reports of others", fmt.Sprint(len(reports), reports[0].Owner), "1amal")
		s.balanced("u1", 7) // what the sessions held came back
		s.ok(s.VerifyEntries(s.Context(), "u1"))
		s.ok(s.Check(s.Context()))
		s.jobs(1, 0, 0)
		s.reopen()
	}
	s.is(s.AppendItem(s.Context(), "b", got.Claim, item(2)), storage.ErrNotFound)
	equal(s, "its subject can begin anew", s.opened(storage.User, "u9", "issuer|u1", storage.Welcome{}).ID, "u9")
	s.balanced("u9", 0)
}

func eraseStranger(s *suite) {
	s.refused("nobody", s.EraseOwner(s.Context(), "", "ERASED"))
	s.grant("amal", 3)
	s.ok(s.CreateSession(s.Context(), session("a", "amal", 1), true))
	s.ok(s.EraseOwner(s.Context(), "amal", "ERASED"))
	_, err := s.Session(s.Context(), "a")
	s.is(err, storage.ErrNotFound)
	s.balanced("amal", 3)
	_, _, err = s.OpenAccount(s.Context(), storage.Account{ID: "amal", Kind: storage.Device}, storage.Welcome{})
	s.is(err, storage.ErrConflict)
	s.is(s.EraseOwner(s.cancelled(), "basma", "ERASED"), context.Canceled)
}

func eraseWhileWritten(s *suite) {
	s.guest("d1", 30)
	errs := together(30, func(i int) error {
		if i%10 == 5 {
			return s.EraseOwner(s.Context(), "d1", "ERASED")
		}
		return s.CreateSession(s.Context(), session(fmt.Sprint("s", i), "d1", 1), true)
	})
	equal(s, "answered", count(errs, nil), len(errs))
	s.ok(s.EraseOwner(s.Context(), "d1", "ERASED"))
	s.balanced("d1", 30)
	s.jobs(0, 0, 0)
	s.ok(s.Check(s.Context()))
}
