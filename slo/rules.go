package slo

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// WriteRules writes Prometheus recording and alerting rules of objectives, one group
// each, as one YAML document. The same objectives give the same bytes. Every
// indicator needs its [Selectors].
//
// What is recorded carries the label slo:
//
//	slo:events:rate5m … rate6h, slo:bad_events:rate5m … rate6h
//	slo:burn_rate:ratio{window="5m" … "30d"}   as slo_burn_rate and [Report] have it
//	slo:error_budget:remaining_ratio           as slo_error_budget_remaining_ratio
//
// Windows of a day and more are averages of the recorded five-minute rates, so that
// 30 days are cheap to read. They count events, not minutes, as the short ones do.
//
// The alert is SLOErrorBudgetBurn, once for each of [Burns], with the labels slo,
// severity and window.
func WriteRules(w io.Writer, objectives []Objective) error {
	if err := errors.Join(check(objectives), checkSelectors(objectives)); err != nil {
		return fmt.Errorf("write rules: %w", err)
	}
	var y yaml
	y.line(0, "# Written from the objectives by slo.WriteRules; change them, not this file.")
	y.line(0, "groups:")
	for _, o := range objectives {
		y.line(1, "- name: %s", strconv.Quote("slo-"+o.Name))
		y.line(2, "rules:")
		for _, d := range windows() {
			if d > longestRate {
				break
			}
			rate := func(selector string) string { return "sum(rate(" + selector + "[" + label(d) + "]))" }
			y.record(o, "slo:events:rate"+label(d), "", o.totalExpr(rate))
			y.record(o, "slo:bad_events:rate"+label(d), "", o.badExpr(rate))
		}
		for _, d := range windows() {
			// Without events nothing burns: the last line stands in for what the division
			// leaves out.
			bad, total := o.rate("slo:bad_events", d), o.rate("slo:events", d)
			y.record(o, "slo:burn_rate:ratio", label(d),
				fmt.Sprintf("(\n  %s\n  / (%s > 0)\n  or 0 * %s\n) / %s", bad, total, bad, short(o.budget())))
		}
		y.record(o, "slo:error_budget:remaining_ratio", "", "1 - sum without (window) ("+o.burnIn(label(Window))+")")
		for _, b := range Burns() {
			y.alert(o, b)
		}
	}
	if _, err := io.WriteString(w, y.String()); err != nil {
		return fmt.Errorf("write rules: %w", err)
	}
	return nil
}

// WriteOpenSLO writes objectives as OpenSLO v1 (one SLO each, and the alert policies
// that they share), as a stream of YAML documents. The same objectives give the same
// bytes. OpenSLO has no second window: what it calls an alert is [Burn]'s long one.
func WriteOpenSLO(w io.Writer, service string, objectives []Objective) error {
	err := errors.Join(check(objectives), checkSelectors(objectives))
	if !nameForm().MatchString(service) {
		err = errors.Join(err, fmt.Errorf("service %q: the name must be 1 to 63 small letters, digits and inner dashes", service))
	}
	if err != nil {
		return fmt.Errorf("write OpenSLO: %w", err)
	}
	var y yaml
	y.line(0, "# Written from the objectives by slo.WriteOpenSLO; change them, not this file.")
	y.open("Service", service)
	y.line(0, "spec: {}")
	for _, severity := range []Severity{Page, Ticket} {
		y.open("AlertNotificationTarget", string(severity))
		y.line(0, "spec:")
		y.line(1, "target: %s", severity)
	}
	for _, b := range Burns() {
		y.policy(b)
	}
	for _, o := range objectives {
		y.objective(service, o)
	}
	if _, err := io.WriteString(w, y.String()); err != nil {
		return fmt.Errorf("write OpenSLO: %w", err)
	}
	return nil
}

// checkSelectors reports every indicator that Prometheus cannot count.
func checkSelectors(objectives []Objective) error {
	var errs []error
	for _, o := range objectives {
		for _, i := range o.Indicators {
			p := i.Prometheus
			if p.Total == "" || (p.Good == "") == (p.Bad == "") {
				errs = append(errs, fmt.Errorf("objective %q, indicator %q: a selector Total and just one of Good and Bad are needed", o.Name, i.Name))
			}
			if strings.ContainsFunc(p.Good+p.Bad+p.Total, unicode.IsControl) {
				errs = append(errs, fmt.Errorf("objective %q, indicator %q: a selector has a control character", o.Name, i.Name))
			}
		}
	}
	return errors.Join(errs...)
}

// totalExpr adds up all events; counters that are not there yet are zero.
func (o Objective) totalExpr(of func(selector string) string) string {
	var terms []string
	for _, i := range o.Indicators {
		terms = append(terms, "("+of(i.Prometheus.Total)+" or vector(0))")
	}
	return strings.Join(terms, "\n+ ")
}

// badExpr adds up the bad events.
func (o Objective) badExpr(of func(selector string) string) string {
	var terms []string
	for _, i := range o.Indicators {
		if p := i.Prometheus; p.Bad != "" {
			terms = append(terms, "("+of(p.Bad)+" or vector(0))")
		} else { // scraped between two increments, there may be more good ones than all
			terms = append(terms, "clamp_min(("+of(p.Total)+" or vector(0)) - ("+of(p.Good)+" or vector(0)), 0)")
		}
	}
	return strings.Join(terms, "\n+ ")
}

// longestRate is the longest window that Prometheus reads from the counters.
const longestRate = 6 * time.Hour

// rate is a mean rate over a window, out of what was recorded.
func (o Objective) rate(metric string, window time.Duration) string {
	if window <= longestRate {
		return fmt.Sprintf("%s:rate%s{slo=%q}", metric, label(window), o.Name)
	}
	return fmt.Sprintf("avg_over_time(%s:rate5m{slo=%q}[%s])", metric, o.Name, label(window))
}

func (o Objective) burnIn(window string) string {
	return fmt.Sprintf("slo:burn_rate:ratio{slo=%q,window=%q}", o.Name, window)
}

// A yaml is a document that is being written.
type yaml struct{ strings.Builder }

func (y *yaml) line(depth int, format string, args ...any) {
	y.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(y, format+"\n", args...)
}

// block writes a text of several lines as it is.
func (y *yaml) block(depth int, key, text string) {
	y.line(depth, "%s: |-", key)
	for line := range strings.Lines(text) {
		y.line(depth+1, "%s", strings.TrimSuffix(line, "\n"))
	}
}

func (y *yaml) record(o Objective, metric, window, expr string) {
	y.line(3, "- record: %s", metric)
	y.block(4, "expr", expr)
	y.line(4, "labels:")
	y.line(5, "slo: %s", strconv.Quote(o.Name))
	if window != "" {
		y.line(5, "window: %s", window)
	}
}

func (y *yaml) alert(o Objective, b Burn) {
	long, brief, factor := label(b.Long), label(b.Short), trim(b.Factor)
	y.line(3, "- alert: SLOErrorBudgetBurn")
	// Half an event less than MinBad: a rate gives events back only nearly.
	y.block(4, "expr", fmt.Sprintf("%s > %s\nand ignoring (window) %s > %s\nand ignoring (window) %s * %.0f >= %s",
		o.burnIn(long), factor, o.burnIn(brief), factor, o.rate("slo:bad_events", b.Long), b.Long.Seconds(), trim(float64(o.minBad())-0.5)))
	// The series have slo and window already; written here too, they tell the rules of
	// one name apart before there is a series.
	y.line(4, "labels:")
	y.line(5, "severity: %s", b.Severity)
	y.line(5, "slo: %s", strconv.Quote(o.Name))
	y.line(5, "window: %s", long)
	y.line(4, "annotations:")
	y.line(5, "summary: %s", strconv.Quote(fmt.Sprintf("%s: the error budget is used up %s times too fast (%s and %s)", o.Name, factor, long, brief)))
	y.line(5, "description: %s", strconv.Quote(fmt.Sprintf("%s Target %s over 30 days; the last %s burnt {{ printf \"%%.1f\" $value }} times what lasts.", o.Description, short(o.Target), long)))
	if o.Runbook != "" {
		y.line(5, "runbook_url: %s", strconv.Quote(o.Runbook))
	}
}

// open begins an OpenSLO document.
func (y *yaml) open(kind, name string) {
	y.line(0, "---")
	y.line(0, "apiVersion: openslo/v1")
	y.line(0, "kind: %s", kind)
	y.line(0, "metadata:")
	y.line(1, "name: %s", strconv.Quote(name))
}

func (b Burn) policyName() string { return string(b.Severity) + "-burn-" + label(b.Long) }

func (y *yaml) policy(b Burn) {
	y.open("AlertPolicy", b.policyName())
	y.line(0, "spec:")
	y.line(1, "description: %s", strconv.Quote(fmt.Sprintf("The error budget is used up %s times too fast over %s and over %s.", trim(b.Factor), label(b.Long), label(b.Short))))
	y.line(1, "alertWhenBreaching: true")
	y.line(1, "alertWhenResolved: false")
	y.line(1, "alertWhenNoData: false")
	y.line(1, "conditions:")
	y.line(2, "- kind: AlertCondition")
	y.line(3, "metadata:")
	y.line(4, "name: %s", strconv.Quote(b.policyName()))
	y.line(3, "spec:")
	y.line(4, "severity: %s", b.Severity)
	y.line(4, "condition:")
	y.line(5, "kind: burnrate")
	y.line(5, "op: gt")
	y.line(5, "threshold: %s", trim(b.Factor))
	y.line(5, "lookbackWindow: %s", label(b.Long))
	y.line(5, "alertAfter: 1m")
	y.line(1, "notificationTargets:")
	y.line(2, "- targetRef: %s", b.Severity)
}

func (y *yaml) objective(service string, o Objective) {
	sum := func(selector string) string { return "sum(" + selector + ")" }
	y.open("SLO", o.Name)
	y.line(0, "spec:")
	y.line(1, "description: %s", strconv.Quote(o.Description))
	y.line(1, "service: %s", strconv.Quote(service))
	y.line(1, "indicator:")
	y.line(2, "metadata:")
	y.line(3, "name: %s", strconv.Quote(o.Name))
	y.line(2, "spec:")
	y.line(3, "ratioMetric:")
	y.line(4, "counter: true")
	for _, part := range []struct{ name, query string }{{"bad", o.badExpr(sum)}, {"total", o.totalExpr(sum)}} {
		y.line(4, "%s:", part.name)
		y.line(5, "metricSource:")
		y.line(6, "type: Prometheus")
		y.line(6, "spec:")
		y.block(7, "query", part.query)
	}
	y.line(1, "timeWindow:")
	y.line(2, "- duration: %s", label(Window))
	y.line(3, "isRolling: true")
	y.line(1, "budgetingMethod: Occurrences")
	y.line(1, "objectives:")
	y.line(2, "- displayName: %s", strconv.Quote(o.Name))
	y.line(3, "target: %s", short(o.Target))
	y.line(1, "alertPolicies:")
	for _, b := range Burns() {
		y.line(2, "- alertPolicyRef: %s", b.policyName())
	}
}

// short writes a share without the noise of binary fractions.
func short(f float64) string { return strconv.FormatFloat(f, 'g', 10, 64) }
