package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A group is alerts that belong together.
type group struct {
	name   string
	alerts []alert
}

// An alert is one rule of Prometheus. Its name is that of its section in the
// runbook.
type alert struct {
	name     string
	severity string // critical wakes somebody, warning is for working hours
	hold     string // how long expr must hold before it fires; "" means at once
	expr     string
	summary  string // what is wrong, in one line
	detail   string // how bad, with {{ $value }}
}

const (
	critical = "critical"
	warning  = "warning"
)

// rules writes groups as a file of Prometheus. The same groups give the same bytes.
func rules(groups []group, book string) []byte {
	var b bytes.Buffer
	b.WriteString("# Written by go generate ./deploy/generate; change deploy/generate/alerts.go, not this file.\ngroups:\n")
	for _, g := range groups {
		fmt.Fprintf(&b, "  - name: %s\n    rules:\n", g.name)
		for _, a := range g.alerts {
			fmt.Fprintf(&b, "      - alert: %s\n        expr: |-\n", a.name)
			for line := range strings.Lines(strings.TrimSpace(a.expr)) {
				fmt.Fprintf(&b, "          %s\n", strings.TrimRight(line, "\n"))
			}
			if a.hold != "" {
				fmt.Fprintf(&b, "        for: %s\n", a.hold)
			}
			fmt.Fprintf(&b, "        labels:\n          severity: %s\n        annotations:\n", a.severity)
			for _, note := range [][2]string{{"summary", a.summary}, {"description", a.detail}, {"runbook_url", section(book, a.name)}} {
				fmt.Fprintf(&b, "          %s: %s\n", note[0], strconv.Quote(note[1]))
			}
		}
	}
	return b.Bytes()
}

// section is the address of an alert's section.
func section(book, alert string) string { return book + "#" + strings.ToLower(alert) }
