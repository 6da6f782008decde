package learnsnap

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/storage"
)

// FlagPaymentsStopped is the flag that keeps checkouts from being begun. What was
// paid is credited all the same.
const FlagPaymentsStopped = "DISABLE_PAYMENTS"

// A CashierConfig configures a [Cashier]. Every zero value but Gateway and Store is a
// default.
type CashierConfig struct {
	Gateway payments.Gateway // required
	Name    string           // of the gateway; "" means "paylink"
	Store   CashierStore     // required

	Packs    payments.Packs         // nil means payments.DefaultPacks
	Enabled  func(flag string) bool // as in [ServiceConfig]
	Observer Observer               // is told of payments and of moved pages; may be nil

	Lapse time.Duration    // how long a buyer has to pay; 0 means 24 hours
	Now   func() time.Time // nil means [time.Now]
}

// A CashierStore is what a [Cashier] needs of a store.
type CashierStore interface {
	storage.Payments
	storage.Webhooks
}

// A Cashier sells pages. A payment is credited once, whichever comes first, or how
// often: the gateway's message, the buyer's return, or the cashier's own look. None of
// them is believed; each is a reason to ask the gateway. It is safe for concurrent use,
// by many processes over one store too.
type Cashier struct {
	gateway  payments.Gateway
	name     string
	store    CashierStore
	packs    payments.Packs
	enabled  func(flag string) bool
	observer Observer
	lapse    time.Duration
	now      func() time.Time
	rung     chan struct{} // the inbox has something new
}

// NewCashier returns a cashier. What comes in is worked on while [Cashier.Run] runs.
func NewCashier(c CashierConfig) (*Cashier, error) {
	switch {
	case c.Gateway == nil:
		return nil, errors.New("learnsnap: CashierConfig.Gateway is missing")
	case c.Store == nil:
		return nil, errors.New("learnsnap: CashierConfig.Store is missing")
	}
	s := &Cashier{
		gateway: c.Gateway, name: cmp.Or(c.Name, "paylink"), store: c.Store, packs: c.Packs, enabled: c.Enabled,
		observer: c.Observer, lapse: cmp.Or(max(c.Lapse, 0), 24*time.Hour), now: c.Now, rung: make(chan struct{}, 1),
	}
	if s.packs == nil {
		s.packs = payments.DefaultPacks()
	}
	if err := s.packs.Validate(); err != nil {
		return nil, fmt.Errorf("learnsnap: CashierConfig.Packs: %w", err)
	}
	if s.enabled == nil {
		s.enabled = func(string) bool { return false }
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// Packs returns what is on offer.
func (c *Cashier) Packs() payments.Packs { return slices.Clone(c.packs) }

// A Purchase is a checkout as its buyer sees it.
type Purchase struct {
	Order    string
	State    payments.State
	Pack     string
	Pages    int
	Amount   payments.Halalas
	URL      string // where to pay
	Created  time.Time
	Repeated bool // it was begun before, under the same idempotency key
}

func purchase(p storage.Payment) Purchase {
	return Purchase{
		Order: p.Order, State: payments.State(p.State), Pack: p.Pack, Pages: p.Pages, Amount: payments.Halalas(p.Amount), URL: p.URL, Created: p.Created,
	}
}

// createWithin bounds the call that asks for an invoice. It goes on when the buyer
// goes away: its outcome must be known.
const createWithin = 40 * time.Second

// Checkout begins a payment and returns where it is to be paid. Name, number and
// address of the buyer go to the gateway and are not kept.
//
// Under an idempotency key (see [Options].Key) a repetition gets the same payment;
// while the first is being made it is [PaymentInProgress]. A field that is wrong is
// [InvalidRequest] with a *payments.InvalidError. A gateway that certainly made no
// invoice is [Unavailable]; when it may have made one the payment is under review,
// and comes back in that state: nobody makes another by himself.
func (c *Cashier) Checkout(ctx context.Context, owner string, checkout payments.Checkout, key string) (Purchase, error) {
	switch {
	case owner == "":
		return Purchase{}, invalid("a payment needs an owner")
	case !validKey(key):
		return Purchase{}, invalid("an idempotency key has up to %d printable ASCII characters", MaxKey)
	case c.enabled(FlagPaymentsStopped) || c.enabled(FlagReadOnly):
		return Purchase{}, &Error{Code: Unavailable, Err: errors.New("payments are switched off")}
	}
	order, err := c.packs.Order(checkout)
	if err != nil {
		return Purchase{}, &Error{Code: InvalidRequest, Err: err}
	}
	kept, err := c.begin(ctx, owner, order, key, checkout)
	if err != nil || kept.Repeated {
		return kept, err
	}
	return c.invoice(context.WithoutCancel(ctx), order)
}

// begin stores the payment before anybody is asked for anything.
func (c *Cashier) begin(ctx context.Context, owner string, order payments.Order, key string, checkout payments.Checkout) (Purchase, error) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	now := c.now().UTC()
	print := ""
	if key != "" {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", checkout.Pack, order.Name, order.Mobile, order.Email))
		print = hex.EncodeToString(sum[:])
	}
	kept, err := c.store.CreatePayment(ctx, storage.Payment{
		Order: order.Number, Owner: owner, State: string(payments.Created), Pack: order.Pack, Pages: order.Pages,
		Amount: int64(order.Amount), Currency: order.Currency, Gateway: c.name, Key: key, Print: print, Created: now, Updated: now,
	})
	switch {
	case err == nil:
		return purchase(kept), nil
	case !errors.Is(err, storage.ErrExists) || key == "":
		return Purchase{}, storeError(err)
	case kept.Print != print:
		return Purchase{}, &Error{Code: KeyReused, Err: fmt.Errorf("payment %s was begun under that key, of another request", kept.Order)}
	case kept.State == string(payments.Created):
		return Purchase{}, &Error{Code: PaymentInProgress, Err: fmt.Errorf("payment %s", kept.Order)}
	}
	again := purchase(kept)
	again.Repeated = true
	return again, nil
}

// invoice asks the gateway for an invoice, once, and notes what became of that.
func (c *Cashier) invoice(ctx context.Context, order payments.Order) (Purchase, error) {
	asking, cancel := context.WithTimeout(ctx, createWithin)
	defer cancel()
	invoice, failed := c.gateway.Create(asking, order)
	if failed == nil && (invoice.TransactionNo == "" || invoice.URL == "") {
		failed = errors.New("the gateway made an invoice and did not say where it is paid")
	}
	event := payments.AfterCreate(failed)
	p, err := c.apply(ctx, order.Number, event, storage.PaymentMove{Transaction: invoice.TransactionNo, URL: invoice.URL, Note: noteOf(failed)})
	switch {
	case err != nil: // the payment is under way and nobody has its URL: it lapses into review
		return Purchase{}, err
	case event == payments.InvoiceRefused:
		c.ended(ctx, p, OutcomeFailed, failed)
		return Purchase{}, &Error{Code: Unavailable, Err: failed}
	case event == payments.InvoiceUncertain:
		c.ended(ctx, p, OutcomeFailed, failed)
	}
	return purchase(p), nil
}

// noteOf is what is kept of a failure; it holds nothing of the buyer, see
// payments.Error.
func noteOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Purchase returns a payment of the owner's. It asks the gateway when that may have
// news, so that whoever comes back from paying need not wait for its message.
func (c *Cashier) Purchase(ctx context.Context, owner, order string) (Purchase, error) {
	kept, err := c.load(ctx, order)
	switch {
	case err != nil:
		return Purchase{}, err
	case kept.Owner != owner:
		return Purchase{}, &Error{Code: NotFound}
	}
	settled, err := c.settle(ctx, kept, "")
	if err != nil && CodeOf(err) != Unavailable {
		return Purchase{}, err
	}
	if err != nil { // the gateway is away: what we know is better than nothing
		return purchase(kept), nil
	}
	return purchase(settled), nil
}

func (c *Cashier) load(ctx context.Context, order string) (storage.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	kept, err := c.store.Payment(ctx, order)
	if err != nil {
		return kept, storeError(err)
	}
	return kept, nil
}
