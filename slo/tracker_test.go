package slo_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/slo"
)

func TestEventsCountInEveryObjectiveOfTheirIndicator(t *testing.T) {
	tracker, err := slo.New(slo.Config{Objectives: slo.Defaults()})
	require.NoError(t, err)
	quizzes, err := tracker.Recorder("quizzes")
	require.NoError(t, err)
	quizzes.Observe(59 * time.Second)
	quizzes.Observe(time.Minute)
	quizzes.Observe(61 * time.Second)
	quizzes.Observe(3 * time.Minute)
	quizzes.Record(false)
	good := map[string]int64{}
	for _, o := range tracker.Report().Objectives {
		good[o.Name] = o.Good
		if strings.HasPrefix(o.Name, "quiz") {
			require.EqualValues(t, 5, o.Total)
		} else {
			require.Zero(t, o.Total)
		}
	}
	require.EqualValues(t, 2, good["quiz-latency-p95"], "a minute is within a minute")
	require.EqualValues(t, 3, good["quiz-latency-p99"])
}

func TestAnObjectiveAddsUpItsIndicators(t *testing.T) {
	tracker, err := slo.New(slo.Config{Objectives: []slo.Objective{{
		Name: "both", Target: 0.9, Indicators: []slo.Indicator{{Name: "reads"}, {Name: "writes"}},
	}}})
	require.NoError(t, err)
	for name, good := range map[string]bool{"reads": true, "writes": false} {
		r, err := tracker.Recorder(name)
		require.NoError(t, err)
		r.Record(good)
	}
	o := tracker.Report().Objectives[0]
	require.EqualValues(t, 1, o.Good)
	require.EqualValues(t, 2, o.Total)
	_, err = tracker.Recorder("deletes")
	require.EqualError(t, err, `slo: no objective has an indicator "deletes"`)
}

func TestBudgetInShareMinutesAndEvents(t *testing.T) {
	for name, c := range map[string]struct {
		good, bad      int
		share, minutes float64
		events         int64
		status         slo.Status
	}{
		"nothing has happened": {0, 0, 1, 432, 0, slo.StatusOK},
		"all is well":          {1000, 0, 1, 432, 10, slo.StatusOK},
		"half is used":         {995, 5, 0.5, 216, 5, slo.StatusOK},
		"just used up":         {990, 10, 0, 0, 0, slo.StatusSpent},
		"overspent twice":      {980, 20, -1, -432, -10, slo.StatusSpent},
		"burning":              {800, 200, -19, -8208, -190, slo.StatusPage},
	} {
		t.Run(name, func(t *testing.T) {
			tracker, err := slo.New(slo.Config{Objectives: []slo.Objective{payments()}})
			require.NoError(t, err)
			events, err := tracker.Recorder("payments")
			require.NoError(t, err)
			record(events, c.good, c.bad)
			o := tracker.Report().Objectives[0]
			require.InDelta(t, c.share, o.BudgetRatio, 1e-9)
			require.InDelta(t, c.minutes, o.BudgetMinutes, 1e-6)
			require.Equal(t, c.events, o.BudgetEvents)
			if c.status != slo.StatusSpent { // what has spent a budget in a minute also burns
				require.Equal(t, c.status, o.Status)
			}
		})
	}
}

// history gives a tracker's ledger minutes of the past: bad of total each.
func history(b *book, now time.Time, from, to time.Duration, bad, total int64) {
	for age := from; age < to; age += time.Minute {
		b.rows[row{"past", "payments", now.Add(-age).Truncate(time.Minute).UTC()}] = [2]int64{total - bad, total}
	}
}

func TestAlertsNeedBothWindows(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		past func(b *book, now time.Time)
		want []bool // page 1h, page 6h, ticket 1d, ticket 3d
		is   slo.Status
	}{
		"nothing": {func(*book, time.Time) {}, []bool{false, false, false, false}, slo.StatusOK},
		"a fifth fails for an hour": {func(b *book, now time.Time) {
			history(b, now, 0, time.Hour, 20, 100)
			history(b, now, time.Hour, 30*day, 0, 100)
		}, []bool{true, false, false, false}, slo.StatusPage},
		"it ended ten minutes ago": {func(b *book, now time.Time) {
			history(b, now, 0, 10*time.Minute, 0, 100)
			history(b, now, 10*time.Minute, time.Hour, 20, 100)
			history(b, now, time.Hour, 30*day, 0, 100)
		}, []bool{false, false, false, false}, slo.StatusOK},
		"8 of 100 for six hours": {func(b *book, now time.Time) {
			history(b, now, 0, 6*time.Hour, 8, 100)
			history(b, now, 6*time.Hour, 30*day, 0, 100)
		}, []bool{false, true, false, false}, slo.StatusPage},
		"4 of 100 for a day": {func(b *book, now time.Time) {
			history(b, now, 0, day, 4, 100)
			history(b, now, day, 30*day, 0, 100)
		}, []bool{false, false, true, true}, slo.StatusTicket},
		"a little too much for long": {func(b *book, now time.Time) {
			history(b, now, 0, 3*day, 3, 200)
			history(b, now, 3*day, 30*day, 0, 200)
		}, []bool{false, false, false, true}, slo.StatusTicket},
		"spent long ago": {func(b *book, now time.Time) {
			history(b, now, 0, 5*day, 0, 100)
			history(b, now, 5*day, 30*day, 2, 100)
		}, []bool{false, false, false, false}, slo.StatusSpent},
		"one of one, in the night": {func(b *book, now time.Time) {
			history(b, now, 0, time.Minute, 2, 2)
		}, []bool{false, false, false, false}, slo.StatusSpent},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBook()
				c.past(b, time.Now())
				tracker, _, stop := start(t, b, "a")
				defer stop()
				o := tracker.Report().Objectives[0]
				got := []bool{}
				for _, a := range o.Alerts {
					got = append(got, a.Firing)
				}
				require.Equal(t, c.want, got, "%+v", o.Burn)
				require.Equal(t, c.is, o.Status)
			})
		})
	}
}

func TestWindowRolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tracker, events, stop := start(t, nil, "")
		defer stop()
		record(events, 10, 10)
		time.Sleep(29 * 24 * time.Hour)
		record(events, 5, 0)
		o := tracker.Report().Objectives[0]
		require.EqualValues(t, 25, o.Total)
		require.Zero(t, o.Burn[0].Rate, "nothing bad in the last minutes")
		time.Sleep(24*time.Hour + time.Minute)
		o = tracker.Report().Objectives[0]
		require.EqualValues(t, 5, o.Total, "30 days later it is forgotten")
		require.InDelta(t, 1, o.BudgetRatio, 1e-9)
	})
}

// TestWindowsAgreeWithAPlainList plays months of minutes, with holes, against sums
// over a list of all events.
func TestWindowsAgreeWithAPlainList(t *testing.T) {
	for seed := range uint64(3) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		tracker, err := slo.New(slo.Config{Objectives: []slo.Objective{payments()}, Now: func() time.Time { return now }})
		require.NoError(t, err)
		events, err := tracker.Recorder("payments")
		require.NoError(t, err)
		type event struct {
			minute int64
			bad    bool
		}
		var all []event
		for range 400 {
			for range rnd.IntN(8) {
				bad := rnd.IntN(3) == 0
				events.Record(!bad)
				all = append(all, event{now.Unix() / 60, bad})
			}
			o := tracker.Report().Objectives[0]
			for i, w := range []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour, slo.Window} {
				bad, total := 0., 0.
				for _, e := range all {
					if e.minute > now.Unix()/60-int64(w/time.Minute) {
						total++
						if e.bad {
							bad++
						}
					}
				}
				want := 0.
				if total > 0 {
					want = bad / total / 0.01
				}
				require.InDelta(t, want, o.Burn[i].Rate, 1e-6, "seed %d, window %s", seed, o.Burn[i].Window)
			}
			step := time.Duration(rnd.Int64N(int64(3 * time.Minute)))
			if rnd.IntN(100) == 0 {
				step = time.Duration(rnd.Int64N(int64(20 * 24 * time.Hour)))
			}
			now = now.Add(step)
			tracker.Report() // a turn, so that the next events count from here
		}
	}
}

func TestAClockThatIsSetBackOrForthLosesNothingToCome(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	tracker, err := slo.New(slo.Config{Objectives: []slo.Objective{payments()}, Now: func() time.Time { return now }})
	require.NoError(t, err)
	events, err := tracker.Recorder("payments")
	require.NoError(t, err)
	for _, jump := range []time.Duration{-2 * time.Hour, 40 * 24 * time.Hour, -40 * 24 * time.Hour, time.Minute} {
		now = now.Add(jump)
		record(events, 0, 4)
		require.GreaterOrEqual(t, tracker.Report().Objectives[0].Total, int64(4), "after a jump of %v", jump)
	}
	now = time.Time{}
	record(events, 0, 4)
	tracker.Report()
}

func TestEventsOfManyGoroutinesAreAllCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook()
		tracker, events, stop := start(t, b, "a")
		var recorders sync.WaitGroup
		for range 8 {
			recorders.Go(func() {
				for i := range 1000 {
					events.Record(i%10 != 0)
					if i%100 == 0 {
						tracker.Report()
						time.Sleep(7 * time.Second)
					}
				}
			})
		}
		recorders.Wait()
		stop()
		good, total := b.total()
		require.EqualValues(t, 7200, good)
		require.EqualValues(t, 8000, total)
	})
}

func TestPolicyBeginsWithTheBurnAndTakesItselfBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var acts []string
		began := time.Now()
		tracker, err := slo.New(slo.Config{
			Objectives: []slo.Objective{payments()},
			Policies: []slo.Policy{{
				Name: "fewer-checks", Objective: "payments",
				Act: func(on bool) { acts = append(acts, fmt.Sprintf("%v at %v", on, time.Since(began))) },
			}, {
				Name: "save", Objective: "payments", BudgetBelow: 0.5, Hold: -1,
			}},
			Log: slog.New(slog.NewTextHandler(&out, nil)),
		})
		require.NoError(t, err)
		events, err := tracker.Recorder("payments")
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx) }()

		record(events, 80, 20)
		time.Sleep(11 * time.Second)
		require.True(t, tracker.Acting("fewer-checks"))
		require.True(t, tracker.Acting("save"))
		require.False(t, tracker.Acting("unknown"))
		p := tracker.Report().Policies[0]
		require.True(t, p.On)
		require.Equal(t, "budget burns 14.4 times too fast (1h)", p.Why)
		require.NotZero(t, p.Since)

		record(events, 10000, 0) // the burn is over, and half the budget is there again
		time.Sleep(5 * time.Minute)
		require.True(t, tracker.Acting("fewer-checks"), "it holds on for a while")
		require.False(t, tracker.Acting("save"), "this one has been told not to")
		time.Sleep(15 * time.Minute)
		require.False(t, tracker.Acting("fewer-checks"))
		require.Empty(t, tracker.Report().Policies[0].Why)

		record(events, 0, 5000)
		time.Sleep(11 * time.Second)
		require.True(t, tracker.Acting("fewer-checks"))
		cancel()
		require.NoError(t, <-ended)
		require.False(t, tracker.Acting("fewer-checks"), "nobody is left to end it")
		require.Equal(t, []string{"true at 10s", "false at 15m20s", "true at 20m20s", "false at 20m22s"}, acts)
		require.Contains(t, out.String(), `msg="policy begins" policy=fewer-checks slo=payments`)
		require.Contains(t, out.String(), `msg="policy ends" policy=fewer-checks`)
	})
}

func TestNewSaysAllThatIsWrong(t *testing.T) {
	_, err := slo.New(slo.Config{
		Objectives: []slo.Objective{
			{Name: "Not Good", Target: 1},
			{Name: "twice", Target: 0.9, Indicators: []slo.Indicator{{Within: -1}}},
			{Name: "twice", Target: 0.9, Indicators: []slo.Indicator{{Name: "x"}}},
		},
		Policies: []slo.Policy{{Name: "p", Objective: "gone", Severity: "loud", BudgetBelow: 2}, {Name: "p", Objective: "twice"}},
	})
	for _, want := range []string{
		`objective "Not Good": the name must be`, "target 1 must lie between 0 and 1", "no indicators", "an indicator has no name", "is negative",
		"there are two of this name", `no objective "gone"`, `unknown severity "loud"`, "budget below 2", `policy "p": the name must be there and be unique`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = slo.New(slo.Config{})
	require.ErrorContains(t, err, "no objectives")
}

func BenchmarkRecord(b *testing.B) {
	tracker, err := slo.New(slo.Config{Objectives: slo.Defaults()})
	require.NoError(b, err)
	for _, name := range []string{"requests", "quizzes"} { // of one objective and of two
		r, err := tracker.Recorder(name)
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Record(true)
			}
		})
	}
}

func BenchmarkReport(b *testing.B) {
	tracker, err := slo.New(slo.Config{Objectives: slo.Defaults()})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		tracker.Report()
	}
}
