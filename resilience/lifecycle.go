package resilience

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// A LifecycleConfig configures a [Lifecycle]. The zero value is ready to use.
type LifecycleConfig struct {
	// StopWithin bounds the whole stop, the drain included; 0 means 30 seconds.
	StopWithin time.Duration

	// Drain is how long the program goes on serving after [Lifecycle.Ready] has
	// turned false, so that a load balancer notices; 0 means none.
	Drain time.Duration

	Log *slog.Logger // told of each start and stop, with its time; nil means nobody is
}

// A Lifecycle owns the long-running parts of a program. It starts them in the
// order in which they were added and stops them in the reverse order, each after
// the one before it has ended, so that what serves stops before what it stands on.
type Lifecycle struct {
	config  LifecycleConfig
	members []*lifeMember
	ready   atomic.Bool
}

type lifeMember struct {
	name   string
	run    func(context.Context) error
	cancel context.CancelFunc
	ended  chan struct{} // closed when run has returned
	err    error         // set before ended is closed
}

// ErrEnded says that a member has returned though nobody asked it to.
var ErrEnded = errors.New("ended early")

// NewLifecycle returns a lifecycle without members.
func NewLifecycle(c LifecycleConfig) *Lifecycle {
	c.StopWithin = orDefault(c.StopWithin, 30*time.Second)
	return &Lifecycle{config: c}
}

// Add adds a member. Its run blocks until its context ends; a return before that
// is a failure and stops the whole. Add must not be called after Run.
func (l *Lifecycle) Add(name string, run func(context.Context) error) {
	l.members = append(l.members, &lifeMember{name: name, run: run, ended: make(chan struct{})})
}

// Ready reports whether all members run and no stop has begun. It is what a
// readiness probe asks; it is safe for concurrent use.
func (l *Lifecycle) Ready() bool { return l.ready.Load() }

// Run starts all members and blocks until ctx ends or a member fails; then it
// stops them and returns the errors of all, joined. It returns nil after a clean
// stop.
//
// Members that have not ended within StopWithin are named in the error and left
// behind: the program is expected to exit. A panic in a member is that member's
// error. Members get contexts that carry ctx's values but end in their turn, not
// with ctx.
func (l *Lifecycle) Run(ctx context.Context) error {
	failed := make(chan *lifeMember, len(l.members))
	for _, m := range l.members {
		l.start(context.WithoutCancel(ctx), m, failed)
	}
	l.ready.Store(true)
	var errs []error
	drain := min(l.config.Drain, l.config.StopWithin)
	select {
	case <-ctx.Done():
	case m := <-failed:
		errs, drain = append(errs, early(m)), 0 // there is nothing left to drain for
	}
	l.ready.Store(false)
	return errors.Join(append(errs, l.stop(drain, failed)...)...)
}

func (l *Lifecycle) start(ctx context.Context, m *lifeMember, failed chan<- *lifeMember) {
	ctx, m.cancel = context.WithCancel(ctx)
	l.log(slog.LevelInfo, "started", m, 0, nil)
	go func() {
		m.err = contained(ctx, m.run)
		if ctx.Err() == nil {
			failed <- m
		}
		close(m.ended)
	}()
}

// contained runs a member and turns its panic into an error.
func contained(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return run(ctx)
}

// early is the error of a member that has returned though nobody asked it to.
func early(m *lifeMember) error {
	if m.err == nil {
		return fmt.Errorf("%s: %w", m.name, ErrEnded)
	}
	return fmt.Errorf("%s: %w: %w", m.name, ErrEnded, m.err)
}

// stop drains and then stops all members, the last one first.
func (l *Lifecycle) stop(drain time.Duration, failed <-chan *lifeMember) (errs []error) {
	deadline := time.NewTimer(l.config.StopWithin)
	defer deadline.Stop()
	if drain > 0 {
		timer := time.NewTimer(drain)
		defer timer.Stop()
		select {
		case <-timer.C:
		case m := <-failed:
			errs = append(errs, early(m))
		}
	}
	for i := len(l.members) - 1; i >= 0; i-- {
		m := l.members[i]
		began := time.Now()
		m.cancel()
		select {
		case <-m.ended:
			l.log(slog.LevelInfo, "stopped", m, time.Since(began), m.err)
			if err := m.err; err != nil && !errors.Is(err, context.Canceled) && !errors.Is(errors.Join(errs...), err) {
				errs = append(errs, fmt.Errorf("stop %s: %w", m.name, err))
			}
		case <-deadline.C:
			return append(errs, l.late(i)...)
		}
	}
	return errs
}

// late gives up on the members up to the i-th and names those that still run.
func (l *Lifecycle) late(i int) (errs []error) {
	for ; i >= 0; i-- {
		m := l.members[i]
		m.cancel()
		select {
		case <-m.ended:
		default:
			err := fmt.Errorf("%s has not stopped within %v", m.name, l.config.StopWithin)
			l.log(slog.LevelError, "given up", m, l.config.StopWithin, err)
			errs = append(errs, err)
		}
	}
	return errs
}

func (l *Lifecycle) log(level slog.Level, what string, m *lifeMember, took time.Duration, err error) {
	if l.config.Log == nil {
		return
	}
	attrs := []slog.Attr{slog.String("member", m.name)}
	if took > 0 {
		attrs = append(attrs, slog.Duration("took", took))
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	l.config.Log.LogAttrs(context.Background(), level, what, attrs...)
}
