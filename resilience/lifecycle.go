package resilience

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

// A LifecycleConfig configures a [Lifecycle]. The zero value is ready to use.
type LifecycleConfig struct {
	// StopWithin bounds the whole stop, the drain included; 0 means 30 seconds, a
	// negative number that there is no bound.
	StopWithin time.Duration

	// Drain is how long the program goes on serving after [Lifecycle.Ready] has
	// turned false, so that a load balancer notices; 0 means not at all. There is no
	// drain when the stop began because a member failed.
	Drain time.Duration

	Log *slog.Logger // told of each step, with the time that it took; nil means nobody is
}

// A Lifecycle owns the long-running parts of a program. It starts them in the
// order in which they were added and stops them in the reverse order, each after
// the one before it has ended, so that what serves stops before what it stands on.
type Lifecycle struct {
	config  LifecycleConfig
	members []*lifeMember
	ready   atomic.Bool
	asked   chan error // why Stop wants an end; only the first counts
}

type lifeMember struct {
	name   string
	run    func(context.Context) error
	cancel context.CancelFunc
	told   bool          // its early end is among the errors that Run returns
	ended  chan struct{} // closed when run has returned

	// Set before ended is closed:
	err   error
	early bool // nobody had asked it to end
}

// ErrEnded says that a member has returned though nobody asked it to.
var ErrEnded = errors.New("ended early")

// errExited is the error of a member whose goroutine was ended from inside.
var errExited = errors.New("its goroutine exited")

// NewLifecycle returns a lifecycle without members.
func NewLifecycle(c LifecycleConfig) *Lifecycle {
	if c.StopWithin == 0 {
		c.StopWithin = 30 * time.Second
	}
	return &Lifecycle{config: c, asked: make(chan error, 1)}
}

// Add adds a member. Its run blocks until its context ends, and returns what went
// wrong; ctx's own error counts as nothing wrong. A return before that is a failure,
// whatever it returns, and stops the whole. Add must not be called after Run.
func (l *Lifecycle) Add(name string, run func(context.Context) error) {
	l.members = append(l.members, &lifeMember{name: name, run: run, ended: make(chan struct{})})
}

// Ready reports whether all members were started and no stop has begun. It is what
// a readiness probe asks; it is safe for concurrent use.
func (l *Lifecycle) Ready() bool { return l.ready.Load() }

// Stop asks for the same orderly end, drain included, that the end of Run's context
// brings, and returns at once. Run's error holds cause, which may be nil: with a cause,
// such as [ErrMemory], the program exits as failed and is started anew. It is safe for
// concurrent use, also before Run; once a stop has begun it changes nothing.
func (l *Lifecycle) Stop(cause error) {
	select {
	case l.asked <- cause:
	default:
	}
}

// RunUntilSignal is [Lifecycle.Run] until one of signals comes; without any named,
// SIGINT or SIGTERM. As soon as the stop has begun a second signal ends the program at
// once, as it would have without us: nobody who has lost patience should have to look
// for kill -9.
func (l *Lifecycle) RunUntilSignal(ctx context.Context, signals ...os.Signal) error {
	if len(signals) == 0 {
		signals = []os.Signal{os.Interrupt, syscall.SIGTERM}
	}
	ctx, release := signal.NotifyContext(ctx, signals...)
	defer release()
	return l.run(ctx, release)
}

// Run starts all members and blocks until ctx ends, [Lifecycle.Stop] is called or a
// member fails; then it turns readiness off, drains, stops the members and returns the
// errors of all, joined. It returns nil after a clean stop. Run is called once.
//
// Members are started one after the other without a wait between them: what one
// needs from another must be open before Run. Each gets a context that carries
// ctx's values and ends when the member's turn to stop has come, not with ctx. A
// panic in a member is that member's error, its stack included, and an orderly end.
//
// When nine tenths of StopWithin are over, all that still run are stopped at once,
// whatever their order. Members that have not ended within StopWithin are named in
// the error and left behind: the program is expected to exit.
func (l *Lifecycle) Run(ctx context.Context) error { return l.run(ctx, func() {}) }

// run calls stopping once the stop has begun.
func (l *Lifecycle) run(ctx context.Context, stopping func()) error {
	began := time.Now()
	failed := make(chan *lifeMember, len(l.members))
	for _, m := range l.members {
		l.start(context.WithoutCancel(ctx), m, failed)
	}
	l.ready.Store(true)
	l.log(slog.LevelInfo, "ready", slog.Duration("took", time.Since(began)))
	var why error
	var errs []error
	drain := l.config.Drain
	select {
	case <-ctx.Done():
		why = context.Cause(ctx)
	case why = <-l.asked:
		if why != nil {
			errs = append(errs, why)
		}
	case m := <-failed:
		why = l.endedEarly(m)
		errs, drain = append(errs, why), 0 // nothing is left to drain for
	}
	l.ready.Store(false)
	stopping()
	l.log(slog.LevelInfo, "stopping", slog.Any("why", why), slog.Duration("served", time.Since(began)))
	began = time.Now()
	err := errors.Join(append(errs, l.stop(drain, failed)...)...)
	l.log(slog.LevelInfo, "ended", slog.Duration("took", time.Since(began)), slog.Bool("clean", err == nil))
	return err
}

func (l *Lifecycle) start(ctx context.Context, m *lifeMember, failed chan<- *lifeMember) {
	ctx, m.cancel = context.WithCancel(ctx)
	l.log(slog.LevelInfo, "started", slog.String("member", m.name))
	go func() {
		defer close(m.ended)
		defer func() {
			if m.early = ctx.Err() == nil; m.early {
				failed <- m
			}
		}()
		m.err = errExited // stays when run does not return, nor panic
		m.err = contained(ctx, m.run)
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

// endedEarly is the error of a member that has returned though nobody asked it to.
func (l *Lifecycle) endedEarly(m *lifeMember) error {
	m.told = true
	err := fmt.Errorf("%s: %w", m.name, ErrEnded)
	if m.err != nil {
		err = fmt.Errorf("%w: %w", err, m.err)
	}
	l.log(slog.LevelError, "ended early", slog.String("member", m.name), slog.Any("error", m.err))
	return err
}

// stop drains and then stops all members, the last one first.
func (l *Lifecycle) stop(drain time.Duration, failed <-chan *lifeMember) (errs []error) {
	hard, cancelHard := l.within(l.config.StopWithin)
	defer cancelHard()
	soft, cancelSoft := l.within(l.config.StopWithin - l.config.StopWithin/10)
	defer cancelSoft()
	if drain > 0 {
		if m := l.drain(soft, drain, failed); m != nil {
			errs = append(errs, l.endedEarly(m))
		}
	}
	for i := len(l.members) - 1; i >= 0; i-- {
		m := l.members[i]
		began := time.Now()
		m.cancel()
		if !m.endsBefore(soft) {
			for _, other := range l.members[:i] {
				other.cancel()
			}
		}
		if !m.endsBefore(hard) {
			l.log(slog.LevelError, "given up", slog.String("member", m.name), slog.Duration("took", time.Since(began)))
			errs = append(errs, fmt.Errorf("%s has not stopped within %v", m.name, l.config.StopWithin))
			continue
		}
		if err := l.stopped(m, time.Since(began)); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// stopped tells of a member that has ended, and returns what Run has to say of it.
func (l *Lifecycle) stopped(m *lifeMember, took time.Duration) error {
	switch {
	case m.told:
		return nil
	case m.early:
		return l.endedEarly(m)
	case m.err != nil && !errors.Is(m.err, context.Canceled):
		l.log(slog.LevelError, "stopped", slog.String("member", m.name), slog.Duration("took", took), slog.Any("error", m.err))
		return fmt.Errorf("stop %s: %w", m.name, m.err)
	}
	l.log(slog.LevelInfo, "stopped", slog.String("member", m.name), slog.Duration("took", took))
	return nil
}

// within returns a context that ends after d, or never when d is negative.
func (l *Lifecycle) within(d time.Duration) (context.Context, context.CancelFunc) {
	if d < 0 {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), d)
}

// drain waits and returns the member that failed meanwhile, if one did.
func (l *Lifecycle) drain(ctx context.Context, d time.Duration, failed <-chan *lifeMember) (ended *lifeMember) {
	began := time.Now()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case ended = <-failed:
	}
	l.log(slog.LevelInfo, "drained", slog.Duration("took", time.Since(began)))
	return ended
}

// endsBefore waits for the member's end and reports whether it came before ctx's.
func (m *lifeMember) endsBefore(ctx context.Context) bool {
	select {
	case <-m.ended:
		return true
	case <-ctx.Done():
	}
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
}

func (l *Lifecycle) log(level slog.Level, what string, attrs ...slog.Attr) {
	if l.config.Log != nil {
		l.config.Log.LogAttrs(context.Background(), level, what, attrs...)
	}
}
