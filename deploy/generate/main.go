// Command generate writes what Prometheus and Grafana load, out of the objectives of
// package slo, the alerts in alerts.go and the dashboards in boards.go:
//
//	go generate ./deploy/generate
//
// A fork whose runbook stands elsewhere says so:
//
//	go run ./deploy/generate -dir deploy -runbook https://wiki.example.com/learnsnap/runbook
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/learnsnap/learnsnap-go/slo"
)

//go:generate go run . -dir ..

const runbook = "https://github.com/learnsnap/learnsnap-go/blob/main/docs/RUNBOOK.md"

func main() {
	dir := flag.String("dir", "deploy", "the folder to write to")
	book := flag.String("runbook", runbook, "where the runbook is read: alerts link to its sections")
	flag.Parse()
	if err := generate(*dir, *book); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// generate writes all files below dir.
func generate(dir, book string) error {
	var objectives bytes.Buffer
	if err := slo.WriteRules(&objectives, linked(slo.Defaults(), book)); err != nil {
		return err
	}
	files := map[string][]byte{
		"prometheus/rules/slo.yml":    objectives.Bytes(),
		"prometheus/rules/alerts.yml": rules(alerts(), book),
	}
	for _, b := range boards() {
		text, err := b.json()
		if err != nil {
			return fmt.Errorf("dashboard %s: %w", b.name, err)
		}
		files["grafana/dashboards/"+b.name+".json"] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// linked has every objective's alerts link to the runbook, which leads on to the
// objective.
func linked(objectives []slo.Objective, book string) []slo.Objective {
	for i := range objectives {
		objectives[i].Runbook = section(book, "SLOErrorBudgetBurn")
	}
	return objectives
}
