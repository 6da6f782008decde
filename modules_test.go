package learnsnap_test

import (
	"flag"
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// frontDoors are the packages that somebody imports alone.
var frontDoors = []string{
	"resilience", "slo", "flags", "ai", "ai/aitest", "ai/gemini", "ai/openai", "ai/anthropic", "storage", "storage/keep", "storage/sqlite", "storage/postgres", "storage/storagetest",
	"learnsnap", "learnsnap/quiz", "learnsnap/offline", "learnsnap/pages", "learnsnap/payments", "learnsnap/payments/paylink", "learnsnap/payments/paylinktest", "learnsnap/telemetry", "learnsnap/telemetry/otlp", "learnsnap/telemetry/sentry", "examples/server",
}

// TestPriceOfEachImport compares the modules that an importer of each front door
// links with testdata/modules.txt. A longer list is a price that somebody pays:
// -update takes it, a reviewer sees it.
func TestPriceOfEachImport(t *testing.T) {
	required := requirements(t)
	var got strings.Builder
	for _, door := range frontDoors {
		fmt.Fprintf(&got, "%s: %s\n", door, strings.Join(linked(t, door, required), " "))
	}
	golden := filepath.Join("testdata", "modules.txt")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String(), "the price of an import has changed; if that is meant: go test . -run Price -update")
}

// linked lists the modules of others whose packages are compiled into a program
// that imports the folder door of this module.
func linked(t *testing.T, door string, required map[string]string) []string {
	t.Helper()
	modules := map[string]bool{}
	seen := map[string]bool{}
	var visit func(importPath string)
	visit = func(importPath string) {
		if importPath == "C" || importPath == "unsafe" || isStandard(importPath) || seen[importPath] {
			return
		}
		seen[importPath] = true
		dir, name := locate(t, importPath, required)
		if name != "" {
			modules[name] = true
		}
		pkg, err := build.ImportDir(dir, 0)
		require.NoError(t, err, importPath)
		for _, next := range pkg.Imports {
			visit(next)
		}
	}
	visit(module + "/" + door)
	names := []string{}
	for name := range modules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// locate returns the folder of a package and the name of its module; the name of
// our own module is empty.
func locate(t *testing.T, importPath string, required map[string]string) (dir, name string) {
	t.Helper()
	if rel, ours := strings.CutPrefix(importPath, module+"/"); ours {
		return filepath.FromSlash(rel), ""
	}
	for candidate := importPath; candidate != "."; candidate = parent(candidate) {
		version, ok := required[candidate]
		if !ok {
			continue
		}
		dir := filepath.Join(moduleCache(), escape(candidate)+"@"+version, strings.TrimPrefix(importPath, candidate))
		if _, err := os.Stat(dir); err == nil {
			return dir, candidate
		}
	}
	require.Fail(t, "no module in go.mod holds "+importPath)
	return "", ""
}

func parent(importPath string) string {
	i := strings.LastIndexByte(importPath, '/')
	if i < 0 {
		return "."
	}
	return importPath[:i]
}

func moduleCache() string {
	if dir := os.Getenv("GOMODCACHE"); dir != "" {
		return dir
	}
	return filepath.Join(filepath.SplitList(build.Default.GOPATH)[0], "pkg", "mod")
}

// escape writes capital letters as the module cache does: "!" and the small one.
func escape(modulePath string) string {
	var b strings.Builder
	for _, r := range modulePath {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// requirements reads module paths and versions out of go.mod.
func requirements(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	required := map[string]string{}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && strings.HasPrefix(fields[1], "v") {
			required[fields[0]] = fields[1]
		}
	}
	return required
}
