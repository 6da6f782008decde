package slo

import (
	"math"
	"strconv"
	"time"
)

// A Report is where all budgets stand, over all replicas as far as the ledger has
// told of them. Its JSON is what /health/slo answers.
type Report struct {
	At         time.Time         `json:"at"`
	Objectives []ObjectiveReport `json:"objectives"`
	Policies   []PolicyReport    `json:"policies,omitempty"`
	Ledger     *LedgerReport     `json:"ledger,omitempty"` // nil without a ledger
}

// An ObjectiveReport is where one budget stands.
type ObjectiveReport struct {
	Name        string  `json:"name"`
	Description string  `json:"description,omitempty"`
	Target      float64 `json:"target"`

	// Events of the last 30 days, and the share of good ones; 1 without events.
	Good  int64   `json:"good"`
	Total int64   `json:"total"`
	Ratio float64 `json:"ratio"`

	// What is left of the budget: as a share of it, as minutes in which all could fail
	// at the mean traffic, and as events that may still be bad at the traffic so far.
	// They are negative once it is overspent.
	BudgetRatio   float64 `json:"budgetRatio"`
	BudgetMinutes float64 `json:"budgetMinutes"`
	BudgetEvents  int64   `json:"budgetEvents"`

	Burn   []BurnRate    `json:"burn"`
	Alerts []AlertReport `json:"alerts"`
	Status Status        `json:"status"`
}

// A Status is the worst that is true of an objective.
type Status string

const (
	StatusOK     Status = "ok"
	StatusSpent  Status = "spent"  // the budget is used up, though nothing burns now
	StatusTicket Status = "ticket" // a [Ticket] alert fires
	StatusPage   Status = "page"   // a [Page] alert fires
)

// A BurnRate is how many times as fast as it lasts a budget was used up in a window.
type BurnRate struct {
	Window string  `json:"window"` // 5m, 1h, 30d
	Rate   float64 `json:"rate"`
}

// An AlertReport is one of [Burns] and whether it fires.
type AlertReport struct {
	Severity Severity `json:"severity"`
	Factor   float64  `json:"factor"`
	Long     string   `json:"long"`
	Short    string   `json:"short"`
	Firing   bool     `json:"firing"`
}

// A PolicyReport is whether a policy is at work and why.
type PolicyReport struct {
	Name      string    `json:"name"`
	Objective string    `json:"objective"`
	On        bool      `json:"on"`
	Since     time.Time `json:"since,omitzero"` // of its last change; zero when there was none
	Why       string    `json:"why,omitempty"`
}

// A LedgerReport is how the exchange with the ledger goes.
type LedgerReport struct {
	Loaded bool      `json:"loaded"`           // what stood there at the start has been read
	At     time.Time `json:"at,omitzero"`      // of the last exchange that worked; zero before the first
	Error  string    `json:"error,omitempty"`  // why the last one did not
	Behind int       `json:"behind,omitempty"` // minutes of counts that are not stored yet
}

// Report returns where all budgets stand now. It reads some 40,000 minutes an
// objective: fit for a scrape, not for a request.
func (t *Tracker) Report() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Now()
	t.turn(now)
	r := Report{At: now.UTC(), Objectives: []ObjectiveReport{}}
	for _, s := range t.series {
		r.Objectives = append(r.Objectives, s.objective.report(s.counts(minuteOf(now))))
	}
	for _, p := range t.policies {
		r.Policies = append(r.Policies, PolicyReport{Name: p.Name, Objective: p.Objective, On: p.on, Since: p.since.UTC(), Why: p.why})
	}
	if t.config.Ledger != nil {
		r.Ledger = t.ledger.report(t.series)
	}
	return r
}

// report is where a budget stands, from the counts of all windows.
func (o Objective) report(in map[time.Duration]count) ObjectiveReport {
	month := in[Window]
	left := 1 - o.burnRate(month)
	r := ObjectiveReport{
		Name: o.Name, Description: o.Description, Target: o.Target,
		Good: month.good, Total: month.total(), Ratio: 1 - month.badShare(),
		BudgetRatio:   left,
		BudgetMinutes: left * o.budget() * Window.Minutes(),
		BudgetEvents:  int64(math.Floor(o.budget()*float64(month.total())+1e-9)) - month.bad,
		Status:        StatusOK,
	}
	for _, w := range windows() {
		r.Burn = append(r.Burn, BurnRate{label(w), o.burnRate(in[w])})
	}
	if left <= 0 {
		r.Status = StatusSpent
	}
	burns := Burns()
	for i := len(burns) - 1; i >= 0; i-- { // the most urgent one has the last word
		if burns[i].fires(o, in) {
			r.Status = Status(burns[i].Severity)
		}
	}
	for _, b := range burns {
		r.Alerts = append(r.Alerts, AlertReport{b.Severity, b.Factor, label(b.Long), label(b.Short), b.fires(o, in)})
	}
	return r
}

// trim writes a number as short as it can be.
func trim(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
