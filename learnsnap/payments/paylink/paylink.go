package paylink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

// Base URLs of Paylink.
const (
	Production = "https://restapi.paylink.sa"
	Sandbox    = "https://restpilot.paylink.sa" // its "pilot": no money moves
)

// Minimum is the smallest amount that Paylink makes an invoice for.
const Minimum payments.Halalas = 500

// A Gate decides whether a call may be made now. A circuit breaker fits.
//
// When err is nil, done is called once with the call's result. nil stands for every
// answer of a Paylink that works, a refusal included.
type Gate interface {
	Enter(ctx context.Context) (done func(error), err error)
}

// A Config configures a [Client]. APIID, SecretKey and CallbackURL are required.
type Config struct {
	BaseURL   string // "" means [Production]
	APIID     string
	SecretKey payments.Secret

	CallbackURL string // where Paylink sends the buyer after paying; http or https
	CancelURL   string // where it sends one who gave up; "" means CallbackURL

	// Title is what the invoice calls the goods. Nil means "25 pages".
	Title func(payments.Order) string

	Gate    Gate          // asked before each call of the client; nil admits everything
	Timeout time.Duration // of one request to Paylink, its retries included; 0 means 15 s, −1 no bound
	Retries int           // of what may be sent again; 0 means 2, −1 none

	HTTP *http.Client     // nil means one of our own; redirects are not followed either way
	Log  *slog.Logger     // told of requests and retries; nil means nobody is
	Now  func() time.Time // the clock that a token's age is read from; nil means [time.Now]
}

// A Client is Paylink as a [payments.Gateway]. Make it with [New]; it is safe for
// concurrent use and runs no goroutine of its own.
type Client struct {
	config Config
	http   *http.Client
	tokens tokens
}

var _ payments.Gateway = (*Client)(nil)

// New returns a client. It sends nothing yet.
func New(c Config) (*Client, error) {
	if c.BaseURL == "" {
		c.BaseURL = Production
	}
	if c.CancelURL == "" {
		c.CancelURL = c.CallbackURL
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.Title == nil {
		c.Title = func(o payments.Order) string { return fmt.Sprintf("%d pages", o.Pages) }
	}
	if c.Timeout == 0 {
		c.Timeout = 15 * time.Second
	}
	switch {
	case c.Retries == 0:
		c.Retries = 2
	case c.Retries < 0:
		c.Retries = 0
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	client := &Client{config: c, http: &http.Client{}}
	if c.HTTP != nil {
		*client.http = *c.HTTP
	}
	if client.http.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxResponseHeaderBytes = 64 << 10
		// A connection that Paylink closes while addInvoice is written on it leaves an
		// order in doubt: let go of idle ones before it does.
		transport.IdleConnTimeout = 20 * time.Second
		client.http.Transport = transport
	}
	// A redirect would carry key, token and buyer to another host.
	client.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.tokens = tokens{now: c.Now, fetch: client.authenticate}
	return client, nil
}

func (c Config) validate() error {
	if c.APIID == "" || c.SecretKey == "" {
		return errors.New("paylink: the API id or the secret key is missing (both are in my.paylink.sa)")
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return fmt.Errorf("paylink: the base URL can't be used (want %s or %s)", Production, Sandbox)
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !loopback(base)) {
		return errors.New("paylink: the base URL must be https, for the secret key goes there")
	}
	for name, text := range map[string]string{"callback": c.CallbackURL, "cancel": c.CancelURL} {
		if !webURL(text) {
			return fmt.Errorf("paylink: the %s URL can't be used (want https://…)", name)
		}
	}
	return nil
}

// Live reports whether real money moves at a base URL: anywhere but in the sandbox and
// at a loopback address. "" is production.
func Live(baseURL string) bool {
	u, err := url.Parse(baseURL)
	if err != nil || baseURL == "" {
		return true
	}
	sandbox, _ := url.Parse(Sandbox)
	return !strings.EqualFold(u.Hostname(), sandbox.Hostname()) && !loopback(u)
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func webURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// Create implements [payments.Gateway]. Orders below [Minimum] or in another currency
// than SAR are refused unsent, as [payments.NotCreated].
func (c *Client) Create(ctx context.Context, o payments.Order) (i payments.Invoice, err error) {
	if err := c.sellable(o); err != nil {
		return payments.Invoice{}, c.fail(opAdd, payments.Rejected, payments.NotCreated, err)
	}
	body, err := c.order(o)
	if err != nil {
		return payments.Invoice{}, c.fail(opAdd, payments.Rejected, payments.NotCreated, err)
	}
	done, err := c.enter(ctx, opAdd, payments.NotCreated)
	if err != nil {
		return payments.Invoice{}, err
	}
	defer func() { done(fault(err)) }()
	answer, err := c.authorized(ctx, call{
		op: opAdd, method: http.MethodPost, path: "/api/addInvoice", body: body, creates: true,
		private: []string{o.Name, o.Mobile, o.Email},
	})
	if err != nil {
		return payments.Invoice{}, err
	}
	i, err = decodeInvoice(answer)
	if err == nil {
		err = c.sound(i, o)
	}
	if err != nil {
		return i, c.fail(opAdd, payments.Malformed, payments.Uncertain, err)
	}
	return i, nil
}

func (c *Client) sellable(o payments.Order) error {
	switch {
	case o.Currency != payments.SAR:
		return errors.New("only orders in SAR can be taken")
	case o.Amount < Minimum:
		return fmt.Errorf("an amount of %v is below the minimum of %v", o.Amount, Minimum)
	case o.Amount > payments.MaxAmount:
		return fmt.Errorf("an amount of %v is too large", o.Amount)
	case !payments.IsNumber(o.Number):
		return errors.New("the order has no number that can be sent")
	}
	return nil
}

// sound tells what keeps a fresh invoice from being shown to the buyer.
func (c *Client) sound(i payments.Invoice, o payments.Order) error {
	switch {
	case !payments.IsNumber(i.TransactionNo):
		return errors.New("the reply names no transaction")
	case i.OrderNumber != "" && i.OrderNumber != o.Number:
		return errors.New("the reply is about another order")
	case i.Amount != o.Amount:
		return fmt.Errorf("the reply asks for %v instead of %v", i.Amount, o.Amount)
	case !strings.EqualFold(i.Currency, o.Currency):
		return errors.New("the reply is in another currency")
	case i.URL == "" || strings.HasPrefix(c.config.BaseURL, "https:") && !strings.HasPrefix(i.URL, "https:"):
		return errors.New("the reply has no page to send the buyer to")
	}
	return nil
}

// Invoice implements [payments.Gateway].
func (c *Client) Invoice(ctx context.Context, transactionNo string) (i payments.Invoice, err error) {
	if !payments.IsNumber(transactionNo) {
		return i, c.fail(opGet, payments.NotFound, payments.Untold, errors.New("not a transaction's number"))
	}
	done, err := c.enter(ctx, opGet, payments.Untold)
	if err != nil {
		return i, err
	}
	defer func() { done(fault(err)) }()
	answer, err := c.authorized(ctx, call{op: opGet, method: http.MethodGet, path: "/api/getInvoice/" + url.PathEscape(transactionNo)})
	if err != nil {
		return i, err
	}
	i, err = decodeInvoice(answer)
	switch {
	case err != nil:
	case i.TransactionNo == "":
		i.TransactionNo = transactionNo
	case i.TransactionNo != transactionNo:
		err = errors.New("the reply is about another transaction")
	}
	if err != nil {
		return payments.Invoice{}, c.fail(opGet, payments.Malformed, payments.Untold, err)
	}
	return i, nil
}

// Check asks Paylink for a token and so tells whether it answers and takes our
// credentials. What it found is kept for a minute, and who asks meanwhile is told that.
func (c *Client) Check(ctx context.Context) (err error) {
	if known, err := c.tokens.lately(checkKept); known {
		return err
	}
	done, err := c.enter(ctx, opAuth, payments.Untold)
	if err != nil {
		return err
	}
	defer func() { done(fault(err)) }()
	_, err = c.tokens.take(ctx, checkKept)
	return err
}

// enter asks the gate. Its refusal is an error whose cause may say when to come back.
func (c *Client) enter(ctx context.Context, op string, outcome payments.Outcome) (done func(error), err error) {
	if c.config.Gate == nil {
		return func(error) {}, nil
	}
	done, err = c.config.Gate.Enter(ctx)
	if err != nil {
		return nil, c.fail(op, payments.Unavailable, outcome, err)
	}
	return done, nil
}

// fault returns what a gate is told of: failures of Paylink, and calls that were broken
// off. An answer that we don't like is no failure.
func fault(err error) error {
	if errors.Is(err, payments.NotFound) || errors.Is(err, payments.Rejected) {
		return nil
	}
	return err
}

func (c *Client) fail(op string, k payments.Kind, o payments.Outcome, err error) *payments.Error {
	return &payments.Error{Gateway: "paylink", Op: op, Kind: k, Outcome: o, Err: err}
}
