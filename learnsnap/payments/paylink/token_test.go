package paylink_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylink"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// replies is a Paylink inside the process, for what needs many tries or a clock of its
// own.
type replies struct {
	client *paylink.Client
	next   string
}

func newReplies(tb testing.TB) *replies {
	tb.Helper()
	r := &replies{}
	conf := paylink.Config{APIID: "id", SecretKey: "secret", CallbackURL: "https://quiz.example/paid"}
	conf.HTTP = &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		body := r.next
		if req.URL.Path == "/api/auth" {
			body = `{"id_token":"t"}`
		}
		return reply(req, http.StatusOK, body), nil
	})}
	var err error
	r.client, err = paylink.New(conf)
	require.NoError(tb, err)
	return r
}

func (r *replies) ask(t *testing.T, body string) (payments.Invoice, error) {
	r.next = body
	return r.client.Invoice(t.Context(), "17")
}

func reply(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{}, Request: req,
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

func TestOneCallerFetchesTheTokenForAll(t *testing.T) {
	fake := paylinktest.NewServer(t)
	fake.Script(paylinktest.Auth, paylinktest.Well().After(50*time.Millisecond))
	client := open(t, config(fake))
	var all sync.WaitGroup
	var failed atomic.Int32
	ask := func() {
		for range 40 {
			all.Go(func() {
				if _, err := client.Create(t.Context(), order(t)); err != nil {
					failed.Add(1)
				}
			})
		}
		all.Wait()
	}
	ask()
	require.Zero(t, failed.Load())
	require.Equal(t, 1, fake.Calls(paylinktest.Auth))

	fake.Expire()
	ask()
	require.Zero(t, failed.Load())
	require.Equal(t, 2, fake.Calls(paylinktest.Auth), "all were refused, one asked for another")
	require.Len(t, fake.Invoices(), 80)
}

func TestAFailureToAuthenticateIsSharedToo(t *testing.T) {
	fake := paylinktest.NewServer(t)
	fake.Decide(func(op paylinktest.Op, _ int) paylinktest.Step {
		return paylinktest.Status(401).After(100 * time.Millisecond)
	})
	client := open(t, config(fake))
	var all sync.WaitGroup
	start := make(chan struct{})
	for range 20 {
		all.Go(func() {
			<-start
			_, err := client.Invoice(t.Context(), "17")
			if !errors.Is(err, payments.Unauthorized) {
				t.Errorf("got %v", err)
			}
		})
	}
	close(start)
	all.Wait()
	require.Less(t, fake.Calls(paylinktest.Auth), 20)
}

func TestATokenIsRenewedAtEightyPercentOfItsLife(t *testing.T) {
	fake := paylinktest.NewServer(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	conf := config(fake)
	conf.Now = func() time.Time { return now }
	conf.Retries = -1
	client := open(t, conf)
	made, err := client.Create(t.Context(), order(t))
	require.NoError(t, err)
	ask := func(after time.Duration) error {
		now = now.Add(after)
		_, err := client.Invoice(t.Context(), made.TransactionNo)
		return err
	}
	require.NoError(t, ask(24*time.Minute-time.Second))
	require.Equal(t, 1, fake.Calls(paylinktest.Auth))
	require.NoError(t, ask(time.Second))
	require.Equal(t, 2, fake.Calls(paylinktest.Auth))

	fake.Script(paylinktest.Auth, paylinktest.Status(503), paylinktest.Status(503))
	require.NoError(t, ask(25*time.Minute), "the old token is good for five minutes yet")
	require.Equal(t, 3, fake.Calls(paylinktest.Auth))
	require.ErrorIs(t, ask(5*time.Minute), payments.Unavailable)
	require.Equal(t, 4, fake.Calls(paylinktest.Auth))
	require.NoError(t, ask(0))
	require.Equal(t, 5, fake.Calls(paylinktest.Auth))
}

func TestWhoWaitsForATokenTakesOverFromOneWhoLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auths := 0
		conf := paylink.Config{APIID: "id", SecretKey: "secret", CallbackURL: "https://quiz.example/paid"}
		conf.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/api/auth" {
				return reply(r, http.StatusOK, `{"amount":12,"orderStatus":"Paid"}`), nil
			}
			if auths++; auths == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return reply(r, http.StatusOK, `{"id_token":"t"}`), nil
		})}
		client := open(t, conf)
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		var left, stayed, gone error
		all.Go(func() { _, left = client.Invoice(first, "17") })
		synctest.Wait()
		all.Go(func() { _, stayed = client.Invoice(t.Context(), "17") })
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_, gone = client.Invoice(ctx, "17")
		})
		synctest.Wait()
		time.Sleep(2 * time.Millisecond)
		leave()
		all.Wait()
		require.ErrorIs(t, left, context.Canceled)
		require.ErrorIs(t, gone, context.DeadlineExceeded)
		require.NoError(t, stayed)
		require.Equal(t, 2, auths)
	})
}

func TestALateRefusalDoesNotDropTheNextToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auths := 0
		conf := paylink.Config{APIID: "id", SecretKey: "secret", CallbackURL: "https://quiz.example/paid"}
		conf.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			switch {
			case r.URL.Path == "/api/auth":
				auths++
				return reply(r, http.StatusOK, fmt.Sprintf(`{"id_token":"t%d"}`, auths)), nil
			case r.Header.Get("Authorization") == "Bearer t1":
				if r.URL.Path == "/api/getInvoice/2" {
					time.Sleep(time.Second)
				}
				return reply(r, http.StatusUnauthorized, `{}`), nil
			}
			return reply(r, http.StatusOK, `{"amount":12,"orderStatus":"Paid"}`), nil
		})}
		client := open(t, conf)
		require.NoError(t, client.Check(t.Context()))
		var all sync.WaitGroup
		for _, no := range []string{"1", "2"} { // the second learns of it when the first has another token
			all.Go(func() {
				if _, err := client.Invoice(t.Context(), no); err != nil {
					t.Errorf("%s: %v", no, err)
				}
			})
		}
		all.Wait()
		require.Equal(t, 2, auths)
	})
}

func TestACheckIsCheap(t *testing.T) {
	fake := paylinktest.NewServer(t)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	conf := config(fake)
	conf.Now = func() time.Time { return now }
	conf.Retries = -1
	client := open(t, conf)
	for range 10 {
		require.NoError(t, client.Check(t.Context()))
	}
	require.Equal(t, 1, fake.Calls(paylinktest.Auth))

	now = now.Add(time.Minute)
	fake.Script(paylinktest.Auth, paylinktest.Status(503))
	for range 10 {
		require.ErrorIs(t, client.Check(t.Context()), payments.Unavailable, "the old token proves nothing")
	}
	require.Equal(t, 2, fake.Calls(paylinktest.Auth))
	_, err := client.Create(t.Context(), order(t))
	require.NoError(t, err, "and opens the door all the same")

	now = now.Add(time.Minute)
	require.NoError(t, client.Check(t.Context()))
	require.Equal(t, 3, fake.Calls(paylinktest.Auth))
}

// gate keeps what it was told.
type gate struct {
	refuse error
	told   []error
}

func (g *gate) Enter(context.Context) (func(error), error) {
	if g.refuse != nil {
		return nil, g.refuse
	}
	return func(err error) { g.told = append(g.told, err) }, nil
}

func TestTheGateIsToldOfFaultsAlone(t *testing.T) {
	fake := paylinktest.NewServer(t)
	g := &gate{}
	conf := config(fake)
	conf.Gate, conf.Retries = g, -1
	client := open(t, conf)

	made, err := client.Create(t.Context(), order(t))
	require.NoError(t, err)
	_, err = client.Invoice(t.Context(), made.TransactionNo)
	require.NoError(t, err)
	_, err = client.Invoice(t.Context(), "1")
	require.ErrorIs(t, err, payments.NotFound)
	fake.Script(paylinktest.AddInvoice, paylinktest.Status(400))
	_, err = client.Create(t.Context(), order(t))
	require.ErrorIs(t, err, payments.Rejected)
	require.Equal(t, []error{nil, nil, nil, nil}, g.told)

	g.told = nil
	fake.Script(paylinktest.GetInvoice, paylinktest.Status(500), paylinktest.Reply("?"))
	fake.Script(paylinktest.AddInvoice, paylinktest.Lost())
	_, err = client.Invoice(t.Context(), "17")
	require.Error(t, err)
	_, err = client.Invoice(t.Context(), "17")
	require.Error(t, err)
	_, err = client.Create(t.Context(), order(t))
	require.Error(t, err)
	require.Len(t, g.told, 3)
	for _, err := range g.told {
		require.Error(t, err)
	}

	before := len(fake.Requests())
	g.refuse = &resilience.RejectedError{Gate: "paylink", After: time.Minute, Err: resilience.ErrOpen}
	_, err = client.Create(t.Context(), order(t))
	require.ErrorIs(t, err, payments.NotCreated)
	require.ErrorIs(t, err, resilience.ErrOpen)
	after, ok := resilience.RetryAfter(err)
	require.True(t, ok)
	require.Equal(t, time.Minute, after)
	_, err = client.Invoice(t.Context(), "17")
	require.ErrorIs(t, err, payments.Unavailable)
	require.Len(t, fake.Requests(), before, "nothing was sent")
}

func TestABreakerOpensAndSparesPaylink(t *testing.T) {
	fake := paylinktest.NewServer(t)
	conf := config(fake)
	conf.Gate, conf.Retries = resilience.NewBreaker(resilience.BreakerConfig{Name: "paylink"}), -1
	client := open(t, conf)
	fake.Decide(func(paylinktest.Op, int) paylinktest.Step { return paylinktest.Status(503) })
	for range 10 {
		_, err := client.Create(t.Context(), order(t))
		require.ErrorIs(t, err, payments.NotCreated)
	}
	require.Equal(t, 3, fake.Calls(paylinktest.Auth))
}
