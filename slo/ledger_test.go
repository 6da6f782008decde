package slo_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/slo"
)

// book is a ledger in memory that can be made to fail.
type book struct {
	mu      sync.Mutex
	rows    map[row][2]int64
	puts    int
	dropped time.Time

	refuse   error // answered instead of doing anything
	loseAck  error // answered by puts that were done
	hangs    bool  // answers nothing until the call's context ends
	readFrom []time.Time
}

type row struct {
	replica, objective string
	minute             time.Time
}

var _ slo.Ledger = (*book)(nil)

func newBook() *book { return &book{rows: map[row][2]int64{}} }

func (b *book) set(change func(*book)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

func (b *book) state() (refuse, loseAck error, hangs bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refuse, b.loseAck, b.hangs
}

func (b *book) PutSLOCounts(ctx context.Context, replica string, objectives []string, minutes []time.Time, good, total []int64) error {
	refuse, loseAck, hangs := b.state()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if refuse != nil {
		return refuse
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.puts++
	for i := range objectives {
		b.rows[row{replica, objectives[i], minutes[i]}] = [2]int64{good[i], total[i]}
	}
	return loseAck
}

func (b *book) SLOCounts(ctx context.Context, except string, since time.Time, each func(string, time.Time, int64, int64)) error {
	if refuse, _, hangs := b.state(); hangs {
		<-ctx.Done()
		return ctx.Err()
	} else if refuse != nil {
		return refuse
	}
	b.mu.Lock()
	b.readFrom = append(b.readFrom, since)
	sums := map[row][2]int64{}
	for r, n := range b.rows {
		if (except == "" || r.replica != except) && !r.minute.Before(since) {
			r.replica = ""
			sums[r] = [2]int64{sums[r][0] + n[0], sums[r][1] + n[1]}
		}
	}
	b.mu.Unlock()
	for r, n := range sums {
		each(r.objective, r.minute, n[0], n[1])
	}
	return nil
}

func (b *book) DropSLOCounts(_ context.Context, before time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropped = before
	for r := range b.rows {
		if r.minute.Before(before) {
			delete(b.rows, r)
		}
	}
	return nil
}

func (b *book) total() (good, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.rows {
		good, total = good+n[0], total+n[1]
	}
	return good, total
}

// payments is one plain objective.
func payments() slo.Objective {
	return slo.Objective{Name: "payments", Target: 0.99, Indicators: []slo.Indicator{{Name: "payments"}}}
}

// start runs a tracker of one objective on a ledger until stop is called.
func start(t *testing.T, b *book, replica string) (tracker *slo.Tracker, events *slo.Recorder, stop func()) {
	t.Helper()
	c := slo.Config{Objectives: []slo.Objective{payments()}, Replica: replica}
	if b != nil {
		c.Ledger = b
	}
	tracker, err := slo.New(c)
	require.NoError(t, err)
	events, err = tracker.Recorder("payments")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tracker.Run(ctx) }()
	synctest.Wait()
	return tracker, events, func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

func record(r *slo.Recorder, good, bad int) {
	for range good {
		r.Record(true)
	}
	for range bad {
		r.Record(false)
	}
}

func TestLedgerSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		_, events, stop := start(t, b, "a")
		record(events, 90, 3)
		time.Sleep(5 * time.Minute)
		record(events, 7, 0) // stored by the stop
		stop()
		again, events, stop := start(t, b, "a")
		defer stop()
		record(events, 10, 1)
		o := again.Report().Objectives[0]
		require.EqualValues(t, 107, o.Good)
		require.EqualValues(t, 111, o.Total)
		require.True(t, again.Report().Ledger.Loaded)
	})
}

func TestLedgerAddsUpReplicasEachOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		first, inFirst, stopFirst := start(t, b, "host")
		second, inSecond, stopSecond := start(t, b, "host") // of one name: still two processes
		for range 30 {
			record(inFirst, 3, 1)
			record(inSecond, 5, 0)
			time.Sleep(time.Minute)
		}
		time.Sleep(20 * time.Second) // one stores, then the other reads
		for _, tracker := range []*slo.Tracker{first, second} {
			o := tracker.Report().Objectives[0]
			require.EqualValues(t, 8*30, o.Good)
			require.EqualValues(t, 9*30, o.Total)
		}
		stopFirst()
		stopSecond()
		good, total := b.total()
		require.EqualValues(t, 8*30, good)
		require.EqualValues(t, 9*30, total)
	})
}

func TestLedgerThatFailsLosesNothing(t *testing.T) {
	boom := errors.New("no route to host")
	for name, fault := range map[string]struct {
		begin, end func(*book)
	}{
		"refusing":        {func(b *book) { b.refuse = boom }, func(b *book) { b.refuse = nil }},
		"losing answers":  {func(b *book) { b.loseAck = boom }, func(b *book) { b.loseAck = nil }},
		"answering never": {func(b *book) { b.hangs = true }, func(b *book) { b.hangs = false }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBook()
				tracker, events, stop := start(t, b, "a")
				b.set(fault.begin)
				for range 90 { // longer than what is read back ordinarily
					record(events, 9, 1)
					time.Sleep(time.Minute)
				}
				r := tracker.Report()
				require.NotEmpty(t, r.Ledger.Error)
				require.Positive(t, r.Ledger.Behind)
				require.EqualValues(t, 900, r.Objectives[0].Total, "counting goes on")
				b.set(fault.end)
				time.Sleep(30 * time.Second)
				r = tracker.Report()
				require.Empty(t, r.Ledger.Error)
				require.Zero(t, r.Ledger.Behind)
				good, total := b.total()
				require.EqualValues(t, 810, good)
				require.EqualValues(t, 900, total)
				stop()
			})
		})
	}
}

func TestLedgerIsReadOnceItIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		b.rows[row{"old", "payments", time.Now().Add(-29 * 24 * time.Hour).Truncate(time.Minute).UTC()}] = [2]int64{40, 50}
		b.rows[row{"old", "older version's", time.Now().UTC()}] = [2]int64{1, 1}
		b.rows[row{"old", "payments", time.Now().Add(time.Hour).UTC()}] = [2]int64{1, 1} // a clock that is wrong
		b.refuse = errors.New("starting up")
		tracker, _, stop := start(t, b, "a")
		defer stop()
		require.False(t, tracker.Report().Ledger.Loaded)
		require.Zero(t, tracker.Report().Objectives[0].Total)
		b.set(func(b *book) { b.refuse = nil })
		time.Sleep(11 * time.Second)
		require.True(t, tracker.Report().Ledger.Loaded)
		require.EqualValues(t, 50, tracker.Report().Objectives[0].Total)
	})
}

func TestLedgerIsWrittenOnceInTenSecondsAndReadLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		_, events, stop := start(t, b, "a")
		for range 600 {
			record(events, 10, 0)
			time.Sleep(time.Second)
		}
		stop()
		require.LessOrEqual(t, b.puts, 61)
		month := 0
		for _, from := range b.readFrom {
			if time.Since(from) > 25*time.Hour {
				month++
			}
		}
		require.Equal(t, 1, month, "30 days are read at the start alone")
		require.Less(t, time.Since(b.dropped), 31*24*time.Hour)
	})
}

func TestLateCountsOfAnotherReplicaAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		tracker, _, stop := start(t, b, "a")
		defer stop()
		time.Sleep(5 * time.Hour)
		b.set(func(b *book) { // cut off for hours, then stores what it has
			b.rows[row{"late", "payments", time.Now().Add(-4 * time.Hour).Truncate(time.Minute).UTC()}] = [2]int64{0, 20}
		})
		time.Sleep(11 * time.Minute)
		require.EqualValues(t, 20, tracker.Report().Objectives[0].Total)
	})
}
