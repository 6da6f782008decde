package resilience_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// tooMany is what the simulated provider answers when it has too much to do.
type tooMany struct{ after time.Duration }

func (tooMany) Error() string               { return "too many requests" }
func (e tooMany) RetryAfter() time.Duration { return e.after }

const simulated = time.Hour

// A provider is simulated on the virtual clock: replies of lognormal length, some
// noise, and either a hard cap or a slowdown above its capacity.
type provider struct {
	mu       sync.Mutex
	rng      *rand.Rand
	start    time.Time
	inflight int
	slows    bool // instead of refusing
}

func (p *provider) capacity() int {
	if m := time.Since(p.start); !p.slows && m >= 20*time.Minute && m < 30*time.Minute {
		return 4
	}
	return 15
}

// call makes one call and returns the tokens it wrote.
func (p *provider) call() (tokens int, err error) {
	const mean, sigma = 8.0, 0.6
	p.mu.Lock()
	length := math.Exp(sigma*p.rng.NormFloat64() - sigma*sigma/2)
	seconds := mean * length * (1 + 0.1*p.rng.NormFloat64())
	tokens = int(400 * length)
	if p.inflight >= p.capacity() && !p.slows {
		p.mu.Unlock()
		time.Sleep(200 * time.Millisecond)
		return 0, tooMany{}
	}
	p.inflight++
	if p.slows {
		seconds *= max(1, float64(p.inflight)/float64(p.capacity()))
	}
	p.mu.Unlock()
	time.Sleep(time.Duration(max(seconds, 0.1) * float64(time.Second)))
	p.mu.Lock()
	p.inflight--
	p.mu.Unlock()
	return tokens, nil
}

func (p *provider) backoff(attempt int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Duration(p.rng.Float64() * float64(min(time.Second<<min(attempt, 4), 10*time.Second)))
}

type outcome struct {
	goodput            float64 // of what an oracle would get done
	refusals           float64 // per 100 successes
	recovered          float64 // seconds from the end of the bad minutes to a limit of 13
	p95                float64 // seconds of a call
	meanLimit          float64
	up                 float64
	successes, refused int
}

// simulate lets 60 hungry clients call the provider through a limiter for an hour.
func simulate(t *testing.T, seed uint64, slows bool) (o outcome) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{rng: rand.New(rand.NewPCG(seed, 1)), start: time.Now(), slows: slows}
		l := resilience.NewLimiter(resilience.LimiterConfig{
			Max:     50,
			Refused: func(err error) bool { _, ok := err.(tooMany); return ok },
		})
		ctx, cancel := context.WithTimeout(t.Context(), simulated)
		defer cancel()
		var mu sync.Mutex
		var times []float64
		var clients sync.WaitGroup
		for range 60 {
			clients.Go(func() {
				for attempt := 0; ctx.Err() == nil; {
					done, err := l.Enter(ctx)
					if err != nil {
						return
					}
					began := time.Now()
					tokens, err := p.call()
					if err == nil {
						l.Learn(resilience.Signal{Spent: tokens + 1500, Output: tokens})
					}
					done(err)
					mu.Lock()
					if err != nil {
						o.refused++
					} else {
						o.successes++
						times = append(times, time.Since(began).Seconds())
					}
					mu.Unlock()
					if err != nil {
						attempt++
						time.Sleep(p.backoff(attempt))
					} else {
						attempt = 0
					}
				}
			})
		}
		o.recovered, o.up = math.Inf(1), math.Inf(1)
		var sum float64
		for second := range int(simulated / time.Second) {
			time.Sleep(time.Second)
			limit := l.Limit()
			sum += float64(limit)
			if limit >= 13 {
				o.up = min(o.up, float64(second))
				if second >= 1800 {
					o.recovered = min(o.recovered, float64(second-1800))
				}
			}
		}
		clients.Wait()
		o.meanLimit = sum / simulated.Seconds()
		oracle := (50*60*15 + 10*60*4) / 8.0
		if slows {
			oracle = 60 * 60 * 15 / 8.0
		}
		o.goodput = float64(o.successes) / oracle
		o.refusals = 100 * float64(o.refused) / float64(o.successes)
		slices.Sort(times)
		o.p95 = times[len(times)*95/100]
	})
	return o
}

func TestLimiterFindsAHardCap(t *testing.T) {
	for seed := range uint64(3) {
		o := simulate(t, seed+1, false)
		t.Logf("seed %d: goodput %.3f, %.2f refusals per 100, up after %.0f s, recovered after %.0f s, mean limit %.1f", seed+1, o.goodput, o.refusals, o.up, o.recovered, o.meanLimit)
		require.GreaterOrEqual(t, o.goodput, 0.95)
		require.LessOrEqual(t, o.refusals, 3.0)
		require.LessOrEqual(t, o.recovered, 90.0)
	}
}

func TestLimiterFeelsACalleeThatSlowsDown(t *testing.T) {
	for seed := range uint64(3) {
		o := simulate(t, seed+1, true)
		t.Logf("seed %d: goodput %.3f, P95 %.1f s, mean limit %.1f, %d refused", seed+1, o.goodput, o.p95, o.meanLimit, o.refused)
		require.LessOrEqual(t, o.p95, 30.0)
		require.GreaterOrEqual(t, o.goodput, 0.9)
	}
}
