package ai_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/resilience"
)

func TestEachKindSaysWhatNext(t *testing.T) {
	for _, c := range []struct {
		kind        ai.Kind
		text        string
		next        ai.Action
		fault, busy bool
	}{
		{ai.Unknown, "unknown", ai.AskNext, true, false},
		{ai.RateLimited, "rate limited", ai.AskAgain, true, true},
		{ai.QuotaExhausted, "quota exhausted", ai.AskNext, true, false},
		{ai.Overloaded, "overloaded", ai.AskAgain, true, true},
		{ai.Unavailable, "unavailable", ai.AskAgain, true, false},
		{ai.Timeout, "timeout", ai.AskAgain, true, false},
		{ai.Auth, "auth", ai.AskNext, true, false},
		{ai.BadRequest, "bad request", ai.AskNext, false, false},
		{ai.TooLarge, "too large", ai.AskNext, false, false},
		{ai.Refused, "refused", ai.AskNext, false, false},
		{ai.Truncated, "truncated", ai.AskNext, true, false},
		{ai.Malformed, "malformed", ai.AskNext, true, false},
		{ai.Malformed + 1, "kind 12", ai.AskNext, true, false},
	} {
		t.Run(c.text, func(t *testing.T) {
			require.EqualError(t, c.kind, c.text)
			require.Equal(t, c.next, c.kind.Next())
			require.Equal(t, c.fault, c.kind.Fault())
			require.Equal(t, c.busy, c.kind.Busy())
			require.Equal(t, c.busy, ai.Busy(fmt.Errorf("ask: %w", &ai.Error{Kind: c.kind})))
		})
	}
	require.False(t, ai.Busy(io.EOF))
}

func TestKindOfFindsTheKindOfAnyError(t *testing.T) {
	for _, c := range []struct {
		err  error
		want ai.Kind
	}{
		{nil, ai.Unknown},
		{io.EOF, ai.Unknown},
		{fmt.Errorf("ask: %w", &ai.Error{Kind: ai.Refused, Err: ai.Auth}), ai.Refused},
		{fmt.Errorf("ask: %w", ai.Auth), ai.Auth},
		{&resilience.RejectedError{Err: resilience.ErrOpen}, ai.Unavailable},
		{&resilience.RejectedError{Err: resilience.ErrFull}, ai.Overloaded},
		{&resilience.RejectedError{Err: resilience.ErrQuota}, ai.RateLimited},
	} {
		require.Equal(t, c.want, ai.KindOf(c.err), "%v", c.err)
	}
}

func TestErrorsTellWhatIsKnown(t *testing.T) {
	err := error(&ai.Error{
		Kind: ai.RateLimited, Provider: "gemini", Model: "gemini/flash", Status: 429, After: time.Second, RequestID: "r1", Err: io.ErrUnexpectedEOF,
	})
	require.EqualError(t, err, "gemini/flash: rate limited (HTTP 429): unexpected EOF [request r1]")
	require.EqualError(t, &ai.Error{Kind: ai.Auth, Provider: "gemini"}, "gemini: auth")
	require.EqualError(t, &ai.Error{}, "unknown")
	err = fmt.Errorf("ask: %w", err)
	require.ErrorIs(t, err, ai.RateLimited)
	require.NotErrorIs(t, err, ai.Overloaded)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	after, known := resilience.RetryAfter(err)
	require.True(t, known)
	require.Equal(t, time.Second, after)
}

func TestAnAttemptHasAnOutcomeForMetrics(t *testing.T) {
	for want, a := range map[string]ai.Attempt{
		"ok":              {Finish: ai.FinishStop, Left: true},
		"length":          {Finish: ai.FinishLength},
		"left":            {Left: true},
		"truncated":       {},
		"rate_limited":    {Err: &ai.Error{Kind: ai.RateLimited, Err: context.Canceled}},
		"quota_exhausted": {Err: fmt.Errorf("ask: %w", &ai.Error{Kind: ai.QuotaExhausted})},
		"rejected":        {Err: &resilience.RejectedError{Err: resilience.ErrOpen}},
		"cancelled":       {Err: context.DeadlineExceeded, Finish: ai.FinishStop},
		"auth":            {Err: ai.Auth},
		"unknown":         {Err: errors.New("odd")},
	} {
		require.Equal(t, want, a.Outcome())
	}
}
