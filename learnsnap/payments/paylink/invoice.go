package paylink

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

// order writes the body of addInvoice.
func (c *Client) order(o payments.Order) ([]byte, error) {
	type product struct {
		Title       string      `json:"title"`
		Price       json.Number `json:"price"`
		Qty         int         `json:"qty"`
		Description string      `json:"description,omitempty"`
		IsDigital   bool        `json:"isDigital"`
	}
	amount := json.Number(o.Amount.SAR())
	return json.Marshal(struct {
		OrderNumber  string      `json:"orderNumber"`
		Amount       json.Number `json:"amount"`
		CallBackURL  string      `json:"callBackUrl"`
		CancelURL    string      `json:"cancelUrl"`
		ClientName   string      `json:"clientName"`
		ClientMobile string      `json:"clientMobile"`
		ClientEmail  string      `json:"clientEmail,omitempty"`
		Currency     string      `json:"currency"`
		Products     []product   `json:"products"`
	}{
		o.Number, amount, c.config.CallbackURL, c.config.CancelURL, o.Name, o.Mobile, o.Email, o.Currency,
		[]product{{Title: c.config.Title(o), Price: amount, Qty: 1, Description: o.Pack, IsDigital: true}},
	})
}

// decodeInvoice reads the reply of addInvoice and getInvoice, which have one shape. It
// is lenient in form: numbers and strings stand for each other, what is missing is
// looked for in gatewayOrderRequest, and what is not clear is left zero, which agrees
// with no order. "success" says only that the call worked and is not looked at.
func decodeInvoice(data []byte) (payments.Invoice, error) {
	var reply struct {
		Amount              json.RawMessage `json:"amount"`
		OrderNumber         json.RawMessage `json:"orderNumber"`
		Currency            json.RawMessage `json:"currency"`
		TransactionNo       json.RawMessage `json:"transactionNo"`
		OrderStatus         json.RawMessage `json:"orderStatus"`
		URL                 json.RawMessage `json:"url"`
		MobileURL           json.RawMessage `json:"mobileUrl"`
		GatewayOrderRequest json.RawMessage `json:"gatewayOrderRequest"`
	}
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) || json.Unmarshal(data, &reply) != nil {
		return payments.Invoice{}, errors.New("the reply is not a JSON object")
	}
	var asked struct {
		Amount      json.RawMessage `json:"amount"`
		OrderNumber json.RawMessage `json:"orderNumber"`
		Currency    json.RawMessage `json:"currency"`
	}
	if json.Unmarshal(reply.GatewayOrderRequest, &asked) != nil {
		asked.Amount, asked.OrderNumber, asked.Currency = nil, nil, nil
	}
	i := payments.Invoice{
		TransactionNo: payments.DecodeText(reply.TransactionNo),
		OrderNumber:   either(asked.OrderNumber, reply.OrderNumber, ""),
		Currency:      either(asked.Currency, reply.Currency, payments.SAR), // the default, which need not be repeated
		Status:        payments.ParseStatus(payments.DecodeText(reply.OrderStatus)),
		URL:           link(reply.URL),
		MobileURL:     link(reply.MobileURL),
	}
	// What the buyer pays decides; what we asked for stands in only where that is missing.
	amount := reply.Amount
	if amount == nil || string(amount) == "null" {
		amount = asked.Amount
	}
	if exact, err := payments.DecodeSAR(amount); err == nil {
		i.Amount = exact
	}
	return i, nil
}

// either returns a text that stands in two places, "" when they differ, and otherwise
// when it stands in neither.
func either(a, b json.RawMessage, otherwise string) string {
	switch first, second := payments.DecodeText(a), payments.DecodeText(b); {
	case first == "" && second == "":
		return otherwise
	case first == "" || first == second:
		return second
	case second == "":
		return first
	}
	return ""
}

// link returns a URL that a browser can be sent to, or "".
func link(raw json.RawMessage) string {
	if text := payments.DecodeText(raw); webURL(text) {
		return text
	}
	return ""
}
