package learnsnap

import (
	"context"
	"time"
)

const (
	upkeepEvery = time.Minute
	upkeepWait  = 30 * time.Second // of one call of the store
	upkeepBatch = 100              // sessions at a time, so that other writes get their turn
)

// upkeep removes what is old, at once and then every minute, until ctx ends.
func (s *Service) upkeep(ctx context.Context) {
	ticker := time.NewTicker(upkeepEvery)
	defer ticker.Stop()
	for {
		if err := s.removeOld(ctx); err != nil && ctx.Err() == nil {
			observe(ctx, s.observer, Observation{Occasion: UpkeepFailed, Err: err})
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// removeOld removes the sessions whose time is over, and pages of uploads that
// nobody finished.
func (s *Service) removeOld(ctx context.Context) error {
	now := s.now()
	for n := upkeepBatch; n == upkeepBatch; {
		var err error
		if n, err = s.expire(ctx, now); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, upkeepWait)
	defer cancel()
	_, err := s.store.SweepBlobs(ctx, now.Add(-uploadsLast))
	return err
}

func (s *Service) expire(ctx context.Context, now time.Time) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, upkeepWait)
	defer cancel()
	return s.store.ExpireSessions(ctx, now, string(Expired), upkeepBatch)
}
