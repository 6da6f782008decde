package payments

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Kind is a family of a gateway's failures. It is itself an error, so that
// errors.Is(err, payments.NotFound) asks what a caller wants to know.
type Kind uint8

// The kinds.
const (
	Unknown      Kind = iota // none of the others
	Unavailable              // it can't be reached, is broken, too slow or too busy: later
	Unauthorized             // our credentials were refused: an operator has to look
	Rejected                 // it does not take this request; asking again is no use
	NotFound                 // it knows no such invoice
	Malformed                // its reply is not what its protocol promises
)

// Error returns the kind in words.
func (k Kind) Error() string {
	names := [...]string{"unknown", "unavailable", "unauthorized", "rejected", "not found", "malformed"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// An Outcome says whether a failed [Gateway].Create has left an invoice behind. It is
// itself an error, as a [Kind] is.
type Outcome uint8

// The outcomes.
const (
	Untold     Outcome = iota // the failure is not one of Create
	NotCreated                // proof that no invoice exists: the buyer may try again
	Uncertain                 // an invoice may exist: never make another by yourself
)

// Error returns the outcome in words.
func (o Outcome) Error() string {
	switch o {
	case NotCreated:
		return "no invoice was created"
	case Uncertain:
		return "an invoice may have been created"
	}
	return "untold"
}

// AfterCreate returns the event that [Gateway].Create's error is: only an error that is
// [NotCreated] proves that there is no invoice.
func AfterCreate(err error) Event {
	switch {
	case err == nil:
		return InvoiceMade
	case errors.Is(err, NotCreated) && !errors.Is(err, Uncertain):
		return InvoiceRefused
	}
	return InvoiceUncertain
}

// An Error is what a call of a gateway ends in. It holds no secret, no body and nothing
// of the buyer. errors.Is finds its Kind and its Outcome.
type Error struct {
	Gateway string // "paylink"
	Op      string // "addInvoice"
	Kind    Kind
	Outcome Outcome
	Status  int           // HTTP status; 0 where there was none
	After   time.Duration // the gateway's hint when to ask again; 0 means none
	Err     error         // the cause; may be nil
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %v", e.Gateway, e.Op, e.Kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Outcome != Untold {
		fmt.Fprintf(&b, ", %v", e.Outcome)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Is reports whether target is the error's [Kind] or [Outcome].
func (e *Error) Is(target error) bool { return target == e.Kind || target == e.Outcome }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// RetryAfter returns After.
func (e *Error) RetryAfter() time.Duration { return e.After }
