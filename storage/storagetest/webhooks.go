package storagetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func webhookCases() []testcase {
	return []testcase{
		{"an event is kept until it is done, also after a restart", webhookKept},
		{"a copy is kept once", webhookCopy},
		{"events are read oldest first, before a time, at most so many", webhookOrder},
		{"an event is done once", webhookMark},
		{"done events are dropped, pending ones stay", webhookDrop},
		{"many copies at once are one event and one credit", webhookTogether},
		{"an event needs a gateway", webhookWrong},
	}
}

// hears keeps an event that is new and returns its id.
func (s *suite) hears(w storage.Webhook) int64 {
	s.Helper()
	id, added, err := s.AddWebhook(s.Context(), w)
	s.ok(err)
	equal(s, "new", added, true)
	return id
}

func (s *suite) marks(id int64, outcome string, want bool) {
	s.Helper()
	did, err := s.MarkWebhook(s.Context(), id, outcome)
	s.ok(err)
	equal(s, "marked by this call", did, want)
}

// pending returns the transactions of what is pending.
func (s *suite) pending(t time.Time, limit int) string {
	s.Helper()
	all, err := s.PendingWebhooks(s.Context(), t, limit)
	s.ok(err)
	var words []string
	for _, w := range all {
		words = append(words, w.Transaction)
	}
	return strings.Join(words, " ")
}

// webhook returns an event of a transaction.
func webhook(transaction string) storage.Webhook {
	return storage.Webhook{Gateway: "g", Transaction: transaction, Status: "Paid", Hash: "h", Created: instant()}
}

// after is when all events of the cases have come.
func after() time.Time { return instant().Add(24 * time.Hour) }

func webhookKept(s *suite) {
	want := storage.Webhook{Gateway: "g", Transaction: "17", Order: "LS-1'", Status: "مدفوع", Hash: "h \x01", Created: instant().UTC()}
	id := s.hears(want)
	want.ID = id
	for range 2 {
		all, err := s.PendingWebhooks(s.Context(), after(), 10)
		s.ok(err)
		equal(s, "pending", len(all), 1)
		equal(s, "event", all[0], want)
		s.reopen()
	}
	s.marks(id, "paid", true)
	s.reopen()
	equal(s, "pending", s.pending(after(), 10), "")
	before := time.Now().Add(-time.Second)
	plain := webhook("18")
	plain.Created = time.Time{}
	s.hears(plain)
	equal(s, "created now", s.pending(before, 10)+"|"+s.pending(time.Now().Add(time.Minute), 10), "|18")
}

func webhookCopy(s *suite) {
	first := s.hears(webhook("17"))
	for _, done := range []bool{false, true} {
		id, added, err := s.AddWebhook(s.Context(), webhook("17"))
		s.ok(err)
		equal(s, "a copy", fmt.Sprint(id, added), fmt.Sprint(first, false))
		s.marks(first, "paid", !done)
	}
	equal(s, "pending", s.pending(after(), 10), "")
	for i, change := range []func(*storage.Webhook){
		func(w *storage.Webhook) { w.Gateway = "h" }, func(w *storage.Webhook) { w.Transaction = "" },
		func(w *storage.Webhook) { w.Status = "paid" }, func(w *storage.Webhook) { w.Hash = "" },
	} {
		w := webhook("17")
		change(&w)
		equal(s, fmt.Sprint("its own number, ", i), s.hears(w) > first, true)
	}
}

func webhookOrder(s *suite) {
	for i := range 5 {
		w := webhook(fmt.Sprint(i))
		w.Created = instant().Add(time.Duration(i) * time.Minute)
		s.hears(w)
	}
	equal(s, "all", s.pending(after(), 10), "0 1 2 3 4")
	equal(s, "the first", s.pending(after(), 2), "0 1")
	equal(s, "before a time", s.pending(instant().Add(2*time.Minute), 10), "0 1")
	equal(s, "none asked", s.pending(after(), 0)+s.pending(after(), -1), "")
}

func webhookMark(s *suite) {
	id := s.hears(webhook("17"))
	did := make([]bool, 30)
	errs := together(len(did), func(i int) (err error) {
		did[i], err = s.MarkWebhook(s.Context(), id, fmt.Sprint(i))
		return err
	})
	equal(s, "answered", count(errs, nil), len(did))
	n := 0
	for _, one := range did {
		if one {
			n++
		}
	}
	equal(s, "marked", n, 1)
	_, err := s.MarkWebhook(s.Context(), id+1, "paid")
	s.is(err, storage.ErrNotFound)
	_, err = s.MarkWebhook(s.cancelled(), id, "paid")
	s.is(err, context.Canceled)
}

func webhookDrop(s *suite) {
	for i := range 4 {
		w := webhook(fmt.Sprint(i))
		w.Created = instant().Add(time.Duration(i) * time.Minute)
		if id := s.hears(w); i != 1 {
			s.marks(id, "paid", true)
		}
	}
	for _, want := range []int{2, 0} { // the first and the third
		n, err := s.DropWebhooks(s.Context(), instant().Add(3*time.Minute))
		s.ok(err)
		equal(s, "dropped", n, want)
	}
	equal(s, "pending", s.pending(after(), 10), "1")
	s.hears(webhook("0")) // forgotten, so it is new
	_, added, err := s.AddWebhook(s.Context(), webhook("3"))
	s.ok(err)
	equal(s, "one that was kept is new", added, false)
}

func webhookTogether(s *suite) {
	s.ok(FloodWebhook(s.Context(), s.Store, 150))
	s.balanced("amal", 10)
	equal(s, "pending", s.pending(after(), 10), "")
	s.ok(s.Check(s.Context()))
}

func webhookWrong(s *suite) {
	w := webhook("17")
	w.Gateway = ""
	_, _, err := s.AddWebhook(s.Context(), w)
	s.refused("no gateway", err)
	_, _, err = s.AddWebhook(s.cancelled(), webhook("17"))
	s.is(err, context.Canceled)
	equal(s, "pending", s.pending(after(), 10), "")
}
