package storagetest

import (
	"context"

	"github.com/learnsnap/learnsnap-go/storage"
)

// buy does what a server does for a guest who logs in and buys pages, whose payment is
// told of twice.
func buy(ctx context.Context, store storage.Store, id string, tell func(answer)) error {
	device, user := "d-"+id, "u-"+id
	if _, _, err := store.OpenAccount(ctx, storage.Account{ID: device, Kind: storage.Device}, storage.Welcome{Cause: "free", Pages: 5}); err != nil {
		return err
	}
	tell(answer{"device", device, ""})
	if _, _, err := store.OpenAccount(ctx, storage.Account{ID: user, Kind: storage.User, Subject: id}, storage.Welcome{}); err != nil {
		return err
	}
	if _, err := store.TransferPages(ctx, device, user, 2); err != nil {
		return err
	}
	tell(answer{"transfer", device, user})
	if _, err := store.CreatePayment(ctx, payment(id, user)); err != nil {
		return err
	}
	tell(answer{"payment", id, ""})
	if err := store.MovePayment(ctx, id, "created", storage.PaymentMove{To: "pending", Transaction: id}); err != nil {
		return err
	}
	event, _, err := store.AddWebhook(ctx, webhook(id))
	if err != nil {
		return err
	}
	tell(answer{"webhook", id, ""})
	for range 2 {
		if _, err := store.PaidOnce(ctx, id, storage.PaymentMove{}); err != nil {
			return err
		}
		tell(answer{"paid", id, user})
	}
	if _, err := store.MarkWebhook(ctx, event, "paid"); err != nil {
		return err
	}
	if err := store.AddAudit(ctx, storage.AuditEntry{Who: "amal", What: "payment.seen", Target: id}); err != nil {
		return err
	}
	tell(answer{"audit", id, ""})
	return nil
}

// keptMoney looks for what was answered of a purchase.
func (s *suite) keptMoney(a answer) {
	s.Helper()
	ctx := s.Context()
	switch a.kind {
	case "device":
		_, err := s.Account(ctx, a.session)
		s.ok(err)
	case "transfer":
		s.balanced(a.session, 2)
		device, err := s.Account(ctx, a.session)
		s.ok(err)
		equal(s, "whose the pages of "+a.session+" are", device.User, a.detail)
	case "payment":
		s.sold(a.session)
	case "webhook":
		_, added, err := s.AddWebhook(ctx, webhook(a.session))
		s.ok(err)
		equal(s, "the webhook of "+a.session+" was lost", added, false)
	case "paid":
		equal(s, "state of "+a.session, s.sold(a.session).State, storage.PaymentPaid)
		s.balanced(a.detail, 13) // 3 of the device and 10 that were paid for, once
	}
}

// keptAudit looks for those entries of the audit that were answered.
func (s *suite) keptAudit(answered map[string]bool) {
	s.Helper()
	for before := int64(0); ; {
		entries := s.audit(before, 1000)
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			delete(answered, e.Target)
			before = e.ID
		}
	}
	for id := range answered {
		s.Fatalf("the entry of the audit for %s was lost", id)
	}
}
