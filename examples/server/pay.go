package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/julienschmidt/httprouter"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylink"
	"github.com/learnsnap/learnsnap-go/resilience"
	"github.com/learnsnap/learnsnap-go/storage"
)

// A till is how pages are sold.
type till struct {
	cashier *learnsnap.Cashier
	gateway *paylink.Client
	breaker *resilience.Breaker
	hooks   *payments.Authenticator // nil: messages are not taken, and nothing is sold
	stuck   *stuckWatch
}

// newTill returns the till that the configuration asks for, or nil where there is no
// account at Paylink. In production it needs a way to tell Paylink's messages from
// forged ones: without it nothing is sold, and the log says why.
func (s *server) newTill() (*till, error) {
	c := s.config
	if c.PaylinkAPIID == "" {
		return nil, nil
	}
	hooks, err := payments.NewAuthenticator(payments.AuthenticatorConfig{
		Header: payments.Secret(c.PaylinkHeader), HMAC: payments.Secret(c.PaylinkHMAC), Production: paylink.Live(c.PaylinkURL),
	})
	if err != nil {
		s.log.Error("payments are off", "error", err)
		return nil, nil
	}
	t := &till{hooks: hooks, breaker: resilience.NewBreaker(resilience.BreakerConfig{Name: "paylink", OnChange: func(name string, from, to resilience.State) {
		s.log.Warn("circuit breaker", "gateway", name, "from", from.String(), "to", to.String())
	}})}
	t.gateway, err = paylink.New(paylink.Config{
		BaseURL: c.PaylinkURL, APIID: c.PaylinkAPIID, SecretKey: payments.Secret(c.PaylinkKey), CallbackURL: strings.TrimSuffix(c.AppURL, "/") + "/?paid",
		Gate: t.breaker, Log: s.log,
	})
	if err != nil {
		return nil, fmt.Errorf("PAYLINK_API_ID: %w", err)
	}
	t.cashier, err = learnsnap.NewCashier(learnsnap.CashierConfig{
		Gateway: t.gateway, Store: s.store, Enabled: s.flags.Enabled, Observer: s.observer,
	})
	if err != nil {
		return nil, err
	}
	t.stuck = &stuckWatch{cashier: t.cashier, inbox: s.store, breaker: t.breaker, check: t.gateway.Check, log: s.log}
	s.metrics.Stuck(func() int { return int(t.stuck.payments.Load()) }, func() int { return int(t.stuck.webhooks.Load()) })
	s.metrics.Breaker(t.breaker.Name(), t.breaker.State)
	return t, nil
}

// counted tells metrics and objectives how payments end and what became of messages.
type counted struct {
	payments, webhooks func(outcome string)
	succeeded          interface{ Record(good bool) }
}

// Observe implements [learnsnap.Observer].
func (c counted) Observe(_ context.Context, o learnsnap.Observation) {
	switch o.Occasion {
	case learnsnap.PaymentEnded:
		c.payments(o.Outcome)
		switch o.Outcome { // what was called off is nobody's failure
		case learnsnap.OutcomePaid:
			c.succeeded.Record(true)
		case learnsnap.OutcomeFailed, learnsnap.OutcomeReview:
			c.succeeded.Record(false)
		}
	case learnsnap.WebhookCame:
		c.webhooks(o.Outcome)
	}
}

// outcomes of webhooks that the server itself knows.
const (
	webhookForged    = "forged"
	webhookMalformed = "malformed"
	webhookIgnored   = "ignored"
)

// selling returns the till, or the error of a server that sells nothing.
func (s *server) selling() (*till, error) {
	if s.till == nil {
		return nil, fault(notSold, "PAYLINK_API_ID is not set")
	}
	return s.till, nil
}

// buyer returns who asks, and the till that sells to them.
func (s *server) buyer(r *http.Request) (owner string, t *till, err error) {
	if owner, err = s.owner(r); err != nil {
		return "", nil, err
	}
	t, err = s.selling()
	return owner, t, err
}

func (s *server) packs(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) error {
	packs := payments.DefaultPacks()
	if s.till != nil {
		packs = s.till.cashier.Packs()
	}
	type view struct {
		payments.Pack
		SAR string `json:"priceSAR"`
	}
	views := make([]view, len(packs))
	for i, p := range packs {
		views[i] = view{p, p.Price.SAR()}
	}
	writeJSON(w, http.StatusOK, map[string]any{"packs": views, "currency": payments.SAR, "sold": s.till != nil})
	return nil
}

// viewPurchase is a payment as its buyer sees it.
func viewPurchase(p learnsnap.Purchase) map[string]any {
	v := map[string]any{
		"orderNumber": p.Order, "state": p.State, "pack": p.Pack, "pages": p.Pages, "amountHalalas": int64(p.Amount), "amountSAR": p.Amount.SAR(),
	}
	if p.URL != "" && p.State == payments.Pending {
		v["url"] = p.URL
	}
	return v
}

// checkout begins a payment.
func (s *server) checkout(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	owner, t, err := s.buyer(r)
	if err != nil {
		return err
	}
	var body payments.Checkout
	if err := decodeJSON(r, &body); err != nil {
		return &learnsnap.Error{Code: codeOr(err, learnsnap.InvalidRequest), Err: err}
	}
	bought, err := t.cashier.Checkout(r.Context(), owner, body, r.Header.Get(keyHeader))
	if err != nil {
		return err
	}
	if bought.Repeated {
		w.Header().Set(repeatedHeader, "true")
	}
	writeJSON(w, http.StatusCreated, viewPurchase(bought))
	return nil
}

// verifyPayment tells where a payment stands, and asks Paylink when that may have news.
func (s *server) verifyPayment(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	owner, t, err := s.buyer(r)
	if err != nil {
		return err
	}
	var body struct {
		OrderNumber string `json:"orderNumber"`
	}
	if err := decodeJSON(r, &body); err != nil {
		return &learnsnap.Error{Code: codeOr(err, learnsnap.InvalidRequest), Err: err}
	}
	if !payments.IsNumber(body.OrderNumber) {
		return fault(learnsnap.NotFound, "an order number that is none")
	}
	bought, err := t.cashier.Purchase(r.Context(), owner, body.OrderNumber)
	if err != nil {
		return err
	}
	balance, err := s.service.Balance(r.Context(), owner)
	if err != nil {
		return err
	}
	view := viewPurchase(bought)
	view["pagesRemaining"] = balance
	writeJSON(w, http.StatusOK, view)
	return nil
}

// webhook takes a message of Paylink's in. It is answered once it is durable; what it
// is about is looked into afterwards.
func (s *server) webhook(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	t, err := s.selling()
	if err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, payments.MaxWebhook+1))
	if err != nil {
		s.counted.webhooks(webhookMalformed)
		return fault(learnsnap.BodyTooLarge, "webhook: %w", err)
	}
	hint, err := t.hooks.Accept(r.Header, bytes.NewReader(body))
	switch {
	case errors.Is(err, payments.ErrNoPayment):
		s.counted.webhooks(webhookIgnored)
		writeJSON(w, http.StatusOK, map[string]string{"status": "ignored"}) // else it comes again
		return nil
	case errors.Is(err, payments.ErrForged):
		s.counted.webhooks(webhookForged)
		return s.refusedToken(r, err)
	case errors.Is(err, payments.ErrTooLarge):
		s.counted.webhooks(webhookMalformed)
		return &learnsnap.Error{Code: learnsnap.BodyTooLarge, Err: err}
	case err != nil:
		s.counted.webhooks(webhookMalformed)
		return &learnsnap.Error{Code: learnsnap.InvalidRequest, Err: err}
	}
	if err := t.cashier.Hint(r.Context(), hint, body); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]string{"status": "taken"})
	return nil
}

// viewPayment is a payment as an operator sees it.
func viewPayment(p storage.Payment) map[string]any {
	return map[string]any{
		"orderNumber": p.Order, "owner": p.Owner, "state": p.State, "pack": p.Pack, "pages": p.Pages, "amountHalalas": p.Amount, "currency": p.Currency,
		"gateway": p.Gateway, "transactionNo": p.Transaction, "note": p.Note, "created": p.Created, "updated": p.Updated,
	}
}

func (s *server) stuckPayments(w http.ResponseWriter, r *http.Request, _ httprouter.Params, _ string) error {
	t, err := s.selling()
	if err != nil {
		return err
	}
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	stuck, err := t.cashier.Stuck(r.Context(), limit)
	if err != nil {
		return err
	}
	views := make([]map[string]any, len(stuck))
	for i, p := range stuck {
		views[i] = viewPayment(p)
	}
	writeJSON(w, http.StatusOK, map[string]any{"payments": views})
	return nil
}

// recheckPayment asks Paylink about a payment now.
func (s *server) recheckPayment(w http.ResponseWriter, r *http.Request, p httprouter.Params, who string) error {
	return s.changePayment(w, r, p, who, "payment.recheck", func(t *till, ctx context.Context, order, _ string) (storage.Payment, error) {
		return t.cashier.Recheck(ctx, order)
	})
}

// closePayment ends a payment that was found unpaid.
func (s *server) closePayment(w http.ResponseWriter, r *http.Request, p httprouter.Params, who string) error {
	return s.changePayment(w, r, p, who, "payment.close", func(t *till, ctx context.Context, order, why string) (storage.Payment, error) {
		return t.cashier.CloseUnpaid(ctx, order, why)
	})
}

func (s *server) changePayment(
	w http.ResponseWriter, r *http.Request, p httprouter.Params, who, what string,
	change func(t *till, ctx context.Context, order, why string) (storage.Payment, error),
) error {
	t, err := s.selling()
	if err != nil {
		return err
	}
	var body because
	if err := asked(r, &body); err != nil {
		return err
	}
	order := p.ByName("order")
	if !payments.IsNumber(order) {
		return fault(learnsnap.NotFound, "an order number that is none")
	}
	payment, err := change(t, r.Context(), order, body.Why)
	if err != nil {
		return err
	}
	audited(r.Context(), s.store, s.log, storage.AuditEntry{Who: who, What: what, Target: order, Why: body.Why}, map[string]string{"state": payment.State})
	writeJSON(w, http.StatusOK, viewPayment(payment))
	return nil
}

// ownersLedger answers with an owner's entries and balance.
func (s *server) ownersLedger(w http.ResponseWriter, r *http.Request, p httprouter.Params, _ string) error {
	wanted, err := partOf(r)
	if err != nil {
		return err
	}
	owner := p.ByName("owner")
	ctx, cancel := context.WithTimeout(r.Context(), storeWithin)
	defer cancel()
	balance, err := s.store.Balance(ctx, owner)
	var entries []storage.Entry
	if err == nil {
		entries, err = s.store.Entries(ctx, owner, wanted.before, wanted.limit)
	}
	if err != nil {
		return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	answer := map[string]any{"owner": owner, "balance": balance}
	viewEntries(answer, wanted, entries)
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// adjustOwner corrects an owner's balance: a refund, a gift, a mistake undone. The cause
// makes it happen once.
func (s *server) adjustOwner(w http.ResponseWriter, r *http.Request, p httprouter.Params, who string) error {
	var body struct {
		because
		Pages int    `json:"pages"`
		Cause string `json:"cause"`
	}
	if err := asked(r, &body); err != nil {
		return err
	}
	if body.Pages == 0 || body.Cause == "" || len(body.Cause) > maxCause {
		return fault(learnsnap.InvalidRequest, `"pages" is a number other than 0, and "cause" names the correction, so that it happens once`)
	}
	owner := p.ByName("owner")
	ctx, cancel := context.WithTimeout(r.Context(), storeWithin)
	defer cancel()
	did, err := s.store.Adjust(ctx, owner, body.Cause, body.Pages)
	switch {
	case errors.Is(err, storage.ErrInsufficient):
		return &learnsnap.Error{Code: learnsnap.InsufficientCredits, Err: err}
	case err != nil:
		return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	if did {
		audited(r.Context(), s.store, s.log, storage.AuditEntry{Who: who, What: "credits.adjust", Target: owner, Why: body.Why}, map[string]any{"pages": body.Pages, "cause": body.Cause})
	}
	balance, err := s.store.Balance(ctx, owner)
	if err != nil {
		return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	writeJSON(w, http.StatusOK, map[string]any{"owner": owner, "adjusted": did, "balance": balance})
	return nil
}

// maxCause bounds the name of a correction.
const maxCause = 100
