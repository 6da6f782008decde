package flags

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// How often the sources are read, and how long the store may take to answer.
const (
	fileEvery  = time.Second
	storeEvery = 2 * time.Second
	storeWait  = 3 * time.Second
	relisten   = time.Second // after a link was lost
)

// Load reads the file and the store once. A program calls it before it serves, so that
// an override holds from the first request on; its error means that the store did not
// answer, and may be passed over: Run goes on asking.
func (s *Set) Load(ctx context.Context) error {
	s.readFile()
	return s.readStore(ctx)
}

// Run keeps the set up to date until ctx ends, and returns nil: the file every second,
// overrides as soon as the store tells of a change and every two seconds anyway, their
// ends within a second. A source that fails keeps its last word and is asked again; no
// source waits for another. Run is called once.
func (s *Set) Run(ctx context.Context) error {
	var sources sync.WaitGroup
	sources.Go(func() { s.listen(ctx) })
	sources.Go(func() {
		for ctx.Err() == nil {
			_ = s.readStore(ctx) // it is in the report
			select {
			case <-ctx.Done():
			case <-s.woken:
			case <-time.After(storeEvery):
			}
		}
	})
	tick := time.NewTicker(fileEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.readFile() // resolves all flags: what has expired is over
		case <-ctx.Done():
			sources.Wait()
			return nil
		}
	}
}

// listen keeps a link to the store that wakes the reader.
func (s *Set) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.config.Store.ListenFlags(ctx, func() {
			s.setListening(true, nil)
			s.wake()
		})
		if ctx.Err() != nil {
			return
		}
		s.setListening(false, err)
		select {
		case <-ctx.Done():
		case <-time.After(relisten):
		}
	}
}

func (s *Set) setListening(on bool, err error) {
	s.mu.Lock()
	was := s.listening
	s.listening = on
	s.mu.Unlock()
	if was && !on {
		s.log(slog.LevelWarn, "flag link lost, polling goes on", slog.Any("error", err))
	}
}

// wake has the store read soon. It never blocks.
func (s *Set) wake() {
	select {
	case s.woken <- struct{}{}:
	default: // somebody has asked already
	}
}

// readFile takes over what the file says, or leaves what it said last.
func (s *Set) readFile() {
	if s.config.File == "" {
		s.update(func() {})
		return
	}
	values, err := readFile(s.config.File)
	var errBefore error
	var before map[string]bool
	s.update(func() {
		errBefore, s.fileErr = s.fileErr, err
		if before = s.file; err == nil {
			s.file, s.fileAt = values, s.config.Now()
		}
	})
	s.tellOfFile(errBefore, before)
}

// tellOfFile logs what is new about how the file reads.
func (s *Set) tellOfFile(errBefore error, before map[string]bool) {
	s.mu.Lock()
	err, names := s.fileErr, unknown(s.file, s.known)
	s.mu.Unlock()
	s.tellOf("flag file", errBefore, err)
	if len(names) > 0 && !slices.Equal(names, unknown(before, s.known)) {
		s.log(slog.LevelWarn, "flag file names unknown flags", slog.Any("flags", names))
	}
}

// readStore takes over the overrides that the store has. One that cannot be read
// leaves what it said last in force.
func (s *Set) readStore(ctx context.Context) error {
	s.mu.Lock()
	puts := s.puts
	s.mu.Unlock()
	call, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	stored, err := s.config.Store.FlagOverrides(call)
	if ctx.Err() != nil {
		return ctx.Err() // it is the caller who ended it
	}
	var before error
	s.update(func() {
		before = s.storeErr
		if err == nil {
			s.storeAt = s.config.Now()
			if puts == s.puts { // else what was read is older than what we know; it is read again
				err = s.takeOver(stored)
			}
		}
		s.storeErr = err
	})
	s.tellOf("flag store", before, err)
	return err
}

// takeOver replaces the overrides. s.mu is held.
func (s *Set) takeOver(stored map[string][]byte) error {
	var errs []error
	next := map[string]Override{}
	for flag, data := range stored {
		if _, ok := s.known[flag]; !ok {
			continue // another version's
		}
		o, err := decodeOverride(flag, data)
		if err != nil {
			errs = append(errs, err)
			var had bool
			if o, had = s.overrides[flag]; !had {
				continue
			}
		}
		next[flag] = o
	}
	s.overrides = next
	return errors.Join(errs...)
}

// tellOf logs that a source has begun to fail or works again.
func (s *Set) tellOf(source string, before, err error) {
	switch {
	case err != nil && (before == nil || before.Error() != err.Error()):
		s.log(slog.LevelWarn, source+" fails, its last word stands", slog.Any("error", err))
	case err == nil && before != nil:
		s.log(slog.LevelInfo, source+" works again")
	}
}
