package slo

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// A Policy does something while a budget burns and takes it back when that is over:
// fewer checks by a second model, cheaper models first, less work at a time. [Tracker.Run] looks
// every ten seconds.
type Policy struct {
	Name      string // must be unique
	Objective string // whose budget

	// What begins it: an alert of this severity or a more urgent one fires ([Page]
	// alone where it is empty), or less than BudgetBelow of the budget is left (0: that
	// does not count).
	Severity    Severity
	BudgetBelow float64

	// Hold is how long all must have been calm before it ends, and the budget be a
	// tenth above BudgetBelow, so that it does not flutter; 0 means 15 minutes, a
	// negative number that it ends at once.
	Hold time.Duration

	// Act is called with true when it begins and with false when it ends, also when
	// Run does, one call at a time. It should be quick. It may be nil for those who
	// ask [Tracker.Acting].
	Act func(on bool)
}

type policyState struct {
	Policy

	// Guarded by the tracker's mutex:
	on    bool
	since time.Time // of its last change; zero before the first
	why   string
	calm  time.Time // since when nothing speaks for it; zero while something does
}

// Acting reports whether a policy is at work. An unknown name is not.
func (t *Tracker) Acting(policy string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.policies {
		if p.Name == policy {
			return p.on
		}
	}
	return false
}

func checkPolicies(policies []Policy, objectives []Objective) error {
	var errs []error
	seen := map[string]bool{}
	for _, p := range policies {
		known := false
		for _, o := range objectives {
			known = known || o.Name == p.Objective
		}
		if !known {
			errs = append(errs, fmt.Errorf("policy %q: no objective %q", p.Name, p.Objective))
		}
		if p.Name == "" || seen[p.Name] {
			errs = append(errs, fmt.Errorf("policy %q: the name must be there and be unique", p.Name))
		}
		seen[p.Name] = true
		if p.Severity != "" && p.Severity != Page && p.Severity != Ticket {
			errs = append(errs, fmt.Errorf("policy %q: unknown severity %q", p.Name, p.Severity))
		}
		if p.BudgetBelow < 0 || p.BudgetBelow >= 1 {
			errs = append(errs, fmt.Errorf("policy %q: budget below %v must lie from 0 to 1", p.Name, p.BudgetBelow))
		}
	}
	return errors.Join(errs...)
}

// applyPolicies begins and ends policies as r asks.
func (t *Tracker) applyPolicies(r Report) {
	for _, p := range t.policies {
		for _, o := range r.Objectives {
			if o.Name == p.Objective {
				t.apply(p, o, r.At)
			}
		}
	}
}

func (t *Tracker) apply(p *policyState, o ObjectiveReport, now time.Time) {
	t.mu.Lock()
	why := p.wanted(o)
	changed := false
	switch {
	case why != "":
		p.calm = time.Time{}
		if changed = !p.on; changed {
			p.on, p.since, p.why = true, now, why
		}
	case p.on:
		if p.calm.IsZero() || p.calm.After(now) { // the clock was set back: begin to wait again
			p.calm = now
		}
		if changed = now.Sub(p.calm) >= p.hold(); changed {
			p.on, p.since, p.why = false, now, ""
		}
	}
	on, why := p.on, p.why
	t.mu.Unlock()
	if changed {
		t.act(p, on, why)
	}
}

// endPolicies takes back what is at work: nobody would end it later.
func (t *Tracker) endPolicies() {
	for _, p := range t.policies {
		t.mu.Lock()
		was := p.on
		p.on, p.why = false, ""
		t.mu.Unlock()
		if was {
			t.act(p, false, "")
		}
	}
}

func (t *Tracker) act(p *policyState, on bool, why string) {
	if t.config.Log != nil {
		what := "policy ends"
		if on {
			what = "policy begins"
		}
		t.config.Log.Warn(what, slog.String("policy", p.Name), slog.String("slo", p.Objective), slog.String("why", why))
	}
	if p.Act != nil {
		p.Act(on)
	}
}

// wanted says why a policy should be at work, or nothing when nothing speaks for it.
// One that is at work wants a little more budget before it is content.
func (p *policyState) wanted(o ObjectiveReport) string {
	for _, a := range o.Alerts {
		if a.Firing && (a.Severity == Page || p.Severity == Ticket) {
			return fmt.Sprintf("budget burns %s times too fast (%s)", trim(a.Factor), a.Long)
		}
	}
	below := p.BudgetBelow
	if p.on {
		below *= 1.1
	}
	if below > 0 && o.BudgetRatio < below {
		return fmt.Sprintf("less than %s of the budget is left", trim(p.BudgetBelow))
	}
	return ""
}

func (p *policyState) hold() time.Duration {
	if p.Hold == 0 {
		return 15 * time.Minute
	}
	return max(p.Hold, 0)
}
