package resilience_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/resilience"
)

func TestQuotaSpacesRequestsEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := resilience.NewQuota(resilience.QuotaConfig{Requests: 60, Share: 1})
		start := time.Now()
		for range 4 {
			enter(t, q, nil)
		}
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

func TestQuotaRefusesATurnThatIsTooFarAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := resilience.NewQuota(resilience.QuotaConfig{Name: "gemini", Requests: 1, Share: 1})
		enter(t, q, nil)
		_, err := q.Enter(t.Context())
		require.ErrorIs(t, err, resilience.ErrQuota)
		after, _ := resilience.RetryAfter(err)
		require.Equal(t, time.Minute, after)

		time.Sleep(40 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err = q.Enter(ctx)
		require.ErrorIs(t, err, resilience.ErrQuota, "its deadline comes before its turn: no use in waiting")
		enter(t, q, nil)
	})
}

func TestQuotaGivesATurnBackOnCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := resilience.NewQuota(resilience.QuotaConfig{Requests: 60, Share: 1})
		enter(t, q, nil)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { _, err := q.Enter(ctx); left <- err }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-left, context.Canceled)
		start := time.Now()
		enter(t, q, nil)
		require.Equal(t, time.Second, time.Since(start), "not two")
	})
}

func TestQuotaStaysShutAsLongAsTheCalleeSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := resilience.NewQuota(resilience.QuotaConfig{Requests: 6000})
		enter(t, q, tooMany{20 * time.Second})
		start := time.Now()
		enter(t, q, errors.New("of another kind"))
		enter(t, q, nil)
		require.InDelta(t, 20, time.Since(start).Seconds(), 0.1)
	})
}

func TestQuotaWithoutLimitsStartsWithOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := resilience.NewQuota(resilience.QuotaConfig{Share: 1})
		first, err := q.Enter(t.Context())
		require.NoError(t, err)
		entered := make(chan func(error), 2)
		for range 2 {
			go func() {
				if done, err := q.Enter(t.Context()); err == nil {
					entered <- done
				}
			}()
		}
		synctest.Wait()
		require.Empty(t, entered)
		first(context.Canceled)
		synctest.Wait()
		require.Len(t, entered, 1, "a cancelled call has told nothing: another goes alone")
		q.Learn(resilience.Signal{Requests: resilience.Window{Limit: 60, Left: 59, Reset: time.Second}})
		(<-entered)(nil)
		start := time.Now()
		(<-entered)(nil)
		enter(t, q, nil)
		enter(t, q, nil)
		require.InDelta(t, 2, time.Since(start).Seconds(), 1e-6, "the limit was learned")
	})
}

func TestQuotaNobodyLimitsAdmitsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for _, q := range []*resilience.Quota{
			resilience.NewQuota(resilience.QuotaConfig{}),
			resilience.NewQuota(resilience.QuotaConfig{Requests: -1, Tokens: -1}),
		} {
			for range 1000 {
				enter(t, q, nil)
			}
		}
		require.Zero(t, time.Since(start))
	})
}

func TestQuotaShutsWhenADaysQuotaIsSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := resilience.NewQuota(resilience.QuotaConfig{})
		enter(t, q, nil)
		q.Learn(resilience.Signal{Requests: resilience.Window{Limit: 1000, Left: 1, Reset: time.Hour}})
		enter(t, q, nil)
		enter(t, q, nil)
		q.Learn(resilience.Signal{Requests: resilience.Window{Limit: 1000, Left: 0, Reset: time.Hour}})
		_, err := q.Enter(t.Context())
		after, _ := resilience.RetryAfter(err)
		require.Equal(t, time.Hour, after)
	})
}

// A shape is how a provider limits requests.
type shape struct {
	limit  int           // per minute
	burst  int           // of a bucket; 0 means a fixed window
	window time.Duration // of a fixed window
	halves time.Duration // the limit halves after this; 0 means never
}

// A meter is a provider's rate limit: a bucket that refills, or a fixed window.
type meter struct {
	shape
	mu       sync.Mutex
	rng      *rand.Rand
	start    time.Time
	level    float64
	last     time.Time
	window0  time.Time
	inWindow int
}

func (m *meter) current() int {
	if m.halves > 0 && time.Since(m.start) >= m.halves {
		return m.limit / 2
	}
	return m.limit
}

func (m *meter) take() (ok bool, said resilience.Window) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, limit := time.Now(), m.current()
	if m.burst > 0 {
		rate := float64(limit) / 60
		burst := float64(min(m.burst, limit))
		m.level = min(burst, m.level+rate*now.Sub(m.last).Seconds())
		m.last = now
		if ok = m.level >= 1; ok {
			m.level--
		}
		full := time.Duration((burst - m.level) / rate * float64(time.Second))
		return ok, resilience.Window{Limit: limit, Left: int(m.level), Reset: full}
	}
	if now.Sub(m.window0) >= m.window {
		m.window0, m.inWindow = m.window0.Add(now.Sub(m.window0).Truncate(m.window)), 0
	}
	allowed := int(float64(limit) * m.window.Minutes())
	if ok = m.inWindow < allowed; ok {
		m.inWindow++
	}
	return ok, resilience.Window{Limit: limit, Left: allowed - m.inWindow, Reset: m.window - now.Sub(m.window0)}
}

func (m *meter) random(from, to float64) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Duration((from + (to-from)*m.rng.Float64()) * float64(time.Second))
}

func (m *meter) reply() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Duration(4 * math.Exp(0.6*m.rng.NormFloat64()-0.18) * float64(time.Second))
}

// play lets ten hungry workers call the provider for an hour and returns the
// refusals, and the share of the limit that was used from the fifth minute on.
func play(t *testing.T, m *meter, seed uint64, learn bool) (refused int, used float64) {
	synctest.Test(t, func(t *testing.T) {
		m.rng, m.start, m.last = rand.New(rand.NewPCG(seed, 2)), time.Now(), time.Now()
		m.window0, m.level = time.Now().Add(-17*time.Second), float64(m.burst)
		config := resilience.QuotaConfig{Requests: m.limit, Tokens: -1}
		if learn {
			config.Requests = 0
		}
		q := resilience.NewQuota(config)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var mu sync.Mutex
		var served float64
		var workers sync.WaitGroup
		for range 10 {
			workers.Go(func() {
				for {
					done, err := q.Enter(ctx)
					if errors.Is(err, resilience.ErrQuota) {
						after, _ := resilience.RetryAfter(err)
						time.Sleep(after)
						if ctx.Err() != nil {
							return
						}
						continue
					}
					if err != nil {
						return
					}
					time.Sleep(m.random(0.03, 0.28))
					ok, said := m.take()
					if !ok {
						mu.Lock()
						refused++
						mu.Unlock()
						q.Learn(resilience.Signal{Requests: said})
						done(tooMany{})
						time.Sleep(m.random(0.5, 1.5))
						continue
					}
					mu.Lock()
					if time.Since(m.start) > 5*time.Minute {
						served += 1 / float64(m.current())
					}
					mu.Unlock()
					time.Sleep(m.reply())
					q.Learn(resilience.Signal{Requests: said})
					done(nil)
				}
			})
		}
		workers.Wait()
		used = served / 55
	})
	return refused, used
}

func TestQuotaMeetsNoRefusalUnderAKnownOrLearnedLimit(t *testing.T) {
	shapes := map[string]shape{
		"bucket of a minute": {limit: 60, burst: 60},
		"bucket of ten":      {limit: 60, burst: 10},
		"bucket of two":      {limit: 60, burst: 2},
		"fixed minute":       {limit: 60, window: time.Minute},
		"fixed ten seconds":  {limit: 60, window: 10 * time.Second},
	}
	for name, shape := range shapes {
		for _, learned := range []bool{false, true} {
			for seed := range uint64(3) {
				refused, used := play(t, &meter{shape: shape}, seed, learned)
				t.Logf("%s, learned %v: %d refused, %.3f used", name, learned, refused, used)
				require.Zero(t, refused, name)
				require.GreaterOrEqual(t, used, 0.94, name)
			}
		}
	}
}

func TestQuotaFollowsALimitThatHalves(t *testing.T) {
	shapes := map[string]struct {
		shape
		most int
	}{
		"bucket of a minute": {shape{limit: 60, burst: 60}, 5},
		"bucket of ten":      {shape{limit: 60, burst: 10}, 5},
		"bucket of two":      {shape{limit: 60, burst: 2}, 5},
		"fixed minute":       {shape{limit: 60, window: time.Minute}, 40},
	}
	for name, c := range shapes {
		for seed := range uint64(3) {
			c.halves = 30 * time.Minute
			refused, used := play(t, &meter{shape: c.shape}, seed, true)
			t.Logf("%s: %d refused, %.3f used", name, refused, used)
			require.LessOrEqual(t, refused, c.most, name)
			require.GreaterOrEqual(t, used, 0.9, name)
		}
	}
}

func TestQuotaSettlesTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := resilience.NewQuota(resilience.QuotaConfig{Requests: -1, Tokens: 60_000, Share: 1, Estimate: 1000})
		start := time.Now()
		spent := 0
		for time.Since(start) < 30*time.Minute {
			enter(t, q, nil)
			q.Learn(resilience.Signal{Spent: 3000})
			spent += 3000
		}
		require.InDelta(t, 60_000, float64(spent)/time.Since(start).Minutes(), 1500)
	})
}

func BenchmarkQuota(b *testing.B) {
	q := resilience.NewQuota(resilience.QuotaConfig{Requests: math.MaxInt32, Tokens: math.MaxInt32, Estimate: 1})
	b.ReportAllocs()
	for b.Loop() {
		done, err := q.Enter(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		done(nil)
	}
}
