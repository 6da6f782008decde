package payments

import "slices"

// A State is where a checkout stands. Its text is what is stored.
type State string

// The states. [Paid] is never left; the others can still become Paid, for a buyer
// whose money has arrived gets the pages, however late that is learnt.
const (
	Created   State = "created"   // stored; the gateway is being asked for an invoice
	Pending   State = "pending"   // the buyer can pay
	Paid      State = "paid"      // the money is there and the pages are granted
	Cancelled State = "cancelled" // by the buyer, by an operator, or no invoice was made
	Expired   State = "expired"   // nobody paid in time
	Review    State = "review"    // nobody knows; the gateway's word or an operator ends it
)

// States returns all states, in the order of a checkout's life.
func States() []State { return []State{Created, Pending, Paid, Cancelled, Expired, Review} }

// An Event is what was learnt of a checkout.
type Event string

// The events. The first three are what became of [Gateway].Create (see [AfterCreate]),
// the next four what [Judge] makes of an invoice, the last two our own.
const (
	InvoiceMade      Event = "invoice made"
	InvoiceRefused   Event = "invoice refused"   // proof that none exists
	InvoiceUncertain Event = "invoice uncertain" // one may exist
	SawPending       Event = "saw pending"
	SawPaid          Event = "saw paid" // and all of it agrees with the order
	SawCancelled     Event = "saw cancelled"
	SawMismatch      Event = "saw mismatch" // paid, but not what was ordered; or a status that nobody knows
	Lapsed           Event = "lapsed"       // its time is up
	Closed           Event = "closed"       // an operator has looked into it and ends it unpaid
)

// Events returns all events.
func Events() []Event {
	return []Event{InvoiceMade, InvoiceRefused, InvoiceUncertain, SawPending, SawPaid, SawCancelled, SawMismatch, Lapsed, Closed}
}

// An Action is what must be done when an event is taken.
type Action string

// The actions.
const (
	Nothing Action = "nothing"

	// Grant says to credit the order's pages, in the transaction that stores the new
	// state and with the order's number as the cause that happens once.
	Grant Action = "grant"

	// Alarm says that a person has to look.
	Alarm Action = "alarm"
)

// A Step is what an event makes of a checkout.
type Step struct {
	To State
	Do Action
}

// On returns what an event makes of a checkout in state s. Every state answers every
// event, so that messages may come late, twice and in any order. A state or an event
// that this version does not know stays as it is and raises an alarm.
func (s State) On(e Event) Step {
	column := slices.Index(Events(), e)
	row, ok := s.row()
	if !ok || column < 0 {
		return Step{s, Alarm}
	}
	return row[column]
}

// row is the table: a line for each state, a column for each event.
func (s State) row() (row [9]Step, ok bool) {
	stay, look := Step{s, Nothing}, Step{s, Alarm}
	paid := Step{Paid, Grant}
	pending, cancelled, expired := Step{Pending, Nothing}, Step{Cancelled, Nothing}, Step{Expired, Nothing}
	review := Step{Review, Alarm}
	switch s {
	// made, refused, uncertain | saw: pending, paid, cancelled, mismatch | lapsed, closed
	case Created:
		// One that lapses here was cut off (a process died) while the gateway was asked.
		return [9]Step{pending, cancelled, review, pending, paid, cancelled, review, review, cancelled}, true
	case Pending:
		return [9]Step{stay, look, stay, stay, paid, cancelled, review, expired, cancelled}, true
	case Paid:
		// A word from before the payment may arrive after it; a cancelled invoice can't.
		return [9]Step{stay, look, stay, stay, stay, look, look, stay, stay}, true
	case Cancelled:
		// It may have been closed while the gateway was still asked.
		return [9]Step{review, stay, review, stay, paid, stay, review, stay, stay}, true
	case Expired:
		return [9]Step{stay, look, stay, stay, paid, cancelled, review, stay, cancelled}, true
	case Review:
		// The alarm was raised when it got here.
		return [9]Step{pending, cancelled, stay, stay, paid, cancelled, stay, stay, cancelled}, true
	}
	return row, false
}
