package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func sessionCases() []testcase {
	return []testcase{
		{"a session comes back as it was stored", sessionComesBack},
		{"an id that cannot name a folder is refused", badIDs},
		{"a session needs an owner and no negative pages", badSessions},
		{"an unknown session is not found", unknownSession},
		{"an id that exists takes nothing", existingID},
		{"an id that exists says so even when the balance is empty now", existingIDFirst},
		{"a balance that is too low leaves nothing", tooLow},
		{"creating without a hold leaves the balance alone", noHold},
		{"of many who create one id one succeeds", createTogether},
		{"a cancelled creation happens whole or not at all", cancelledCreate},
		{"each claim has the next number", claims},
		{"claims that race have different numbers", claimTogether},
		{"an older claim is stale", staleClaim},
		{"a number that was never given out is stale", foreignClaim},
		{"a session that has ended is in conflict", endedSession},
		{"an older claim is stale even when the session has ended", staleAfterEnd},
		{"ready captures the pages", readyCaptures},
		{"ready captures nothing where nothing was held", readyWithoutHold},
		{"ends that race capture or release, never both", endTogether},
		{"failed gives the pages back once", failedReleases},
		{"failed gives nothing back where nothing was held", failedWithoutHold},
		{"only ready and failed end a session", badOutcome},
		{"a result is stored once, and only when ready", submit},
	}
}

func sessionComesBack(s *suite) {
	want := session("a-Z_09", "amal", 3)
	want.Key, want.Print = "key", "print"
	want.Request = []byte("{\"q\":\"\u0633\u0624\u0627\u0644 \\u0000\"}")
	s.ok(s.CreateSession(s.Context(), want, false))
	got, err := s.Session(s.Context(), want.ID)
	s.ok(err)
	equal(s, "ids", got.ID+" "+got.Owner, "a-Z_09 amal")
	equal(s, "status", got.Status, storage.Queued)
	equal(s, "pages, items", [2]int{got.Pages, got.Items}, [2]int{3, 0})
	equal(s, "claim", got.Claim, 0)
	equal(s, "key and print", got.Key+" "+got.Print, "key print")
	equal(s, "request", string(got.Request), string(want.Request))
	equal(s, "created, to the microsecond and in UTC", got.Created, want.Created.UTC())
	equal(s, "expires", got.Expires, want.Expires.UTC())
	equal(s, "updated is in UTC", got.Updated.Location(), time.UTC)
	if got.Code != "" || got.Detail != nil || got.Result != nil {
		s.Fatalf("a new session has a code, a detail or a result: %+v", got)
	}

	forever := session("forever", "amal", 1)
	forever.Created, forever.Expires = time.Time{}, time.Time{}
	s.ok(s.CreateSession(s.Context(), forever, false))
	got, err = s.Session(s.Context(), forever.ID)
	s.ok(err)
	equal(s, "a zero expiry stays zero", got.Expires.IsZero(), true)
	equal(s, "a zero creation is filled in", got.Created.IsZero(), false)
}

func badIDs(s *suite) {
	for _, id := range []string{"", ".", "..", "../a", "a/b", `a\b`, "a b", "a\x00", "س", strings.Repeat("a", 65)} {
		s.refused(fmt.Sprintf("id %q", id), s.CreateSession(s.Context(), session(id, "amal", 1), false))
	}
	s.create(strings.Repeat("a", 64))
}

func badSessions(s *suite) {
	s.refused("a session without an owner", s.CreateSession(s.Context(), session("a", "", 1), false))
	s.refused("a session of -1 pages", s.CreateSession(s.Context(), session("a", "amal", -1), true))
	s.jobs(0, 0, 0)
	s.balanced("amal", 0)
}

func unknownSession(s *suite) {
	ctx := s.Context()
	for _, id := range []string{"unknown", "", "../etc", "' OR 1=1"} {
		_, err := s.Session(ctx, id)
		s.is(err, storage.ErrNotFound)
		_, err = s.ClaimSession(ctx, id)
		s.is(err, storage.ErrNotFound)
		s.is(s.FinishSession(ctx, id, 1, storage.Outcome{Status: storage.Ready}), storage.ErrNotFound)
		s.is(s.SubmitSession(ctx, id, nil), storage.ErrNotFound)
		s.is(s.AppendItem(ctx, id, 1, storage.Item{Seq: 1}), storage.ErrNotFound)
	}
}

func existingID(s *suite) {
	s.grant("amal", 5)
	s.ok(s.CreateSession(s.Context(), session("a", "amal", 2), true))
	other := session("a", "amal", 1)
	other.Request = []byte(`{"other":true}`)
	s.is(s.CreateSession(s.Context(), other, true), storage.ErrExists)
	got, err := s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "request", string(got.Request), `{"n":20}`)
	s.balanced("amal", 3)
	s.jobs(1, 0, 0)
}

func existingIDFirst(s *suite) {
	s.grant("amal", 1)
	s.ok(s.CreateSession(s.Context(), session("a", "amal", 1), true))
	s.is(s.CreateSession(s.Context(), session("a", "amal", 1), true), storage.ErrExists)
}

func tooLow(s *suite) {
	s.grant("amal", 2)
	s.is(s.CreateSession(s.Context(), session("a", "amal", 3), true), storage.ErrInsufficient)
	s.is(s.CreateSession(s.Context(), session("b", "nobody", 1), true), storage.ErrInsufficient)
	_, err := s.Session(s.Context(), "a")
	s.is(err, storage.ErrNotFound)
	s.jobs(0, 0, 0)
	s.balanced("amal", 2)
	equal(s, "entries", s.entries("amal"), "grant +2 welcome")
	s.ok(s.CreateSession(s.Context(), session("a", "amal", 2), true))
	s.balanced("amal", 0)
	equal(s, "entries", s.entries("amal"), "hold -2 a, grant +2 welcome")
}

func noHold(s *suite) {
	s.ok(s.CreateSession(s.Context(), session("a", "amal", 3), false))
	s.balanced("amal", 0)
	equal(s, "entries", s.entries("amal"), "")
	s.jobs(1, 0, 0)
}

func createTogether(s *suite) {
	s.grant("amal", 100)
	errs := together(50, func(int) error {
		return s.CreateSession(s.Context(), session("a", "amal", 2), true)
	})
	equal(s, "created", count(errs, nil), 1)
	equal(s, "refused", count(errs, storage.ErrExists), 49)
	s.balanced("amal", 98)
	s.jobs(1, 0, 0)
}

func cancelledCreate(s *suite) {
	const n = 100
	s.grant("amal", n)
	s.is(s.CreateSession(s.cancelled(), session("never", "amal", 1), true), context.Canceled)
	_, err := s.Session(s.Context(), "never")
	s.is(err, storage.ErrNotFound)

	errs := together(n, func(i int) error {
		ctx, cancel := context.WithTimeout(s.Context(), rand.N(3*time.Millisecond))
		defer cancel()
		return s.CreateSession(ctx, session(fmt.Sprint("s", i), "amal", 1), true)
	})
	eventually(s, "what was under way", func() bool { // nobody waits for it any more
		created := 0
		for i, err := range errs {
			_, missing := s.Session(s.Context(), fmt.Sprint("s", i))
			if missing == nil {
				created++
			} else if err == nil {
				s.Fatalf("session s%d was answered and is not there", i)
			}
		}
		pages, err := s.Balance(s.Context(), "amal")
		s.ok(err)
		d, err := s.Depth(s.Context())
		s.ok(err)
		return pages == n-created && d.Waiting == created
	})
}

func claims(s *suite) {
	s.create("a")
	for n := int64(1); n <= 3; n++ {
		got, err := s.ClaimSession(s.Context(), "a")
		s.ok(err)
		equal(s, "claim", got.Claim, n)
		equal(s, "status", got.Status, storage.Processing)
		if !bytes.Equal(got.Request, []byte(`{"n":20}`)) || got.Owner != "amal" {
			s.Fatalf("a claim returns %+v", got)
		}
	}
	got, err := s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "claim", got.Claim, 3)
}

func claimTogether(s *suite) {
	const n = 30
	s.create("a")
	numbers := make([]int64, n)
	errs := together(n, func(i int) error {
		got, err := s.ClaimSession(s.Context(), "a")
		numbers[i] = got.Claim
		return err
	})
	equal(s, "claims", count(errs, nil), n)
	seen := map[int64]bool{}
	for _, number := range numbers {
		seen[number] = true
	}
	equal(s, "different numbers", len(seen), n)
	errs = together(n, func(i int) error {
		return s.AppendItem(s.Context(), "a", numbers[i], storage.Item{Seq: 1, Kind: "page", JSON: []byte(`{}`)})
	})
	equal(s, "claims that could write", count(errs, nil), 1)
	equal(s, "stale claims", count(errs, storage.ErrStale), n-1)
}

func staleClaim(s *suite) {
	old := s.claimed("a")
	_, err := s.ClaimSession(s.Context(), "a")
	s.ok(err)
	s.is(s.AppendItem(s.Context(), "a", old.Claim, storage.Item{Seq: 1}), storage.ErrStale)
	s.is(s.FinishSession(s.Context(), "a", old.Claim, storage.Outcome{Status: storage.Failed}), storage.ErrStale)
	got, err := s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "status", got.Status, storage.Processing)
	equal(s, "items", got.Items, 0)
}

func foreignClaim(s *suite) {
	s.create("a")
	for _, claim := range []int64{-1, 0, 1} {
		s.is(s.AppendItem(s.Context(), "a", claim, storage.Item{Seq: 1}), storage.ErrStale)
		s.is(s.FinishSession(s.Context(), "a", claim, storage.Outcome{Status: storage.Ready}), storage.ErrStale)
	}
}

func endedSession(s *suite) {
	for _, status := range []storage.Status{storage.Ready, storage.Failed} {
		id := string(status)
		old := s.ended(id, status)
		_, err := s.ClaimSession(s.Context(), id)
		s.is(err, storage.ErrConflict)
		s.is(s.AppendItem(s.Context(), id, old.Claim, storage.Item{Seq: 1}), storage.ErrConflict)
		s.is(s.FinishSession(s.Context(), id, old.Claim, storage.Outcome{Status: storage.Failed}), storage.ErrConflict)
	}
}

func staleAfterEnd(s *suite) {
	old := s.claimed("a")
	last, err := s.ClaimSession(s.Context(), "a")
	s.ok(err)
	s.ok(s.FinishSession(s.Context(), "a", last.Claim, storage.Outcome{Status: storage.Ready}))
	s.is(s.AppendItem(s.Context(), "a", old.Claim, storage.Item{Seq: 1}), storage.ErrStale)
	s.is(s.FinishSession(s.Context(), "a", old.Claim, storage.Outcome{Status: storage.Ready}), storage.ErrStale)
}

func readyCaptures(s *suite) {
	s.grant("amal", 5)
	s.ok(s.CreateSession(s.Context(), session("a", "amal", 2), true))
	got, err := s.ClaimSession(s.Context(), "a")
	s.ok(err)
	s.ok(s.FinishSession(s.Context(), "a", got.Claim, storage.Outcome{Status: storage.Ready}))
	s.balanced("amal", 3)
	equal(s, "entries", s.entries("amal"), "capture +0 a, hold -2 a, grant +5 welcome")
	got, err = s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "status", got.Status, storage.Ready)
}

func readyWithoutHold(s *suite) {
	s.ended("a", storage.Ready)
	equal(s, "entries", s.entries("amal"), "")
}

// endTogether ends one session as a worker, as the one who expires it and as the one
// who erases it.
func endTogether(s *suite) {
	for round := range 5 {
		id, owner := fmt.Sprint("s", round), fmt.Sprint("owner", round)
		s.grant(owner, 5)
		s.ok(s.CreateSession(s.Context(), session(id, owner, 2), true))
		got, err := s.ClaimSession(s.Context(), id)
		s.ok(err)
		errs := together(20, func(i int) error {
			switch i % 4 {
			case 0:
				return s.FinishSession(s.Context(), id, got.Claim, storage.Outcome{Status: storage.Ready})
			case 1:
				return s.FinishSession(s.Context(), id, got.Claim, storage.Outcome{Status: storage.Failed})
			case 2:
				return s.EraseSession(s.Context(), id, "ERASED")
			default:
				_, err := s.ExpireSessions(s.Context(), late(), "EXPIRED", 1)
				return err
			}
		})
		for _, err := range errs {
			if err != nil && !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrConflict) {
				s.Fatalf("unexpected error: %v", err)
			}
		}
		switch entries := s.entries(owner); entries {
		case "capture +0 " + id + ", hold -2 " + id + ", grant +5 welcome":
			s.balanced(owner, 3)
		case "release +2 " + id + ", hold -2 " + id + ", grant +5 welcome":
			s.balanced(owner, 5)
		default:
			s.Fatalf("entries: %s", entries)
		}
		s.ok(s.VerifyEntries(s.Context(), owner))
	}
}

func failedReleases(s *suite) {
	s.grant("amal", 5)
	s.ok(s.CreateSession(s.Context(), session("a", "amal", 2), true))
	got, err := s.ClaimSession(s.Context(), "a")
	s.ok(err)
	errs := together(20, func(int) error {
		return s.FinishSession(s.Context(), "a", got.Claim, storage.Outcome{
			Status: storage.Failed, Code: "RECAPTURE_REQUIRED", Detail: []byte(`{"pages":[2]}`),
		})
	})
	equal(s, "finished", count(errs, nil), 1)
	equal(s, "refused", count(errs, storage.ErrConflict), 19)
	s.balanced("amal", 5)
	equal(s, "entries", s.entries("amal"), "release +2 a, hold -2 a, grant +5 welcome")
	got, err = s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "outcome", string(got.Status)+" "+got.Code+" "+string(got.Detail), `failed RECAPTURE_REQUIRED {"pages":[2]}`)
}

func failedWithoutHold(s *suite) {
	s.ended("a", storage.Failed)
	s.balanced("amal", 0)
	equal(s, "entries", s.entries("amal"), "")
}

func badOutcome(s *suite) {
	got := s.claimed("a")
	for _, status := range []storage.Status{"", storage.Queued, storage.Processing, storage.Completed, "done"} {
		s.refused("outcome "+string(status), s.FinishSession(s.Context(), "a", got.Claim, storage.Outcome{Status: status}))
	}
}

func submit(s *suite) {
	s.create("queued")
	s.is(s.SubmitSession(s.Context(), "queued", []byte(`{}`)), storage.ErrConflict)
	s.ended("failed", storage.Failed)
	s.is(s.SubmitSession(s.Context(), "failed", []byte(`{}`)), storage.ErrConflict)

	s.ended("a", storage.Ready)
	errs := together(20, func(i int) error {
		return s.SubmitSession(s.Context(), "a", fmt.Appendf(nil, `{"by":%d}`, i))
	})
	equal(s, "submitted", count(errs, nil), 1)
	equal(s, "refused", count(errs, storage.ErrConflict), 19)
	got, err := s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "status", got.Status, storage.Completed)
	for i, err := range errs {
		if err == nil {
			equal(s, "result", string(got.Result), fmt.Sprintf(`{"by":%d}`, i))
		}
	}
	_, err = s.ClaimSession(s.Context(), "a")
	s.is(err, storage.ErrConflict)
}
