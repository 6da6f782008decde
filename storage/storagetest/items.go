package storagetest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/storage"
)

func itemCases() []testcase {
	return []testcase{
		{"items come back in order, byte for byte", itemsInOrder},
		{"items after a number", itemsAfter},
		{"a session without items has none", noItems},
		{"a number that does not follow is in conflict", holes},
		{"of many who append one number one succeeds", appendTogether},
		{"sessions do not wait for each other's numbers", appendAcross},
		{"a cancelled append happens whole or not at all", cancelledAppend},
		{"a large item", largeItem},
		{"progress of the sessions that are there", progress},
	}
}

func item(seq int) storage.Item {
	return storage.Item{Seq: seq, Kind: "question", JSON: fmt.Appendf(nil, `{"n":%d}`, seq)}
}

func itemsInOrder(s *suite) {
	got := s.claimed("a")
	want := []storage.Item{
		{Seq: 1, Kind: "page", JSON: []byte("{\"text\":\"نص \\u0000 '\\\"\"}")},
		{Seq: 2, Kind: "lesson", JSON: []byte(` { "not" : "canonical" } `)},
		{Seq: 3, Kind: "what comes later", JSON: []byte{0x00, 0xff, '\n'}},
		{Seq: 4, Kind: "", JSON: []byte{}},
	}
	for _, it := range want {
		s.ok(s.AppendItem(s.Context(), "a", got.Claim, it))
	}
	items, err := s.Items(s.Context(), "a", 0)
	s.ok(err)
	if !slices.EqualFunc(items, want, sameItem) {
		s.Fatalf("got %v, want %v", items, want)
	}
	found, err := s.Session(s.Context(), "a")
	s.ok(err)
	equal(s, "number of the last item", found.Items, 4)
}

func sameItem(a, b storage.Item) bool {
	return a.Seq == b.Seq && a.Kind == b.Kind && string(a.JSON) == string(b.JSON)
}

func itemsAfter(s *suite) {
	got := s.claimed("a")
	for seq := 1; seq <= 12; seq++ {
		s.ok(s.AppendItem(s.Context(), "a", got.Claim, item(seq)))
	}
	for _, after := range []int{-1, 0, 1, 9, 11, 12, 13} {
		items, err := s.Items(s.Context(), "a", after)
		s.ok(err)
		equal(s, fmt.Sprint("items after ", after), len(items), min(max(12-after, 0), 12))
		for i, it := range items {
			equal(s, "number", it.Seq, max(after, 0)+1+i)
		}
	}
}

func noItems(s *suite) {
	s.create("a")
	for _, id := range []string{"a", "unknown", "", "../a"} {
		items, err := s.Items(s.Context(), id, 0)
		s.ok(err)
		equal(s, "items of "+id, len(items), 0)
	}
}

func holes(s *suite) {
	got := s.claimed("a")
	s.ok(s.AppendItem(s.Context(), "a", got.Claim, item(1)))
	s.ok(s.AppendItem(s.Context(), "a", got.Claim, item(2)))
	for _, seq := range []int{-1, 0, 1, 2, 4, 1 << 40} {
		s.is(s.AppendItem(s.Context(), "a", got.Claim, item(seq)), storage.ErrConflict)
	}
	s.ok(s.AppendItem(s.Context(), "a", got.Claim, item(3)))
}

func appendTogether(s *suite) {
	const n = 20
	got := s.claimed("a")
	for seq := 1; seq <= 5; seq++ {
		errs := together(n, func(i int) error {
			return s.AppendItem(s.Context(), "a", got.Claim, storage.Item{Seq: seq, Kind: fmt.Sprint(i), JSON: []byte(`{}`)})
		})
		equal(s, "appended", count(errs, nil), 1)
		equal(s, "refused", count(errs, storage.ErrConflict), n-1)
		items, err := s.Items(s.Context(), "a", seq-1)
		s.ok(err)
		winner := slices.Index(errs, nil)
		equal(s, "the one that was answered", items[0].Kind, fmt.Sprint(winner))
	}
}

func appendAcross(s *suite) {
	const sessions, items = 20, 10
	claims := make([]int64, sessions)
	for i := range sessions {
		claims[i] = s.claimed(fmt.Sprint("s", i)).Claim
	}
	errs := together(sessions, func(i int) error {
		for seq := 1; seq <= items; seq++ {
			if err := s.AppendItem(s.Context(), fmt.Sprint("s", i), claims[i], item(seq)); err != nil {
				return err
			}
			if have, err := s.Items(s.Context(), fmt.Sprint("s", i), 0); err != nil || len(have) != seq {
				return fmt.Errorf("%d items are seen after %d were answered: %w", len(have), seq, err)
			}
		}
		return nil
	})
	for _, err := range errs {
		s.ok(err)
	}
}

func cancelledAppend(s *suite) {
	got := s.claimed("a")
	s.is(s.AppendItem(s.cancelled(), "a", got.Claim, item(1)), context.Canceled)
	items, err := s.Items(s.Context(), "a", 0)
	s.ok(err)
	equal(s, "items", len(items), 0)
	s.ok(s.AppendItem(s.Context(), "a", got.Claim, item(1)))
}

func largeItem(s *suite) {
	got := s.claimed("a")
	want := storage.Item{Seq: 1, Kind: "page", JSON: []byte(`"` + strings.Repeat("كلمة ", 200_000) + `"`)}
	s.ok(s.AppendItem(s.Context(), "a", got.Claim, want))
	items, err := s.Items(s.Context(), "a", 0)
	s.ok(err)
	equal(s, "same", sameItem(items[0], want), true)
}

func progress(s *suite) {
	s.create("queued")
	s.ended("ready", storage.Ready)
	got := s.claimed("processing")
	s.ok(s.AppendItem(s.Context(), "processing", got.Claim, item(1)))
	s.ok(s.AppendItem(s.Context(), "processing", got.Claim, item(2)))

	all, err := s.Progress(s.Context(), []string{"processing", "unknown", "queued", `"`, "queued"})
	s.ok(err)
	seen := map[string]storage.Progress{}
	for _, p := range all {
		seen[p.ID] = p
	}
	equal(s, "sessions", len(seen), 2)
	equal(s, "processing", seen["processing"], storage.Progress{ID: "processing", Status: storage.Processing, Items: 2})
	equal(s, "queued", seen["queued"], storage.Progress{ID: "queued", Status: storage.Queued})

	none, err := s.Progress(s.Context(), nil)
	s.ok(err)
	equal(s, "progress of none", len(none), 0)

	many := make([]string, 20_000)
	for i := range many {
		many[i] = fmt.Sprint("x", i)
	}
	many[12_345] = "ready"
	all, err = s.Progress(s.Context(), many)
	s.ok(err)
	equal(s, "one of many", len(all), 1)
}
