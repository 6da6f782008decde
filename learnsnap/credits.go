package learnsnap

import (
	"context"

	"github.com/learnsnap/learnsnap-go/storage"
)

// FreeCause names the entry of the ledger that gives an owner the free pages. Whoever
// welcomes an owner with other pages under that name has given them.
const FreeCause = "free"

// counted reports whether quizzes cost pages.
func (s *Service) counted() bool { return s.freePages >= 0 }

// Balance returns how many pages an owner has left, the free ones included; −1
// means that pages are not counted.
func (s *Service) Balance(ctx context.Context, owner string) (int, error) {
	if !s.counted() {
		return -1, nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	// Who was given the free pages has an entry; most who ask do, and reading is
	// cheaper than a write that changes nothing.
	entries, err := s.store.Entries(ctx, owner, 0, 1)
	if err == nil && len(entries) == 0 && !s.enabled(FlagReadOnly) {
		_, err = s.giveFree(ctx, owner)
	}
	var pages int
	if err == nil {
		pages, err = s.store.Balance(ctx, owner)
	}
	if err != nil {
		return 0, storeError(err)
	}
	return pages, nil
}

// History returns entries of an owner's ledger, newest first: those whose ID is less
// than before (0 means any), at most limit.
func (s *Service) History(ctx context.Context, owner string, before int64, limit int) ([]storage.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	entries, err := s.store.Entries(ctx, owner, before, limit)
	if err != nil {
		return nil, storeError(err)
	}
	return entries, nil
}

// giveFree gives an owner the free pages. It reports false when they were given
// before.
func (s *Service) giveFree(ctx context.Context, owner string) (bool, error) {
	given, err := s.store.Grant(ctx, owner, FreeCause, s.freePages)
	if given {
		s.moved(ctx, "", storage.Grant, s.freePages)
	}
	return given, err
}

// moved observes an entry of the ledger.
func (s *Service) moved(ctx context.Context, session string, action storage.Action, pages int) {
	observe(ctx, s.observer, Observation{Occasion: PagesMoved, Session: session, Action: string(action), Pages: pages})
}
