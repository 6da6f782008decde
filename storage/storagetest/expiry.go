package storagetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func expiryCases() []testcase {
	return []testcase{
		{"an expired session goes with all that is its own", expiryRemoves},
		{"only what expired before the time goes", expirySpares},
		{"no more than the limit goes, the oldest first", expiryLimit},
		{"pages that were still held come back once", expiryReleases},
		{"the job of a session that has gone is not worked", expiryJob},
		{"a worker of a session that has gone learns it", expiryWorker},
		{"callers at the same time remove each session once", expiryTogether},
		{"an erased session goes at once with all that is its own", eraseRemoves},
		{"erasing gives back the pages that were still held, once", eraseReleases},
		{"an unknown session is not found", eraseUnknown},
		{"of many who erase one session one does", eraseTogether},
	}
}

// late is after every session of the suite has expired.
func late() time.Time { return instant().Add(100 * 24 * time.Hour) }

func (s *suite) expire(before time.Time, limit int) int {
	s.Helper()
	n, err := s.ExpireSessions(s.Context(), before, "EXPIRED", limit)
	s.ok(err)
	return n
}

func expiryRemoves(s *suite) {
	got := s.claimed("a")
	s.ok(s.AppendItem(s.Context(), "a", got.Claim, storage.Item{Seq: 1, Kind: "page", JSON: []byte(`{}`)}))
	s.ok(s.AddReport(s.Context(), storage.Report{Session: "a", Question: "q1", Owner: "amal"}))
	blob, err := s.PutBlob(s.Context(), "a", strings.NewReader("page"))
	s.ok(err)
	other, err := s.PutBlob(s.Context(), "b", strings.NewReader("page"))
	s.ok(err)

	equal(s, "removed", s.expire(late(), 10), 1)
	_, err = s.Session(s.Context(), "a")
	s.is(err, storage.ErrNotFound)
	items, err := s.Items(s.Context(), "a", 0)
	s.ok(err)
	reports, err := s.Reports(s.Context(), "a")
	s.ok(err)
	equal(s, "items and reports left", len(items)+len(reports), 0)
	_, err = s.OpenBlob(s.Context(), "a", blob.Hash)
	s.is(err, storage.ErrNotFound)
	open, err := s.OpenBlob(s.Context(), "b", other.Hash)
	s.ok(err)
	s.ok(open.Close())
	equal(s, "removed again", s.expire(late(), 10), 0)
}

func expirySpares(s *suite) {
	old := session("old", "amal", 1)
	old.Expires = instant()
	s.ok(s.CreateSession(s.Context(), old, false))
	s.create("young")
	never := session("never", "amal", 1)
	never.Expires = time.Time{}
	s.ok(s.CreateSession(s.Context(), never, false))

	equal(s, "removed at the very instant", s.expire(instant(), 10), 0)
	equal(s, "removed a microsecond later", s.expire(instant().Add(time.Microsecond), 10), 1)
	equal(s, "removed late", s.expire(late(), 10), 1)
	_, err := s.Session(s.Context(), "never")
	s.ok(err)
}

func expiryLimit(s *suite) {
	for i := range 5 {
		one := session(fmt.Sprint("s", i), "amal", 1)
		one.Expires = instant().Add(-time.Duration(i) * time.Hour) // s4 first
		s.ok(s.CreateSession(s.Context(), one, false))
	}
	equal(s, "removed with limit 0", s.expire(late(), 0), 0)
	equal(s, "removed with limit 2", s.expire(late(), 2), 2)
	_, err := s.Session(s.Context(), "s4")
	s.is(err, storage.ErrNotFound)
	_, err = s.Session(s.Context(), "s0")
	s.ok(err)
	equal(s, "the rest", s.expire(late(), 10), 3)
}

func expiryReleases(s *suite) {
	s.grant("amal", 10)
	for _, id := range []string{"queued", "processing", "ready", "failed"} {
		s.ok(s.CreateSession(s.Context(), session(id, "amal", 2), true))
		if id == "queued" {
			continue
		}
		got, err := s.ClaimSession(s.Context(), id)
		s.ok(err)
		if id != "processing" {
			s.ok(s.FinishSession(s.Context(), id, got.Claim, storage.Outcome{Status: storage.Status(id)}))
		}
	}
	s.balanced("amal", 4) // failed has given back already
	equal(s, "removed", s.expire(late(), 10), 4)
	s.balanced("amal", 8) // ready has kept its two
	s.is(s.CreateSession(s.Context(), session("queued", "amal", 2), true), storage.ErrExists)
	s.balanced("amal", 8)
}

func expiryJob(s *suite) {
	s.create("a")
	s.create("b")
	s.jobs(2, 0, 0)
	equal(s, "removed", s.expire(late(), 1), 1)
	s.jobs(1, 0, 0)
}

func expiryWorker(s *suite) {
	got := s.claimed("a")
	equal(s, "removed", s.expire(late(), 10), 1)
	s.is(s.AppendItem(s.Context(), "a", got.Claim, storage.Item{Seq: 1}), storage.ErrNotFound)
	s.is(s.FinishSession(s.Context(), "a", got.Claim, storage.Outcome{Status: storage.Ready}), storage.ErrNotFound)
	_, err := s.ClaimSession(s.Context(), "a")
	s.is(err, storage.ErrNotFound)
}

func expiryTogether(s *suite) {
	const sessions = 40
	s.grant("amal", sessions)
	for i := range sessions {
		s.ok(s.CreateSession(s.Context(), session(fmt.Sprint("s", i), "amal", 1), true))
	}
	removed := make([]int, 10)
	errs := together(len(removed), func(i int) (err error) {
		removed[i], err = s.ExpireSessions(s.Context(), late(), "EXPIRED", sessions/4)
		return err
	})
	equal(s, "calls", count(errs, nil), len(removed))
	sum := 0
	for _, n := range removed {
		sum += n
	}
	equal(s, "removed", sum, sessions)
	s.balanced("amal", sessions)
	s.jobs(0, 0, 0)
}

func eraseRemoves(s *suite) {
	got := s.claimed("a")
	s.ok(s.AppendItem(s.Context(), "a", got.Claim, item(1)))
	s.ok(s.AddReport(s.Context(), storage.Report{Session: "a", Question: "q1", Owner: "amal"}))
	blob := s.put("a", "page")
	other := s.put("b", "page")
	s.create("b")
	s.jobs(2, 0, 0)

	s.ok(s.EraseSession(s.Context(), "a", "ERASED"))
	s.jobs(1, 0, 0)
	_, err := s.Session(s.Context(), "a")
	s.is(err, storage.ErrNotFound)
	items, err := s.Items(s.Context(), "a", 0)
	s.ok(err)
	reports, err := s.Reports(s.Context(), "a")
	s.ok(err)
	equal(s, "items and reports left", len(items)+len(reports), 0)
	_, err = s.OpenBlob(s.Context(), "a", blob.Hash)
	s.is(err, storage.ErrNotFound)
	s.is(s.AppendItem(s.Context(), "a", got.Claim, item(2)), storage.ErrNotFound)
	_, err = s.Session(s.Context(), "b")
	s.ok(err)
	equal(s, "another's blob", s.content("b", other), "page")
	s.ok(s.Check(s.Context()))
}

func eraseReleases(s *suite) {
	s.grant("amal", 10)
	for _, id := range []string{"queued", "processing", "ready", "failed"} {
		s.ok(s.CreateSession(s.Context(), session(id, "amal", 2), true))
		if id == "queued" {
			continue
		}
		got, err := s.ClaimSession(s.Context(), id)
		s.ok(err)
		if id != "processing" {
			s.ok(s.FinishSession(s.Context(), id, got.Claim, storage.Outcome{Status: storage.Status(id)}))
		}
	}
	for _, id := range []string{"queued", "processing", "ready", "failed"} {
		s.ok(s.EraseSession(s.Context(), id, "ERASED"))
		s.is(s.EraseSession(s.Context(), id, "ERASED"), storage.ErrNotFound)
	}
	s.balanced("amal", 8) // ready has kept its two
	s.is(s.CreateSession(s.Context(), session("queued", "amal", 2), true), storage.ErrExists)
	s.ok(s.VerifyEntries(s.Context(), "amal"))
}

func eraseUnknown(s *suite) {
	s.create("a")
	for _, id := range []string{"unknown", "", "../a", "' OR 1=1"} {
		s.is(s.EraseSession(s.Context(), id, "ERASED"), storage.ErrNotFound)
	}
	s.jobs(1, 0, 0)
}

func eraseTogether(s *suite) {
	s.grant("amal", 2)
	s.ok(s.CreateSession(s.Context(), session("a", "amal", 2), true))
	errs := together(30, func(int) error { return s.EraseSession(s.Context(), "a", "ERASED") })
	equal(s, "erased", count(errs, nil), 1)
	equal(s, "refused", count(errs, storage.ErrNotFound), len(errs)-1)
	s.balanced("amal", 2)
	s.jobs(0, 0, 0)
}
