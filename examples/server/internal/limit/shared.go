package limit

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// SharedConfig configures a [Shared].
type SharedConfig struct {
	Limits storage.Limits
	Sweep  time.Duration // how often Run removes what has ended; 0 means a minute
	Log    *slog.Logger  // is told when sweeping begins to fail; nil means nobody
}

// Shared counts in the server's own database, for all processes that use it and
// have no Redis. On SQLite, which has one process, a [Memory] does the same for
// less. It is safe for concurrent use.
type Shared struct{ config SharedConfig }

var _ Store = (*Shared)(nil)

// NewShared returns a Shared. Its Run has to be running, or the database keeps every
// key that there ever was.
func NewShared(c SharedConfig) *Shared {
	c.Sweep = cmp.Or(max(c.Sweep, 0), time.Minute)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Shared{c}
}

// Take implements [Store].
func (s *Shared) Take(ctx context.Context, key string, limit int, window time.Duration) (Result, error) {
	taken, err := s.config.Limits.Take(ctx, key, 1, limit, window)
	if err != nil {
		return Result{}, err
	}
	return Result{Allowed: taken.OK, Limit: limit, Left: taken.Left, Window: window, Reset: taken.Reset}, nil
}

// Run removes the keys whose windows have ended, until ctx ends. A database that is
// away is asked again with the next round.
func (s *Shared) Run(ctx context.Context) error {
	ticker := time.NewTicker(s.config.Sweep)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		_, err := s.config.Limits.SweepLimits(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			s.config.Log.Warn("limits that have ended could not be removed", "error", err)
		}
		failing = err != nil
	}
}
