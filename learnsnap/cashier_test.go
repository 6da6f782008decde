package learnsnap_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

// A message that came while the clock was ahead is worked on when it was set back.
func TestAMessageOfAGatewayWaitsForNoClock(t *testing.T) {
	store := openStore(t, t.TempDir())
	now := &clock{at: time.Now().Add(time.Hour)}
	seen := &recorder{}
	cashier, err := learnsnap.NewCashier(learnsnap.CashierConfig{
		Gateway: struct{ payments.Gateway }{}, // an order that nobody knows is not asked about
		Store:   store, Observer: seen, Now: now.Now,
	})
	require.NoError(t, err)
	require.NoError(t, cashier.Hint(t.Context(), payments.Webhook{TransactionNo: "1", OrderNumber: "unknown"}, []byte("{}")))
	now.move(-time.Hour)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- cashier.Run(ctx) }()
	require.Eventually(t, func() bool {
		of := seen.of(learnsnap.WebhookCame)
		return of[len(of)-1].Outcome == learnsnap.WebhookUnknown
	}, time.Minute, 5*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
}
