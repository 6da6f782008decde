package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// limits are what callers took. They live in the process, which is the only one that
// has the folder. The zero value has nothing taken.
type limits struct {
	mu   sync.Mutex
	keys map[string]window
}

// waitSlack is what callers who have looked at the clock may wait for each other.
const waitSlack = 10 * time.Second

type window struct {
	used int
	ends time.Time
}

// Take implements [storage.Limits].
func (s *Store) Take(ctx context.Context, key string, n, limit int, within time.Duration) (storage.Taken, error) {
	if err := s.answers(ctx); err != nil {
		return storage.Taken{}, fmt.Errorf("take of a limit: %w", err)
	}
	if key == "" || len(key) > 256 || n < 1 || within <= 0 {
		return storage.Taken{}, errors.New("take of a limit: it needs a key of 1 to 256 bytes, something to take and a window")
	}
	return s.limits.take(key, n, limit, within, s.now()), nil
}

func (l *limits) take(key string, n, limit int, within time.Duration, now time.Time) storage.Taken {
	l.mu.Lock()
	defer l.mu.Unlock()
	w, ok := l.keys[key]
	if !ok || !now.Before(w.ends) || w.ends.Sub(now) > within+waitSlack { // over, or of a clock that was set back
		w = window{ends: now.Add(within)}
	}
	taken := storage.Taken{OK: n <= limit-w.used, Reset: w.ends.Sub(now)}
	if taken.OK {
		w.used += n
		if l.keys == nil {
			l.keys = map[string]window{}
		}
		l.keys[key] = w
	}
	taken.Left = max(limit-w.used, 0)
	return taken
}

// answers refuses a call whose context has ended, or that comes after Close.
func (s *Store) answers(ctx context.Context) error {
	if s.closing.Err() != nil {
		return errClosed
	}
	return ctx.Err()
}

// SweepLimits implements [storage.Limits].
func (s *Store) SweepLimits(ctx context.Context) (int, error) {
	if err := s.answers(ctx); err != nil {
		return 0, fmt.Errorf("sweep limits: %w", err)
	}
	return s.limits.sweep(s.now()), nil
}

func (l *limits) sweep(now time.Time) (swept int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, w := range l.keys {
		if !now.Before(w.ends) {
			delete(l.keys, key)
			swept++
		}
	}
	return swept
}
