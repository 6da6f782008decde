package limit

import (
	"context"
	"hash/maphash"
	"sync"
	"time"
)

// MemoryConfig configures a [Memory]. The zero value is ready to use.
type MemoryConfig struct {
	// MaxKeys is how many callers are remembered at most; 0 means 65,536. With more of
	// them the ones that have taken the least of their limit are forgotten, so that
	// a flood of new addresses frees nobody who has used theirs up.
	MaxKeys int
}

// Memory counts in this process. It is safe for concurrent use and never waits.
type Memory struct {
	base   time.Time
	seed   maphash.Seed
	shards [16]shard
}

var _ Store = (*Memory)(nil)

type shard struct {
	room int

	mu   sync.Mutex
	keys map[string]window
}

type window struct {
	ends  time.Duration // since base, which costs less to keep and to compare than a time
	taken int
	limit int
}

// NewMemory returns a Memory in which nothing is taken.
func NewMemory(c MemoryConfig) *Memory {
	if c.MaxKeys <= 0 {
		c.MaxKeys = 1 << 16
	}
	m := &Memory{base: time.Now(), seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i] = shard{room: max(1, c.MaxKeys/len(m.shards)), keys: map[string]window{}}
	}
	return m
}

// Take implements [Store]. Its error is always nil.
func (m *Memory) Take(_ context.Context, key string, limit int, within time.Duration) (Result, error) {
	now := time.Since(m.base)
	return m.shards[maphash.String(m.seed, key)%uint64(len(m.shards))].take(key, limit, within, now), nil
}

func (s *shard) take(key string, limit int, within, now time.Duration) Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, known := s.keys[key]
	if !known || w.ends <= now {
		w = window{ends: now + within}
	}
	w.limit = limit
	allowed := w.taken < limit
	if allowed {
		w.taken++
		if !known && len(s.keys) >= s.room {
			s.makeRoom(now)
		}
		s.keys[key] = w
	}
	return Result{Allowed: allowed, Limit: limit, Left: max(0, limit-w.taken), Window: within, Reset: w.ends - now}
}

// makeRoom forgets the windows that have ended among a few keys, or else the one
// of them with the smallest share taken. A look at all would make a flood dear.
func (s *shard) makeRoom(now time.Duration) {
	const sample = 16
	least, victim := 2.0, ""
	seen, ended := 0, false
	for key, w := range s.keys { // begins anywhere
		if w.ends <= now {
			delete(s.keys, key)
			ended = true
		} else if share := float64(w.taken) / float64(max(1, w.limit)); share < least {
			least, victim = share, key
		}
		if seen++; seen == sample {
			break
		}
	}
	if !ended {
		delete(s.keys, victim)
	}
}
