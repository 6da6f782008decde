package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylink"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
	"github.com/learnsnap/learnsnap-go/resilience"
	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// From the inside: the server's own breaker stays open for three minutes.
func TestAnIdleShopFindsThatPaylinkIsBack(t *testing.T) {
	store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	fake := paylinktest.NewServer(t)
	breaker := resilience.NewBreaker(resilience.BreakerConfig{Failures: 1, OpenFor: time.Nanosecond})
	gateway, err := paylink.New(paylink.Config{
		BaseURL: fake.URL, APIID: paylinktest.APIID, SecretKey: payments.Secret(paylinktest.SecretKey), CallbackURL: "https://quiz.example/", Gate: breaker,
	})
	require.NoError(t, err)
	cashier, err := learnsnap.NewCashier(learnsnap.CashierConfig{Gateway: gateway, Store: store})
	require.NoError(t, err)
	for status, age := range map[string]time.Duration{"new": 0, "old": time.Minute} {
		_, _, err = store.AddWebhook(t.Context(), storage.Webhook{Gateway: "paylink", Hash: status, Created: time.Now().Add(-age)})
		require.NoError(t, err)
	}
	done, err := breaker.Enter(t.Context())
	require.NoError(t, err)
	done(errors.New("no answer"))
	require.NotEqual(t, resilience.Closed, breaker.State())

	w := &stuckWatch{cashier: cashier, inbox: store, breaker: breaker, check: gateway.Check, log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	require.Eventually(t, func() bool { return breaker.State() == resilience.Closed }, time.Minute, 10*time.Millisecond)
	require.EqualValues(t, 1, w.webhooks.Load(), "the new one has its time")
	require.Zero(t, w.payments.Load())
	cancel()
	require.NoError(t, <-ended)
}
