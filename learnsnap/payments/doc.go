// Package payments sells pages: what is offered, what a checkout may become, and
// when money has arrived for it.
//
// # One idea
//
// The gateway is a stranger whose messages are lost, doubled, late, in the wrong order
// or forged. So nothing that reaches us is believed for itself: it is a hint to ask the
// gateway for the invoice, and [Judge] holds that invoice against our own [Order]. What
// it finds is an [Event], and a table says what the event makes of a checkout and
// whether pages are to be granted:
//
//	invoice, err := gateway.Invoice(ctx, transactionNo) // paylink.Client, or yours
//	verdict := payments.Judge(order, invoice)
//	step := state.On(verdict.Event)
//	// in one transaction: store step.To; on payments.Grant, credit order.Pages
//
// Webhook, return of the buyer and the periodic check all end in these lines, so
// whichever comes first grants, and the others find the checkout paid.
//
// # Never two invoices
//
// An order is sent to the gateway once. A failure that proves that no invoice exists
// ([NotCreated]) ends the checkout, and the buyer may begin another. After any other
// failure an invoice may exist that somebody pays: the checkout goes to [Review], where
// the gateway's word or an operator ends it.
//
// # What it is not
//
// It stores nothing, sends nothing and serves nothing; money is integer [Halalas] and
// never a float. The client of Paylink is in payments/paylink, a fake of it for tests
// in payments/paylinktest.
package payments
