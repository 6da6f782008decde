package main

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const told = `call 1: sunny
call 2: too busy
call 3: sunny
call 4: no answer
call 5: no answer
  breaker weather: CLOSED, then OPEN
call 6: no answer
call 7: refused: circuit open
  breaker weather: OPEN, then HALF_OPEN
  breaker weather: HALF_OPEN, then CLOSED
call 8: sunny
breaker: CLOSED
`

// The clock is a bubble's, so that a busy machine can't let the breaker's second
// pass between two calls.
func TestTheCallsTellTheStoryOfAServiceThatLimps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), &out))
		require.Equal(t, told, out.String())
	})
}

func TestAnEndedContextStopsTheCalls(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	require.ErrorIs(t, run(ctx, &out), context.Canceled)
	require.Empty(t, out.String())
}
