package paylinktest

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

// The credentials that a [Server] takes.
const (
	APIID     = "APP_ID_of_the_fake"
	SecretKey = "secret-key-of-the-fake-7c1e"
)

// An Op is one of Paylink's calls.
type Op string

// The calls.
const (
	Auth       Op = "auth"
	AddInvoice Op = "addInvoice"
	GetInvoice Op = "getInvoice"
)

// A Server is a fake Paylink. Make it with [NewServer] or [Open]; it is safe for
// concurrent use.
type Server struct {
	URL string // base URL, as paylink.Config wants it

	server *httptest.Server
	stop   chan struct{} // closed with the server: ends what hangs

	mu       sync.Mutex
	scripts  map[Op][]Step
	decide   func(op Op, call int) Step
	calls    map[Op]int
	tokens   map[string]bool
	invoices []*invoice
	seen     []string // requests, as "METHOD path?query"
}

// An invoice is what the server keeps of one.
type invoice struct {
	transactionNo string
	status        string
	amount        json.Number // what the buyer pays
	order         orderBody   // as it was asked for
}

type orderBody struct {
	OrderNumber  string            `json:"orderNumber"`
	Amount       json.Number       `json:"amount"`
	CallBackURL  string            `json:"callBackUrl"`
	CancelURL    string            `json:"cancelUrl,omitempty"`
	ClientName   string            `json:"clientName"`
	ClientMobile string            `json:"clientMobile"`
	ClientEmail  string            `json:"clientEmail,omitempty"`
	Currency     string            `json:"currency,omitempty"`
	Products     []json.RawMessage `json:"products"`
}

// NewServer starts a fake Paylink that closes with its test.
func NewServer(t testing.TB) *Server {
	t.Helper()
	s := Open()
	t.Cleanup(s.Close)
	return s
}

// Open starts a fake Paylink that is to be closed by its caller.
func Open() *Server {
	s := &Server{
		stop:    make(chan struct{}),
		scripts: map[Op][]Step{}, calls: map[Op]int{}, tokens: map[string]bool{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/auth", s.play(Auth, s.auth))
	mux.HandleFunc("POST /api/addInvoice", s.play(AddInvoice, s.bearer(s.addInvoice)))
	mux.HandleFunc("GET /api/getInvoice/{transactionNo}", s.play(GetInvoice, s.bearer(s.getInvoice)))
	s.server = httptest.NewServer(mux)
	s.URL = s.server.URL
	return s
}

// Close ends all connections, those under way included. It may be called more than once.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.stop:
		s.mu.Unlock()
		return
	default:
	}
	close(s.stop)
	s.mu.Unlock()
	s.server.CloseClientConnections()
	s.server.Close()
}

// Script sets how the next calls of op are answered, one step each; then it is done
// well again. It takes the place of an earlier script of op.
func (s *Server) Script(op Op, steps ...Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[op] = append([]Step(nil), steps...)
}

// Decide asks f how to answer each call for which no script has a step; call counts
// those of op from 1. Nil ends it. f is called by one goroutine at a time and calls
// nothing of the server.
func (s *Server) Decide(f func(op Op, call int) Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide = f
}

// Calls returns how often op was asked for, failures included.
func (s *Server) Calls(op Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

// Requests returns the request lines so far, as "METHOD path?query".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

// Expire makes all tokens invalid that were given out so far.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Tokens returns the tokens that are valid.
func (s *Server) Tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var valid []string
	for token := range s.tokens {
		valid = append(valid, token)
	}
	return valid
}

// Pay pays the invoice of an order. It reports whether there was one to be paid.
func (s *Server) Pay(orderNumber string) bool { return s.move(orderNumber, "Paid") }

// Cancel cancels the invoice of an order, also a paid one: the merchant can. It reports
// whether there is one.
func (s *Server) Cancel(orderNumber string) bool { return s.move(orderNumber, "Canceled") }

func (s *Server) move(orderNumber, status string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(func(i *invoice) bool { return i.order.OrderNumber == orderNumber })
	if i == nil || status == "Paid" && i.status == "Canceled" {
		return false
	}
	i.status = status
	return true
}

// Reprice changes what the invoice of an order asks for, in riyals, as any number of
// JSON. It reports whether there is one, and amount is such a number.
func (s *Server) Reprice(orderNumber, amount string) bool {
	var number json.Number
	if json.Unmarshal([]byte(amount), &number) != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(func(i *invoice) bool { return i.order.OrderNumber == orderNumber })
	if i != nil {
		i.amount = number
	}
	return i != nil
}

// Invoices returns the invoices that exist, in the order in which they were made.
func (s *Server) Invoices() []payments.Invoice {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]payments.Invoice, 0, len(s.invoices))
	for _, i := range s.invoices {
		amount, err := payments.ParseSAR(i.amount.String())
		if err != nil {
			amount = 0
		}
		all = append(all, payments.Invoice{
			TransactionNo: i.transactionNo, OrderNumber: i.order.OrderNumber, Amount: amount,
			Currency: i.order.currency(), Status: payments.ParseStatus(i.status), URL: s.page(i),
		})
	}
	return all
}

func (o orderBody) currency() string {
	if o.Currency == "" {
		return payments.SAR
	}
	return o.Currency
}

func (s *Server) page(i *invoice) string { return s.URL + "/pay/order/" + i.transactionNo }

func (s *Server) find(is func(*invoice) bool) *invoice {
	for _, i := range s.invoices {
		if is(i) {
			return i
		}
	}
	return nil
}

// An answer is a status and a JSON body.
type answer struct {
	status int
	body   any
}

func refusal(status int, detail string) answer {
	return answer{status, map[string]any{"status": status, "title": http.StatusText(status), "detail": detail}}
}

func (s *Server) auth(r *http.Request, body []byte) answer {
	var asked struct {
		APIID        string `json:"apiId"`
		SecretKey    string `json:"secretKey"`
		PersistToken any    `json:"persistToken"` // a boolean, or one in a string
	}
	if json.Unmarshal(body, &asked) != nil {
		return refusal(http.StatusBadRequest, "the body is not JSON")
	}
	if asked.APIID != APIID || asked.SecretKey != SecretKey {
		// Gateways have been seen to say which key they refuse: a client must not tell it on.
		return refusal(http.StatusUnauthorized, "invalid credentials "+asked.APIID+" / "+asked.SecretKey)
	}
	token := "eyJhbGciOiJIUzUxMiJ9." + rand.Text() + "." + rand.Text()
	s.tokens[token] = true
	return answer{http.StatusOK, map[string]string{"id_token": token}}
}

// bearer lets only calls with a valid token through.
func (s *Server) bearer(next func(*http.Request, []byte) answer) func(*http.Request, []byte) answer {
	return func(r *http.Request, body []byte) answer {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || !s.tokens[token] {
			return refusal(http.StatusUnauthorized, "the token has expired: "+token)
		}
		return next(r, body)
	}
}

func (s *Server) addInvoice(_ *http.Request, body []byte) answer {
	var o orderBody
	if err := json.Unmarshal(body, &o); err != nil {
		return refusal(http.StatusBadRequest, "the body is not an order")
	}
	amount, err := payments.ParseSAR(o.Amount.String())
	switch {
	case err != nil || amount < 500:
		return refusal(http.StatusBadRequest, "amount must be at least 5.00")
	case o.OrderNumber == "" || o.CallBackURL == "" || o.ClientName == "" || o.ClientMobile == "" || len(o.Products) == 0:
		return refusal(http.StatusBadRequest, "a required field is missing for "+o.ClientName+" "+o.ClientMobile)
	case s.find(func(i *invoice) bool { return i.order.OrderNumber == o.OrderNumber }) != nil:
		return refusal(http.StatusConflict, "the order number is taken")
	}
	i := &invoice{transactionNo: strconv.Itoa(1_700_000_000_000 + len(s.invoices)*7919), status: "Pending", amount: o.Amount, order: o}
	s.invoices = append(s.invoices, i)
	return answer{http.StatusOK, s.shape(i)}
}

func (s *Server) getInvoice(r *http.Request, _ []byte) answer {
	no := r.PathValue("transactionNo")
	i := s.find(func(i *invoice) bool { return i.transactionNo == no })
	if i == nil {
		return refusal(http.StatusNotFound, "no such invoice")
	}
	return answer{http.StatusOK, s.shape(i)}
}

// shape is the reply of addInvoice and getInvoice.
func (s *Server) shape(i *invoice) map[string]any {
	shape := map[string]any{
		"gatewayOrderRequest": map[string]any{
			"amount": i.order.Amount, "orderNumber": i.order.OrderNumber, "callBackUrl": i.order.CallBackURL, "cancelUrl": i.order.CancelURL,
			"clientName": i.order.ClientName, "clientMobile": i.order.ClientMobile, "clientEmail": i.order.ClientEmail,
			"currency": i.order.currency(), "products": i.order.Products, "note": nil, "smsMessage": nil,
		},
		"amount": i.amount, "transactionNo": i.transactionNo, "orderStatus": i.status, "paymentErrors": nil,
		"url": s.page(i), "mobileUrl": s.page(i) + "?mobile", "qrUrl": s.page(i) + "?qr",
		"checkUrl": s.URL + "/api/getInvoice/" + i.transactionNo,
		"success":  true, "digitalOrder": true, "foreignCurrencyRate": nil, "paymentReceipt": nil, "metadata": nil,
	}
	if i.status == "Paid" {
		shape["paymentReceipt"] = map[string]any{
			"receiptUrl": s.page(i) + "?receipt", "passcode": "0000", "paymentMethod": "mada",
			"paymentDate": "2026-01-02T03:04:05", "bankCardNumber": "1111",
		}
	}
	return shape
}
