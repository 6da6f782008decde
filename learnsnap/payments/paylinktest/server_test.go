package paylinktest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ask makes a call as a program of any make would.
func ask(t *testing.T, fake *paylinktest.Server, method, path, token, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, fake.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	var reply map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&reply))
	return resp.StatusCode, reply
}

const anOrder = `{"orderNumber":"LS-1","amount":12.00,"callBackUrl":"https://quiz.example","clientName":"Amal","clientMobile":"0501234567","products":[{"title":"25 pages","price":12.00,"qty":1}]}`

func TestTheFakeSpeaksAsPaylinkDoes(t *testing.T) {
	fake := paylinktest.NewServer(t)
	credentials := fmt.Sprintf(`{"apiId":%q,"secretKey":%q,"persistToken":"false"}`, paylinktest.APIID, paylinktest.SecretKey)
	status, _ := ask(t, fake, "POST", "/api/auth", "", `{"apiId":"a","secretKey":"b"}`)
	require.Equal(t, 401, status)
	status, _ = ask(t, fake, "POST", "/api/auth", "", `?`)
	require.Equal(t, 400, status)
	status, reply := ask(t, fake, "POST", "/api/auth", "", credentials)
	require.Equal(t, 200, status)
	token := reply["id_token"].(string)
	status, _ = ask(t, fake, "POST", "/api/auth", "", strings.ReplaceAll(credentials, `"false"`, `true`))
	require.Equal(t, 200, status)

	status, _ = ask(t, fake, "POST", "/api/addInvoice", "wrong", anOrder)
	require.Equal(t, 401, status)
	for _, bad := range []string{`?`, `{}`, strings.ReplaceAll(anOrder, "12.00", "4.99"), strings.ReplaceAll(anOrder, "Amal", "")} {
		status, _ = ask(t, fake, "POST", "/api/addInvoice", token, bad)
		require.Equal(t, 400, status, bad)
	}
	require.Empty(t, fake.Invoices())
	status, made := ask(t, fake, "POST", "/api/addInvoice", token, anOrder)
	require.Equal(t, 200, status)
	require.Equal(t, "Pending", made["orderStatus"])
	require.Equal(t, 12.0, made["amount"])
	require.Equal(t, true, made["success"])
	status, _ = ask(t, fake, "POST", "/api/addInvoice", token, anOrder)
	require.Equal(t, 409, status, "an order number is taken once")

	path := "/api/getInvoice/" + made["transactionNo"].(string)
	require.False(t, fake.Pay("LS-2"))
	require.True(t, fake.Pay("LS-1"))
	status, seen := ask(t, fake, "GET", path, token, "")
	require.Equal(t, 200, status)
	require.Equal(t, "Paid", seen["orderStatus"])
	require.NotNil(t, seen["paymentReceipt"])
	require.True(t, fake.Cancel("LS-1"))
	require.False(t, fake.Pay("LS-1"), "a cancelled invoice can't be paid")
	require.False(t, fake.Reprice("LS-1", "a lot"))
	status, _ = ask(t, fake, "GET", "/api/getInvoice/1", token, "")
	require.Equal(t, 404, status)

	fake.Expire()
	status, _ = ask(t, fake, "GET", path, token, "")
	require.Equal(t, 401, status)
	require.Equal(t, 4, fake.Calls(paylinktest.Auth))
	require.Equal(t, 7, fake.Calls(paylinktest.AddInvoice))
	require.Equal(t, 3, fake.Calls(paylinktest.GetInvoice))
	require.Len(t, fake.Invoices(), 1)
	require.Equal(t, payments.StatusCancelled, fake.Invoices()[0].Status)
}

func TestAScriptGoesBeforeADecision(t *testing.T) {
	fake := paylinktest.NewServer(t)
	fake.Script(paylinktest.Auth, paylinktest.Refuse(418, "scripted"))
	fake.Decide(func(op paylinktest.Op, call int) paylinktest.Step {
		return paylinktest.Refuse(500+call, string(op))
	})
	status, reply := ask(t, fake, "POST", "/api/auth", "", "")
	require.Equal(t, 418, status)
	require.Equal(t, "scripted", reply["detail"])
	status, reply = ask(t, fake, "POST", "/api/auth", "", "")
	require.Equal(t, 502, status)
	require.Equal(t, "auth", reply["detail"])
	fake.Decide(nil)
	status, _ = ask(t, fake, "POST", "/api/auth", "", "{}")
	require.Equal(t, 401, status)
}

func TestAServerThatClosesEndsWhatHangs(t *testing.T) {
	fake := paylinktest.NewServer(t)
	begun := make(chan struct{})
	fake.Decide(func(paylinktest.Op, int) paylinktest.Step {
		close(begun)
		return paylinktest.Well().After(time.Hour)
	})
	var all sync.WaitGroup
	all.Go(func() {
		resp, err := http.Post(fake.URL+"/api/auth", "application/json", strings.NewReader("{}"))
		if err == nil {
			resp.Body.Close()
			t.Error("an answer has come")
		}
	})
	<-begun
	fake.Close()
	fake.Close()
	all.Wait()
}

// A receiver keeps the webhooks that it was sent, and answers by a function.
type receiver struct {
	mu     sync.Mutex
	bodies []string
	header []http.Header
	answer func(n int) int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies = append(r.bodies, string(body))
	r.header = append(r.header, req.Header.Clone())
	w.WriteHeader(r.answer(len(r.bodies)))
}

func TestWebhooksAreSentInEveryWayThatHappens(t *testing.T) {
	fake := paylinktest.NewServer(t)
	_, reply := ask(t, fake, "POST", "/api/auth", "", fmt.Sprintf(`{"apiId":%q,"secretKey":%q}`, paylinktest.APIID, paylinktest.SecretKey))
	ask(t, fake, "POST", "/api/addInvoice", reply["id_token"].(string), anOrder)

	got := &receiver{answer: func(int) int { return http.StatusOK }}
	server := httptest.NewServer(got)
	t.Cleanup(server.Close)
	hook := paylinktest.Hook{Header: "X-Shop: s3cret-of-the-shop", HMAC: "key-of-the-signature"}
	auth, err := payments.NewAuthenticator(payments.AuthenticatorConfig{Header: "X-Shop: s3cret-of-the-shop", HMAC: "key-of-the-signature"})
	require.NoError(t, err)
	send := func(w paylinktest.Webhook) (payments.Webhook, error) {
		status, err := w.Send(t.Context(), server.URL)
		require.NoError(t, err)
		require.Equal(t, 200, status)
		last := len(got.bodies) - 1
		return auth.Accept(got.header[last], strings.NewReader(got.bodies[last]))
	}

	pending := fake.Webhook("LS-1", hook) // as it stands before it is paid
	fake.Pay("LS-1")
	hook.Version = 2
	paid := fake.Webhook("LS-1", hook)
	require.NotEqual(t, pending.Body, paid.Body)

	want := payments.Webhook{TransactionNo: fake.Invoices()[0].TransactionNo, OrderNumber: "LS-1", Status: payments.StatusPaid}
	hint, err := send(paid)
	require.NoError(t, err)
	require.Equal(t, want, hint)
	want.Status = payments.StatusPending
	hint, err = send(pending) // too late
	require.NoError(t, err)
	require.Equal(t, want, hint)

	_, err = send(paid.Forged())
	require.ErrorIs(t, err, payments.ErrForged)
	_, err = send(paid.Truncated())
	require.ErrorIs(t, err, payments.ErrForged, "the signature is that of the whole")
	_, err = send(paid.Padded(2 << 20))
	require.ErrorIs(t, err, payments.ErrTooLarge)
	require.Len(t, got.bodies[len(got.bodies)-1], 2<<20)
	_, err = send(paid.Padded(payments.MaxWebhook))
	require.NoError(t, err, "large, whole and signed")
	hint, err = send(fake.Webhook("LS-of-somebody-else", hook))
	require.NoError(t, err)
	require.Equal(t, "LS-of-somebody-else", hint.OrderNumber)

	// An unsigned one that was truncated is no JSON.
	unsigned := fake.Webhook("LS-1", paylinktest.Hook{}).Truncated()
	_, err = payments.DecodeWebhook(unsigned.Body)
	require.ErrorIs(t, err, payments.ErrMalformed)
	require.False(t, bytes.HasSuffix(unsigned.Body, []byte("}")))
}

func TestWebhooksAreRepeatedUntilTheyAreTaken(t *testing.T) {
	fake := paylinktest.NewServer(t)
	got := &receiver{answer: func(n int) int {
		if n < 4 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}}
	server := httptest.NewServer(got)
	t.Cleanup(server.Close)
	status, err := fake.Webhook("LS-1", paylinktest.Hook{}).Deliver(t.Context(), server.URL)
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.Len(t, got.bodies, 4)

	got.bodies, got.answer = nil, func(int) int { return http.StatusInternalServerError }
	status, err = fake.Webhook("LS-1", paylinktest.Hook{}).Deliver(t.Context(), server.URL)
	require.NoError(t, err)
	require.Equal(t, 500, status)
	require.Len(t, got.bodies, paylinktest.Tries)

	got.bodies = nil
	counts := fake.Webhook("LS-1", paylinktest.Hook{}).SendMany(t.Context(), server.URL, 100)
	require.Equal(t, map[int]int{500: 100}, counts)

	server.Close()
	_, err = fake.Webhook("LS-1", paylinktest.Hook{}).Send(t.Context(), server.URL)
	require.Error(t, err)
}
