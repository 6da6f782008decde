package slo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// turnEvery is how often counts move into minutes and policies are looked at, and
// how often they are exchanged with the ledger. It divides a minute.
const turnEvery = 10 * time.Second

// A Config configures a [Tracker].
type Config struct {
	Objectives []Objective // required; [Defaults] are LearnSnap's
	Policies   []Policy    // what is done while a budget burns; may be empty

	// Ledger keeps the counts over restarts and adds up those of all replicas. Nil
	// means that they live and die with the process.
	Ledger Ledger

	// Replica is a name for people, such as the host's. What is unique to the process
	// is added to it.
	Replica string

	Log *slog.Logger     // told of policies that begin and end, and of a ledger that fails and recovers; nil means nobody is
	Now func() time.Time // nil means [time.Now]
}

// A Tracker counts events against objectives. Its methods are safe for concurrent
// use.
type Tracker struct {
	config  Config
	series  []*series
	replica string

	mu       sync.Mutex
	turned   time.Time // since when what was recorded is in no minute yet
	policies []*policyState
	ledger   ledgerState
}

// New returns a tracker of c's objectives. All that is wrong with them is in the
// error.
func New(c Config) (*Tracker, error) {
	if err := errors.Join(check(c.Objectives), checkPolicies(c.Policies, c.Objectives)); err != nil {
		return nil, fmt.Errorf("slo: %w", err)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	t := &Tracker{config: c, turned: c.Now(), replica: c.Replica + "-" + rand.Text()[:13]}
	for _, o := range c.Objectives {
		t.series = append(t.series, &series{objective: o, buckets: make([]bucket, bucketsKept), dirty: map[int64]struct{}{}})
	}
	for _, p := range c.Policies {
		t.policies = append(t.policies, &policyState{Policy: p})
	}
	return t, nil
}

// Recorder returns what records the events of an indicator. Ask for it once, where
// the program is put together, not for each event. A name that no objective knows is
// an error.
func (t *Tracker) Recorder(indicator string) (*Recorder, error) {
	r := &Recorder{}
	for _, s := range t.series {
		for _, i := range s.objective.Indicators {
			if i.Name == indicator {
				r.into = append(r.into, target{s, i.Within})
			}
		}
	}
	if len(r.into) == 0 {
		return nil, fmt.Errorf("slo: no objective has an indicator %q", indicator)
	}
	return r, nil
}

// A Recorder records the events of one indicator. Its methods take no lock, read no
// clock, allocate nothing and are safe for concurrent use.
type Recorder struct{ into []target }

type target struct {
	series *series
	within time.Duration
}

// Record counts one event as good or bad, in every objective that the indicator
// belongs to and whatever time it took.
func (r *Recorder) Record(good bool) {
	for _, t := range r.into {
		t.series.record(good)
	}
}

// Observe counts one event that came to a good end after took: bad where that is
// more than the indicator's Within.
func (r *Recorder) Observe(took time.Duration) {
	for _, t := range r.into {
		t.series.record(t.within == 0 || took <= t.within)
	}
}

// Run moves counts into their minutes, exchanges them with the ledger every ten
// seconds and looks at the policies, until ctx ends; then it stores what is left,
// takes back what policies did, and returns nil. A ledger that fails is told of in
// [Tracker.Report] and tried again: counting goes on without it, and what could not
// be stored is stored later. Run is called once.
func (t *Tracker) Run(ctx context.Context) error {
	var keeper sync.WaitGroup
	if t.config.Ledger != nil {
		keeper.Go(func() { t.keep(ctx) })
	}
	for t.pause(ctx) {
		if len(t.policies) > 0 {
			t.applyPolicies(t.Report())
			continue
		}
		t.mu.Lock()
		t.turn(t.config.Now())
		t.mu.Unlock()
	}
	keeper.Wait()
	t.endPolicies()
	return nil
}

// pause waits for the next whole ten seconds and reports whether they came before
// ctx's end.
func (t *Tracker) pause(ctx context.Context) bool {
	now := t.config.Now()
	timer := time.NewTimer(now.Truncate(turnEvery).Add(turnEvery).Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// turn moves what was recorded since the last turn into the minute in which that
// was, so that recording needs no clock. t.mu is held.
func (t *Tracker) turn(now time.Time) {
	minute := min(minuteOf(t.turned), minuteOf(now)) // a clock may have been set back
	t.turned = now
	for _, s := range t.series {
		s.turn(minute, minuteOf(now))
	}
}

// bucketsKept is the length of [Window] in minutes.
const bucketsKept = int64(Window / time.Minute)

// minuteOf numbers minutes from 1970 on.
func minuteOf(at time.Time) int64 { return max(at.Unix()/60, 0) }

// series is one objective's counts.
type series struct {
	objective Objective

	// What the process has counted since it began.
	good, bad atomic.Int64

	// Guarded by the tracker's mutex:
	turned  count              // what of good and bad is in buckets
	buckets []bucket           // a ring: minute m stands at m % bucketsKept
	dirty   map[int64]struct{} // minutes whose own counts the ledger has not got yet
}

// A bucket is one minute. It carries its number, so that no clock that jumps and no
// sleep of the machine can pass an old one off as new.
type bucket struct {
	minute      int64
	own, others small
}

type small struct{ good, bad uint32 }

func (s *series) record(good bool) {
	if good {
		s.good.Add(1)
	} else {
		s.bad.Add(1)
	}
}

func (s *series) turn(minute, now int64) {
	total := count{s.good.Load(), s.bad.Load()}
	delta := count{total.good - s.turned.good, total.bad - s.turned.bad}
	if delta == (count{}) {
		return
	}
	s.turned = total
	b := s.bucket(max(minute, now-bucketsKept+1), now)
	b.own = smallOf(b.own.count().plus(delta))
	s.dirty[b.minute] = struct{}{}
}

// bucket returns a minute's place, or nil when it is not in the window that ends
// with now. Two minutes of one place are never in one window.
func (s *series) bucket(minute, now int64) *bucket {
	if minute > now || minute <= now-bucketsKept {
		return nil
	}
	b := &s.buckets[minute%bucketsKept]
	if b.minute != minute {
		*b = bucket{minute: minute}
	}
	return b
}

// counts adds up the windows that end with the minute now.
func (s *series) counts(now int64) map[time.Duration]count {
	sums := map[time.Duration]count{}
	var sum count
	minute, at := now, now%bucketsKept
	for _, w := range windows() {
		for end := now - int64(w/time.Minute); minute > end; minute-- {
			if b := &s.buckets[at]; b.minute == minute {
				sum = sum.plus(b.own.count()).plus(b.others.count())
			}
			if at--; at < 0 {
				at = bucketsKept - 1
			}
		}
		sums[w] = sum
	}
	return sums
}

func (n small) count() count { return count{int64(n.good), int64(n.bad)} }

func smallOf(c count) small {
	clamp := func(n int64) uint32 { return uint32(min(max(n, 0), math.MaxUint32)) }
	return small{clamp(c.good), clamp(c.bad)}
}
