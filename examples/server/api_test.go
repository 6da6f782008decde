package main_test

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The examples of docs/API.md do what they say. A line that begins with "$ " is run;
// those behind it are what it must print. "…" stands for anything.
func TestTheExamplesOfTheDocumentationWork(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	text, err := os.ReadFile("../../docs/API.md")
	require.NoError(t, err)
	s := start(t, t.TempDir(), "JWT_SECRET="+jwtSecret)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "page.txt"), []byte(heart), 0o600))
	for _, name := range []string{"page1.jpg", "page2.jpg"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), photo(t, rand.New(rand.NewPCG(1, 2))), 0o600))
	}
	blocks := strings.Split(string(text), "```console\n")[1:]
	require.GreaterOrEqual(t, len(blocks), 4)
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		var script, want strings.Builder
		for line := range strings.Lines(block) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				script.WriteString(strings.ReplaceAll(command, "http://127.0.0.1:5000", s.url))
			} else {
				want.WriteString(line)
			}
		}
		cmd := exec.Command("sh", "-e", "-c", script.String())
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "TOKEN="+s.device().token, "ADMIN="+token(t, "noor", "admin"))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", script.String(), out)
		got := strings.Split(strings.TrimSpace(string(out)), "\n")
		wanted := strings.Split(strings.TrimSpace(want.String()), "\n")
		got = withoutProgress(got)
		require.Len(t, got, len(wanted), "%s\n%s", script.String(), out)
		for i, line := range wanted {
			from := 0
			for piece := range strings.SplitSeq(line, "…") {
				at := strings.Index(got[i][from:], piece)
				require.GreaterOrEqual(t, at, 0, "want %s\ngot  %s", line, got[i])
				from += at + len(piece)
			}
		}
	}
}

// withoutProgress drops what curl says of how far it is.
func withoutProgress(lines []string) (kept []string) {
	for _, line := range lines {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "{") || strings.HasPrefix(line, `"`) || len(line) > 0 && len(line) < 4 {
			kept = append(kept, line)
		}
	}
	return kept
}
