package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs/API.md names every route and every code, so that it can be relied on.
func TestTheDocumentationNamesEveryRouteAndCode(t *testing.T) {
	text, err := os.ReadFile("../../docs/API.md")
	require.NoError(t, err)
	doc := string(text)
	for _, rt := range (&server{}).routes() {
		pattern := rt.pattern
		if pattern == "/api/v1/quiz/:id" && rt.method == "POST" {
			pattern = "/api/v1/quiz/create"
		}
		if strings.HasPrefix(pattern, "/app.") || pattern == "/" {
			continue // the page
		}
		require.True(t, strings.Contains(doc, rt.method+" "+pattern) || strings.Contains(doc, rt.method+"`, `PUT "+pattern), "%s %s", rt.method, pattern)
	}
	for code, p := range problems {
		require.Contains(t, doc, "| `"+string(code)+"` |")
		require.NotEmpty(t, p.en)
		require.NotEmpty(t, p.ar)
	}
}
