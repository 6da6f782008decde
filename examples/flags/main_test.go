package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestExampleRuns(t *testing.T) {
	var out bytes.Buffer
	none := func(string) (string, bool) { return "", false }
	require.NoError(t, run(t.Context(), filepath.Join(t.TempDir(), "flags"), none, &out))
	require.Equal(t, `at the start:                  false
an override says true:         true
the file says false:           false
OpenFeature, our provider:     false
a vendor in front says:        true
what it does not know is ours: true
`, out.String())
}
