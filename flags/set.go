package flags

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A Config configures a [Set]. The zero value is a set of LearnSnap's flags that
// knows overrides of its own process alone.
type Config struct {
	Flags []Flag // nil means [Defaults]

	// File is read every second: lines of NAME=true or NAME=false. Empty means none.
	// It is the switch that works when all else is down.
	File string

	// Store keeps overrides for all replicas. Nil means that they live in this process.
	Store Store

	// Lookup asks the environment; a program gives [os.LookupEnv]. Nil means that it
	// is not asked.
	Lookup func(name string) (value string, ok bool)

	// OnChange is told of every flag whose value has changed here, from whatever
	// source, in order, one call at a time and with no lock held.
	OnChange func(Change)

	// Audit is told of every override that was put or ended through this set, after
	// the store has it.
	Audit func(ctx context.Context, e Entry)

	Log *slog.Logger     // told of changes, and of a file or store that fails and recovers; nil means nobody is
	Now func() time.Time // nil means [time.Now]
}

// A Source is who has the last word on a flag.
type Source string

// The sources, the strongest first.
const (
	FromFile        Source = "file"
	FromOverride    Source = "override"
	FromEnvironment Source = "environment"
	FromDefault     Source = "default"
)

// A Change is a flag that is turned.
type Change struct {
	Flag   string
	On     bool   // what holds now
	Source Source // who says so now
}

// An Entry is what an audit keeps of an override.
type Entry struct {
	Flag          string
	Who, Why      string
	At            time.Time
	Before, After *Override // nil where there is none
}

// ErrUnknown says that there is no such flag.
var ErrUnknown = errors.New("unknown flag")

// A Set is the flags and what holds of each. Its methods are safe for concurrent use.
type Set struct {
	config   Config
	known    map[string]Flag
	env      map[string]bool
	snapshot atomic.Pointer[map[string]state]
	provider *Provider
	woken    chan struct{} // the store is to be read

	mu        sync.Mutex
	file      map[string]bool
	overrides map[string]Override
	puts      int // raised by each override put or ended here: what was read before is old
	fileAt    time.Time
	fileErr   error
	storeAt   time.Time
	storeErr  error
	listening bool
	untold    []Change
	telling   bool
}

// state is what holds of one flag.
type state struct {
	on     bool
	source Source
}

// New returns a set. It has read the environment and the file, the store not yet: that
// is [Set.Load]'s and [Set.Run]'s. A flag that the environment has with a value that is
// neither true nor false is an error; a file that cannot be read is none, and is told
// of in [Set.Report].
func New(c Config) (*Set, error) {
	if c.Flags == nil {
		c.Flags = Defaults()
	}
	if c.Store == nil {
		c.Store = &memory{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Set{config: c, known: map[string]Flag{}, env: map[string]bool{}, woken: make(chan struct{}, 1)}
	s.provider = &Provider{set: s, events: newEvents()}
	errs := []error{check(c.Flags)}
	start := map[string]state{}
	for _, f := range c.Flags {
		s.known[f.Name] = f
		start[f.Name] = state{f.Default, FromDefault}
		if c.Lookup == nil {
			continue
		}
		if text, ok := c.Lookup(f.Name); ok && text != "" {
			on, err := parseValue(text)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", f.Name, err))
			}
			s.env[f.Name] = on
			start[f.Name] = state{on, FromEnvironment}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("flags: %w", err)
	}
	s.snapshot.Store(&start)
	if c.File != "" {
		if s.file, s.fileErr = readFile(c.File); s.fileErr == nil {
			s.fileAt = c.Now()
		}
		s.tellOfFile(nil, nil)
		s.resolve() // nobody is told: this is how it begins
	}
	return s, nil
}

// Enabled reports whether a flag is on. An unknown one is not. It asks nobody: it
// reads one snapshot, takes no lock and allocates nothing, so it may be asked for
// each request, with the database down.
func (s *Set) Enabled(flag string) bool { return (*s.snapshot.Load())[flag].on }

// Override turns a flag for all replicas, in place of the override before. Who and Why
// are required, When is set here. A flag that the file speaks of stays as the file
// says. An error means that nothing was changed, as far as the store can tell; an
// unknown flag is [ErrUnknown].
func (s *Set) Override(ctx context.Context, o Override) error {
	o.When = s.config.Now().UTC()
	o.Until = o.Until.UTC()
	if err := o.check(s.known, o.When); err != nil {
		return fmt.Errorf("override flag %s: %w", o.Flag, err)
	}
	data, err := o.encode()
	if err != nil {
		return fmt.Errorf("override flag %s: %w", o.Flag, err)
	}
	call, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	if err := s.config.Store.PutFlagOverride(call, o.Flag, data); err != nil {
		return fmt.Errorf("override flag %s: %w", o.Flag, err)
	}
	s.replace(ctx, o.Flag, &o, Entry{Flag: o.Flag, Who: o.Who, Why: o.Why, At: o.When})
	return nil
}

// End takes the override of a flag back. Without one it changes nothing.
func (s *Set) End(ctx context.Context, flag, who, why string) error {
	now := s.config.Now().UTC()
	if err := (Override{Flag: flag, Who: who, Why: why}).check(s.known, now); err != nil {
		return fmt.Errorf("end override of flag %s: %w", flag, err)
	}
	call, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	if err := s.config.Store.DeleteFlagOverride(call, flag); err != nil {
		return fmt.Errorf("end override of flag %s: %w", flag, err)
	}
	s.replace(ctx, flag, nil, Entry{Flag: flag, Who: who, Why: why, At: now})
	return nil
}

// replace puts an override that the store has taken into effect here, and has the
// store read again: another replica may have been as quick.
func (s *Set) replace(ctx context.Context, flag string, o *Override, e Entry) {
	s.update(func() {
		s.puts++
		if before, ok := s.overrides[flag]; ok {
			e.Before = &before
		}
		next := map[string]Override{}
		for name, other := range s.overrides {
			if name != flag {
				next[name] = other
			}
		}
		if e.After = o; o != nil {
			next[flag] = *o
		}
		s.overrides = next
	})
	s.wake()
	if s.config.Audit != nil {
		s.config.Audit(ctx, e)
	}
}

// update changes what the set knows, resolves all flags anew and tells of those that
// have turned. The one who finds nobody telling tells, so that changes are told in
// order, without a lock, also when the one told changes a flag.
func (s *Set) update(change func()) {
	s.mu.Lock()
	change()
	s.untold = append(s.untold, s.resolve()...)
	if s.telling {
		s.mu.Unlock()
		return
	}
	s.telling = true
	for len(s.untold) > 0 {
		batch := s.untold
		s.untold = nil
		s.mu.Unlock()
		s.tell(batch)
		s.mu.Lock()
	}
	s.telling = false
	s.mu.Unlock()
}

// resolve publishes what holds now and returns the flags that have turned. s.mu is
// held.
func (s *Set) resolve() (changes []Change) {
	now := s.config.Now()
	before, next := *s.snapshot.Load(), map[string]state{}
	for _, f := range s.config.Flags {
		st := state{f.Default, FromDefault}
		if on, ok := s.env[f.Name]; ok {
			st = state{on, FromEnvironment}
		}
		if o, ok := s.overrides[f.Name]; ok && o.holds(now) {
			st = state{o.On, FromOverride}
		}
		if on, ok := s.file[f.Name]; ok {
			st = state{on, FromFile}
		}
		if next[f.Name] = st; st.on != before[f.Name].on {
			changes = append(changes, Change{f.Name, st.on, st.source})
		}
	}
	s.snapshot.Store(&next)
	return changes
}

func (s *Set) tell(changes []Change) {
	s.provider.changed(changes)
	for _, c := range changes {
		s.log(slog.LevelWarn, "flag turned", slog.String("flag", c.Flag), slog.Bool("on", c.On), slog.String("source", string(c.Source)))
		if s.config.OnChange != nil {
			s.config.OnChange(c)
		}
	}
}

func (s *Set) log(level slog.Level, what string, attrs ...slog.Attr) {
	if s.config.Log != nil {
		s.config.Log.LogAttrs(context.Background(), level, what, attrs...)
	}
}
