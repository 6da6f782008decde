package paylink_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylink"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A breaker is a Gate as it is, with no adapter between.
var _ paylink.Gate = (*resilience.Breaker)(nil)

func config(fake *paylinktest.Server) paylink.Config {
	return paylink.Config{
		BaseURL: fake.URL, APIID: paylinktest.APIID, SecretKey: paylinktest.SecretKey,
		CallbackURL: "https://quiz.example/paid", CancelURL: "https://quiz.example/buy",
	}
}

func open(t *testing.T, c paylink.Config) *paylink.Client {
	t.Helper()
	client, err := paylink.New(c)
	require.NoError(t, err)
	return client
}

func order(t *testing.T) payments.Order {
	t.Helper()
	o, err := payments.DefaultPacks().Order(payments.Checkout{Pack: "popular", Name: "Amal Alzahrani", Mobile: "0501234567", Email: "amal@example.com"})
	require.NoError(t, err)
	return o
}

func TestAnOrderIsInvoicedPaidAndSeen(t *testing.T) {
	fake := paylinktest.NewServer(t)
	client := open(t, config(fake))
	o := order(t)

	made, err := client.Create(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, payments.InvoiceMade, payments.AfterCreate(err))
	require.Equal(t, o.Number, made.OrderNumber)
	require.NotEmpty(t, made.URL)
	require.Equal(t, payments.SawPending, payments.Judge(o, made).Event)

	seen, err := client.Invoice(t.Context(), made.TransactionNo)
	require.NoError(t, err)
	require.Equal(t, made, seen)

	require.True(t, fake.Pay(o.Number))
	seen, err = client.Invoice(t.Context(), made.TransactionNo)
	require.NoError(t, err)
	require.Equal(t, payments.Verdict{Event: payments.SawPaid}, payments.Judge(o, seen))

	require.True(t, fake.Reprice(o.Number, "12.01"))
	seen, err = client.Invoice(t.Context(), made.TransactionNo)
	require.NoError(t, err)
	require.Equal(t, payments.Verdict{Event: payments.SawMismatch, Differs: []string{"amount"}}, payments.Judge(o, seen))

	require.True(t, fake.Cancel(o.Number))
	require.True(t, fake.Reprice(o.Number, "12"))
	seen, err = client.Invoice(t.Context(), made.TransactionNo)
	require.NoError(t, err)
	require.Equal(t, payments.SawCancelled, payments.Judge(o, seen).Event)

	require.Equal(t, 1, fake.Calls(paylinktest.Auth), "one token does for all")
}

// TestTheOutcomeOfCreateIsNeverGuessed asks for an invoice under each fault: what can't
// be known is uncertain, and addInvoice is sent once.
func TestTheOutcomeOfCreateIsNeverGuessed(t *testing.T) {
	type steps = []paylinktest.Step
	doubt, proof := payments.Uncertain, payments.NotCreated
	for name, c := range map[string]struct {
		add, auth steps
		outcome   payments.Outcome
		kind      payments.Kind
		adds      int // how often addInvoice is called
	}{
		"reply lost":              {add: steps{paylinktest.Lost()}, outcome: doubt, kind: payments.Unavailable, adds: 1},
		"reply cut":               {add: steps{paylinktest.Half()}, outcome: doubt, kind: payments.Unavailable, adds: 1},
		"connection cut":          {add: steps{paylinktest.Cut()}, outcome: doubt, kind: payments.Unavailable, adds: 1},
		"no reply":                {add: steps{paylinktest.Hang()}, outcome: doubt, kind: payments.Unavailable, adds: 1},
		"done but 500":            {add: steps{paylinktest.DoneBut(500)}, outcome: doubt, kind: payments.Unavailable, adds: 1},
		"502":                     {add: steps{paylinktest.Status(502)}, outcome: doubt, kind: payments.Unavailable, adds: 1},
		"503, come back":          {add: steps{paylinktest.Status(503).RetryAfter("1")}, outcome: doubt, kind: payments.Unavailable, adds: 1},
		"504":                     {add: steps{paylinktest.Status(504)}, outcome: doubt, kind: payments.Unavailable, adds: 1},
		"408":                     {add: steps{paylinktest.Status(408)}, outcome: doubt, kind: payments.Unavailable, adds: 1},
		"conflict":                {add: steps{paylinktest.Status(409)}, outcome: doubt, kind: payments.Unavailable, adds: 1},
		"redirect":                {add: steps{paylinktest.Status(302)}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"a web page":              {add: steps{paylinktest.Reply("<html>")}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"nothing":                 {add: steps{paylinktest.Reply("")}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"null":                    {add: steps{paylinktest.Reply("null")}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"an empty object":         {add: steps{paylinktest.Reply("{}")}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"no success":              {add: steps{paylinktest.Reply(`{"success":false}`)}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"another amount":          {add: steps{paylinktest.Other("amount", 11.99)}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"an amount of dust":       {add: steps{paylinktest.Other("amount", 12.000000000000002)}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"another currency":        {add: steps{paylinktest.Other("currency", "USD")}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"another order":           {add: steps{paylinktest.Other("orderNumber", "LS-2")}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"a URL that is a script":  {add: steps{paylinktest.Other("url", "javascript:alert(1)")}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"no URL":                  {add: steps{paylinktest.Other("url", nil)}, outcome: doubt, kind: payments.Malformed, adds: 1},
		"400":                     {add: steps{paylinktest.Status(400)}, outcome: proof, kind: payments.Rejected, adds: 1},
		"403":                     {add: steps{paylinktest.Status(403)}, outcome: proof, kind: payments.Unauthorized, adds: 1},
		"404":                     {add: steps{paylinktest.Status(404)}, outcome: proof, kind: payments.Rejected, adds: 1},
		"422":                     {add: steps{paylinktest.Status(422)}, outcome: proof, kind: payments.Rejected, adds: 1},
		"429":                     {add: steps{paylinktest.Status(429)}, outcome: proof, kind: payments.Unavailable, adds: 1},
		"token refused once":      {add: steps{paylinktest.Expired()}, adds: 2},
		"token refused twice":     {add: steps{paylinktest.Expired(), paylinktest.Expired()}, outcome: proof, kind: payments.Unauthorized, adds: 2},
		"refused, then lost":      {add: steps{paylinktest.Expired(), paylinktest.Lost()}, outcome: doubt, kind: payments.Unavailable, adds: 2},
		"auth down for a moment":  {auth: steps{paylinktest.Status(503), paylinktest.Cut()}, adds: 1},
		"auth down":               {auth: steps{paylinktest.Status(503), paylinktest.Status(500), paylinktest.Half()}, outcome: proof, kind: payments.Unavailable},
		"auth without an answer":  {auth: steps{paylinktest.Hang()}, outcome: proof, kind: payments.Unavailable},
		"credentials refused":     {auth: steps{paylinktest.Status(401)}, outcome: proof, kind: payments.Unauthorized},
		"auth forbidden":          {auth: steps{paylinktest.Status(403)}, outcome: proof, kind: payments.Unauthorized},
		"auth speaks nonsense":    {auth: steps{paylinktest.Reply("{}")}, outcome: proof, kind: payments.Malformed},
		"a token that is no word": {auth: steps{paylinktest.Reply(`{"id_token":"a\r\nb"}`)}, outcome: proof, kind: payments.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := paylinktest.NewServer(t)
			fake.Script(paylinktest.AddInvoice, c.add...)
			fake.Script(paylinktest.Auth, c.auth...)
			conf := config(fake)
			if name == "no reply" || name == "auth without an answer" {
				conf.Timeout = 100 * time.Millisecond
			}
			made, err := open(t, conf).Create(t.Context(), order(t))
			require.Equal(t, c.adds, fake.Calls(paylinktest.AddInvoice))
			require.LessOrEqual(t, len(fake.Invoices()), 1)
			if c.outcome == payments.Untold {
				require.NoError(t, err)
				require.NotEmpty(t, made.URL)
				return
			}
			require.ErrorIs(t, err, c.outcome)
			require.ErrorIs(t, err, c.kind)
			if c.outcome == payments.NotCreated {
				require.Empty(t, fake.Invoices())
				require.Equal(t, payments.InvoiceRefused, payments.AfterCreate(err))
			}
		})
	}
}

func TestWhatIsKnownOfADoubtfulInvoiceIsReturned(t *testing.T) {
	fake := paylinktest.NewServer(t)
	fake.Script(paylinktest.AddInvoice, paylinktest.Other("amount", "13"))
	made, err := open(t, config(fake)).Create(t.Context(), order(t))
	require.ErrorIs(t, err, payments.Uncertain)
	require.Equal(t, fake.Invoices()[0].TransactionNo, made.TransactionNo)
	require.Equal(t, payments.SawPending, payments.Judge(order(t), made).Event)
}

func TestAnOrderThatCannotBeInvoicedIsNotSent(t *testing.T) {
	fake := paylinktest.NewServer(t)
	client := open(t, config(fake))
	for name, spoil := range map[string]func(*payments.Order){
		"below the minimum": func(o *payments.Order) { o.Amount = paylink.Minimum - 1 },
		"nothing":           func(o *payments.Order) { o.Amount = 0 },
		"too much":          func(o *payments.Order) { o.Amount = payments.MaxAmount + 1 },
		"dollars":           func(o *payments.Order) { o.Currency = "USD" },
		"no number":         func(o *payments.Order) { o.Number = "" },
		"a path":            func(o *payments.Order) { o.Number = "../x" },
	} {
		o := order(t)
		spoil(&o)
		_, err := client.Create(t.Context(), o)
		require.ErrorIs(t, err, payments.NotCreated, name)
		require.ErrorIs(t, err, payments.Rejected, name)
	}
	_, err := client.Invoice(t.Context(), "../auth")
	require.ErrorIs(t, err, payments.NotFound)
	require.Empty(t, fake.Requests())

	o := order(t)
	o.Amount = paylink.Minimum
	_, err = client.Create(t.Context(), o)
	require.NoError(t, err)
}

func TestWhatWasNeverSentIsSentAgain(t *testing.T) {
	fake := paylinktest.NewServer(t)
	dials := 0
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			dials++
			if dials == 2 { // the first is that of auth
				return nil, errors.New("no route to host")
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	conf := config(fake)
	conf.HTTP = &http.Client{Transport: transport}
	_, err := open(t, conf).Create(t.Context(), order(t))
	require.NoError(t, err)
	require.Len(t, fake.Invoices(), 1)

	dials, conf.Retries = 0, -1
	_, err = open(t, conf).Create(t.Context(), order(t))
	require.ErrorIs(t, err, payments.NotCreated)
	require.Len(t, fake.Invoices(), 1)
}

func TestAGatewayThatIsGoneCreatesNothing(t *testing.T) {
	fake := paylinktest.NewServer(t)
	client := open(t, config(fake))
	require.NoError(t, client.Check(t.Context()))
	fake.Close()
	_, err := client.Create(t.Context(), order(t))
	require.Error(t, err)
	_, err = client.Create(t.Context(), order(t))
	require.ErrorIs(t, err, payments.NotCreated, "no connection comes about")
	_, err = client.Invoice(t.Context(), "1")
	require.ErrorIs(t, err, payments.Unavailable)
}

// roundTrip is a transport that tells nothing of its connections.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestATransportThatTellsNothingLeavesDoubt(t *testing.T) {
	adds := 0
	conf := config(paylinktest.NewServer(t))
	conf.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/api/addInvoice" {
			adds++
			return nil, io.ErrUnexpectedEOF
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	_, err := open(t, conf).Create(t.Context(), order(t))
	require.ErrorIs(t, err, payments.Uncertain)
	require.Equal(t, 1, adds)
}

func TestARedirectTakesNothingElsewhere(t *testing.T) {
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(elsewhere.Close)
	moved := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	conf := config(paylinktest.NewServer(t))
	conf.BaseURL = moved.URL
	_, err := open(t, conf).Create(t.Context(), order(t))
	require.ErrorIs(t, err, payments.Malformed)
	require.ErrorIs(t, err, payments.NotCreated)
	require.ErrorContains(t, err, "check the base URL")
	require.False(t, reached)
}

func TestABrokenOffCallSaysWhetherItWasSent(t *testing.T) {
	fake := paylinktest.NewServer(t)
	client := open(t, config(fake))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.Create(ended, order(t))
	require.ErrorIs(t, err, payments.NotCreated)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, fake.Calls(paylinktest.AddInvoice))

	require.NoError(t, client.Check(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	fake.Decide(func(op paylinktest.Op, _ int) paylinktest.Step {
		cancel() // the request is there
		return paylinktest.Hang()
	})
	_, err = client.Create(ctx, order(t))
	require.ErrorIs(t, err, payments.Uncertain)
	require.ErrorIs(t, err, context.Canceled)
}

func TestARequestEndsAfterFifteenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conf := paylink.Config{APIID: "id", SecretKey: "secret", CallbackURL: "https://quiz.example/paid"}
		conf.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		began := time.Now()
		_, err := open(t, conf).Create(t.Context(), order(t))
		require.ErrorIs(t, err, payments.NotCreated)
		require.ErrorContains(t, err, "no answer in time (15s)")
		require.Equal(t, 15*time.Second, time.Since(began), "by the bubble's clock")
	})
}
