package paylinktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

// Tries is how often Paylink sends a webhook that is not acknowledged with a 200.
const Tries = 10

// A Hook says how webhooks are sent, as a merchant sets it up in Paylink's portal.
type Hook struct {
	Version int             // 1 or 2; 0 means 1
	Header  string          // the static header, "Name: value"; "" means none
	HMAC    payments.Secret // signs the body in [payments.SignatureHeader]; "" means not
}

// A Webhook is one message, as an order stood when it was made. Send it at once, later,
// often, or after a younger one: each is something that happens.
type Webhook struct {
	Body []byte

	hook Hook
	mac  []byte
}

// Webhook returns the message about an order as it stands now. An order that has no
// invoice here is told of as paid, with a transaction of another merchant.
func (s *Server) Webhook(orderNumber string, h Hook) Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(func(i *invoice) bool { return i.order.OrderNumber == orderNumber })
	if i == nil {
		i = &invoice{transactionNo: "9999999999999", status: "Paid", amount: "150.0", order: orderBody{OrderNumber: orderNumber}}
	}
	fields := map[string]any{
		"amount": i.amount, "merchantEmail": "shop@example.com", "transactionNo": i.transactionNo,
		"merchantOrderNumber": i.order.OrderNumber, "orderStatus": i.status,
	}
	if h.Version == 2 {
		fields["version"] = 2
		fields["paymentDetails"] = map[string]any{"paymentMethod": "mada", "bankCardNumber": "1111"}
		fields["paymentErrors"] = []any{}
	}
	body, err := json.Marshal(fields)
	if err != nil {
		body = []byte("null") // can't be: all of it came through JSON
	}
	return Webhook{Body: body, hook: h}.signed()
}

func (w Webhook) signed() Webhook {
	if w.hook.HMAC != "" {
		mac := hmac.New(sha256.New, []byte(w.hook.HMAC))
		mac.Write(w.Body)
		w.mac = mac.Sum(nil)
	}
	return w
}

// Forged returns the message as somebody sends it who does not know the secrets: header
// and signature have the right form and the wrong value.
func (w Webhook) Forged() Webhook {
	if name, _, ok := strings.Cut(w.hook.Header, ":"); ok {
		w.hook.Header = name + ": Bearer guessed-by-somebody"
	}
	if w.mac != nil {
		w.mac = bytes.Repeat([]byte{0x5a}, len(w.mac))
	}
	return w
}

// Truncated returns the first half of the message. Its signature is that of the whole.
func (w Webhook) Truncated() Webhook {
	w.Body = w.Body[:len(w.Body)/2]
	return w
}

// Padded returns the message with a field that brings it to n bytes, properly signed.
func (w Webhook) Padded(n int) Webhook {
	const name = `,"padding":"`
	pad := max(n-len(w.Body)-len(name)-1, 0)
	body := bytes.TrimSuffix(w.Body, []byte("}"))
	w.Body = fmt.Appendf(nil, `%s%s%s"}`, body, name, strings.Repeat("x", pad))
	return w.signed()
}

// Send posts the message once and returns the status that answers it.
func (w Webhook) Send(ctx context.Context, url string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(w.Body))
	if err != nil {
		return 0, fmt.Errorf("webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if name, value, ok := strings.Cut(w.hook.Header, ":"); ok {
		req.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if w.mac != nil {
		req.Header.Set(payments.SignatureHeader, hex.EncodeToString(w.mac))
	}
	// A client of its own: an idle connection that outlives the test would be a leak.
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return 0, fmt.Errorf("webhook: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)); err != nil {
		return 0, fmt.Errorf("webhook: read the answer: %w", err)
	}
	return resp.StatusCode, nil
}

// Deliver sends the message until it is acknowledged with a 200, at most [Tries] times
// and without a pause, and returns the last answer.
func (w Webhook) Deliver(ctx context.Context, url string) (status int, err error) {
	for range Tries {
		if status, err = w.Send(ctx, url); err == nil && status == http.StatusOK || ctx.Err() != nil {
			break
		}
	}
	return status, err
}

// SendMany posts n copies of the message, many at a time, and counts the statuses that
// answer them; 0 stands for those that no answer came to.
func (w Webhook) SendMany(ctx context.Context, url string, n int) map[int]int {
	const atOnce = 64
	var mu sync.Mutex
	var all sync.WaitGroup
	counts := map[int]int{}
	places := make(chan struct{}, atOnce)
	for range n {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			status, err := w.Send(ctx, url)
			if err != nil {
				status = 0
			}
			mu.Lock()
			defer mu.Unlock()
			counts[status]++
		})
	}
	all.Wait()
	return counts
}
