package learnsnap

import (
	"context"
	"time"
)

// An Observer is told what happens to quizzes, for metrics and logs. It is called
// in the middle of the work, from many goroutines at once: it must be quick and
// safe for concurrent use.
type Observer interface {
	Observe(ctx context.Context, o Observation)
}

// An Occasion says what was observed.
type Occasion string

// The occasions. An [Engine] observes items, costs and verifications, a [Service]
// the others.
const (
	Created       Occasion = "created"        // a session; Session, Pages
	FirstQuestion Occasion = "first_question" // of a session is durable; Session, Elapsed since its creation
	Accepted      Occasion = "accepted"       // an item; Kind, Model
	Dropped       Occasion = "dropped"        // a piece of a reply; Kind, Model, Reason
	Verified      Occasion = "verified"       // a question was put to a second model; Kind, Model, Reason ([Agreed] and so on), Err
	CostUnknown   Occasion = "cost_unknown"   // a model has no price: [Config].MaxCostUSD does not bound it; Model; once an Engine
	Ready         Occasion = "ready"          // a quiz; Session, Elapsed since its creation
	Failed        Occasion = "failed"         // a quiz, for good; Session, Elapsed, Code, Err
	Postponed     Occasion = "postponed"      // an attempt at a quiz failed, another follows; Session, Code, Err
	PagesMoved    Occasion = "pages_moved"    // in the ledger; Session where it is about one, Action, Pages
	PaymentEnded  Occasion = "payment_ended"  // Order, Outcome
	PaymentAlarm  Occasion = "payment_alarm"  // an operator has to look; Order, Err
	WebhookCame   Occasion = "webhook_came"   // a gateway's message, or what became of it; Outcome
	UpkeepFailed  Occasion = "upkeep_failed"  // removing what is old has failed and is tried again; Err
)

// An Observation is one thing that happened. Which fields are set depends on
// Occasion.
type Observation struct {
	Occasion Occasion
	Session  string
	Kind     Kind
	Model    string
	Reason   string // why a piece was dropped: a word out of a small, fixed set
	Code     Code
	Action   string // "grant", "hold", "capture" or "release"
	Pages    int    // never negative
	Order    string // the number of a payment
	Outcome  string // a word out of a small, fixed set
	Elapsed  time.Duration
	Err      error
}

// observe tells an observer that may be nil.
func observe(ctx context.Context, to Observer, o Observation) {
	if to != nil {
		to.Observe(ctx, o)
	}
}
