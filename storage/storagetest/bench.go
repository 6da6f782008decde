package storagetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// BenchmarkReadSLOCounts fills an empty store with the counts of two replicas: six
// objectives in each minute of 30 days. It then times what a program does at its start,
// to read them all.
func BenchmarkReadSLOCounts(b *testing.B, store storage.SLOCounts) {
	const objectives, days = 6, 30
	for _, replica := range []string{"r1", "r2"} {
		for day := range days {
			if err := putDay(b, store, replica, minute(day*24*60), objectives); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		rows := 0
		err := store.SLOCounts(b.Context(), "", hour(), func(string, time.Time, int64, int64) { rows++ })
		if err != nil {
			b.Fatal(err)
		}
		if rows != objectives*days*24*60 {
			b.Fatalf("read %d rows", rows)
		}
	}
}

// putDay counts in every minute of a day.
func putDay(b *testing.B, store storage.SLOCounts, replica string, from time.Time, objectives int) error {
	var names []string
	var minutes []time.Time
	var good, total []int64
	for n := range 24 * 60 {
		for o := range objectives {
			names, minutes = append(names, fmt.Sprint("objective ", o)), append(minutes, from.Add(time.Duration(n)*time.Minute))
			good, total = append(good, int64(n)), append(total, int64(n+1))
		}
	}
	return store.PutSLOCounts(b.Context(), replica, names, minutes, good, total)
}

// FloodWebhook creates a payment of 10 pages for the owner "amal" and has copies of one
// webhook come for it at the same time, each of which is taken for true. Copies that a
// busy store turns away come again, as gateways do. It is an error when not exactly one
// of them is new, or not exactly one credits the pages.
func FloodWebhook(ctx context.Context, store storage.Store, copies int) error {
	if _, err := store.CreatePayment(ctx, payment("LS-1", "amal")); err != nil {
		return err
	}
	var added, paid, marked atomic.Int64
	for _, err := range together(copies, func(int) error {
		id, isNew, err := patient(ctx, func() (int64, bool, error) { return store.AddWebhook(ctx, webhook("17")) })
		if err != nil {
			return err
		}
		_, did, err := patient(ctx, func() (int64, bool, error) {
			did, err := store.PaidOnce(ctx, "LS-1", storage.PaymentMove{Transaction: "17"})
			return 0, did, err
		})
		if err != nil {
			return err
		}
		_, done, err := patient(ctx, func() (int64, bool, error) {
			done, err := store.MarkWebhook(ctx, id, "paid")
			return 0, done, err
		})
		tally(&added, isNew)
		tally(&paid, did)
		tally(&marked, done)
		return err
	}) {
		if err != nil {
			return err
		}
	}
	if added.Load() != 1 || paid.Load() != 1 || marked.Load() != 1 {
		return fmt.Errorf("of %d copies %d were new, %d credited pages, %d were marked", copies, added.Load(), paid.Load(), marked.Load())
	}
	pages, err := store.Balance(ctx, "amal")
	if err == nil && pages != 10 {
		err = fmt.Errorf("a payment of 10 pages credited %d", pages)
	}
	return err
}

func tally(n *atomic.Int64, yes bool) {
	if yes {
		n.Add(1)
	}
}

// patient comes again for as long as a busy store says when.
func patient(ctx context.Context, do func() (int64, bool, error)) (int64, bool, error) {
	for {
		id, yes, err := do()
		var busy interface{ RetryAfter() time.Duration }
		if !errors.As(err, &busy) || ctx.Err() != nil {
			return id, yes, err
		}
		time.Sleep(rand.N(busy.RetryAfter()))
	}
}
