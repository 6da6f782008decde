package storagetest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/storage"
)

func valueCases() []testcase {
	return []testcase{
		{"an unknown value is not found", valueUnknown},
		{"a value is set where there was none, and only there", valueFirst},
		{"a value takes the place of the one it names", valueReplace},
		{"of many who set one value one does", valueTogether},
	}
}

func (s *suite) value(name string) string {
	s.Helper()
	got, err := s.Value(s.Context(), name)
	s.ok(err)
	return string(got)
}

func valueUnknown(s *suite) {
	for _, name := range []string{"unknown", "", "' OR 1=1"} {
		_, err := s.Value(s.Context(), name)
		s.is(err, storage.ErrNotFound)
	}
}

func valueFirst(s *suite) {
	for i, value := range []string{"k1", "", "\x00\xff'", strings.Repeat("س", 5000)} {
		name := fmt.Sprint("اسم ", i)
		s.ok(s.SetValue(s.Context(), name, nil, []byte(value)))
		equal(s, "value", s.value(name), value)
		s.is(s.SetValue(s.Context(), name, nil, []byte("other")), storage.ErrConflict)
		s.is(s.SetValue(s.Context(), name, nil, []byte(value)), storage.ErrConflict)
		s.reopen()
		equal(s, "value after a restart", s.value(name), value)
	}
	s.ok(s.SetValue(s.Context(), "nothing", nil, nil))
	equal(s, "nothing", s.value("nothing"), "")
}

func valueReplace(s *suite) {
	s.is(s.SetValue(s.Context(), "key", []byte("k1"), []byte("k2")), storage.ErrConflict) // there is none
	_, err := s.Value(s.Context(), "key")
	s.is(err, storage.ErrNotFound)
	s.ok(s.SetValue(s.Context(), "key", nil, []byte("k1")))
	s.ok(s.SetValue(s.Context(), "other", nil, []byte("k1")))
	for _, wrong := range []string{"", "k", "k1 ", "K1"} {
		s.is(s.SetValue(s.Context(), "key", []byte(wrong), []byte("k2")), storage.ErrConflict)
	}
	s.ok(s.SetValue(s.Context(), "key", []byte("k1"), []byte{}))
	s.ok(s.SetValue(s.Context(), "key", []byte{}, []byte("k2")))
	equal(s, "value", s.value("key"), "k2")
	equal(s, "another value", s.value("other"), "k1")
}

func valueTogether(s *suite) {
	var old []byte
	for round := range 3 {
		errs := together(30, func(i int) error {
			return s.SetValue(s.Context(), "key", old, fmt.Appendf(nil, "%d of round %d", i, round))
		})
		equal(s, "set", count(errs, nil), 1)
		equal(s, "refused", count(errs, storage.ErrConflict), len(errs)-1)
		equal(s, "the one that was answered", s.value("key"), fmt.Sprintf("%d of round %d", slices.Index(errs, nil), round))
		old = []byte(s.value("key"))
	}
	s.is(s.SetValue(s.cancelled(), "key", old, []byte("late")), context.Canceled)
	equal(s, "value", s.value("key"), string(old))
}
