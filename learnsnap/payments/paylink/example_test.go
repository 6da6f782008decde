package paylink_test

import (
	"context"
	"fmt"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylink"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
	"github.com/learnsnap/learnsnap-go/resilience"
)

func Example() {
	fake := paylinktest.Open() // stands for paylink.Sandbox or paylink.Production
	defer fake.Close()
	client, err := paylink.New(paylink.Config{
		BaseURL: fake.URL, APIID: paylinktest.APIID, SecretKey: paylinktest.SecretKey,
		CallbackURL: "https://quiz.example/paid",
		Gate:        resilience.NewBreaker(resilience.BreakerConfig{Name: "paylink"}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	order, err := payments.DefaultPacks().Order(payments.Checkout{Pack: "best", Name: "Amal", Mobile: "0501234567"})
	if err != nil {
		fmt.Println(err)
		return
	}

	invoice, err := client.Create(ctx, order)
	fmt.Println(payments.AfterCreate(err))
	fake.Pay(order.Number) // the buyer, at invoice.URL

	invoice, err = client.Invoice(ctx, invoice.TransactionNo)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(payments.Judge(order, invoice).Event, invoice.Amount)

	fake.Script(paylinktest.AddInvoice, paylinktest.Lost())
	order.Number += "-2"
	_, err = client.Create(ctx, order)
	step := payments.Created.On(payments.AfterCreate(err))
	fmt.Println(step.To, "–", step.Do)
	// Output:
	// invoice made
	// saw paid 25.00 SAR
	// review – alarm
}
