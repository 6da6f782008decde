package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit/redistest"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
)

const runbookFile = "../../docs/RUNBOOK.md"

// A section is an entry of the runbook.
type section struct {
	title, text string
	commands    []string
}

func readRunbook(t *testing.T) (sections []section) {
	t.Helper()
	text, err := os.ReadFile(runbookFile)
	require.NoError(t, err)
	for i, part := range regexp.MustCompile(`(?m)^##? `).Split(string(text), -1) {
		if i == 0 {
			continue
		}
		title, rest, _ := strings.Cut(part, "\n")
		s := section{title: title, text: rest}
		for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(rest, -1) {
			s.commands = append(s.commands, m[1])
		}
		sections = append(sections, s)
	}
	return sections
}

// Every alert leads to an entry, and every entry that looks like an alert is one.
func TestEveryAlertHasItsRunbookEntry(t *testing.T) {
	alerts := map[string]bool{}
	for _, name := range []string{"alerts.yml", "slo.yml"} {
		text, err := os.ReadFile("../../deploy/prometheus/rules/" + name)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(string(text), -1) {
			alerts[m[1]] = true
		}
	}
	require.Greater(t, len(alerts), 10)
	entries := map[string]section{}
	for _, s := range readRunbook(t) {
		if regexp.MustCompile(`^[A-Z]+[a-z]+[A-Z]\w+$`).MatchString(s.title) {
			require.True(t, alerts[s.title], "no alert leads to the entry %s", s.title)
			entries[s.title] = s
		}
	}
	for alert := range alerts {
		entry, ok := entries[alert]
		require.True(t, ok, "%s has no entry", alert)
		at := -1
		for _, step := range []string{"**See.**", "**Stop the harm.**", "**Find.**", "**Mend.**", "**Verify.**"} {
			next := strings.Index(entry.text, step)
			require.Greater(t, next, at, "%s: %s is missing or out of order", alert, step)
			at = next
		}
		require.NotEmpty(t, entry.commands, alert)
	}
}

// Whatever the runbook tells somebody to type works: against a running server, in
// the order of the page.
func TestRunbookCommandsWork(t *testing.T) {
	if testing.Short() {
		t.Skip("a job fails three times before it is dead")
	}
	for program, debian := range map[string]string{"bash": "bash", "curl": "curl", "jq": "jq", "psql": "postgresql-client", "redis-cli": "redis-tools"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed (Debian: apt-get install %s)", program, debian)
		}
	}
	dir, flagsFile, backups := t.TempDir(), filepath.Join(t.TempDir(), "flags"), t.TempDir()
	require.NoError(t, os.WriteFile(flagsFile, nil, 0o600))
	provider := aitest.NewServer(t, aitest.Chat, aitest.Answer(func(aitest.Request) aitest.Step { return aitest.Fail(400, "not understood") }))
	environ := []string{
		"JWT_SECRET=" + jwtSecret, "DATABASE_URL=" + postgres.Database(t), "FLAGS_FILE=" + flagsFile, "BACKUP_DIR=" + backups, "FREE_PAGES_GUEST=-1",
		"REDIS_URL=" + redistest.New(t).URL(),
	}
	fake := paylinktest.NewServer(t)
	environ = append(environ, paylinkEnviron(fake)...)
	s := start(t, dir, append(environ, "PATH="+t.TempDir(), "OPENAI_API_KEY=key", "OPENAI_BASE_URL="+provider.URL)...) // nothing reads photos
	r := rand.New(rand.NewPCG(1, 1))
	d := s.device()
	for range 2 {
		d.create([][]byte{photo(t, r)})
	}
	var dead struct{ Jobs []struct{ ID int64 } }
	require.Eventually(t, func() bool {
		return s.operate("GET", "/jobs/dead", nil, &dead) == 200 && len(dead.Jobs) == 2
	}, time.Minute, 100*time.Millisecond)

	bought, _ := d.buy("basic")
	require.True(t, fake.Reprice(bought.OrderNumber, "4.99") && fake.Pay(bought.OrderNumber))
	bought, _ = d.verify(bought.OrderNumber)
	require.Equal(t, "review", bought.State)

	programs := t.TempDir()
	require.NoError(t, os.Symlink(binary, filepath.Join(programs, "server")))
	environ = append(environ, "PATH="+programs+":"+os.Getenv("PATH"), "HOME="+dir, "DATA_DIR="+dir, "LEARNSNAP="+s.url, fmt.Sprintf("ID=%d", dead.Jobs[0].ID),
		"ORDER="+bought.OrderNumber, "OWNER="+s.ownerOf(d))
	sections := readRunbook(t)
	require.Equal(t, "Before you begin", sections[1].title)
	require.NotEmpty(t, sections[1].commands)
	before := sections[1].commands[0] // every command has what this sets
	work := t.TempDir()
	n := 0
	for _, s := range sections {
		for i, commands := range s.commands {
			n++
			t.Run(fmt.Sprintf("%s %d", s.title, i+1), func(t *testing.T) {
				cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", before+commands)
				cmd.Env, cmd.Dir = environ, work
				out, err := cmd.CombinedOutput()
				require.NoError(t, err, "%s\n%s", commands, out)
				require.NotContains(t, string(out), jwtSecret)
				require.NotContains(t, string(out), hookHeader)
				t.Logf("%.2000s", out)
			})
		}
	}
	require.Greater(t, n, 30)
	var left struct{ Overrides []any }
	require.Equal(t, 200, s.operate("GET", "/flags", nil, &left))
	require.Empty(t, left.Overrides, "every switch that the page turns it turns back")
}
