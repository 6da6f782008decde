//go:build unix

package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
)

const addEntry = `INSERT INTO credit_entries (owner, action, pages, cause, created, hash) VALUES `

func TestCheckFindsMoneyWithoutPagesAndPagesWithoutMoney(t *testing.T) {
	for name, c := range map[string]struct{ do, says string }{
		"paid, not credited": {`UPDATE pending_payments SET state = 'paid'`, "payment LS-1 is paid, but its pages were not credited"},
		"credited, not paid": {addEntry + `('amal', 'purchase', 10, 'LS-1', now(), '')`, "credited for payment LS-1, which is not paid"},
		"fewer pages":        {addEntry + `('amal', 'purchase', 9, 'LS-1', now(), ''); UPDATE pending_payments SET state = 'paid'`, "payment LS-1 is paid, but its pages were not credited"},
		"half a transfer":    {addEntry + `('amal', 'transfer', 5, 'basma', now(), '')`, "a transfer of 5 pages of amal has no other side"},
	} {
		t.Run(name, func(t *testing.T) {
			u := server.Database(t)
			store := open(t, u)
			_, err := store.CreatePayment(t.Context(), storage.Payment{Order: "LS-1", Owner: "amal", State: "created", Pages: 10})
			require.NoError(t, err)
			require.NoError(t, store.Check(t.Context()))
			exec1(t, u, c.do)
			require.ErrorContains(t, store.Check(t.Context()), c.says)
		})
	}
}

func TestTheDatabaseRefusesWhatNoPaymentDoes(t *testing.T) {
	u := server.Database(t)
	store := open(t, u)
	_, err := store.CreatePayment(t.Context(), storage.Payment{Order: "LS-1", Owner: "amal", State: "created", Pages: 10})
	require.NoError(t, err)
	did, err := store.PaidOnce(t.Context(), "LS-1", storage.PaymentMove{})
	require.NoError(t, err)
	require.True(t, did)
	conn, err := pgx.Connect(t.Context(), u)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	for change, says := range map[string]string{
		`UPDATE pending_payments SET state = 'pending'`:           "stays paid",
		`UPDATE pending_payments SET pages = 20`:                  "stays paid",
		addEntry + `('amal', 'purchase', -10, 'LS-2', now(), '')`: "credit_entries_sign_of_more",
		addEntry + `('amal', 'transfer', 0, 'LS-2', now(), '')`:   "credit_entries_sign_of_more",
	} {
		_, err := conn.Exec(t.Context(), change)
		require.ErrorContains(t, err, says, change)
	}
}
