package storagetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

func paymentCases() []testcase {
	return []testcase{
		{"a payment comes back as it was created, also after a restart", paymentComesBack},
		{"a payment needs an order, an owner, a state and pages", paymentWrong},
		{"a key that was used returns the payment that it was used for", paymentKey},
		{"of many who create under one key one does", paymentKeyTogether},
		{"a payment moves from the state that it is in, and from no other", paymentMoves},
		{"a transaction is one payment's", paymentTransaction},
		{"of many who move a payment at once one does", paymentMoveTogether},
		{"a payment is paid once and its pages are credited once", paymentPaidOnce},
		{"a payment is paid from every state", paymentPaidFromAll},
		{"many who pay at once credit once", paymentPaidTogether},
		{"paid wins over all moves at once", paymentPaidAndMoved},
		{"payments that have not moved are found, oldest first", paymentStuck},
		{"a refund takes the pages back once", paymentRefund},
		{"payments stay when their owner is erased", paymentErased},
	}
}

// payment returns a payment of 10 pages.
func payment(order, owner string) storage.Payment {
	return storage.Payment{
		Order: order, Owner: owner, State: "created", Pack: "basic", Pages: 10, Amount: 500, Currency: "SAR", Gateway: "g",
		Created: instant(), Updated: instant(),
	}
}

// sell creates a payment.
func (s *suite) sell(order, owner string) {
	s.Helper()
	_, err := s.CreatePayment(s.Context(), payment(order, owner))
	s.ok(err)
}

// pays pays, and checks whether it was this call that did.
func (s *suite) pays(order string, want bool) {
	s.Helper()
	did, err := s.PaidOnce(s.Context(), order, storage.PaymentMove{})
	s.ok(err)
	equal(s, "paid by this call", did, want)
}

func (s *suite) moves(order, from, to string) {
	s.Helper()
	s.ok(s.MovePayment(s.Context(), order, from, storage.PaymentMove{To: to}))
}

func (s *suite) sold(order string) storage.Payment {
	s.Helper()
	p, err := s.Payment(s.Context(), order)
	s.ok(err)
	return p
}

func paymentComesBack(s *suite) {
	want := storage.Payment{
		Order: "LS-1", Owner: "أمل", State: "created", Pack: "basic'", Pages: 10, Amount: 1 << 40, Currency: "SAR", Gateway: "g", Transaction: "17",
		URL: "https://pay/1", Note: "why \x01", Key: "k", Print: "p", Detail: []byte(`{"a":1}`), Created: instant().UTC(), Updated: instant().UTC().Add(time.Second),
	}
	got, err := s.CreatePayment(s.Context(), want)
	s.ok(err)
	equal(s, "created", fmt.Sprint(got), fmt.Sprint(want))
	before := time.Now().Add(-time.Second)
	plain := storage.Payment{Order: "LS-2", Owner: "amal", State: "created", Pages: 1}
	kept, err := s.CreatePayment(s.Context(), plain)
	s.ok(err)
	equal(s, "created and updated now", kept.Created.After(before) && kept.Updated.After(before), true)
	for range 2 {
		equal(s, "payment", fmt.Sprint(s.sold("LS-1")), fmt.Sprint(want))
		equal(s, "plain payment", fmt.Sprint(s.sold("LS-2")), fmt.Sprint(kept))
		got, err := s.PaymentByTransaction(s.Context(), "g", "17")
		s.ok(err)
		equal(s, "by its transaction", got.Order, "LS-1")
		s.reopen()
	}
	for _, name := range [][2]string{{"g", "18"}, {"h", "17"}, {"", ""}, {"g", ""}} {
		_, err := s.PaymentByTransaction(s.Context(), name[0], name[1])
		s.is(err, storage.ErrNotFound)
	}
	_, err = s.Payment(s.Context(), "ls-1")
	s.is(err, storage.ErrNotFound)
	s.balanced("أمل", 0)
	s.ok(s.Check(s.Context()))
}

func paymentWrong(s *suite) {
	for name, spoil := range map[string]func(*storage.Payment){
		"no order":        func(p *storage.Payment) { p.Order = "" },
		"no owner":        func(p *storage.Payment) { p.Owner = "" },
		"no state":        func(p *storage.Payment) { p.State = "" },
		"paid":            func(p *storage.Payment) { p.State = storage.PaymentPaid },
		"no pages":        func(p *storage.Payment) { p.Pages = 0 },
		"negative amount": func(p *storage.Payment) { p.Amount = -1 },
	} {
		p := payment("LS-1", "amal")
		spoil(&p)
		_, err := s.CreatePayment(s.Context(), p)
		s.refused(name, err)
	}
	_, err := s.CreatePayment(s.cancelled(), payment("LS-1", "amal"))
	s.is(err, context.Canceled)
	_, err = s.Payment(s.Context(), "LS-1")
	s.is(err, storage.ErrNotFound)
}

func paymentKey(s *suite) {
	first := payment("LS-1", "amal")
	first.Key, first.Print = "k", "what was asked for"
	_, err := s.CreatePayment(s.Context(), first)
	s.ok(err)
	again := payment("LS-2", "amal")
	again.Key, again.Print = "k", "something else"
	got, err := s.CreatePayment(s.Context(), again)
	s.is(err, storage.ErrExists)
	equal(s, "the one that has the key", got.Order+got.Print, "LS-1what was asked for")
	_, err = s.Payment(s.Context(), "LS-2")
	s.is(err, storage.ErrNotFound)

	got, err = s.CreatePayment(s.Context(), payment("LS-1", "basma")) // a number that is there
	s.is(err, storage.ErrExists)
	equal(s, "not another's payment", got.Order, "")
	again.Owner = "basma"
	_, err = s.CreatePayment(s.Context(), again) // a key is its owner's
	s.ok(err)
	s.sell("LS-3", "amal") // no key is no key
	s.sell("LS-4", "amal")
}

func paymentKeyTogether(s *suite) {
	orders := make([]string, 40)
	errs := together(len(orders), func(i int) error {
		p := payment(fmt.Sprint("LS-", i), "amal")
		p.Key = "k"
		got, err := s.CreatePayment(s.Context(), p)
		orders[i] = got.Order
		return err
	})
	equal(s, "created", count(errs, nil), 1)
	equal(s, "refused", count(errs, storage.ErrExists), len(errs)-1)
	for _, order := range orders {
		equal(s, "the same payment for all", order, orders[0])
	}
}

func paymentMoves(s *suite) {
	s.sell("LS-1", "amal")
	s.ok(s.MovePayment(s.Context(), "LS-1", "created", storage.PaymentMove{To: "pending", Transaction: "17", URL: "u", Note: "n"}))
	got := s.sold("LS-1")
	equal(s, "moved", got.State+got.Transaction+got.URL+got.Note, "pending17un")
	equal(s, "when it moved", got.Updated.Equal(instant()), false)
	s.is(s.MovePayment(s.Context(), "LS-1", "created", storage.PaymentMove{To: "review"}), storage.ErrConflict)
	s.is(s.MovePayment(s.Context(), "LS-1", "pending", storage.PaymentMove{To: storage.PaymentPaid}), storage.ErrConflict)
	s.is(s.MovePayment(s.Context(), "LS-9", "created", storage.PaymentMove{To: "review"}), storage.ErrNotFound)
	s.is(s.MovePayment(s.cancelled(), "LS-1", "pending", storage.PaymentMove{To: "review"}), context.Canceled)
	s.refused("a move to nowhere", s.MovePayment(s.Context(), "LS-1", "pending", storage.PaymentMove{}))
	s.ok(s.MovePayment(s.Context(), "LS-1", "pending", storage.PaymentMove{To: "pending", Note: "again"}))
	s.reopen()
	got = s.sold("LS-1")
	equal(s, "what was empty stays", got.State+got.Transaction+got.URL+got.Note, "pending17uagain")
	s.pays("LS-1", true)
	for _, to := range []string{"review", storage.PaymentPaid} {
		s.is(s.MovePayment(s.Context(), "LS-1", storage.PaymentPaid, storage.PaymentMove{To: to}), storage.ErrConflict)
	}
	s.is(s.MovePayment(s.Context(), "LS-9", storage.PaymentPaid, storage.PaymentMove{To: "review"}), storage.ErrNotFound)
}

func paymentTransaction(s *suite) {
	s.sell("LS-1", "amal")
	s.sell("LS-2", "basma")
	claim := storage.PaymentMove{To: "pending", Transaction: "17"}
	s.ok(s.MovePayment(s.Context(), "LS-1", "created", claim))
	s.ok(s.MovePayment(s.Context(), "LS-1", "pending", claim)) // its own
	s.is(s.MovePayment(s.Context(), "LS-2", "created", claim), storage.ErrExists)
	_, err := s.PaidOnce(s.Context(), "LS-2", claim)
	s.is(err, storage.ErrExists)
	p := payment("LS-3", "amal")
	p.Transaction = "17"
	_, err = s.CreatePayment(s.Context(), p)
	s.is(err, storage.ErrExists)
	p.Gateway = "h" // another gateway's numbers are its own
	_, err = s.CreatePayment(s.Context(), p)
	s.ok(err)
	equal(s, "state", s.sold("LS-2").State, "created")
	s.balanced("basma", 0)
}

func paymentMoveTogether(s *suite) {
	s.sell("LS-1", "amal")
	errs := together(40, func(i int) error {
		return s.MovePayment(s.Context(), "LS-1", "created", storage.PaymentMove{To: fmt.Sprint("to", i)})
	})
	equal(s, "moved", count(errs, nil), 1)
	equal(s, "refused", count(errs, storage.ErrConflict), len(errs)-1)
}

func paymentPaidOnce(s *suite) {
	s.sell("LS-1", "amal")
	did, err := s.PaidOnce(s.Context(), "LS-1", storage.PaymentMove{To: "ignored", Transaction: "17", Note: "webhook"})
	s.ok(err)
	equal(s, "paid", did, true)
	for range 2 {
		s.pays("LS-1", false)
		got := s.sold("LS-1")
		equal(s, "payment", got.State+got.Transaction+got.Note, "paid17webhook")
		equal(s, "entries", s.entries("amal"), "purchase +10 LS-1")
		s.balanced("amal", 10)
		s.ok(s.VerifyEntries(s.Context(), "amal"))
		s.ok(s.Check(s.Context()))
		s.reopen()
	}
	_, err = s.PaidOnce(s.Context(), "LS-9", storage.PaymentMove{})
	s.is(err, storage.ErrNotFound)
	s.sell("LS-2", "amal")
	_, err = s.PaidOnce(s.cancelled(), "LS-2", storage.PaymentMove{})
	s.is(err, context.Canceled)
	s.grantFor("amal", "LS-2", 3) // a grant of that name is another thing
	s.pays("LS-2", true)
	s.balanced("amal", 23)
}

func paymentPaidFromAll(s *suite) {
	for i, state := range []string{"created", "pending", "cancelled", "expired", "review", "a word of tomorrow"} {
		order := fmt.Sprint("LS-", i)
		s.sell(order, "amal")
		if state != "created" {
			s.moves(order, "created", state)
		}
		s.pays(order, true)
		s.balanced("amal", 10*(i+1))
	}
}

func paymentPaidTogether(s *suite) {
	const callers, orders = 120, 3
	for i := range orders {
		s.sell(fmt.Sprint("LS-", i), "amal")
	}
	did := make([]bool, callers)
	errs := together(callers, func(i int) (err error) {
		did[i], err = s.PaidOnce(s.Context(), fmt.Sprint("LS-", i%orders), storage.PaymentMove{Transaction: fmt.Sprint(i % orders)})
		return err
	})
	equal(s, "answered", count(errs, nil), callers)
	n := 0
	for _, one := range did {
		if one {
			n++
		}
	}
	equal(s, "paid", n, orders)
	s.balanced("amal", 10*orders)
	s.ok(s.Check(s.Context()))
}

func paymentPaidAndMoved(s *suite) {
	s.sell("LS-1", "amal")
	errs := together(60, func(i int) error {
		if i%20 == 7 {
			_, err := s.PaidOnce(s.Context(), "LS-1", storage.PaymentMove{})
			return err
		}
		states := []string{"created", "pending", "review", "cancelled"}
		return s.MovePayment(s.Context(), "LS-1", states[i%4], storage.PaymentMove{To: states[(i+1)%4]})
	})
	equal(s, "moved, paid or refused", count(errs, nil)+count(errs, storage.ErrConflict), len(errs))
	equal(s, "state", s.sold("LS-1").State, storage.PaymentPaid)
	s.balanced("amal", 10)
}

func paymentStuck(s *suite) {
	for i, state := range []string{"created", "pending", "pending", "review", "expired"} {
		p := payment(fmt.Sprint("LS-", i), "amal")
		p.State, p.Updated = state, instant().Add(-time.Duration(i)*time.Hour)
		_, err := s.CreatePayment(s.Context(), p)
		s.ok(err)
	}
	s.sell("LS-9", "amal")
	s.pays("LS-9", true)
	stuck := func(t time.Time, limit int, states ...string) string {
		s.Helper()
		all, err := s.StuckPayments(s.Context(), states, t, limit)
		s.ok(err)
		var orders []string
		for _, p := range all {
			orders = append(orders, p.Order)
		}
		return strings.Join(orders, " ")
	}
	after := instant().Add(time.Second)
	equal(s, "of three states", stuck(after, 10, "created", "pending", "review"), "LS-3 LS-2 LS-1 LS-0")
	equal(s, "since", stuck(instant().Add(-time.Hour), 10, "created", "pending", "review"), "LS-3 LS-2")
	equal(s, "at most", stuck(after, 1, "created", "pending", "review"), "LS-3")
	equal(s, "none asked", stuck(after, 0, "created")+stuck(after, -1, "created"), "")
	equal(s, "of no state", stuck(after, 10), "")
	equal(s, "paid ones", stuck(after.Add(1e6*time.Hour), 10, storage.PaymentPaid), "")
	s.moves("LS-3", "review", "review") // somebody has looked
	equal(s, "moved in the store's own time", stuck(time.Now().Add(-time.Hour), 10, "review"), "")
}

func paymentRefund(s *suite) {
	s.sell("LS-1", "amal")
	s.pays("LS-1", true)
	s.grant("amal", 1)
	equal(s, "refunded", s.adjust("amal", "LS-1", -10), true)
	equal(s, "refunded again", s.adjust("amal", "LS-1", -10), false)
	s.pays("LS-1", false)
	s.balanced("amal", 1)
	equal(s, "it stays paid", s.sold("LS-1").State, storage.PaymentPaid)
	s.ok(s.Check(s.Context()))
}

func paymentErased(s *suite) {
	s.guest("d1", 2)
	s.sell("LS-1", "d1")
	s.sell("LS-2", "d1")
	s.pays("LS-1", true)
	s.ok(s.EraseOwner(s.Context(), "d1", "ERASED"))
	equal(s, "owner", s.sold("LS-1").Owner, "d1")
	s.pays("LS-2", true) // the money has arrived after all
	s.balanced("d1", 22)
	s.ok(s.VerifyEntries(s.Context(), "d1"))
	s.ok(s.Check(s.Context()))
}
