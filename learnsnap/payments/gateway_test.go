package payments_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

func TestAnInvoiceIsPaidOnlyIfAllAgrees(t *testing.T) {
	order := payments.Order{Number: "LS-1", Amount: 1200, Currency: "SAR"}
	paid := payments.Invoice{TransactionNo: "17", OrderNumber: "LS-1", Amount: 1200, Currency: "SAR", Status: payments.StatusPaid}
	with := func(change func(*payments.Invoice)) payments.Invoice {
		i := paid
		change(&i)
		return i
	}
	for name, c := range map[string]struct {
		invoice payments.Invoice
		want    payments.Verdict
	}{
		"all agrees":             {paid, payments.Verdict{Event: payments.SawPaid}},
		"currency in small":      {with(func(i *payments.Invoice) { i.Currency = "sar" }), payments.Verdict{Event: payments.SawPaid}},
		"less":                   {with(func(i *payments.Invoice) { i.Amount-- }), payments.Verdict{payments.SawMismatch, []string{"amount"}}},
		"more":                   {with(func(i *payments.Invoice) { i.Amount++ }), payments.Verdict{payments.SawMismatch, []string{"amount"}}},
		"amount not told":        {with(func(i *payments.Invoice) { i.Amount = 0 }), payments.Verdict{payments.SawMismatch, []string{"amount"}}},
		"another currency":       {with(func(i *payments.Invoice) { i.Currency = "USD" }), payments.Verdict{payments.SawMismatch, []string{"currency"}}},
		"no currency":            {with(func(i *payments.Invoice) { i.Currency = "" }), payments.Verdict{payments.SawMismatch, []string{"currency"}}},
		"another order":          {with(func(i *payments.Invoice) { i.OrderNumber = "LS-2" }), payments.Verdict{payments.SawMismatch, []string{"order number"}}},
		"the number in small":    {with(func(i *payments.Invoice) { i.OrderNumber = "ls-1" }), payments.Verdict{payments.SawMismatch, []string{"order number"}}},
		"no order":               {with(func(i *payments.Invoice) { i.OrderNumber = "" }), payments.Verdict{payments.SawMismatch, []string{"order number"}}},
		"pending":                {with(func(i *payments.Invoice) { i.Status = payments.StatusPending }), payments.Verdict{Event: payments.SawPending}},
		"cancelled":              {with(func(i *payments.Invoice) { i.Status = payments.StatusCancelled }), payments.Verdict{Event: payments.SawCancelled}},
		"a status nobody knows":  {with(func(i *payments.Invoice) { i.Status = payments.StatusUnknown }), payments.Verdict{payments.SawMismatch, []string{"status"}}},
		"pending, other amount":  {with(func(i *payments.Invoice) { i.Status, i.Amount = payments.StatusPending, 1 }), payments.Verdict{payments.SawPending, []string{"amount"}}},
		"cancelled, other order": {with(func(i *payments.Invoice) { i.Status, i.OrderNumber = payments.StatusCancelled, "LS-2" }), payments.Verdict{payments.SawPending, []string{"order number"}}},
		"nothing at all":         {payments.Invoice{}, payments.Verdict{payments.SawMismatch, []string{"order number", "amount", "currency", "status"}}},
	} {
		require.Equal(t, c.want, payments.Judge(order, c.invoice), name)
	}
	require.Equal(t, payments.SawMismatch, payments.Judge(payments.Order{}, payments.Invoice{Status: payments.StatusPaid}).Event,
		"an empty order agrees with nothing, not even with an empty invoice")
}

func TestStatusesAreReadInAnyCase(t *testing.T) {
	for word, want := range map[string]payments.Status{
		"Pending": payments.StatusPending, "paid": payments.StatusPaid, " PAID ": payments.StatusPaid, "Canceled": payments.StatusCancelled, "cancelled": payments.StatusCancelled,
		"": payments.StatusUnknown, "COMPLETED": payments.StatusUnknown, "unpaid": payments.StatusUnknown, "Paid!": payments.StatusUnknown,
	} {
		require.Equal(t, want, payments.ParseStatus(word), word)
	}
}

func TestOnlyProofSaysThatNoInvoiceExists(t *testing.T) {
	refused := &payments.Error{Kind: payments.Unauthorized, Outcome: payments.NotCreated}
	uncertain := &payments.Error{Kind: payments.Unavailable, Outcome: payments.Uncertain}
	for name, c := range map[string]struct {
		err  error
		want payments.Event
	}{
		"made":                  {nil, payments.InvoiceMade},
		"proof":                 {refused, payments.InvoiceRefused},
		"proof, wrapped":        {fmt.Errorf("create: %w", refused), payments.InvoiceRefused},
		"in doubt":              {uncertain, payments.InvoiceUncertain},
		"both":                  {errors.Join(refused, uncertain), payments.InvoiceUncertain},
		"an error of another":   {io.ErrUnexpectedEOF, payments.InvoiceUncertain},
		"the caller went away":  {context.Canceled, payments.InvoiceUncertain},
		"a kind and no outcome": {&payments.Error{Kind: payments.Unauthorized}, payments.InvoiceUncertain},
	} {
		require.Equal(t, c.want, payments.AfterCreate(c.err), name)
	}
}

func TestAnErrorAnswersWhatCallersAsk(t *testing.T) {
	var err error = &payments.Error{
		Gateway: "paylink", Op: "addInvoice", Kind: payments.Unavailable, Outcome: payments.Uncertain, Status: 503, After: time.Minute, Err: io.EOF,
	}
	require.EqualError(t, err, "paylink: addInvoice: unavailable (HTTP 503), an invoice may have been created: EOF")
	require.ErrorIs(t, err, payments.Unavailable)
	require.ErrorIs(t, err, payments.Uncertain)
	require.ErrorIs(t, err, io.EOF)
	require.NotErrorIs(t, err, payments.NotFound)
	require.NotErrorIs(t, err, payments.NotCreated)
	var asked interface{ RetryAfter() time.Duration }
	require.ErrorAs(t, err, &asked)
	require.Equal(t, time.Minute, asked.RetryAfter())
}
