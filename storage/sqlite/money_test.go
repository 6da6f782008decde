package sqlite_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
)

func TestCheckFindsMoneyWithoutPagesAndPagesWithoutMoney(t *testing.T) {
	for name, c := range map[string]struct{ do, says string }{
		"paid, not credited": {`UPDATE pending_payments SET state = 'paid'`, "payment LS-1 is paid, but its pages were not credited"},
		"credited, not paid": {`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('amal', 'purchase', 10, 'LS-1', 0)`, "credited for payment LS-1, which is not paid"},
		"fewer pages": {`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('amal', 'purchase', 9, 'LS-1', 0);
			UPDATE pending_payments SET state = 'paid'`, "payment LS-1 is paid, but its pages were not credited"},
		"another's": {`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('basma', 'purchase', 10, 'LS-1', 0);
			UPDATE pending_payments SET state = 'paid'`, "payment LS-1 is paid, but its pages were not credited"},
		"half a transfer": {`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('amal', 'transfer', 5, 'basma', 0)`, "a transfer of 5 pages of amal has no other side"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			store := open(t, dir)
			_, err := store.CreatePayment(t.Context(), storage.Payment{Order: "LS-1", Owner: "amal", State: "created", Pages: 10})
			require.NoError(t, err)
			require.NoError(t, store.Check(t.Context()))
			require.NoError(t, store.Close())
			raw(t, dir, c.do)
			require.ErrorContains(t, open(t, dir).Check(t.Context()), c.says)
		})
	}
}

func TestTheDatabaseRefusesWhatNoPaymentDoes(t *testing.T) {
	dir := t.TempDir()
	store := open(t, dir)
	_, err := store.CreatePayment(t.Context(), storage.Payment{Order: "LS-1", Owner: "amal", State: "created", Pages: 10})
	require.NoError(t, err)
	did, err := store.PaidOnce(t.Context(), "LS-1", storage.PaymentMove{})
	require.NoError(t, err)
	require.True(t, did)
	require.NoError(t, store.Close())
	db := database(t, dir)
	defer db.Close()
	for change, says := range map[string]string{
		`UPDATE pending_payments SET state = 'pending'`: "stays paid",
		`UPDATE pending_payments SET pages = 20`:        "stays paid",
		`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('amal', 'purchase', -10, 'LS-2', 0)`:                     "do not fit",
		`INSERT INTO credit_entries (owner, action, pages, cause, created) VALUES ('amal', 'transfer', 0, 'LS-2', 0)`:                       "do not fit",
		`INSERT INTO webhook_events (gateway, transaction_no, order_number, status, hash, created_at) VALUES ('', '1', '', 'Paid', 'h', 0)`: "CHECK",
	} {
		_, err := db.ExecContext(t.Context(), change)
		require.ErrorContains(t, err, says, change)
	}
}
