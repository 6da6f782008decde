package learnsnap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
	"github.com/learnsnap/learnsnap-go/storage"
)

// How a payment has ended, in the words of [Observation].Outcome.
const (
	OutcomePaid      = "paid"
	OutcomeFailed    = "failed"    // no invoice, or nobody knows whether there is one
	OutcomeCancelled = "cancelled" // by the buyer or an operator
	OutcomeExpired   = "expired"
	OutcomeReview    = "review" // money may have been taken for something else
)

const (
	invoiceWithin = 20 * time.Second // of a question about an invoice
	storeWithin   = 10 * time.Second
	raced         = 5 // moves that may be lost to others, until one gives up
)

// settle asks the gateway about a payment and does what its answer says. hint is a
// transaction that somebody has named for it, where we know none of our own.
func (c *Cashier) settle(ctx context.Context, p storage.Payment, hint string) (storage.Payment, error) {
	if p.State == storage.PaymentPaid {
		return p, nil
	}
	transaction := p.Transaction
	if transaction == "" {
		transaction = hint
	}
	if transaction == "" {
		return c.lapsed(ctx, p)
	}
	asking, cancel := context.WithTimeout(ctx, invoiceWithin)
	defer cancel()
	invoice, err := c.gateway.Invoice(asking, transaction)
	if errors.Is(err, payments.NotFound) && p.Transaction == "" {
		return c.lapsed(ctx, p) // the hint names nothing
	}
	if err != nil {
		return p, &Error{Code: Unavailable, Err: err}
	}
	order := payments.Order{Number: p.Order, Amount: payments.Halalas(p.Amount), Currency: p.Currency}
	verdict := payments.Judge(order, invoice)
	if p.Transaction == "" && invoice.OrderNumber != p.Order {
		return c.lapsed(ctx, p) // another order's: it says nothing about this one
	}
	move := storage.PaymentMove{Transaction: transaction}
	if len(verdict.Differs) > 0 {
		move.Note = "differs from the order: " + strings.Join(verdict.Differs, ", ")
	}
	p, err = c.apply(ctx, p.Order, verdict.Event, move)
	if err != nil || verdict.Event != payments.SawPending {
		return p, err
	}
	return c.lapsed(ctx, p)
}

// lapsed ends a payment whose time is up.
func (c *Cashier) lapsed(ctx context.Context, p storage.Payment) (storage.Payment, error) {
	limit := c.lapse
	if p.State == string(payments.Created) {
		limit = min(limit, 2*createWithin) // whoever was asking for its invoice is gone
	}
	if c.now().Sub(p.Created) < limit {
		return p, nil
	}
	return c.apply(ctx, p.Order, payments.Lapsed, storage.PaymentMove{})
}

// apply takes an event: it moves the payment and does what the step says. When others
// move the payment meanwhile, it looks again.
func (c *Cashier) apply(ctx context.Context, order string, event payments.Event, move storage.PaymentMove) (storage.Payment, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	for range raced {
		p, err := c.store.Payment(ctx, order)
		if err != nil {
			return p, storeError(err)
		}
		step := payments.State(p.State).On(event)
		err = c.step(ctx, p, step, move)
		if errors.Is(err, storage.ErrConflict) {
			continue
		}
		if err != nil {
			return p, storeError(err)
		}
		if step.To != payments.State(p.State) || step.Do == payments.Grant {
			p, err = c.store.Payment(ctx, order)
			if err != nil {
				return p, storeError(err)
			}
		}
		return p, nil
	}
	return storage.Payment{}, &Error{Code: Unavailable, Err: fmt.Errorf("payment %s is moved again and again", order)}
}

// step makes one step of a payment.
func (c *Cashier) step(ctx context.Context, p storage.Payment, step payments.Step, move storage.PaymentMove) error {
	move.To = string(step.To)
	if step.Do == payments.Grant {
		did, err := c.store.PaidOnce(ctx, p.Order, move)
		if err == nil && did {
			c.ended(ctx, p, OutcomePaid, nil)
			observe(ctx, c.observer, Observation{Occasion: PagesMoved, Action: string(storage.Purchase), Pages: p.Pages})
		}
		return err
	}
	if p.State == storage.PaymentPaid {
		return nil // never left
	}
	if err := c.store.MovePayment(ctx, p.Order, p.State, move); err != nil {
		return err
	}
	if step.Do == payments.Alarm {
		observe(ctx, c.observer, Observation{Occasion: PaymentAlarm, Order: p.Order, Err: errors.New("an operator has to look: " + move.Note)})
	}
	if move.To == p.State {
		return nil
	}
	switch step.To {
	case payments.Cancelled:
		if payments.State(p.State) != payments.Created { // that one is told where the invoice was refused
			c.ended(ctx, p, OutcomeCancelled, nil)
		}
	case payments.Expired:
		c.ended(ctx, p, OutcomeExpired, nil)
	case payments.Review:
		if payments.State(p.State) != payments.Created {
			c.ended(ctx, p, OutcomeReview, nil)
		}
	}
	return nil
}

func (c *Cashier) ended(ctx context.Context, p storage.Payment, outcome string, err error) {
	observe(ctx, c.observer, Observation{Occasion: PaymentEnded, Order: p.Order, Outcome: outcome, Err: err})
}
