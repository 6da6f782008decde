// Package deploy_test holds what stands in this folder to what it says: generated
// files to their generator, configuration to the programs that read it, manifests to
// the server's own source.
package deploy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestGeneratedFilesAreThoseOfTheGenerator(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.Command("go", "run", "./generate", "-dir", dir).CombinedOutput()
	require.NoError(t, err, string(out))
	written := files(t, dir, "")
	require.Len(t, written, 6)
	for _, name := range written {
		want, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s: run go generate ./deploy/generate", name)
	}
	for _, folder := range []string{"prometheus/rules", "grafana/dashboards"} {
		for _, name := range files(t, folder, "") {
			require.Contains(t, written, filepath.Join(folder, name), "nothing writes this file any more")
		}
	}
}

func TestALinkToTheRunbookCanLeadElsewhere(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.Command("go", "run", "./generate", "-dir", dir, "-runbook", "https://wiki.example.com/x").CombinedOutput()
	require.NoError(t, err, string(out))
	for _, name := range []string{"alerts.yml", "slo.yml"} {
		text, err := os.ReadFile(filepath.Join(dir, "prometheus/rules", name))
		require.NoError(t, err)
		require.NotContains(t, string(text), "github.com")
		require.Contains(t, string(text), `runbook_url: "https://wiki.example.com/x#`)
	}
}

func TestPrometheusTakesItsConfiguration(t *testing.T) {
	run(t, "promtool", "prometheus", "check", "config", "prometheus/prometheus.yml")
	run(t, "promtool", "prometheus", "check", "rules", "--lint=all", "--lint-fatal", "prometheus/rules/alerts.yml", "prometheus/rules/slo.yml")
}

// The rules' own tests, in the time that they are written for.
func TestAlertsFireWhenTheyShould(t *testing.T) {
	for _, name := range []string{"alerts_test.yml", "capacity_test.yml", "slo_test.yml"} {
		t.Run(name, func(t *testing.T) { run(t, "promtool", "prometheus", "test", "rules", "prometheus/"+name) })
	}
}

func TestEveryAlertHasATestOfItsRule(t *testing.T) {
	var tests strings.Builder
	for _, name := range files(t, "prometheus", "_test.yml") {
		text, err := os.ReadFile(filepath.Join("prometheus", name))
		require.NoError(t, err)
		tests.Write(text)
	}
	for _, a := range alerts(t) {
		require.Contains(t, tests.String(), a.Alert)
	}
}

func TestAlertsSayWhoIsToldAndWhatToDo(t *testing.T) {
	for _, a := range alerts(t) {
		require.Contains(t, []string{"critical", "warning", "page", "ticket"}, a.Labels["severity"], a.Alert)
		require.NotEmpty(t, a.Annotations["summary"], a.Alert)
		require.NotEmpty(t, a.Annotations["description"], a.Alert)
		require.True(t, strings.HasSuffix(a.Annotations["runbook_url"], "/docs/RUNBOOK.md#"+strings.ToLower(a.Alert)), a.Alert)
	}
}

func TestAlertmanagerTellsThePagerOfWhatIsUrgent(t *testing.T) {
	const config = "alertmanager/alertmanager.yml"
	const debian = "prometheus-alertmanager"
	run(t, "amtool", debian, "check-config", config)
	for severity, receiver := range map[string]string{"critical": "pager", "page": "pager", "warning": "channel", "ticket": "channel", "unheard-of": "channel"} {
		run(t, "amtool", debian, "config", "routes", "test", "--config.file="+config, "--verify.receivers="+receiver, "severity="+severity)
	}
}

// No rule mutes an alert by a name that no alert has.
func TestAlertmanagerKnowsTheAlertsItMutes(t *testing.T) {
	text, err := os.ReadFile("alertmanager/alertmanager.yml")
	require.NoError(t, err)
	names := map[string]bool{}
	for _, a := range alerts(t) {
		names[a.Alert] = true
	}
	found := regexp.MustCompile(`alertname="(\w+)"`).FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, found)
	for _, m := range found {
		require.True(t, names[m[1]], m[1])
	}
}

func TestDashboardsAreWhole(t *testing.T) {
	uids := map[string]bool{}
	var exprs []string
	for _, name := range files(t, "grafana/dashboards", ".json") {
		text, err := os.ReadFile(filepath.Join("grafana/dashboards", name))
		require.NoError(t, err)
		var board struct {
			UID, Title string
			Panels     []struct {
				ID          int
				Type, Title string
				GridPos     struct{ X, Y, W, H int }
				Targets     []struct{ RefID, Expr string }
				FieldConfig struct{ Defaults struct{ Unit string } }
			}
		}
		require.NoError(t, json.Unmarshal(text, &board))
		require.NotEmpty(t, board.Title)
		require.False(t, uids[board.UID], board.UID)
		uids[board.UID] = true
		ids, cells := map[int]bool{}, map[[2]int]string{}
		for _, p := range board.Panels {
			require.False(t, ids[p.ID], "%s: panel %d is there twice", name, p.ID)
			ids[p.ID] = true
			require.NotEmpty(t, p.Title)
			require.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
			for x := range p.GridPos.W {
				for y := range p.GridPos.H {
					at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
					require.Empty(t, cells[at], "%s: %s lies over it", name, p.Title)
					cells[at] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			require.NotEmpty(t, p.FieldConfig.Defaults.Unit, p.Title)
			require.NotEmpty(t, p.Targets, p.Title)
			for _, target := range p.Targets {
				exprs = append(exprs, strings.ReplaceAll(target.Expr, "$__rate_interval", "1m"))
			}
		}
	}
	require.Len(t, uids, 4)
	// Prometheus itself reads every query, as a rule.
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboards\n  rules:\n")
	for i, expr := range exprs {
		fmt.Fprintf(&rules, "  - record: query:%d\n    expr: %q\n", i, expr)
	}
	path := filepath.Join(t.TempDir(), "dashboards.yml")
	require.NoError(t, os.WriteFile(path, []byte(rules.String()), 0o644))
	run(t, "promtool", "prometheus", "check", "rules", path)
}

// manifest is what the tests look at of a Kubernetes object.
type manifest struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	StrData  map[string]string `yaml:"stringData"`
	Spec     struct {
		Template *podTemplate
		Job      struct {
			Spec struct{ Template *podTemplate }
		} `yaml:"jobTemplate"`
	}
}

type podTemplate struct {
	Metadata struct{ Labels map[string]string }
	Spec     struct {
		Grace      int            `yaml:"terminationGracePeriodSeconds"`
		Security   map[string]any `yaml:"securityContext"`
		Init       []container    `yaml:"initContainers"`
		Containers []container
		Volumes    []struct{ Name string }
	}
}

type container struct {
	Name, Image string
	Args        []string
	Env         []struct{ Name string }
	Resources   struct{ Requests, Limits map[string]string }
	Security    struct {
		ReadOnly  bool `yaml:"readOnlyRootFilesystem"`
		Escalates bool `yaml:"allowPrivilegeEscalation"`
	} `yaml:"securityContext"`
	Liveness  *probe                  `yaml:"livenessProbe"`
	Readiness *probe                  `yaml:"readinessProbe"`
	Startup   *probe                  `yaml:"startupProbe"`
	Mounts    []struct{ Name string } `yaml:"volumeMounts"`
}

type probe struct {
	HTTP struct{ Path string } `yaml:"httpGet"`
}

func TestPodsAreBoundedAndUnprivileged(t *testing.T) {
	pods := 0
	for name, all := range manifests(t) {
		for _, m := range all {
			template := m.Spec.Template
			if template == nil {
				template = m.Spec.Job.Spec.Template
			}
			if template == nil {
				continue
			}
			pods++
			at := name + " " + m.Metadata.Name
			require.Equal(t, true, template.Spec.Security["runAsNonRoot"], at)
			require.NotZero(t, template.Spec.Security["runAsUser"], at)
			var volumes []string
			for _, v := range template.Spec.Volumes {
				volumes = append(volumes, v.Name)
			}
			for _, c := range append(template.Spec.Init, template.Spec.Containers...) {
				require.NotEmpty(t, c.Resources.Requests["cpu"], at)
				require.NotEmpty(t, c.Resources.Requests["memory"], at)
				require.NotEmpty(t, c.Resources.Limits["memory"], at)
				require.True(t, c.Security.ReadOnly, at)
				require.False(t, c.Security.Escalates, at)
				for _, mount := range c.Mounts {
					require.Contains(t, volumes, mount.Name, at)
				}
				if m.Kind == "Deployment" {
					require.Equal(t, "/health/live", c.Liveness.HTTP.Path)
					require.Equal(t, "/health/ready", c.Readiness.HTTP.Path)
					require.Equal(t, "/health/live", c.Startup.HTTP.Path)
					require.Greater(t, template.Spec.Grace, 35, "SHUTDOWN_TIMEOUT and what is before it")
				} else {
					require.Equal(t, "admin", c.Args[0], at)
				}
			}
		}
	}
	require.Equal(t, 4, pods, "the server, the migration, the backup and the export")
}

// A variable that the server does not know does nothing, and nobody would see it.
func TestManifestsSetVariablesThatTheServerKnows(t *testing.T) {
	var source strings.Builder
	for _, name := range files(t, "../examples/server", ".go") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join("../examples/server", name))
		require.NoError(t, err)
		source.Write(text)
	}
	known := func(name, where string) {
		prefix, suffix, ok := strings.Cut(name, "_API_KEY")
		if ok && suffix == "" && slices.Contains([]string{"GEMINI", "OPENAI", "ANTHROPIC"}, prefix) {
			return
		}
		require.Contains(t, source.String(), `"`+name+`"`, where)
	}
	n := 0
	for name, all := range manifests(t) {
		for _, m := range all {
			if m.Kind != "ConfigMap" && m.Kind != "Secret" {
				continue
			}
			for key := range m.Data {
				known(key, name)
				n++
			}
			for key := range m.StrData {
				known(key, name)
				n++
			}
		}
	}
	require.Greater(t, n, 5)
	unit, err := os.ReadFile("systemd/learnsnap.service")
	require.NoError(t, err)
	for _, line := range regexp.MustCompile(`(?m)^Environment=.*$`).FindAllString(string(unit), -1) {
		for _, m := range regexp.MustCompile(`\b([A-Z_]+)=`).FindAllStringSubmatch(line, -1) {
			known(m[1], "learnsnap.service")
		}
	}
}

func TestKustomizeFindsWhatItNames(t *testing.T) {
	text, err := os.ReadFile("kubernetes/kustomization.yaml")
	require.NoError(t, err)
	var k struct{ Resources []string }
	require.NoError(t, yaml.Unmarshal(text, &k))
	for _, name := range k.Resources {
		require.FileExists(t, filepath.Join("kubernetes", name))
	}
	if _, err := exec.LookPath("kubectl"); err != nil {
		t.Skip("kubectl is not installed: kustomize itself has not read the manifests")
	}
	run(t, "kubectl", "kubectl", "kustomize", "kubernetes")
}

func TestSystemdTakesTheUnits(t *testing.T) {
	dir := t.TempDir()
	args := []string{"verify"}
	for _, name := range files(t, "systemd", "") {
		text, err := os.ReadFile(filepath.Join("systemd", name))
		require.NoError(t, err)
		text = bytes.ReplaceAll(text, []byte("/usr/local/bin/learnsnap"), []byte("/bin/true")) // it is not installed here
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o644))
		args = append(args, filepath.Join(dir, name))
	}
	require.Len(t, args, 4)
	run(t, "systemd-analyze", "systemd", args...)
}

func TestTheImageRunsWithoutRoot(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	stages := strings.Split(string(text), "\nFROM ")
	require.Len(t, stages, 4)
	require.Contains(t, stages[1], "CGO_ENABLED=0")
	for _, stage := range stages[2:] {
		require.Regexp(t, `(?m)^USER 65532:65532$`, stage)
		require.Contains(t, stage, `ENTRYPOINT ["/usr/local/bin/server"]`)
	}
}

// run runs a program of the machine, or skips where it is not there.
func run(t *testing.T, program, debian string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed (Debian: apt-get install %s)", program, debian)
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	require.NoError(t, err, string(out))
}

type alert struct {
	Alert               string
	Labels, Annotations map[string]string
}

func alerts(t *testing.T) (all []alert) {
	t.Helper()
	for _, name := range files(t, "prometheus/rules", ".yml") {
		text, err := os.ReadFile(filepath.Join("prometheus/rules", name))
		require.NoError(t, err)
		var rules struct {
			Groups []struct{ Rules []alert }
		}
		require.NoError(t, yaml.Unmarshal(text, &rules))
		for _, g := range rules.Groups {
			for _, r := range g.Rules {
				if r.Alert != "" {
					all = append(all, r)
				}
			}
		}
	}
	require.Greater(t, len(all), 16)
	return all
}

func manifests(t *testing.T) map[string][]manifest {
	t.Helper()
	all := map[string][]manifest{}
	for _, name := range files(t, "kubernetes", ".yaml") {
		text, err := os.ReadFile(filepath.Join("kubernetes", name))
		require.NoError(t, err)
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		for {
			var m manifest
			err := decoder.Decode(&m)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
			all[name] = append(all[name], m)
		}
	}
	return all
}

// files lists the files below a folder whose names end in suffix.
func files(t *testing.T, dir, suffix string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, suffix) {
			path, err = filepath.Rel(dir, path)
			names = append(names, path)
		}
		return err
	}))
	return names
}
