package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
)

const hookHeader = "Authorization: Bearer only-paylink-and-we-know-this"

// paylinkEnviron configures a server to sell through a fake Paylink.
func paylinkEnviron(fake *paylinktest.Server) []string {
	return []string{
		"PAYLINK_API_ID=" + paylinktest.APIID, "PAYLINK_SECRET_KEY=" + paylinktest.SecretKey, "PAYLINK_BASE_URL=" + fake.URL,
		"PAYLINK_WEBHOOK_HEADER=" + hookHeader, "APP_URL=https://quiz.example",
	}
}

// engines are the environments of both.
func engines(t *testing.T, each func(t *testing.T, environ []string)) {
	t.Run("sqlite", func(t *testing.T) { each(t, nil) })
	t.Run("postgres", func(t *testing.T) { each(t, []string{"DATABASE_URL=" + postgres.Database(t)}) })
}

type purchase struct {
	OrderNumber, State, URL string
	Pages, PagesRemaining   int
}

func (d device) buy(pack string, header ...string) (p purchase, status int) {
	body := fmt.Sprintf(`{"pack":%q,"name":"Amal","mobile":"0512345678"}`, pack)
	status, _ = d.do("POST", "/api/v1/payment/create", "application/json", strings.NewReader(body), &p, header...)
	return p, status
}

func (d device) verify(order string) (p purchase, status int) {
	status, _ = d.do("POST", "/api/v1/payment/verify", "application/json", strings.NewReader(fmt.Sprintf(`{"orderNumber":%q}`, order)), &p)
	return p, status
}

func TestAPackIsPaidOnceAndCreditedOnce(t *testing.T) {
	copies := 2000
	if os.Getenv("LEARNSNAP_DRILL") != "" {
		copies = 10_000
	}
	engines(t, func(t *testing.T, environ []string) {
		fake := paylinktest.NewServer(t)
		s := start(t, t.TempDir(), append(environ, append(paylinkEnviron(fake), "JWT_SECRET="+jwtSecret)...)...)
		d := s.device()
		var packs struct {
			Packs []struct{ ID, PriceSAR string }
		}
		status, _ := d.do("GET", "/api/v1/billing/packs", "", nil, &packs)
		require.Equal(t, 200, status)
		require.Len(t, packs.Packs, 4)

		bought, status := d.buy("popular", "Idempotency-Key", "k-1")
		require.Equal(t, 201, status)
		require.Equal(t, "pending", bought.State)
		require.NotEmpty(t, bought.URL)
		again, status := d.buy("popular", "Idempotency-Key", "k-1")
		require.Equal(t, 201, status)
		require.Equal(t, bought, again)
		_, status = d.buy("basic", "Idempotency-Key", "k-1")
		require.Equal(t, 422, status)
		require.Len(t, fake.Invoices(), 1)
		_, status = s.device().verify(bought.OrderNumber)
		require.Equal(t, 404, status, "another's payment")

		require.True(t, fake.Pay(bought.OrderNumber))
		hook := fake.Webhook(bought.OrderNumber, paylinktest.Hook{Header: hookHeader})
		answers := hook.SendMany(t.Context(), s.url+"/api/webhooks/paylink", copies)
		require.Equal(t, copies, answers[200]+answers[503], "%v", answers)
		status, err := hook.Deliver(t.Context(), s.url+"/api/webhooks/paylink")
		require.NoError(t, err)
		require.Equal(t, 200, status)
		require.Eventually(t, func() bool {
			p, status := d.verify(bought.OrderNumber)
			return status == 200 && p.State == "paid" && p.PagesRemaining == 27
		}, time.Minute, 50*time.Millisecond)

		var history struct{ Entries []struct{ Action string } }
		d.do("GET", "/api/v1/credits/history", "", nil, &history)
		require.Equal(t, "[{purchase} {grant}]", fmt.Sprint(history.Entries))
		metrics := s.scrape()
		require.Contains(t, metrics, `payments_total{outcome="paid"} 1`)
		require.Contains(t, metrics, `credits_pages_total{action="purchase"} 25`)
		require.Contains(t, metrics, `webhook_events_total{outcome="settled"} 1`)
		var health struct {
			Checks map[string]struct{ Status string }
		}
		d.do("GET", "/health", "", nil, &health)
		require.Equal(t, "ok", health.Checks["payments"].Status)

		var ledger struct{ Balance int }
		owner := s.ownerOf(d)
		require.Equal(t, 200, s.operate("GET", "/owners/"+owner+"/ledger", nil, &ledger))
		require.Equal(t, 27, ledger.Balance)
		refund := map[string]any{"pages": -25, "cause": bought.OrderNumber, "why": "refunded at Paylink"}
		require.Equal(t, 200, s.operate("POST", "/owners/"+owner+"/adjust", refund, &ledger))
		require.Equal(t, 200, s.operate("POST", "/owners/"+owner+"/adjust", refund, &ledger), "once")
		require.Equal(t, 2, ledger.Balance)
		require.Equal(t, 402, s.operate("POST", "/owners/"+owner+"/adjust", map[string]any{"pages": -25, "cause": "another", "why": "x"}, nil))
	})
}

// ownerOf finds a device's owner in what the log says of nothing else: the dead letters
// and the ledger name it, so operators know it; here it is the token's middle.
func (s *running) ownerOf(d device) string { return "device:" + strings.Split(d.token, ".")[1] }

func TestWebhooksThatAreNoneAreRefused(t *testing.T) {
	fake := paylinktest.NewServer(t)
	s := start(t, t.TempDir(), paylinkEnviron(fake)...)
	d := s.device()
	bought, _ := d.buy("basic")
	url := s.url + "/api/webhooks/paylink"
	good := paylinktest.Hook{Header: hookHeader}
	send := func(w paylinktest.Webhook) int {
		status, err := w.Send(t.Context(), url)
		require.NoError(t, err)
		return status
	}
	require.Equal(t, 401, send(fake.Webhook(bought.OrderNumber, good).Forged()))
	require.Equal(t, 401, send(fake.Webhook(bought.OrderNumber, paylinktest.Hook{})))
	require.Equal(t, 400, send(fake.Webhook(bought.OrderNumber, good).Truncated()))
	require.Equal(t, 413, send(fake.Webhook(bought.OrderNumber, good).Padded(2<<20)))
	require.Equal(t, 200, send(fake.Webhook("nobody-ordered-this", good)), "another merchant's: taken, and about nothing of ours")
	require.Equal(t, 200, send(fake.Webhook(bought.OrderNumber, good)), "it says paid, but nobody has")
	p, _ := d.verify(bought.OrderNumber)
	require.Equal(t, "pending", p.State)
	require.Equal(t, 2, p.PagesRemaining)

	// What was paid is not what was ordered.
	require.True(t, fake.Reprice(bought.OrderNumber, "4.99"))
	require.True(t, fake.Pay(bought.OrderNumber))
	p, _ = d.verify(bought.OrderNumber)
	require.Equal(t, "review", p.State)
	require.Equal(t, 2, p.PagesRemaining)
}

func TestAnInvoiceThatNobodyHeardOfIsFoundAndNeverMadeTwice(t *testing.T) {
	fake := paylinktest.NewServer(t)
	s := start(t, t.TempDir(), append(paylinkEnviron(fake), "JWT_SECRET="+jwtSecret)...)
	d := s.device()
	fake.Script(paylinktest.AddInvoice, paylinktest.Lost())
	bought, status := d.buy("basic")
	require.Equal(t, 201, status)
	require.Equal(t, "review", bought.State)
	require.Len(t, fake.Invoices(), 1)
	var stuck struct {
		Payments []struct{ OrderNumber string }
	}
	require.Equal(t, 200, s.operate("GET", "/payments/stuck", nil, &stuck))
	require.Equal(t, bought.OrderNumber, stuck.Payments[0].OrderNumber)
	require.True(t, fake.Pay(bought.OrderNumber)) // the buyer had the address all the same
	status, err := fake.Webhook(bought.OrderNumber, paylinktest.Hook{Header: hookHeader}).Send(t.Context(), s.url+"/api/webhooks/paylink")
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.Eventually(t, func() bool { p, _ := d.verify(bought.OrderNumber); return p.State == "paid" && p.PagesRemaining == 12 }, time.Minute, 50*time.Millisecond)

	fake.Script(paylinktest.AddInvoice, paylinktest.Refuse(400, "no"))
	_, status = d.buy("basic")
	require.Equal(t, 503, status, "certainly not made: the buyer may try again")
	other, _ := d.buy("basic")
	require.Equal(t, "pending", other.State)
	var closed struct{ State string }
	require.Equal(t, 200, s.operate("POST", "/payments/"+other.OrderNumber+"/close", map[string]any{"why": "the buyer rang"}, &closed))
	require.Equal(t, "cancelled", closed.State)
}

func TestPaymentsNeedAWayToTellForgedMessages(t *testing.T) {
	environ := []string{"PAYLINK_API_ID=x", "PAYLINK_SECRET_KEY=y", "APP_URL=https://quiz.example"} // production is the default
	s := start(t, t.TempDir(), environ...)
	_, status := s.device().buy("basic")
	require.Equal(t, 503, status)
	require.NoError(t, s.stop())
	require.Contains(t, s.log.String(), "PAYLINK_WEBHOOK_HEADER")
}

func TestPaymentsSurviveBeingKilled(t *testing.T) { payAndKill(t, 30) }

func TestDrillPaymentsSurviveBeingKilled(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("a long drill: make drill")
	}
	payAndKill(t, 300)
}

// payAndKill makes payments while the server is killed again and again, replies are
// lost and messages doubled. In the end each that was paid is credited once, and none
// that was not.
func payAndKill(t *testing.T, n int) {
	engines(t, func(t *testing.T, environ []string) {
		fake := paylinktest.NewServer(t)
		r := rand.New(rand.NewPCG(7, 7))
		var mu sync.Mutex
		faults := rand.New(rand.NewPCG(8, 8)) // the fake's own: it asks from a goroutine of its own
		fake.Decide(func(paylinktest.Op, int) paylinktest.Step {
			switch faults.IntN(12) {
			case 0:
				return paylinktest.Lost()
			case 1:
				return paylinktest.Half()
			case 2:
				return paylinktest.Status(503)
			case 3:
				return paylinktest.Cut()
			}
			return paylinktest.Well().After(time.Duration(faults.IntN(20)) * time.Millisecond)
		})
		dir := t.TempDir()
		environ = append(environ, append(paylinkEnviron(fake), "JWT_SECRET="+jwtSecret)...)
		s := start(t, dir, environ...)
		token := s.device().token
		stop := make(chan struct{})
		var killer, buyers sync.WaitGroup
		kills := 0
		killer.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(20+rand.IntN(200)) * time.Millisecond):
				}
				mu.Lock()
				_ = s.cmd.Process.Kill()
				<-s.ended
				s = start(t, dir, environ...)
				kills++
				mu.Unlock()
			}
		})
		current := func() device { mu.Lock(); defer mu.Unlock(); return device{s, token} }
		paid := 0
		for i := range n {
			key := fmt.Sprint("k-", i)
			for try := 0; try < 20; try++ { // as a buyer's browser does
				if p, ok := current().tryBuy(key); ok && p.State != "created" {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			if len(fake.Invoices()) > 0 {
				last := fake.Invoices()[len(fake.Invoices())-1]
				if r.IntN(3) > 0 && fake.Pay(last.OrderNumber) {
					paid++
					hook := fake.Webhook(last.OrderNumber, paylinktest.Hook{Header: hookHeader})
					for range 1 + r.IntN(3) {
						buyers.Go(func() { _, _ = hook.Send(t.Context(), current().s.url+"/api/webhooks/paylink") }) // it may be down
					}
				}
			}
		}
		buyers.Wait()
		close(stop)
		killer.Wait()
		fake.Decide(nil)
		_ = s.cmd.Process.Kill() // once more: else the breaker would leave Paylink alone for three minutes
		<-s.ended
		s = start(t, dir, environ...)
		d := current()
		due := 2 // the free ones
		for _, invoice := range fake.Invoices() {
			if invoice.Status == payments.StatusPaid {
				due += 10
				status, err := fake.Webhook(invoice.OrderNumber, paylinktest.Hook{Header: hookHeader}).Deliver(t.Context(), d.s.url+"/api/webhooks/paylink")
				require.NoError(t, err)
				require.Equal(t, 200, status)
			}
		}
		require.Positive(t, paid)
		var left balance
		require.Eventually(t, func() bool {
			status, _ := d.do("GET", "/api/v1/credits", "", nil, &left)
			return status == 200 && left.PagesRemaining == due
		}, time.Minute, 100*time.Millisecond, "every paid one is credited")
		require.LessOrEqual(t, len(fake.Invoices()), n, "no order has two invoices")
		seen := map[string]bool{}
		for _, invoice := range fake.Invoices() {
			require.False(t, seen[invoice.OrderNumber])
			seen[invoice.OrderNumber] = true
		}
		t.Logf("%d payments, %d kills, %d invoices, %d paid", n, kills, len(fake.Invoices()), (due-2)/10)
		require.NoError(t, d.s.stop())
		// And once: the ledger is held against the payments, each of which has one entry.
		verify := exec.Command(binary, "admin", "verify")
		verify.Env = append(environ, "DATA_DIR="+dir)
		out, err := verify.CombinedOutput()
		require.NoError(t, err, string(out))
	})
}

// tryBuy is a buyer's request that may meet a dying server.
func (d device) tryBuy(key string) (p purchase, ok bool) {
	req, err := http.NewRequestWithContext(d.s.t.Context(), "POST", d.s.url+"/api/v1/payment/create", strings.NewReader(`{"pack":"basic","name":"Amal","mobile":"0512345678"}`))
	if err != nil {
		return p, false
	}
	req.Header.Set("X-Device-Token", d.token)
	req.Header.Set("Idempotency-Key", key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return p, false
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil || resp.StatusCode != 201 {
		return p, false
	}
	return p, json.Unmarshal(body.Bytes(), &p) == nil
}
