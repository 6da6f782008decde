package storagetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

func textCases() []testcase {
	return []testcase{
		{"what was read from a page is found by its owner alone", textFound},
		{"the last item noted for a page counts", textLast},
		{"what is not there can't be noted", textUnknown},
		{"a text goes with its session, however that goes", textGoes},
		{"a text that is noted while its owner is erased goes too", textErased},
	}
}

// read makes a session of an owner with some items, of which the second was read from a
// page.
func (s *suite) read(id, owner, hash string) {
	s.Helper()
	s.ok(s.CreateSession(s.Context(), session(id, owner, 1), false))
	got, err := s.ClaimSession(s.Context(), id)
	s.ok(err)
	for seq := 1; seq <= 3; seq++ {
		s.ok(s.AppendItem(s.Context(), id, got.Claim, s.readItem(id, seq)))
	}
	s.ok(s.KeepText(s.Context(), owner, hash, id, 2))
}

func (s *suite) readItem(id string, seq int) storage.Item {
	return storage.Item{Seq: seq, Kind: "page", JSON: fmt.Appendf(nil, `{"text":"نص %d of %s"}`, seq, id)}
}

// finds checks which session an owner's text is of; empty means that there is none.
func (s *suite) finds(owner, hash, want string) {
	s.Helper()
	id, it, err := s.Text(s.Context(), owner, hash)
	if want == "" {
		s.is(err, storage.ErrNotFound)
		return
	}
	s.ok(err)
	equal(s, "session of the text", id, want)
	equal(s, "text", fmt.Sprint(it.Seq, it.Kind, string(it.JSON)), fmt.Sprint(2, "page", string(s.readItem(want, 2).JSON)))
}

func textFound(s *suite) {
	s.read("a", "amal", "h1")
	s.read("b", "بسمة", "h1")
	s.read("c", "amal", "h2' OR 1=1")
	for range 2 {
		s.finds("amal", "h1", "a")
		s.finds("بسمة", "h1", "b")
		s.finds("amal", "h2' OR 1=1", "c")
		s.finds("بسمة", "h2' OR 1=1", "")
		s.finds("amal", "h", "")
		s.finds("amal", "", "")
		s.finds("", "h1", "")
		s.reopen()
	}
	s.ok(s.Check(s.Context()))
}

func textLast(s *suite) {
	s.read("a", "amal", "h")
	s.ok(s.KeepText(s.Context(), "amal", "h", "a", 2)) // once more changes nothing
	s.finds("amal", "h", "a")
	s.read("b", "amal", "h")
	s.finds("amal", "h", "b")
	errs := together(20, func(i int) error { return s.KeepText(s.Context(), "amal", "h", string(rune('a'+i%2)), 2) })
	equal(s, "noted", count(errs, nil), len(errs))
	s.ok(s.EraseSession(s.Context(), "a", "ERASED"))
	s.ok(s.KeepText(s.Context(), "amal", "h", "b", 2))
	s.finds("amal", "h", "b")
}

func textUnknown(s *suite) {
	s.read("a", "amal", "h")
	for _, c := range []struct {
		owner, session string
		seq            int
	}{{"amal", "unknown", 1}, {"amal", "", 1}, {"amal", "../a", 1}, {"amal", "a", 0}, {"amal", "a", 4}, {"amal", "a", -1}, {"basma", "a", 2}} {
		s.is(s.KeepText(s.Context(), c.owner, "h", c.session, c.seq), storage.ErrNotFound)
	}
	s.refused("a text of nobody", s.KeepText(s.Context(), "", "h", "a", 2))
	s.refused("a text of no page", s.KeepText(s.Context(), "amal", "", "a", 2))
	s.is(s.KeepText(s.cancelled(), "amal", "h", "a", 3), context.Canceled)
	s.finds("amal", "h", "a")
	s.finds("basma", "h", "")
}

func textGoes(s *suite) {
	for _, id := range []string{"erased", "expired"} {
		s.read(id, "amal", id)
	}
	s.read("owned", "basma", "owned")
	s.read("kept", "zaid", "kept")
	s.ok(s.EraseSession(s.Context(), "erased", "ERASED"))
	s.finds("amal", "erased", "")
	s.finds("amal", "expired", "expired")
	s.ok(s.EraseOwner(s.Context(), "basma", "ERASED"))
	s.finds("basma", "owned", "")
	s.finds("zaid", "kept", "kept")
	equal(s, "removed", s.expire(late(), 10), 2)
	s.finds("amal", "expired", "")
	s.finds("zaid", "kept", "")
	s.ok(s.Check(s.Context()))
}

func textErased(s *suite) {
	const sessions = 8
	for i := range sessions {
		s.read(fmt.Sprint("s", i), "amal", "h")
	}
	errs := together(5*sessions, func(i int) error {
		if i == 2*sessions {
			return s.EraseOwner(s.Context(), "amal", "ERASED")
		}
		err := s.KeepText(s.Context(), "amal", fmt.Sprint("h", i%3), fmt.Sprint("s", i%sessions), 2)
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		return err
	})
	equal(s, "answered", count(errs, nil), len(errs))
	for _, hash := range []string{"h", "h0", "h1", "h2"} {
		s.finds("amal", hash, "")
	}
	s.ok(s.Check(s.Context()))
}
