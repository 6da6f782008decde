// Package learnsnap_test keeps the walls of the house: who may import whom, and
// what an importer of each front door links. It reads the source itself, for a
// cached test does not see what a child process such as go list reads.
package learnsnap_test

import (
	"go/build"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/learnsnap/learnsnap-go"

// A wall names what a package's own code (not its tests) may import beside the
// standard library.
type wall struct {
	ours   string // packages of this module
	others string // modules of others
}

// walls has a row for every package. Arrows point down only; each heavy library
// hangs on exactly one leaf.
var walls = map[string]wall{
	// floor 1: none knows another
	"resilience":             {},
	"slo":                    {},
	"flags":                  {others: "github.com/open-feature/go-sdk"},
	"storage":                {},
	"storage/storagetest":    {ours: "storage"},
	"storage/sealed":         {ours: "storage"},
	"storage/internal/valid": {ours: "storage"},
	"storage/internal/hours": {},
	"storage/internal/jobs":  {ours: "storage", others: "github.com/riverqueue/river github.com/riverqueue/river/riverdriver github.com/riverqueue/river/rivertype"},
	"storage/sqlite": {
		ours:   "storage storage/internal/hours storage/internal/jobs storage/internal/valid",
		others: "modernc.org/sqlite github.com/pressly/goose/v3 github.com/riverqueue/river/riverdriver/riversqlite github.com/riverqueue/river",
	},
	"storage/postgres": {
		ours:   "storage storage/internal/hours storage/internal/jobs storage/internal/valid",
		others: "github.com/jackc/pgx/v5 github.com/pressly/goose/v3 github.com/riverqueue/river",
	},
	"storage/postgres/pgtest": {},
	"storage/keep":            {ours: "storage"},

	// floor 2
	"ai":                   {ours: "resilience ai/internal/elements"},
	"ai/aitest":            {ours: "ai resilience"},
	"ai/gemini":            {ours: "ai ai/internal/body ai/internal/dialect ai/internal/walk ai/internal/wire"},
	"ai/openai":            {ours: "ai ai/internal/body ai/internal/dialect ai/internal/walk ai/internal/wire"},
	"ai/anthropic":         {ours: "ai ai/internal/body ai/internal/dialect ai/internal/walk ai/internal/wire"},
	"ai/internal/body":     {ours: "ai"},
	"ai/internal/dialect":  {ours: "ai"},
	"ai/internal/elements": {ours: "ai/internal/walk"},
	"ai/internal/sse":      {},
	"ai/internal/walk":     {},
	"ai/internal/wire": {
		ours:   "ai resilience ai/internal/body ai/internal/sse ai/internal/walk",
		others: "github.com/hashicorp/go-retryablehttp",
	},

	// floor 3
	"learnsnap":                       {ours: "ai storage learnsnap/quiz learnsnap/payments"},
	"learnsnap/quiz":                  {},
	"learnsnap/offline":               {ours: "ai learnsnap/quiz learnsnap/offline/internal/flat"},
	"learnsnap/offline/internal/flat": {},
	"learnsnap/pages":                 {ours: "ai", others: "golang.org/x/image github.com/gen2brain/heic"},
	"learnsnap/payments":              {},
	"learnsnap/payments/paylink":      {ours: "learnsnap/payments", others: "github.com/hashicorp/go-retryablehttp"},
	"learnsnap/payments/paylinktest":  {ours: "learnsnap/payments"},
	"learnsnap/telemetry": {
		ours:   "ai slo resilience flags storage learnsnap learnsnap/quiz",
		others: "github.com/prometheus/client_golang github.com/prometheus/client_model go.opentelemetry.io/otel/trace go.opentelemetry.io/otel/attribute go.opentelemetry.io/otel/codes go.opentelemetry.io/otel/propagation",
	},
	"learnsnap/telemetry/sentry": {ours: "learnsnap/telemetry", others: "github.com/getsentry/sentry-go"},
	"learnsnap/telemetry/otlp": {
		ours:   "learnsnap/telemetry",
		others: "go.opentelemetry.io/otel go.opentelemetry.io/contrib/bridges/otelslog",
	},

	// floor 4: the only place that knows everything
	"examples/server":                          {ours: "*", others: "github.com/julienschmidt/httprouter"},
	"examples/server/internal/admin":           {ours: "storage storage/keep storage/postgres storage/sealed storage/sqlite"},
	"examples/server/internal/cors":            {},
	"examples/server/internal/identity":        {others: "github.com/golang-jwt/jwt/v5 github.com/coreos/go-oidc/v3 github.com/go-jose/go-jose/v4"},
	"examples/server/internal/intake":          {},
	"examples/server/internal/limit":           {ours: "resilience storage", others: "github.com/redis/go-redis/v9"},
	"examples/server/internal/limit/redistest": {},
	"examples/quiz":                            {ours: "*"},
	"examples/ai":                              {ours: "ai ai/anthropic ai/gemini resilience"},
	"examples/embed":                           {ours: "*"},
	"examples/resilience":                      {ours: "resilience"},
	"examples/slo":                             {ours: "*"},
	"examples/flags":                           {ours: "*", others: "github.com/open-feature/go-sdk"},

	// beside the house: writes what Prometheus and Grafana load
	"deploy/generate": {ours: "slo"},
}

func TestImportsPointDownOnly(t *testing.T) {
	for dir, pkg := range packages(t) {
		t.Run(dir, func(t *testing.T) {
			w, ok := walls[dir]
			require.True(t, ok, "package %s has no row in walls: say what it may import", dir)
			for _, imported := range pkg.Imports {
				switch rel, ours := strings.CutPrefix(imported, module+"/"); {
				case isStandard(imported):
				case ours:
					require.True(t, w.ours == "*" || slices.Contains(strings.Fields(w.ours), rel), "%s imports %s", dir, rel)
				default:
					require.True(t, slices.ContainsFunc(strings.Fields(w.others), func(m string) bool {
						return imported == m || strings.HasPrefix(imported, m+"/")
					}), "%s imports %s", dir, imported)
				}
			}
		})
	}
}

func TestEveryWallStands(t *testing.T) {
	have := packages(t)
	for dir := range walls {
		require.Contains(t, have, dir, "walls has a row for a package that is not there")
	}
}

// packages reads the packages of the module by folder.
func packages(t *testing.T) map[string]*build.Package {
	t.Helper()
	found := map[string]*build.Package{}
	err := filepath.WalkDir(".", func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); dir != "." && (strings.HasPrefix(name, ".") || name == "testdata" || hasGoMod(dir)) {
			return fs.SkipDir
		}
		pkg, err := build.ImportDir(dir, 0)
		if _, none := err.(*build.NoGoError); none {
			return nil
		}
		if err == nil && len(pkg.GoFiles) > 0 {
			found[filepath.ToSlash(dir)] = pkg
		}
		return err
	})
	require.NoError(t, err)
	return found
}

func hasGoMod(dir string) bool {
	matches, err := filepath.Glob(path.Join(dir, "go.mod"))
	return err == nil && len(matches) > 0
}

// isStandard reports whether an import path is of the standard library: its
// first element has no dot.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}
