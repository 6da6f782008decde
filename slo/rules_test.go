package slo_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/slo"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestRulesAndOpenSLOAreAsRead(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{
		"rules.yml":   func(w io.Writer) error { return slo.WriteRules(w, slo.Defaults()) },
		"openslo.yml": func(w io.Writer) error { return slo.WriteOpenSLO(w, "learnsnap", slo.Defaults()) },
	} {
		t.Run(name, func(t *testing.T) {
			var got, again bytes.Buffer
			require.NoError(t, write(&got))
			require.NoError(t, write(&again))
			require.Equal(t, got.String(), again.String())
			golden := filepath.Join("testdata", name)
			if *update {
				require.NoError(t, os.WriteFile(golden, got.Bytes(), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String(), "if that is meant: go test ./slo -update")
		})
	}
}

func TestRulesSayWhatIsMissing(t *testing.T) {
	o := payments()
	require.ErrorContains(t, slo.WriteRules(io.Discard, []slo.Objective{o}), `objective "payments", indicator "payments": a selector Total and just one of Good and Bad`)
	o.Indicators[0].Prometheus = slo.Selectors{Good: "a", Bad: "b", Total: "c"}
	require.ErrorContains(t, slo.WriteOpenSLO(io.Discard, "x", []slo.Objective{o}), "just one of Good and Bad")
	o.Indicators[0].Prometheus = slo.Selectors{Good: "a", Total: "c\nd"}
	require.ErrorContains(t, slo.WriteRules(io.Discard, []slo.Objective{o}), "control character")
	require.ErrorContains(t, slo.WriteOpenSLO(io.Discard, "A b", slo.Defaults()), `service "A b"`)
	require.ErrorContains(t, slo.WriteRules(full{}, slo.Defaults()), "disk full")
	require.ErrorContains(t, slo.WriteOpenSLO(full{}, "x", slo.Defaults()), "disk full")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// promtool runs Prometheus' own judge of rules.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		t.Skip("promtool is not installed (Debian: apt-get install prometheus): the rules are not checked by Prometheus itself")
	}
	out, err := exec.Command("promtool", args...).CombinedOutput()
	require.NoError(t, err, string(out))
}

func TestPrometheusTakesTheRules(t *testing.T) {
	promtool(t, "check", "rules", "--lint=all", "--lint-fatal", filepath.Join("testdata", "rules.yml"))
}

// TestPrometheusAgreesWithTheReport plays one history to a tracker and to the rules
// of the same objectives, and asks both the same things at the same moments.
func TestPrometheusAgreesWithTheReport(t *testing.T) {
	objective := slo.Objective{
		Name: "both", Target: 0.99, Description: `Says "so".`,
		Indicators: []slo.Indicator{
			{Name: "reads", Prometheus: slo.Selectors{Bad: `reads_total{code="500"}`, Total: "reads_total"}},
			{Name: "writes", Prometheus: slo.Selectors{Good: `writes_total{ok="yes"}`, Total: "writes_total"}},
		},
	}
	// In each minute of a phase: reads and writes, and how many of each are bad.
	phases := []struct {
		name              string
		minutes           int
		reads, badReads   int
		writes, badWrites int
	}{
		{"all is well", 120, 60, 0, 40, 0},
		{"one in five fails", 90, 60, 15, 40, 5},
		{"and is mended", 30, 60, 0, 40, 0},
		{"nothing happens", 30, 0, 0, 0, 0},
		{"writes fail", 400, 60, 0, 40, 8},
	}
	var yml strings.Builder
	yml.WriteString("rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n")
	series := func(name string, per func(i int) int) {
		fmt.Fprintf(&yml, "  - series: '%s'\n    values: '", name)
		sum := 0
		for i, p := range phases {
			fmt.Fprintf(&yml, "%d+%dx%d ", sum+per(i), per(i), p.minutes-1)
			sum += per(i) * p.minutes
		}
		yml.WriteString("'\n")
	}
	series(`reads_total{code="200"}`, func(i int) int { return phases[i].reads - phases[i].badReads })
	series(`reads_total{code="500"}`, func(i int) int { return phases[i].badReads })
	series(`writes_total{ok="yes"}`, func(i int) int { return phases[i].writes - phases[i].badWrites })
	series(`writes_total{ok="no"}`, func(i int) int { return phases[i].badWrites })
	yml.WriteString("  promql_expr_test:\n")
	fired := map[string]bool{}
	synctest.Test(t, func(t *testing.T) {
		tracker, err := slo.New(slo.Config{Objectives: []slo.Objective{objective}})
		require.NoError(t, err)
		reads, err := tracker.Recorder("reads")
		require.NoError(t, err)
		writes, err := tracker.Recorder("writes")
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tracker.Run(ctx) }()
		at := 0
		for _, p := range phases {
			for range p.minutes {
				time.Sleep(30 * time.Second)
				record(reads, p.reads-p.badReads, p.badReads)
				record(writes, p.writes-p.badWrites, p.badWrites)
				time.Sleep(30 * time.Second)
			}
			at += p.minutes
			o := tracker.Report().Objectives[0]
			ask := func(expr string) {
				fmt.Fprintf(&yml, "  - {expr: %q, eval_time: %dm, exp_samples: [{labels: '{}', value: 1}]}\n", expr, at-1)
			}
			for _, b := range o.Burn {
				// Both are right within what five minutes of smoothing, the minute of the first
				// scrape and our minutes make of the edges.
				ask(fmt.Sprintf(`abs(sum(slo:burn_rate:ratio{slo="both",window="%s"}) - %g) <= bool %g`, b.Window, b.Rate, 0.05+0.02*b.Rate))
			}
			ask(fmt.Sprintf(`abs(sum(slo:error_budget:remaining_ratio{slo="both"}) - %g) <= bool %g`, o.BudgetRatio, 0.05+0.02*(1-o.BudgetRatio)))
			for _, a := range o.Alerts {
				fired[a.Long] = fired[a.Long] || a.Firing
				firing := 0
				if a.Firing {
					firing = 1
				}
				ask(fmt.Sprintf(`count(ALERTS{alertname="SLOErrorBudgetBurn",alertstate="firing",slo="both",window="%s",severity="%s"} or vector(0)) - 1 == bool %d`, a.Long, a.Severity, firing))
			}
		}
		cancel()
		require.NoError(t, <-ended)
	})
	require.True(t, fired["1h"], "the history must make the urgent alert fire")

	dir := t.TempDir()
	var rules bytes.Buffer
	require.NoError(t, slo.WriteRules(&rules, []slo.Objective{objective}))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rules.yml"), rules.Bytes(), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "test.yml"), []byte(yml.String()), 0o644))
	promtool(t, "test", "rules", filepath.Join(dir, "test.yml"))
}
