package flags_test

import (
	"context"
	"errors"
	"maps"
	"sync"

	"github.com/learnsnap/learnsnap-go/flags"
)

// shelf is a store in memory that several sets share and that can be made to fail.
type shelf struct {
	mu        sync.Mutex
	rows      map[string][]byte
	listeners map[int]func()
	lost      chan struct{} // closed when the links are cut
	next      int

	deaf   bool  // nobody is told of changes
	refuse error // answered instead of doing anything
	hangs  bool  // answers nothing until the call's context ends
	slow   chan struct{}
}

var _ flags.Store = (*shelf)(nil)

func newShelf() *shelf {
	return &shelf{rows: map[string][]byte{}, listeners: map[int]func(){}, lost: make(chan struct{})}
}

func (s *shelf) set(change func(*shelf)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// cut loses all links.
func (s *shelf) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.lost)
	s.lost = make(chan struct{})
}

func (s *shelf) ready(ctx context.Context) error {
	s.mu.Lock()
	refuse, hangs := s.refuse, s.hangs
	s.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return refuse
}

func (s *shelf) FlagOverrides(ctx context.Context) (map[string][]byte, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	rows, slow := maps.Clone(s.rows), s.slow
	s.mu.Unlock()
	if slow != nil {
		<-slow
	}
	return rows, nil
}

func (s *shelf) change(ctx context.Context, change func()) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	if !s.deaf {
		for _, wake := range s.listeners {
			wake()
		}
	}
	return nil
}

func (s *shelf) PutFlagOverride(ctx context.Context, flag string, override []byte) error {
	return s.change(ctx, func() { s.rows[flag] = override })
}

func (s *shelf) DeleteFlagOverride(ctx context.Context, flag string) error {
	return s.change(ctx, func() { delete(s.rows, flag) })
}

func (s *shelf) ListenFlags(ctx context.Context, wake func()) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	id, lost := s.next, s.lost
	s.next++
	s.listeners[id] = wake
	s.mu.Unlock()
	defer s.set(func(s *shelf) { delete(s.listeners, id) })
	wake()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-lost:
		return errors.New("connection reset")
	}
}
