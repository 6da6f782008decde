package slo

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// A Ledger keeps counts so that budgets survive a restart and add up over replicas.
// It speaks standard types only, so that a storage engine is one without importing
// this package. Its methods are safe for concurrent use.
//
// A row is one replica's count of one objective's events in one minute. Minutes are
// whole, in UTC.
type Ledger interface {
	// PutSLOCounts stores rows of one replica, all or nothing, in one statement where
	// the engine can. Row i is objectives[i], minutes[i], good[i], total[i]; the four
	// have one length, and no two rows are of the same objective and minute. The
	// numbers are what the replica has counted in that minute so far: they replace
	// what stood there, so a write whose answer was lost is repeated without harm.
	PutSLOCounts(ctx context.Context, replica string, objectives []string, minutes []time.Time, good, total []int64) error

	// SLOCounts calls each with the sums over all replicas but one, for each
	// objective and minute from since on, in any order. An empty replica leaves none
	// out. It stops at ctx's end.
	SLOCounts(ctx context.Context, exceptReplica string, since time.Time, each func(objective string, minute time.Time, good, total int64)) error

	// DropSLOCounts removes the rows of all replicas that are older than before.
	DropSLOCounts(ctx context.Context, before time.Time) error
}

// How much of the ledger is read, and how often. Other replicas' counts are at most
// ten seconds old there; those of one that was cut off come late, so a day is read
// now and then.
const (
	readRecent   = 15 * time.Minute
	readDay      = 24 * time.Hour
	readDayEvery = 10 * time.Minute
	dropEvery    = time.Hour
	rowsAtOnce   = 1000
	ledgerWait   = 5 * time.Second  // for one call
	loadWait     = 30 * time.Second // for the first reading of 30 days
)

// ledgerState is how the exchange goes; the tracker's mutex guards it.
type ledgerState struct {
	loaded bool
	at     time.Time
	err    error
}

func (l ledgerState) report(all []*series) *LedgerReport {
	r := &LedgerReport{Loaded: l.loaded, At: l.at.UTC()}
	if l.err != nil {
		r.Error = l.err.Error()
	}
	for _, s := range all {
		r.Behind = max(r.Behind, len(s.dirty))
	}
	return r
}

// keep exchanges counts with the ledger until ctx ends, and stores what is left then.
func (t *Tracker) keep(ctx context.Context) {
	var k keeper
	for {
		if err := k.exchange(ctx, t); ctx.Err() == nil { // else it is the stop that is told of
			t.told(err)
		}
		if !t.pause(ctx) {
			break
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerWait)
	defer cancel()
	t.told(t.store(last))
}

// told notes how an exchange went, and tells of a change for the worse or the better.
func (t *Tracker) told(err error) {
	t.mu.Lock()
	before := t.ledger.err
	t.ledger.err = err
	if err == nil {
		t.ledger.at = t.config.Now()
	}
	t.mu.Unlock()
	switch {
	case t.config.Log == nil:
	case err != nil && before == nil:
		t.config.Log.Warn("slo ledger fails, counting goes on", slog.Any("error", err))
	case err == nil && before != nil:
		t.config.Log.Info("slo ledger works again")
	}
}

// A keeper remembers when the rarer parts of an exchange were last done.
type keeper struct {
	loaded       bool
	day, dropped time.Time
}

func (k *keeper) exchange(ctx context.Context, t *Tracker) error {
	now := t.config.Now()
	if err := t.store(ctx); err != nil {
		return err
	}
	if err := k.read(ctx, t, now); err != nil {
		return err
	}
	if age := now.Sub(k.dropped); age < 0 || age >= dropEvery {
		ctx, cancel := context.WithTimeout(ctx, ledgerWait)
		defer cancel()
		if err := t.config.Ledger.DropSLOCounts(ctx, now.Add(-Window-time.Hour).UTC()); err != nil {
			return fmt.Errorf("drop old counts: %w", err)
		}
		k.dropped = now
	}
	return nil
}

// read takes over what others have counted.
func (k *keeper) read(ctx context.Context, t *Tracker, now time.Time) error {
	back, wait := readRecent, ledgerWait
	if age := now.Sub(k.day); age < 0 || age >= readDayEvery {
		back = readDay
	}
	if !k.loaded {
		back, wait = Window, loadWait
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	since := now.Add(-back).Truncate(time.Minute).UTC()
	if err := t.config.Ledger.SLOCounts(ctx, t.replica, since, t.others); err != nil {
		return fmt.Errorf("read counts since %s: %w", since.Format(time.RFC3339), err)
	}
	if back > readRecent {
		k.day = now
	}
	if !k.loaded {
		k.loaded = true
		t.mu.Lock()
		t.ledger.loaded = true
		t.mu.Unlock()
	}
	return nil
}

// others takes over what all others have counted of an objective in one minute. An
// objective that is not ours is another version's.
func (t *Tracker) others(objective string, minute time.Time, good, total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.series {
		if s.objective.Name != objective {
			continue
		}
		if b := s.bucket(minuteOf(minute), minuteOf(t.config.Now())); b != nil {
			b.others = smallOf(count{good, total - good})
		}
	}
}

// store writes the own counts that the ledger has not got yet.
func (t *Tracker) store(ctx context.Context) error {
	for {
		b := t.unstored()
		if len(b.of) == 0 {
			return nil
		}
		call, cancel := context.WithTimeout(ctx, ledgerWait)
		err := t.config.Ledger.PutSLOCounts(call, t.replica, b.objectives, b.minutes, b.good, b.total)
		cancel()
		if err != nil {
			return fmt.Errorf("store counts of %d minutes: %w", len(b.of), err)
		}
		t.stored(b)
		if len(b.of) < rowsAtOnce {
			return nil // what has changed meanwhile can wait ten seconds
		}
	}
}

// A batch is rows for the ledger.
type batch struct {
	of          []*series
	objectives  []string
	minutes     []time.Time
	good, total []int64
}

// unstored returns up to rowsAtOnce of the minutes that have changed.
func (t *Tracker) unstored() (b batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Now()
	t.turn(now)
	for _, s := range t.series {
		for minute := range s.dirty {
			if len(b.of) == rowsAtOnce {
				return b
			}
			have := s.bucket(minute, minuteOf(now))
			if have == nil { // older than the window
				delete(s.dirty, minute)
				continue
			}
			own := have.own.count()
			b.of = append(b.of, s)
			b.objectives = append(b.objectives, s.objective.Name)
			b.minutes = append(b.minutes, time.Unix(minute*60, 0).UTC())
			b.good = append(b.good, own.good)
			b.total = append(b.total, own.total())
		}
	}
	return b
}

// stored notes that the ledger has got a batch. A minute that has gone on counting
// stays due.
func (t *Tracker) stored(b batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, s := range b.of {
		minute := minuteOf(b.minutes[i])
		sent := count{b.good[i], b.total[i] - b.good[i]}
		if have := s.buckets[minute%bucketsKept]; have.minute != minute || have.own.count() == sent {
			delete(s.dirty, minute)
		}
	}
}
