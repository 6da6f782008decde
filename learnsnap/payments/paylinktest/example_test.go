package paylinktest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylink"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
)

// The reply is lost on its way: an invoice exists that nobody was told of.
func Example() {
	fake := paylinktest.Open() // in a test: paylinktest.NewServer(t)
	defer fake.Close()
	client, err := paylink.New(paylink.Config{
		BaseURL: fake.URL, APIID: paylinktest.APIID, SecretKey: paylinktest.SecretKey,
		CallbackURL: "https://quiz.example/paid",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	order, err := payments.DefaultPacks().Order(payments.Checkout{Pack: "basic", Name: "Amal", Mobile: "0501234567"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fake.Script(paylinktest.AddInvoice, paylinktest.Lost())
	_, err = client.Create(context.Background(), order)
	fmt.Println("in doubt:", errors.Is(err, payments.Uncertain))
	fmt.Println("calls:", fake.Calls(paylinktest.AddInvoice), "invoices:", len(fake.Invoices()))
	// Output:
	// in doubt: true
	// calls: 1 invoices: 1
}
