package storage

import (
	"context"
	"time"
)

// PaymentPaid is the state of a payment whose pages were credited, the only one that a
// store knows; the others are the domain's words. It is never left.
const PaymentPaid = "paid"

// Payments keeps what owners buy, from the checkout to the pages. It holds nothing of
// the buyer but the owner, so it stays when that is erased.
type Payments interface {
	// CreatePayment stores a payment and returns it as it is kept. A Key that the owner
	// used for another is [ErrExists], and then that one is returned; an Order that is
	// there is [ErrExists], too. A payment needs an order, an owner, a state that is not
	// [PaymentPaid], and pages; its amount is not negative. Zero times mean now.
	CreatePayment(ctx context.Context, p Payment) (Payment, error)

	// Payment returns a payment by its order's number, or [ErrNotFound].
	Payment(ctx context.Context, order string) (Payment, error)

	// PaymentByTransaction returns a payment by its gateway's number, or [ErrNotFound].
	PaymentByTransaction(ctx context.Context, gateway, transaction string) (Payment, error)

	// MovePayment moves a payment that is in state from, and only then: in any other it is
	// [ErrConflict]. From and to may be the same. To [PaymentPaid] and from it is
	// [ErrConflict], see PaidOnce; an unknown payment is [ErrNotFound], and a transaction
	// that is another payment's [ErrExists].
	MovePayment(ctx context.Context, order, from string, m PaymentMove) error

	// PaidOnce moves a payment from whatever state to [PaymentPaid] and credits its pages
	// in the same transaction: an [Entry] of action [Purchase] with the order's number as
	// its cause. It reports whether it did: one that is paid stays as it is, whoever comes
	// again, however often. m.To is ignored. Errors are those of MovePayment.
	//
	// A refund is [Credits].Adjust by −Pages with the order's number as its cause.
	PaidOnce(ctx context.Context, order string, m PaymentMove) (bool, error)

	// StuckPayments returns payments in one of these states that have not moved since t,
	// those first that have not for the longest time, at most limit. Paid ones are never
	// among them.
	StuckPayments(ctx context.Context, states []string, t time.Time, limit int) ([]Payment, error)
}

// A Payment is one checkout.
type Payment struct {
	Order       string // its number: ours, unique for ever
	Owner       string
	State       string
	Pack        string // what is bought, by the domain's name for it
	Pages       int    // credited when it is paid
	Amount      int64  // in the smallest unit of the currency
	Currency    string
	Gateway     string // who takes the money
	Transaction string // its number of the payment, unique for it; empty until it is known
	URL         string // where the buyer pays; empty until it is known
	Note        string // why it is in this state
	Key         string // idempotency key of its creation, unique for its owner; empty means none
	Print       string // fingerprint of what was asked for under Key
	Detail      []byte // JSON: the domain's; may be nil
	Created     time.Time
	Updated     time.Time // when it last moved
}

// A PaymentMove is what changes when a payment moves. What is empty stays as it was.
type PaymentMove struct {
	To          string // must not be empty
	Transaction string
	URL         string
	Note        string
}

// Webhooks is the inbox for what gateways tell us: kept before it is answered, worked
// on later.
type Webhooks interface {
	// AddWebhook keeps an event and returns its ID. It reports whether it is new: one of
	// the same gateway, transaction, status and hash is kept once, and its ID returned
	// again. A zero Created means now; Done and Outcome are ignored. An empty gateway is
	// refused.
	AddWebhook(ctx context.Context, w Webhook) (id int64, added bool, err error)

	// PendingWebhooks returns events that were added before t and are not done, oldest
	// first, at most limit.
	PendingWebhooks(ctx context.Context, t time.Time, limit int) ([]Webhook, error)

	// MarkWebhook notes what became of an event, and reports whether it did: one that is
	// done stays as it is. An unknown one is [ErrNotFound].
	MarkWebhook(ctx context.Context, id int64, outcome string) (bool, error)

	// DropWebhooks removes events that were added before t and are done, and returns how
	// many. A copy that comes later is new.
	DropWebhooks(ctx context.Context, t time.Time) (int, error)
}

// A Webhook is one message of a gateway, of which only what names a payment is kept.
type Webhook struct {
	ID          int64 // grows with time
	Gateway     string
	Transaction string // may be empty when Order is not
	Order       string // may be empty when Transaction is not
	Status      string // as the gateway says
	Hash        string // of the body
	Created     time.Time
	Done        time.Time // zero: not yet
	Outcome     string    // what became of it
}
