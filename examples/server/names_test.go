package main_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
)

// What others than the server tell Prometheus.
var (
	byPrometheus = map[string][]string{"up": {"job"}, "ALERTS": {"alertname", "alertstate", "severity"}}
	byMachine    = map[string][]string{ // prometheus-node-exporter
		"node_filesystem_avail_bytes": {"device", "fstype", "mountpoint"},
		"node_filesystem_size_bytes":  {"device", "fstype", "mountpoint"},
	}
	byScrape = []string{"job", "instance", "le"} // labels that any series may have
)

// Every metric and label that an alert, a dashboard or the runbook names is one that
// the server has, or another program that is named here.
func TestAlertsDashboardsAndRunbookNameWhatIsMeasured(t *testing.T) {
	provider := aitest.NewServer(t, aitest.Gemini, aitest.Say(heartReply(t)))
	s := start(t, t.TempDir(), "GEMINI_API_KEY=key", "GEMINI_BASE_URL="+provider.URL)
	d := s.device()
	d.watch(d.create([][]byte{[]byte(heart)}, "questions", "5").SessionID, "", 0)
	known := s.metricNames()
	maps.Copy(known, byPrometheus)
	maps.Copy(known, byMachine)
	for name, labels := range promised(t) {
		if _, ok := known[name]; !ok {
			known[name] = labels // of a part that is not wired in this run
		}
	}
	exprs, recorded := exprsOfRules(t)
	maps.Copy(known, recorded)
	exprs = append(exprs, exprsOfDashboards(t)...)
	exprs = append(exprs, exprsOfRunbook(t)...)
	require.Greater(t, len(exprs), 100)
	used := 0
	for _, expr := range exprs {
		for _, named := range metricsIn(expr) {
			used++
			name := named.name
			labels, ok := known[name]
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				if base, cut := strings.CutSuffix(name, suffix); !ok && cut {
					labels, ok = known[base]
				}
			}
			require.True(t, ok, "no program has the metric %s, in: %s", name, expr)
			for _, label := range named.labels {
				require.True(t, slices.Contains(labels, label) || slices.Contains(byScrape, label), "%s has no label %s, in: %s", name, label, expr)
			}
		}
	}
	require.Greater(t, used, 100)
}

// metricNames are the metrics of a running server and the labels of each.
func (s *running) metricNames() map[string][]string {
	found := map[string][]string{}
	for line := range strings.Lines(s.scrape()) {
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, _, _ := strings.Cut(rest, " ")
			found[name] = nil
			continue
		}
		if named := metricsIn(line); len(named) > 0 && line[0] != '#' {
			name := named[0].name
			if _, ok := found[name]; !ok { // of a histogram or a summary
				name = name[:strings.LastIndexByte(name, '_')]
			}
			for _, label := range named[0].labels {
				if !slices.Contains(found[name], label) {
					found[name] = append(found[name], label)
				}
			}
		}
	}
	return found
}

// scrape is what Prometheus gets.
func (s *running) scrape() string {
	s.t.Helper()
	resp, err := http.Get(s.url + "/metrics")
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	return string(text)
}

// promised reads the list that the test of learnsnap/telemetry holds its registry to.
func promised(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../learnsnap/telemetry/names_test.go")
	require.NoError(t, err)
	_, list, _ := strings.Cut(string(text), "const names = `")
	list, _, ok := strings.Cut(list, "`")
	require.True(t, ok)
	all := map[string][]string{}
	for line := range strings.Lines(strings.TrimSpace(list)) {
		name, labels, _ := strings.Cut(strings.TrimSpace(line), "{")
		all[name] = strings.Split(strings.TrimSuffix(labels, "}"), ",")
	}
	require.Greater(t, len(all), 20)
	return all
}

// exprsOfRules reads the queries of all rules, and what they record.
func exprsOfRules(t *testing.T) (exprs []string, recorded map[string][]string) {
	t.Helper()
	recorded = map[string][]string{}
	names, err := filepath.Glob("../../deploy/prometheus/rules/*.yml")
	require.NoError(t, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		var rules struct {
			Groups []struct {
				Rules []struct {
					Record, Expr string
					Labels       map[string]string
				}
			}
		}
		require.NoError(t, yaml.Unmarshal(text, &rules))
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				exprs = append(exprs, r.Expr)
				if r.Record != "" {
					recorded[r.Record] = append(recorded[r.Record], slices.Collect(maps.Keys(r.Labels))...)
				}
			}
		}
	}
	return exprs, recorded
}

func exprsOfDashboards(t *testing.T) (exprs []string) {
	t.Helper()
	names, err := filepath.Glob("../../deploy/grafana/dashboards/*.json")
	require.NoError(t, err)
	require.Len(t, names, 4)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		var board any
		require.NoError(t, json.Unmarshal(text, &board))
		var visit func(v any)
		visit = func(v any) {
			switch v := v.(type) {
			case map[string]any:
				for key, inner := range v {
					if s, ok := inner.(string); ok && key == "expr" {
						exprs = append(exprs, s)
					}
					visit(inner)
				}
			case []any:
				for _, inner := range v {
					visit(inner)
				}
			}
		}
		visit(board)
	}
	return exprs
}

// exprsOfRunbook takes what stands in fences marked promql, and whatever else in
// backticks looks like one of our metrics.
func exprsOfRunbook(t *testing.T) (exprs []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/RUNBOOK.md")
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	for _, m := range regexp.MustCompile("(?s)```promql\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(m[1]) {
			exprs = append(exprs, line)
		}
	}
	metric := regexp.MustCompile("`((?:http|quiz|ai|circuit|credits|payments|webhook|jobs|db|slo|feature|memory|backup|learnsnap|process|go|node)_[a-z_]+(?:\\{[^}`]*\\})?)`")
	for _, m := range metric.FindAllStringSubmatch(string(text), -1) {
		exprs = append(exprs, m[1])
	}
	return exprs
}

// A naming is a metric in a query, and the labels that it is chosen by.
type naming struct {
	name   string
	labels []string
}

var (
	texts     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	ranges    = regexp.MustCompile(`\[[^\]]*\]`)
	groupings = regexp.MustCompile(`\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)`)
	selectors = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\}|\(|)`)
	matchers  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)`)
)

// metricsIn finds the metrics of a PromQL query, or of a line of the text format.
func metricsIn(expr string) (all []naming) {
	expr = texts.ReplaceAllString(expr, `""`)
	expr = ranges.ReplaceAllString(expr, "")
	expr = groupings.ReplaceAllString(expr, "")
	for _, m := range selectors.FindAllStringSubmatch(expr, -1) {
		if m[2] == "(" || slices.Contains([]string{"and", "or", "unless", "bool", "offset", "by", "e", "Inf", "NaN"}, m[1]) {
			continue
		}
		n := naming{name: m[1]}
		for _, label := range matchers.FindAllStringSubmatch(m[2], -1) {
			n.labels = append(n.labels, label[1])
		}
		all = append(all, n)
	}
	return all
}
