package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExampleRuns(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out))
	require.Contains(t, out.String(), "22:20  page")
	require.Contains(t, out.String(), "23:10  ticket")
	for arg, want := range map[string]string{"-rules": "alert: SLOErrorBudgetBurn", "-openslo": "apiVersion: openslo/v1"} {
		out.Reset()
		require.NoError(t, run(t.Context(), []string{arg}, &out))
		require.Contains(t, out.String(), want)
	}
}
