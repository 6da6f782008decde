// Package paylinktest is a Paylink for tests: a real HTTP server on the loopback
// interface that speaks Paylink's wire format, keeps invoices, and fails as gateways do.
//
//	fake := paylinktest.NewServer(t)
//	client, err := paylink.New(paylink.Config{
//		BaseURL: fake.URL, APIID: paylinktest.APIID, SecretKey: paylinktest.SecretKey, …
//	})
//	fake.Script(paylinktest.AddInvoice, paylinktest.Lost()) // makes the invoice, cuts the reply
//	…
//	fake.Pay(order.Number) // the buyer pays
//	status, err := fake.Webhook(order.Number, paylinktest.Hook{Header: header}).Send(ctx, url)
//
// The format is that of Paylink's public documentation; what it leaves open (the shape
// of errors, further fields of version 2) is a guess here, and code under test should
// not rest on it.
//
// The package imports the standard library and this module alone.
package paylinktest
