package slo

import (
	"strconv"
	"time"
)

// A Severity says how soon somebody must look.
type Severity string

const (
	Page   Severity = "page"   // wake somebody: the month's budget is gone within days
	Ticket Severity = "ticket" // in working hours: it will not last the month
)

// A Burn is one multi-window, multi-burn-rate alert, as the SRE workbook ("Alerting
// on SLOs", the sixth approach) has them: it fires while the budget is being used up
// Factor times as fast as it lasts, both over the long window, which makes it
// certain, and over the short one, a twelfth of it, which lets it end soon after the
// trouble has.
type Burn struct {
	Severity Severity
	Factor   float64       // 1 uses the whole budget up in just 30 days
	Long     time.Duration // the window that makes certain
	Short    time.Duration // the window that ends the alert
}

// Burns returns the four alerts of each objective, the most urgent first: 2 % of the
// budget in an hour, 5 % in six hours, 10 % in a day, 10 % in three days.
func Burns() []Burn {
	const day = 24 * time.Hour
	return []Burn{
		{Page, 14.4, time.Hour, 5 * time.Minute},
		{Page, 6, 6 * time.Hour, 30 * time.Minute},
		{Ticket, 3, day, 2 * time.Hour},
		{Ticket, 1, 3 * day, 6 * time.Hour},
	}
}

// windows are those of [Burns] and the whole [Window], the shortest first.
func windows() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, day, 3 * day, Window}
}

// label writes a window as Prometheus and OpenSLO do: 5m, 2h, 30d.
func label(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return strconv.Itoa(int(d/time.Minute)) + "m"
}

// A count is how many events there were.
type count struct{ good, bad int64 }

func (c count) total() int64       { return c.good + c.bad }
func (c count) plus(d count) count { return count{c.good + d.good, c.bad + d.bad} }

// badShare is the share of bad events; none is no trouble.
func (c count) badShare() float64 {
	if c.total() == 0 {
		return 0
	}
	return float64(c.bad) / float64(c.total())
}

// burnRate is how many times as fast as it lasts the budget of o is used up.
func (o Objective) burnRate(c count) float64 { return c.badShare() / o.budget() }

// fires reports whether an alert fires, from the counts of windows.
func (b Burn) fires(o Objective, in map[time.Duration]count) bool {
	return o.burnRate(in[b.Long]) > b.Factor && o.burnRate(in[b.Short]) > b.Factor && in[b.Long].bad >= o.minBad()
}
