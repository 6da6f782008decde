package paylink_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
)

func TestAnInvoiceIsReadLeniently(t *testing.T) {
	const asked = `"gatewayOrderRequest":{"orderNumber":"LS-1","amount":12,"currency":"SAR"}`
	good := payments.Invoice{TransactionNo: "17", OrderNumber: "LS-1", Amount: 1200, Currency: "SAR", Status: payments.StatusPaid}
	with := func(change func(*payments.Invoice)) payments.Invoice {
		i := good
		change(&i)
		return i
	}
	fake := paylinktest.NewServer(t)
	client := open(t, config(fake))
	for name, c := range map[string]struct {
		reply string
		want  payments.Invoice
	}{
		"as documented":         {`{"amount":12.0,"transactionNo":"17","orderStatus":"Paid","paymentErrors":null,"success":true,` + asked + `}`, good},
		"strings and numbers":   {`{"amount":"12.00","transactionNo":17,"orderStatus":"PAID","paymentErrors":"none","success":"true",` + asked + `}`, good},
		"Java's large floats":   {`{"amount":1.2E1,"transactionNo":"17","orderStatus":"paid","paymentErrors":[],` + asked + `}`, good},
		"no transaction":        {`{"amount":12,"orderStatus":"Paid",` + asked + `}`, good},
		"no amount at the top":  {`{"transactionNo":"17","orderStatus":"Paid",` + asked + `}`, good},
		"amount null":           {`{"amount":null,"orderStatus":"Paid",` + asked + `}`, good},
		"flat":                  {`{"amount":12,"orderNumber":"LS-1","orderStatus":"Paid"}`, good},
		"no request":            {`{"amount":12,"orderNumber":"LS-1","orderStatus":"Paid","gatewayOrderRequest":null}`, good},
		"a request of no shape": {`{"amount":12,"orderNumber":"LS-1","orderStatus":"Paid","gatewayOrderRequest":"x"}`, good},
		"what the buyer pays":   {`{"amount":11,"orderStatus":"Paid",` + asked + `}`, with(func(i *payments.Invoice) { i.Amount = 1100 })},
		"an amount of dust":     {`{"amount":11.999999999999998,"orderStatus":"Paid",` + asked + `}`, with(func(i *payments.Invoice) { i.Amount = 0 })},
		"an amount of no sort":  {`{"amount":{},"orderStatus":"Paid",` + asked + `}`, with(func(i *payments.Invoice) { i.Amount = 0 })},
		"an empty amount":       {`{"amount":"","orderStatus":"Paid",` + asked + `}`, with(func(i *payments.Invoice) { i.Amount = 0 })},
		"a negative amount":     {`{"amount":-12,"orderStatus":"Paid",` + asked + `}`, with(func(i *payments.Invoice) { i.Amount = 0 })},
		"another currency":      {`{"amount":12,"orderStatus":"Paid","gatewayOrderRequest":{"orderNumber":"LS-1","currency":"USD"}}`, with(func(i *payments.Invoice) { i.Currency = "USD" })},
		"two currencies":        {`{"amount":12,"currency":"USD","orderStatus":"Paid",` + asked + `}`, with(func(i *payments.Invoice) { i.Currency = "" })},
		"two orders":            {`{"amount":12,"orderNumber":"LS-2","orderStatus":"Paid",` + asked + `}`, with(func(i *payments.Invoice) { i.OrderNumber = "" })},
		"success is not paid":   {`{"amount":12,"success":true,` + asked + `}`, with(func(i *payments.Invoice) { i.Status = payments.StatusUnknown })},
		"pending":               {`{"amount":12,"orderStatus":"Pending",` + asked + `}`, with(func(i *payments.Invoice) { i.Status = payments.StatusPending })},
		"cancelled":             {`{"amount":12,"orderStatus":"Canceled",` + asked + `}`, with(func(i *payments.Invoice) { i.Status = payments.StatusCancelled })},
	} {
		t.Run(name, func(t *testing.T) {
			fake.Script(paylinktest.GetInvoice, paylinktest.Reply(c.reply))
			got, err := client.Invoice(t.Context(), "17")
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestAnInvoiceThatIsNotOneIsAnError(t *testing.T) {
	fake := paylinktest.NewServer(t)
	client := open(t, config(fake))
	for name, reply := range map[string]string{
		"nothing": "", "null": "null", "an array": "[]", "a string": `"Paid"`, "a web page": "<html>", "cut": `{"amount":12`, "two": `{}{}`,
		"another transaction": `{"transactionNo":"18","orderStatus":"Paid","amount":12}`,
		"too long":            `{"x":"` + strings.Repeat("x", 300<<10) + `"}`,
	} {
		fake.Script(paylinktest.GetInvoice, paylinktest.Reply(reply))
		got, err := client.Invoice(t.Context(), "17")
		require.ErrorIs(t, err, payments.Malformed, name)
		require.Zero(t, got, name)
	}
	require.Equal(t, 9, fake.Calls(paylinktest.GetInvoice), "asking again would bring the same")
}

func TestAQuestionIsAskedAgain(t *testing.T) {
	fake := paylinktest.NewServer(t)
	client := open(t, config(fake))
	made, err := client.Create(t.Context(), order(t))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		steps []paylinktest.Step
		kind  payments.Kind // Unknown means none
		calls int
	}{
		"503, then cut":      {[]paylinktest.Step{paylinktest.Status(503), paylinktest.Cut()}, payments.Unknown, 3},
		"lost, then half":    {[]paylinktest.Step{paylinktest.Lost(), paylinktest.Half()}, payments.Unknown, 3},
		"429 with a hint":    {[]paylinktest.Step{paylinktest.Status(429).RetryAfter("0")}, payments.Unknown, 2},
		"down":               {[]paylinktest.Step{paylinktest.Status(500), paylinktest.Status(502), paylinktest.Status(504)}, payments.Unavailable, 3},
		"cut and cut":        {[]paylinktest.Step{paylinktest.Half(), paylinktest.Half(), paylinktest.Half()}, payments.Unavailable, 3},
		"token run out":      {[]paylinktest.Step{paylinktest.Expired()}, payments.Unknown, 2},
		"token never right":  {[]paylinktest.Step{paylinktest.Expired(), paylinktest.Expired()}, payments.Unauthorized, 2},
		"not found":          {[]paylinktest.Step{paylinktest.Status(404)}, payments.NotFound, 1},
		"rejected":           {[]paylinktest.Step{paylinktest.Status(400)}, payments.Rejected, 1},
		"come back tomorrow": {[]paylinktest.Step{paylinktest.Status(503).RetryAfter("86400")}, payments.Unavailable, 1},
	} {
		t.Run(name, func(t *testing.T) {
			before := fake.Calls(paylinktest.GetInvoice)
			fake.Script(paylinktest.GetInvoice, c.steps...)
			got, err := client.Invoice(t.Context(), made.TransactionNo)
			require.Equal(t, c.calls, fake.Calls(paylinktest.GetInvoice)-before)
			if c.kind == payments.Unknown {
				require.NoError(t, err)
				require.Equal(t, made, got)
				return
			}
			require.ErrorIs(t, err, c.kind)
			require.NotErrorIs(t, err, payments.Uncertain, "nothing was to be created")
		})
	}
	_, err = client.Invoice(t.Context(), "1")
	require.ErrorIs(t, err, payments.NotFound)
}

func TestTheHintWhenToComeBackIsPassedOn(t *testing.T) {
	fake := paylinktest.NewServer(t)
	conf := config(fake)
	conf.Now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	client := open(t, conf)
	require.NoError(t, client.Check(t.Context()))
	for value, want := range map[string]time.Duration{
		"60": time.Minute, "Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, " 60 ": time.Minute,
	} {
		fake.Script(paylinktest.GetInvoice, paylinktest.Status(503).RetryAfter(value))
		_, err := client.Invoice(t.Context(), "17")
		var asked interface{ RetryAfter() time.Duration }
		require.ErrorAs(t, err, &asked)
		require.Equal(t, want, asked.RetryAfter(), value)
	}
}

func FuzzInvoice(f *testing.F) {
	f.Add(`{"amount":12.0,"transactionNo":"17","orderStatus":"Paid","gatewayOrderRequest":{"orderNumber":"LS-1","amount":12,"currency":"SAR"}}`)
	f.Add(`{"amount":"12","orderNumber":"LS-1","orderStatus":"paid"}`)
	f.Add(`{"amount":1.2e1,"gatewayOrderRequest":[]}`)
	f.Add(`null`)
	o := payments.Order{Number: "LS-1", Amount: 1200, Currency: "SAR"}
	replies := newReplies(f)
	f.Fuzz(func(t *testing.T, reply string) {
		got, err := replies.ask(t, reply)
		if err != nil {
			require.Zero(t, got)
			return
		}
		require.Equal(t, "17", got.TransactionNo)
		if payments.Judge(o, got).Event == payments.SawPaid {
			require.Equal(t, payments.StatusPaid, got.Status)
			require.EqualValues(t, 1200, got.Amount)
			require.Equal(t, "LS-1", got.OrderNumber)
		}
	})
}
