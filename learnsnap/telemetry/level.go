package telemetry

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// A Level is the least level that is written. It can be changed while the program
// runs, for a time: an operator who looks for something need not think of putting it
// back. The zero value is [slog.LevelInfo]. It is safe for concurrent use.
type Level struct {
	Base slog.Level       // holds unless another was set; not to be changed once it is in use
	Now  func() time.Time // nil means [time.Now]

	set atomic.Pointer[levelSet]
}

type levelSet struct {
	level slog.Level
	until time.Time
}

var _ slog.Leveler = (*Level)(nil)

// Set makes level hold until a time, or for good when until is zero.
func (l *Level) Set(level slog.Level, until time.Time) { l.set.Store(&levelSet{level, until}) }

// Reset makes Base hold again.
func (l *Level) Reset() { l.set.Store(nil) }

// Level implements [slog.Leveler]. It reads the clock only while a level holds that
// has an end.
func (l *Level) Level() slog.Level {
	level, _ := l.Holds()
	return level
}

// Holds returns the level that holds, and until when; zero means without an end.
func (l *Level) Holds() (level slog.Level, until time.Time) {
	set := l.set.Load()
	if set == nil {
		return l.Base, time.Time{}
	}
	if !set.until.IsZero() && !l.now().Before(set.until) {
		l.set.CompareAndSwap(set, nil) // another one may have been set since
		return l.Base, time.Time{}
	}
	return set.level, set.until
}

func (l *Level) now() time.Time {
	if l.Now != nil {
		return l.Now()
	}
	return time.Now()
}
