package payments_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

// A webhook is a hint; what the gateway answers decides.
func Example() {
	order, err := payments.DefaultPacks().Order(payments.Checkout{Pack: "popular", Name: "Amal", Mobile: "+966 50 123 4567"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(order.Pages, "pages for", order.Amount, "to", order.Mobile)

	// What gateway.Invoice has answered.
	invoice := payments.Invoice{OrderNumber: order.Number, Amount: 1200, Currency: "SAR", Status: payments.StatusPaid}
	state := payments.Pending
	for range 2 { // the webhook, and then the buyer's return
		step := state.On(payments.Judge(order, invoice).Event)
		state = step.To
		fmt.Println(state, "–", step.Do)
	}
	// Output:
	// 25 pages for 12.00 SAR to 0501234567
	// paid – grant
	// paid – nothing
}

func ExampleAuthenticator() {
	a, err := payments.NewAuthenticator(payments.AuthenticatorConfig{
		Header:     "Authorization: Bearer 4f6d2c-chosen-by-the-shop",
		Production: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	body := `{"amount":12.0,"transactionNo":"167845623412","merchantOrderNumber":"LS-7","orderStatus":"Paid"}`
	_, err = a.Accept(http.Header{"Authorization": {"Bearer a-guess"}}, strings.NewReader(body))
	fmt.Println(err)

	hint, err := a.Accept(http.Header{"Authorization": {"Bearer 4f6d2c-chosen-by-the-shop"}}, strings.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("ask the gateway about", hint.TransactionNo)
	// Output:
	// webhook: not authentic
	// ask the gateway about 167845623412
}
