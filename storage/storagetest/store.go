package storagetest

import (
	"context"
	"fmt"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func storeCases() []testcase {
	return []testcase{
		{"a store answers a ping", ping},
		{"an ended context is refused everywhere", endedContext},
		{"a closed store refuses", closed},
		{"what was answered is there after a restart", restart},
		{"a check finds nothing wrong with a store in use", checkInUse},
		{"the statistics add up", stats},
		{"writers and readers at once see whole states", wholeStates},
	}
}

func ping(s *suite) { s.ok(s.Ping(s.Context())) }

func endedContext(s *suite) {
	ctx := s.cancelled()
	for name, err := range s.calls(ctx) {
		if err == nil {
			s.Errorf("%s answers although its context has ended", name)
		}
	}
}

func closed(s *suite) {
	s.ok(s.Close())
	for name, err := range s.calls(s.Context()) {
		if err == nil {
			s.Errorf("%s answers although the store is closed", name)
		}
	}
	s.ok(s.Close()) // once more does nothing
}

// calls makes calls of every role.
func (s *suite) calls(ctx context.Context) map[string]error {
	errs := map[string]error{"Ping": s.Ping(ctx)}
	_, errs["Session"] = s.Session(ctx, "a")
	_, errs["SessionByKey"] = s.SessionByKey(ctx, "amal", "k")
	errs["EraseSession"] = s.EraseSession(ctx, "a", "ERASED")
	_, errs["ClaimSession"] = s.ClaimSession(ctx, "a")
	errs["CreateSession"] = s.CreateSession(ctx, session("a", "amal", 1), false)
	errs["FinishSession"] = s.FinishSession(ctx, "a", 1, storage.Outcome{Status: storage.Ready})
	errs["SubmitSession"] = s.SubmitSession(ctx, "a", nil)
	_, errs["ExpireSessions"] = s.ExpireSessions(ctx, late(), "EXPIRED", 1)
	errs["AppendItem"] = s.AppendItem(ctx, "a", 1, item(1))
	_, errs["Items"] = s.Items(ctx, "a", 0)
	_, errs["Progress"] = s.Progress(ctx, []string{"a"})
	errs["AddReport"] = s.AddReport(ctx, storage.Report{Session: "a", Question: "q", Owner: "amal"})
	_, errs["Reports"] = s.Reports(ctx, "a")
	_, errs["RecentReports"] = s.RecentReports(ctx, storage.Report{}, 1)
	errs["KeepText"] = s.KeepText(ctx, "amal", "h", "a", 1)
	_, _, errs["Text"] = s.Text(ctx, "amal", "h")
	_, errs["Balance"] = s.Balance(ctx, "amal")
	_, errs["Grant"] = s.Grant(ctx, "amal", "welcome", 1)
	_, errs["Entries"] = s.Entries(ctx, "amal", 0, 1)
	_, errs["Adjust"] = s.Adjust(ctx, "amal", "sorry", 1)
	errs["VerifyEntries"] = s.VerifyEntries(ctx, "amal")
	errs["Check"] = s.Check(ctx)
	_, errs["DeadJobs"] = s.DeadJobs(ctx, 0, 1)
	errs["RetryJob"] = s.RetryJob(ctx, 1)
	errs["DiscardJob"] = s.DiscardJob(ctx, 1)
	_, errs["Value"] = s.Value(ctx, "key")
	errs["SetValue"] = s.SetValue(ctx, "key", nil, nil)
	_, _, errs["OpenAccount"] = s.OpenAccount(ctx, storage.Account{ID: "d1", Kind: storage.Device}, storage.Welcome{})
	_, errs["Account"] = s.Account(ctx, "d1")
	_, errs["TransferPages"] = s.TransferPages(ctx, "d1", "u1", 0)
	errs["EraseOwner"] = s.EraseOwner(ctx, "d1", "ERASED")
	_, errs["CreatePayment"] = s.CreatePayment(ctx, payment("LS-1", "amal"))
	_, errs["Payment"] = s.Payment(ctx, "LS-1")
	_, errs["PaymentByTransaction"] = s.PaymentByTransaction(ctx, "g", "1")
	errs["MovePayment"] = s.MovePayment(ctx, "LS-1", "created", storage.PaymentMove{To: "pending"})
	_, errs["PaidOnce"] = s.PaidOnce(ctx, "LS-1", storage.PaymentMove{})
	_, errs["StuckPayments"] = s.StuckPayments(ctx, []string{"pending"}, late(), 1)
	_, _, errs["AddWebhook"] = s.AddWebhook(ctx, storage.Webhook{Gateway: "g"})
	_, errs["PendingWebhooks"] = s.PendingWebhooks(ctx, late(), 1)
	_, errs["MarkWebhook"] = s.MarkWebhook(ctx, 1, "done")
	_, errs["DropWebhooks"] = s.DropWebhooks(ctx, late())
	_, errs["Take"] = s.Take(ctx, "k", 1, 1, time.Hour)
	_, errs["SweepLimits"] = s.SweepLimits(ctx)
	_, errs["FlagOverrides"] = s.FlagOverrides(ctx)
	errs["PutFlagOverride"] = s.PutFlagOverride(ctx, "A", nil)
	errs["DeleteFlagOverride"] = s.DeleteFlagOverride(ctx, "A")
	errs["ListenFlags"] = s.ListenFlags(ctx, func() {})
	errs["PutSLOCounts"] = s.PutSLOCounts(ctx, "r1", []string{"a"}, []time.Time{minute(0)}, []int64{1}, []int64{1})
	errs["SLOCounts"] = s.SLOCounts(ctx, "", hour(), func(string, time.Time, int64, int64) {})
	errs["DropSLOCounts"] = s.DropSLOCounts(ctx, hour())
	errs["AddAudit"] = s.AddAudit(ctx, storage.AuditEntry{Who: "amal", What: "w"})
	_, errs["AuditEntries"] = s.AuditEntries(ctx, 0, 1)
	errs["VerifyAudit"] = s.VerifyAudit(ctx)
	_, errs["Depth"] = s.Depth(ctx)
	_, errs["OpenBlob"] = s.OpenBlob(ctx, "a", s.unusedHash())
	_, errs["SweepBlobs"] = s.SweepBlobs(ctx, soon())
	return errs
}

func (s *suite) unusedHash() string { return fmt.Sprintf("%064d", 0) }

func restart(s *suite) {
	s.grant("amal", 5)
	s.ok(s.CreateSession(s.Context(), session("a", "amal", 2), true))
	got, err := s.ClaimSession(s.Context(), "a")
	s.ok(err)
	s.ok(s.AppendItem(s.Context(), "a", got.Claim, item(1)))
	s.ok(s.AddReport(s.Context(), storage.Report{Session: "a", Question: "q1", Owner: "amal", Reason: "wrong"}))
	blob := s.put("a", "page")
	s.reopen()

	s.balanced("amal", 3)
	items, err := s.Items(s.Context(), "a", 0)
	s.ok(err)
	equal(s, "items", len(items), 1)
	reports, err := s.Reports(s.Context(), "a")
	s.ok(err)
	equal(s, "reports", len(reports), 1)
	equal(s, "blob", s.content("a", blob), "page")
	s.jobs(1, 0, 0)
	s.ok(s.AppendItem(s.Context(), "a", got.Claim, item(2))) // the claim still stands
	again, err := s.ClaimSession(s.Context(), "a")
	s.ok(err)
	equal(s, "claim", again.Claim, got.Claim+1)
	equal(s, "items", again.Items, 2)
	s.is(s.AppendItem(s.Context(), "a", got.Claim, item(3)), storage.ErrStale)
}

func checkInUse(s *suite) {
	s.ok(s.Check(s.Context()))
	s.grant("amal", 8)
	errs := together(9, func(i int) error {
		if i == 8 {
			return s.Check(s.Context())
		}
		return s.write(fmt.Sprint("s", i))
	})
	for _, err := range errs {
		s.ok(err)
	}
	s.ok(s.Check(s.Context()))
}

func stats(s *suite) {
	before := s.Stats()
	errs := together(20, func(int) error {
		_, err := s.Grant(s.Context(), "amal", "welcome", 1)
		if _, balanceErr := s.Balance(s.Context(), "amal"); err == nil {
			err = balanceErr
		}
		if err == nil {
			if now := s.Stats(); now.InUse > now.Open || now.Open > now.Max {
				err = fmt.Errorf("they say %+v", now)
			}
		}
		return err
	})
	for _, err := range errs {
		s.ok(err)
	}
	eventually(s, "a store at rest", func() bool {
		now := s.Stats()
		return now.InUse == 0 && now.Waiting == 0
	})
	now := s.Stats()
	if now.Max < 1 || now.Open < 1 || now.Waits < before.Waits || now.Waited < before.Waited || now.Refused < before.Refused {
		s.Fatalf("statistics after %+v: %+v", before, now)
	}
}

// wholeStates reads while others write: a session's number of items and its
// items, a hold and its session, must always fit.
func wholeStates(s *suite) {
	const writers = 8
	s.grant("amal", writers)
	errs := together(2*writers, func(i int) error {
		id := fmt.Sprint("s", i%writers)
		if i < writers {
			return s.write(id)
		}
		for range 50 {
			if err := s.look(id); err != nil {
				return err
			}
		}
		return nil
	})
	for _, err := range errs {
		s.ok(err)
	}
	s.balanced("amal", 0)
}

func (s *suite) write(id string) error {
	if err := s.CreateSession(s.Context(), session(id, "amal", 1), true); err != nil {
		return err
	}
	got, err := s.ClaimSession(s.Context(), id)
	for seq := 1; seq <= 20 && err == nil; seq++ {
		err = s.AppendItem(s.Context(), id, got.Claim, item(seq))
	}
	return err
}

func (s *suite) look(id string) error {
	all, err := s.Progress(s.Context(), []string{id})
	if err != nil || len(all) == 0 {
		return err
	}
	items, err := s.Items(s.Context(), id, 0)
	if err != nil {
		return err
	}
	if len(items) < all[0].Items {
		return fmt.Errorf("session %s shows %d items of %d", id, len(items), all[0].Items)
	}
	for i, it := range items {
		if it.Seq != i+1 {
			return fmt.Errorf("session %s has a hole at %d", id, i+1)
		}
	}
	return nil
}
