package learnsnap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	inboxEvery     = 5 * time.Second // looks that nobody rang for: what another process took in
	inboxBatch     = 50
	reconcileEvery = time.Minute
	reconcileBatch = 50
	gatewayAgain   = 15 * time.Second   // until a gateway is asked again that was away
	askedEvery     = 5 * time.Minute    // a payment, without a message about it
	keepWebhooks   = 7 * 24 * time.Hour // once they are done
)

// Hint takes in a gateway's message that is known to be authentic: it is durable when
// Hint returns, and worked on later. The same message again is nothing new.
func (c *Cashier) Hint(ctx context.Context, w payments.Webhook, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	sum := sha256.Sum256(body)
	_, added, err := c.store.AddWebhook(ctx, storage.Webhook{
		Gateway: c.name, Transaction: w.TransactionNo, Order: w.OrderNumber, Status: string(w.Status), Hash: hex.EncodeToString(sum[:]), Created: c.now(),
	})
	if err != nil {
		return storeError(err)
	}
	outcome := WebhookTaken
	if !added {
		outcome = WebhookRepeated
	}
	observe(ctx, c.observer, Observation{Occasion: WebhookCame, Outcome: outcome})
	select {
	case c.rung <- struct{}{}:
	default: // a look is due already
	}
	return nil
}

// What became of a gateway's message, in the words of [Observation].Outcome.
const (
	WebhookTaken    = "taken"
	WebhookRepeated = "repeated"
	WebhookSettled  = "settled" // its payment was looked at
	WebhookUnknown  = "unknown" // it is about no payment of ours
)

// Run works on what gateways have told, and asks about payments of which nothing was
// heard, until ctx ends. It returns nil.
func (c *Cashier) Run(ctx context.Context) error {
	inbox, reconcile := time.NewTicker(inboxEvery), time.NewTicker(reconcileEvery)
	defer inbox.Stop()
	defer reconcile.Stop()
	c.quietly(ctx, c.Reconcile)
	for {
		c.quietly(ctx, c.workInbox)
		select {
		case <-ctx.Done():
			return nil
		case <-c.rung:
		case <-inbox.C:
		case <-reconcile.C:
			c.quietly(ctx, c.Reconcile)
		}
	}
}

// quietly does a round of work. One that fails is told of, and done again later.
func (c *Cashier) quietly(ctx context.Context, round func(context.Context) error) {
	err := round(ctx)
	if err == nil || ctx.Err() != nil {
		return
	}
	observe(ctx, c.observer, Observation{Occasion: UpkeepFailed, Err: err})
	timer := time.NewTimer(gatewayAgain)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// workInbox looks at the payment of each message. One that can't be worked on does not
// hold up those behind it; it comes again.
func (c *Cashier) workInbox(ctx context.Context) error {
	for {
		pending, err := c.pending(ctx)
		if err != nil || len(pending) == 0 {
			return err
		}
		var failed error
		for _, w := range pending {
			outcome, err := c.hinted(ctx, w)
			if err == nil {
				err = c.mark(ctx, w.ID, outcome)
			}
			if err != nil && failed == nil {
				failed = fmt.Errorf("message %d of a gateway: %w", w.ID, err)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if failed != nil {
			return failed
		}
	}
}

func (c *Cashier) pending(ctx context.Context) ([]storage.Webhook, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	all := c.now().Add(keepWebhooks) // those too that came before the clock was set back
	return c.store.PendingWebhooks(ctx, all, inboxBatch)
}

func (c *Cashier) mark(ctx context.Context, id int64, outcome string) error {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	did, err := c.store.MarkWebhook(ctx, id, outcome)
	if err == nil && did {
		observe(ctx, c.observer, Observation{Occasion: WebhookCame, Outcome: outcome})
	}
	return err
}

// hinted finds the payment that a message is about, and settles it.
func (c *Cashier) hinted(ctx context.Context, w storage.Webhook) (outcome string, err error) {
	p, err := c.paymentOf(ctx, w)
	if errors.Is(err, storage.ErrNotFound) {
		return WebhookUnknown, nil
	}
	if err != nil {
		return "", err
	}
	if _, err := c.settle(ctx, p, w.Transaction); err != nil {
		return "", err
	}
	return WebhookSettled, nil
}

func (c *Cashier) paymentOf(ctx context.Context, w storage.Webhook) (storage.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	p, err := storage.Payment{}, storage.ErrNotFound
	if w.Transaction != "" {
		p, err = c.store.PaymentByTransaction(ctx, w.Gateway, w.Transaction)
	}
	if errors.Is(err, storage.ErrNotFound) && w.Order != "" {
		p, err = c.store.Payment(ctx, w.Order)
	}
	return p, err
}

// Reconcile asks about every payment that may have been paid and of which nothing was
// heard for some minutes. Run does so every minute.
func (c *Cashier) Reconcile(ctx context.Context) error {
	for {
		stuck, err := c.stuck(ctx, askedEvery, reconcileBatch, payments.Created, payments.Pending, payments.Review)
		if err != nil {
			return fmt.Errorf("look for payments: %w", err)
		}
		for _, p := range stuck {
			if err := c.recheck(ctx, p); err != nil {
				return fmt.Errorf("payment %s: %w", p.Order, err)
			}
		}
		if len(stuck) < reconcileBatch {
			return c.dropOld(ctx)
		}
	}
}

// recheck settles a payment and notes that it was looked at.
func (c *Cashier) recheck(ctx context.Context, p storage.Payment) error {
	settled, err := c.settle(ctx, p, "")
	if err != nil || settled.State != p.State || settled.Updated.After(p.Updated) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	err = c.store.MovePayment(ctx, p.Order, p.State, storage.PaymentMove{To: p.State})
	if errors.Is(err, storage.ErrConflict) {
		return nil // somebody else has moved it
	}
	return err
}

func (c *Cashier) stuck(ctx context.Context, since time.Duration, limit int, states ...payments.State) ([]storage.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return c.store.StuckPayments(ctx, words, c.now().Add(-since), limit)
}

func (c *Cashier) dropOld(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	_, err := c.store.DropWebhooks(ctx, c.now().Add(-keepWebhooks))
	return err
}

// Stuck returns payments that an operator should look at: under review, or without an
// end for longer than their time.
func (c *Cashier) Stuck(ctx context.Context, limit int) ([]storage.Payment, error) {
	review, err := c.stuck(ctx, 0, limit, payments.Review)
	if err != nil {
		return nil, storeError(err)
	}
	late, err := c.stuck(ctx, c.lapse, limit-len(review), payments.Created, payments.Pending)
	if err != nil {
		return nil, storeError(err)
	}
	return append(review, late...), nil
}

// Recheck asks the gateway about a payment now, for an operator.
func (c *Cashier) Recheck(ctx context.Context, order string) (storage.Payment, error) {
	p, err := c.load(ctx, order)
	if err != nil {
		return p, err
	}
	return c.settle(ctx, p, "")
}

// CloseUnpaid ends a payment that an operator has looked into and found unpaid. Should
// money come for it after all, it is credited. One that is paid is [InvalidRequest].
func (c *Cashier) CloseUnpaid(ctx context.Context, order, why string) (storage.Payment, error) {
	p, err := c.load(ctx, order)
	if err != nil {
		return p, err
	}
	if p.State == storage.PaymentPaid {
		return p, invalid("payment %s is paid", order)
	}
	return c.apply(ctx, order, payments.Closed, storage.PaymentMove{Note: why})
}
