package storagetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func flagCases() []testcase {
	return []testcase{
		{"overrides are put, replaced and deleted, also after a restart", flagOverrides},
		{"a flag needs a name", flagNoName},
		{"who listens is woken at once and after each change", flagWakes},
		{"listening ends with its context", flagListenEnds},
		{"listening ends with the store", flagListenCloses},
		{"of many who put one flag at once one is kept whole", flagTogether},
	}
}

// overrides returns all overrides as text, sorted.
func (s *suite) overrides() string {
	s.Helper()
	all, err := s.FlagOverrides(s.Context())
	s.ok(err)
	var words []string
	for _, flag := range slices.Sorted(maps.Keys(all)) {
		words = append(words, flag+"="+string(all[flag]))
	}
	return strings.Join(words, ", ")
}

func flagOverrides(s *suite) {
	equal(s, "overrides", s.overrides(), "")
	s.ok(s.PutFlagOverride(s.Context(), "A", []byte("1")))
	s.ok(s.PutFlagOverride(s.Context(), "B", []byte("\xff'\x01")))
	s.ok(s.PutFlagOverride(s.Context(), "علم", nil))
	s.ok(s.PutFlagOverride(s.Context(), "A", []byte("2")))
	for range 2 {
		equal(s, "overrides", s.overrides(), "A=2, B=\xff'\x01, علم=")
		s.reopen()
	}
	s.ok(s.DeleteFlagOverride(s.Context(), "B"))
	s.ok(s.DeleteFlagOverride(s.Context(), "B"))
	s.ok(s.DeleteFlagOverride(s.Context(), ""))
	equal(s, "overrides", s.overrides(), "A=2, علم=")
}

func flagNoName(s *suite) {
	s.refused("an empty name", s.PutFlagOverride(s.Context(), "", []byte("1")))
	equal(s, "overrides", s.overrides(), "")
}

// listen listens until the returned function is called, which returns why it has ended.
func (s *suite) listen() (woken chan struct{}, stop func() error) {
	ctx, cancel := context.WithCancel(s.Context())
	woken, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- s.ListenFlags(ctx, func() {
			select {
			case woken <- struct{}{}:
			default:
			}
		})
	}()
	return woken, func() error {
		cancel()
		return wait(s, "the end of listening", ended)
	}
}

func flagWakes(s *suite) {
	first, stopFirst := s.listen()
	second, stopSecond := s.listen()
	wait(s, "the first wake", first)
	wait(s, "the first wake of another", second)
	for i := range 5 {
		s.ok(s.PutFlagOverride(s.Context(), "A", fmt.Append(nil, i)))
		wait(s, "a wake after a put", first)
		wait(s, "another's wake after a put", second)
		equal(s, "what is read then", s.overrides(), fmt.Sprint("A=", i))
	}
	s.is(stopSecond(), context.Canceled)
	s.ok(s.DeleteFlagOverride(s.Context(), "A"))
	wait(s, "a wake after a delete", first)
	equal(s, "what is read then", s.overrides(), "")
	s.is(stopFirst(), context.Canceled)
}

func flagListenEnds(s *suite) {
	s.is(s.ListenFlags(s.cancelled(), func() { s.Error("woken although the context has ended") }), context.Canceled)
	woken, stop := s.listen()
	wait(s, "the first wake", woken)
	s.is(stop(), context.Canceled)
}

func flagListenCloses(s *suite) {
	woken, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() { ended <- s.ListenFlags(s.Context(), func() { woken <- struct{}{} }) }()
	wait(s, "the first wake", woken)
	s.ok(s.Close())
	s.refused("listening to a closed store", wait(s, "the end of listening", ended))
}

func flagTogether(s *suite) {
	texts := make([]string, 40)
	errs := together(len(texts), func(i int) error {
		texts[i] = strings.Repeat(fmt.Sprint(i, "."), 300)
		return s.PutFlagOverride(s.Context(), "A", []byte(texts[i]))
	})
	equal(s, "put", count(errs, nil), len(texts))
	got := strings.TrimPrefix(s.overrides(), "A=")
	equal(s, "one of them", slices.Contains(texts, got), true)
}
