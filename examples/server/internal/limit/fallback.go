package limit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// FallbackConfig configures a [Fallback].
type FallbackConfig struct {
	Shared Store         // counts for all processes
	Local  Store         // counts in this one while Shared can't be reached; nil means a [Memory]
	Within time.Duration // how long Shared may take; 0 means 100 ms
	Pause  time.Duration // how long it is left alone after three failures in a row; 0 means 5 s
	Log    *slog.Logger  // is told of each going over and coming back; nil means nobody

	// OnState is called after each going over and coming back, with no lock held.
	OnState func(State)
}

// State says by which store a [Fallback] counts.
type State struct {
	Shared bool
	Since  time.Time // of the last change; zero: there was none
	Err    error     // of Shared, why it is not asked; nil while it is
}

// Fallback counts in a shared store, and in this process while that one can't be
// reached: limits then hold for each process alone. It is never open, and it waits
// for the shared store for no longer than Within. It is safe for concurrent use.
type Fallback struct {
	config  FallbackConfig
	breaker *resilience.Breaker

	mu    sync.Mutex
	state State
	err   error // the last one of Shared
}

var _ Store = (*Fallback)(nil)

// NewFallback returns a Fallback that begins with the shared store.
func NewFallback(c FallbackConfig) *Fallback {
	if c.Local == nil {
		c.Local = NewMemory(MemoryConfig{})
	}
	if c.Within <= 0 {
		c.Within = 100 * time.Millisecond
	}
	if c.Pause <= 0 {
		c.Pause = 5 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	f := &Fallback{config: c, state: State{Shared: true}}
	f.breaker = resilience.NewBreaker(resilience.BreakerConfig{Name: "limits", OpenFor: c.Pause, Lease: 10 * c.Within, OnChange: f.changed})
	return f
}

// Take implements [Store]. The error of the shared store is never the caller's, so
// it fails only where the local one does.
func (f *Fallback) Take(ctx context.Context, key string, limit int, window time.Duration) (Result, error) {
	// The local store counts all the time: going over to it frees nobody.
	local, err := f.config.Local.Take(ctx, key, limit, window)
	done, refused := f.breaker.Enter(ctx)
	if refused != nil {
		return local, err
	}
	bounded, cancel := context.WithTimeout(ctx, f.config.Within)
	defer cancel()
	shared, failed := f.config.Shared.Take(bounded, key, limit, window)
	switch {
	case failed == nil:
		done(nil)
		return shared, nil
	case over(ctx): // it is the caller who did not wait
		done(context.Canceled)
	default:
		f.mu.Lock()
		f.err = failed
		f.mu.Unlock()
		done(failed)
	}
	return local, err
}

// over reports whether a context has ended. A connection whose deadline it sets may
// notice before it does.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// changed is told by the breaker. Its probes that fail change nothing for anybody.
func (f *Fallback) changed(_ string, _, to resilience.State) {
	if to == resilience.HalfOpen {
		return
	}
	shared := to == resilience.Closed
	f.mu.Lock()
	if f.state.Shared == shared {
		f.mu.Unlock()
		return
	}
	f.state = State{Shared: shared, Since: time.Now()}
	if !shared {
		f.state.Err = f.err
	}
	state := f.state
	f.mu.Unlock()
	if shared {
		f.config.Log.Info("limits are counted for all processes again")
	} else {
		f.config.Log.Warn("the shared limits can't be reached: each process counts for itself", "error", state.Err)
	}
	if f.config.OnState != nil {
		f.config.OnState(state)
	}
}

// State says by which store it counts now.
func (f *Fallback) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}
