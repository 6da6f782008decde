package payments

import (
	"context"
	"strings"
)

// A Gateway takes money for orders. It is safe for concurrent use. Its errors are
// [*Error] values; they hold no secret and nothing of the buyer.
type Gateway interface {
	// Create asks for an invoice for an order and returns where the buyer pays it. It
	// is called once for an order, with a context that does not end when a buyer goes
	// away. An error that is [NotCreated] proves that no invoice exists; with any other
	// error one may exist, and what is known of it is returned beside the error.
	Create(ctx context.Context, o Order) (Invoice, error)

	// Invoice returns an invoice as it stands. It changes nothing and may be called at
	// any time, as often as is polite. An error that is [NotFound] says that the gateway
	// knows none of that number.
	Invoice(ctx context.Context, transactionNo string) (Invoice, error)
}

// An Invoice is what a gateway says of an order. What it did not say, or not clearly,
// is the zero value, which agrees with no order.
type Invoice struct {
	TransactionNo string // the gateway's number of it
	OrderNumber   string // ours
	Amount        Halalas
	Currency      string
	Status        Status
	URL           string // where the buyer pays; may be "" once it is known
	MobileURL     string // the same for an app; may be ""
}

// A Status is where an invoice stands at the gateway.
type Status string

// The statuses. A word that is none of them is [StatusUnknown], which is not paid.
const (
	StatusUnknown   Status = ""
	StatusPending   Status = "pending"
	StatusPaid      Status = "paid"
	StatusCancelled Status = "cancelled"
)

// ParseStatus reads a gateway's word for a status, in any case and either spelling of
// "canceled".
func ParseStatus(word string) Status {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "pending":
		return StatusPending
	case "paid":
		return StatusPaid
	case "canceled", "cancelled":
		return StatusCancelled
	}
	return StatusUnknown
}

// A Verdict is what an invoice means for an order.
type Verdict struct {
	Event   Event    // for [State.On]
	Differs []string // what does not agree: "order number", "amount", "currency", "status"
}

// Judge holds an invoice against the order that it should be for; Number, Amount and
// Currency of the order are looked at. It is paid only if all agrees. A paid invoice
// that differs in anything, and a status that nobody knows, are a mismatch: money may
// have been taken. An unpaid one that differs takes no money and says nothing about the
// order, so it counts as pending.
func Judge(o Order, i Invoice) Verdict {
	var differs []string
	if o.Number == "" || i.OrderNumber != o.Number {
		differs = append(differs, "order number")
	}
	if o.Amount <= 0 || i.Amount != o.Amount {
		differs = append(differs, "amount")
	}
	if o.Currency == "" || !strings.EqualFold(i.Currency, o.Currency) {
		differs = append(differs, "currency")
	}
	switch {
	case i.Status == StatusPaid && differs == nil:
		return Verdict{Event: SawPaid}
	case i.Status == StatusPaid:
		return Verdict{SawMismatch, differs}
	case i.Status == StatusCancelled && differs == nil:
		return Verdict{Event: SawCancelled}
	case i.Status == StatusPending || i.Status == StatusCancelled:
		return Verdict{SawPending, differs}
	}
	return Verdict{SawMismatch, append(differs, "status")}
}
