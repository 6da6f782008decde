// Package paylink takes payments through Paylink (paylink.sa): it is the
// [payments.Gateway] of that service.
//
//	client, err := paylink.New(paylink.Config{
//		APIID: id, SecretKey: key,
//		CallbackURL: "https://quiz.example/paid",
//		Gate:        breaker, // a resilience.Breaker, or anything that has Enter
//	})
//	invoice, err := client.Create(ctx, order) // send the buyer to invoice.URL
//	invoice, err = client.Invoice(ctx, invoice.TransactionNo)
//
// # What may be sent again
//
// Asking changes nothing, so a question is asked again when Paylink is busy or silent.
// addInvoice is another matter: no header of it makes a second one harmless. It is sent
// again only where it is certain that the first was not taken: no connection came about,
// or the token was refused. Every other failure is [payments.Uncertain].
//
// # What it says of failures
//
// Errors are [*payments.Error] values. They hold a status and a few words of Paylink's
// message, without the secret key, the token, long numbers and what the order says of
// the buyer. The key travels in the body of one request, to /api/auth, and nowhere else.
package paylink
