package resilience

import (
	"context"
	"errors"
	"io/fs"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// A MemoryState is how near to its limit a program's memory is.
type MemoryState int32

// The states, each worse than the one before.
const (
	MemoryOK      MemoryState = iota
	MemoryWarn                // somebody should look; nothing is refused
	MemoryShed                // new work is refused, what is under way goes on
	MemoryRestart             // refusing has not helped: end in good order and begin anew
)

func (s MemoryState) String() string {
	switch s {
	case MemoryOK:
		return "ok"
	case MemoryWarn:
		return "warn"
	case MemoryShed:
		return "shed"
	case MemoryRestart:
		return "restart"
	}
	return "unknown"
}

// MarshalText writes the state's word.
func (s MemoryState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ErrMemory is why a [Watchdog] refuses.
var ErrMemory = errors.New("memory near its limit")

// A WatchdogConfig configures a [Watchdog]. The zero value is ready to use.
type WatchdogConfig struct {
	Name string // shown in errors; empty means "memory"

	// Limit is how much the process may take, in bytes, where that is less than what
	// its surroundings allow: its cgroup and those above it (v2 or v1), and GOMEMLIMIT;
	// without any of them, the machine's memory. 0 means that there is no limit of its
	// own, −1 that memory is not watched at all.
	Limit int64

	// From which share of the limit on a state holds; 0 means 0.65, 0.75 and 0.85, a
	// negative number that the state is left out. A Go program whose live heap is above
	// 0.75 of GOMEMLIMIT already spends most of its time collecting.
	Warn, Shed, Restart float64

	// A state is left for a milder one when the share has stayed Margin below its
	// threshold for all of Settle; 0 means 0.05 and 10 seconds.
	Margin float64
	Settle time.Duration

	RestartAfter time.Duration // how long the share must stay above Restart; 0 means 30 seconds
	RetryAfter   time.Duration // what those who are refused are told; 0 means 10 seconds
	Every        time.Duration // how often memory is read; 0 means four times a second: a burst can fill a container in one

	// OnChange is called after each change of state, by Run, with no lock held.
	OnChange func(from, to MemoryState)

	// Read reads memory in place of the system: bytes in use that cannot be freed, and
	// the limit; a limit of 0 is none. It is safe for concurrent use.
	Read func() (used, limit int64, err error)

	// Files is where /proc and /sys are read, without the leading slash; nil means the
	// machine's own.
	Files fs.FS
}

// A Watchdog watches the program's memory and is a [Gate] that refuses new work
// while there is too little of it, with [ErrMemory]. Being refused, and an orderly
// restart if need be, cost less than being killed by the kernel with all that is
// under way.
//
// What counts is memory that would be left after a collection: where GOMEMLIMIT keeps
// the program below the limit, garbage is none of it, for the runtime gets rid of it
// in time. Where nothing keeps it, all resident memory counts. Set GOMEMLIMIT (or
// [debug.SetMemoryLimit]) to nine tenths of the container.
//
// Its methods are safe for concurrent use.
type Watchdog struct {
	config WatchdogConfig
	state  atomic.Int32

	mu   sync.Mutex
	last MemoryReport

	// Run's alone:
	high time.Time // since when the share calls for a restart; zero while it does not
	low  time.Time // since when a milder state would do; zero while it would not
}

var _ Gate = (*Watchdog)(nil)

// A MemoryReport is what a [Watchdog] has seen last. Its JSON is what /health/memory
// answers.
type MemoryReport struct {
	State MemoryState `json:"state"`
	Used  int64       `json:"usedBytes"`   // bytes that a collection would not free
	Limit int64       `json:"limitBytes"`  // 0 when there is none
	Share float64     `json:"share"`       // of the limit
	At    time.Time   `json:"at,omitzero"` // zero before Run has read for the first time
	Error string      `json:"error,omitempty"`
}

// NewWatchdog returns a watchdog in state [MemoryOK].
func NewWatchdog(c WatchdogConfig) *Watchdog {
	if c.Name == "" {
		c.Name = "memory"
	}
	for _, d := range []struct {
		share *float64
		zero  float64
	}{{&c.Warn, 0.65}, {&c.Shed, 0.75}, {&c.Restart, 0.85}, {&c.Margin, 0.05}} {
		if *d.share == 0 {
			*d.share = d.zero
		}
	}
	for _, d := range []struct {
		time *time.Duration
		zero time.Duration
	}{{&c.Settle, 10 * time.Second}, {&c.RestartAfter, 30 * time.Second}, {&c.RetryAfter, 10 * time.Second}, {&c.Every, time.Second / 4}} {
		if *d.time <= 0 {
			*d.time = d.zero
		}
	}
	if c.Read == nil {
		c.Read = newMemoryReader(c.Files, c.Limit, c.Shed, c.Restart).read
	}
	return &Watchdog{config: c}
}

// State returns the present state.
func (w *Watchdog) State() MemoryState { return MemoryState(w.state.Load()) }

// Limit asks what the limit is now, in bytes; 0 is none. A program that was started
// without GOMEMLIMIT gives the runtime nine tenths of it before it does anything else:
// [debug.SetMemoryLimit](limit / 10 * 9).
func (w *Watchdog) Limit() (int64, error) {
	_, limit, err := w.config.Read()
	return limit, err
}

// Enter refuses while new work is shed. It never blocks and allocates nothing when it
// admits.
func (w *Watchdog) Enter(context.Context) (done func(error), err error) {
	if w.State() >= MemoryShed {
		return nil, &RejectedError{Gate: w.config.Name, After: w.config.RetryAfter, Err: ErrMemory}
	}
	return admitted, nil
}

// admitted is the done of all: nothing depends on how the work went.
func admitted(error) {}

// Report returns what was seen last.
func (w *Watchdog) Report() MemoryReport {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.last
	r.State = w.State()
	return r
}

// Run reads memory until ctx ends and returns nil. It restarts nothing: OnChange hears
// of [MemoryRestart], and [Lifecycle.Stop] is what to do about it. A reading that fails
// changes nothing and is told of in [Watchdog.Report].
func (w *Watchdog) Run(ctx context.Context) error {
	if w.config.Limit < 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(w.config.Every)
	defer tick.Stop()
	for {
		w.look(time.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// look reads memory once and changes the state if need be.
func (w *Watchdog) look(now time.Time) {
	share, ok := w.read(now)
	if !ok {
		return
	}
	if w.level(share) < MemoryRestart {
		w.high = time.Time{}
	} else if w.high.IsZero() {
		w.high = now
	}
	if !w.high.IsZero() && now.Sub(w.high) >= w.config.RestartAfter && w.State() != MemoryRestart {
		// Nobody restarts for garbage: collect it all and look again.
		debug.FreeOSMemory()
		if share, ok = w.read(now); !ok {
			return
		}
	}
	w.change(w.next(share, now))
}

// next is the state after a reading. It rises at once, but to restart only after a
// while, and falls after a while.
func (w *Watchdog) next(share float64, now time.Time) MemoryState {
	state, wanted := w.State(), w.level(share)
	if wanted == MemoryRestart && state != MemoryRestart && now.Sub(w.high) < w.config.RestartAfter {
		wanted = w.level(min(share, w.config.Restart-1e-9)) // not yet: the worst that is milder
	}
	if wanted > state {
		w.low = time.Time{}
		return wanted
	}
	mild := w.level(share + w.config.Margin)
	switch {
	case mild >= state:
		w.low = time.Time{}
	case w.low.IsZero():
		w.low = now
	case now.Sub(w.low) >= w.config.Settle:
		w.low = time.Time{}
		return mild
	}
	return state
}

// level is the worst state whose threshold a share has reached.
func (w *Watchdog) level(share float64) MemoryState {
	for _, l := range []struct {
		from  float64
		state MemoryState
	}{{w.config.Restart, MemoryRestart}, {w.config.Shed, MemoryShed}, {w.config.Warn, MemoryWarn}} {
		if l.from > 0 && share >= l.from {
			return l.state
		}
	}
	return MemoryOK
}

func (w *Watchdog) change(to MemoryState) {
	from := MemoryState(w.state.Swap(int32(to)))
	if from != to && w.config.OnChange != nil {
		w.config.OnChange(from, to)
	}
}

// read reads memory and notes what it has seen.
func (w *Watchdog) read(now time.Time) (of float64, ok bool) {
	used, limit, err := w.config.Read()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.last.Error = err.Error()
		return 0, false
	}
	w.last = MemoryReport{Used: used, Limit: limit, Share: share(used, limit), At: now.UTC()}
	return w.last.Share, true
}
