package sqlite

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// An inner test: a turn that lasts can't be had through the public door, and the
// bubble's clock stands still while a database is asked.
func TestAReadWaitsForItsTurnAndIsTurnedAwayInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader(nil, 1)
		require.NoError(t, r.enter(t.Context()))

		start := time.Now()
		err := r.enter(t.Context())
		var refusal interface{ RetryAfter() time.Duration }
		require.ErrorAs(t, err, &refusal)
		require.Positive(t, refusal.RetryAfter())
		require.Equal(t, maxWait, time.Since(start))
		require.EqualValues(t, 1, r.refused.Load())

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, r.enter(ctx), context.DeadlineExceeded)

		go func() {
			time.Sleep(time.Second)
			r.leave()
		}()
		require.NoError(t, r.enter(t.Context()))
		r.leave()
		require.Equal(t, maxWait+2*time.Second, time.Duration(r.waited.Load()))
		require.EqualValues(t, 3, r.waits.Load())
		require.Zero(t, r.waiting.Load())
	})
}

func TestAReadThatWaitsAnywayYieldsToTheWriter(t *testing.T) {
	// waits returns how long a read took to enter that found the only turn taken for
	// a millisecond.
	waits := func(t *testing.T, r *reader) time.Duration {
		require.NoError(t, r.enter(t.Context()))
		go func() {
			time.Sleep(time.Millisecond)
			r.leave()
		}()
		start := time.Now()
		require.NoError(t, r.enter(t.Context()))
		r.leave()
		return time.Since(start)
	}
	synctest.Test(t, func(t *testing.T) {
		r := newReader(nil, 1)
		require.Equal(t, time.Millisecond, waits(t, r), "nobody writes")

		end := r.write()
		start := time.Now()
		require.NoError(t, r.enter(t.Context()))
		require.Zero(t, time.Since(start), "a turn is free")
		r.leave()

		go func() {
			time.Sleep(3 * time.Millisecond)
			end()
		}()
		require.Equal(t, 3*time.Millisecond, waits(t, r), "until the transaction has ended")

		end = r.write()
		require.Equal(t, time.Millisecond, waits(t, r), "the reads' half has begun")
		require.Equal(t, time.Millisecond+maxYield, waits(t, r), "it is over; but nobody waits for ever")
		end()
	})
}
