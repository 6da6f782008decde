package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/resilience"
	"github.com/learnsnap/learnsnap-go/storage"
)

const (
	stuckEvery   = 15 * time.Second // looks at what is left lying
	stuckMost    = 100              // that a look counts; so many and more are all the same
	waitingAfter = 15 * time.Second // a message that was taken in; the cashier looks every five
)

// A stuckWatch counts what selling leaves lying, so that a scrape never waits for the
// database. While that is away it tells what it has counted last.
type stuckWatch struct {
	cashier *learnsnap.Cashier
	inbox   storage.Webhooks
	breaker *resilience.Breaker
	check   func(context.Context) error // of the gateway
	log     *slog.Logger

	payments, webhooks atomic.Int64
}

// Run counts at once and then again and again, until ctx ends; then it returns nil.
func (w *stuckWatch) Run(ctx context.Context) error {
	turn := time.NewTicker(stuckEvery)
	defer turn.Stop()
	for {
		if err := w.look(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn("payments that are stuck can't be counted", "error", err)
		}
		if w.breaker.State() == resilience.HalfOpen { // where nobody buys, nobody else finds that the gateway is back
			_ = w.check(ctx) // the breaker is told
		}
		select {
		case <-ctx.Done():
			return nil
		case <-turn.C:
		}
	}
}

func (w *stuckWatch) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stuckEvery)
	defer cancel()
	stuck, err := w.cashier.Stuck(ctx, stuckMost)
	if err != nil {
		return err
	}
	w.payments.Store(int64(len(stuck)))
	waiting, err := w.inbox.PendingWebhooks(ctx, time.Now().Add(-waitingAfter), stuckMost)
	if err != nil {
		return err
	}
	w.webhooks.Store(int64(len(waiting)))
	return nil
}
