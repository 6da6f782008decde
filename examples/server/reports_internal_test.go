package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
)

// FuzzReportCursor reads cursors of reports as strangers send them.
func FuzzReportCursor(f *testing.F) {
	at := time.Date(2031, 5, 4, 3, 2, 1, 123456000, time.UTC)
	for _, r := range []storage.Report{
		{Created: at, Session: "a", Question: "q1", Owner: "device"},
		{Created: at, Session: "أ", Question: `"`, Owner: "\x01\xff"},
		{Created: at, Session: "\x00"}, {Created: at.AddDate(9000, 0, 0), Session: "a"}, {},
	} {
		f.Add(reportCursor(r))
	}
	for _, seed := range []string{"", "bnVsbA", "e30", "W10", "=", "e30=", strings.Repeat("A", maxCursor+1)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		r, ok := reportOf(sent)
		if !ok || sent == "" {
			require.Zero(t, r)
			return
		}
		require.NotEmpty(t, r.Session)
		require.True(t, r.Created.Year() >= 1970 && r.Created.Year() <= 9999)
		if again := reportCursor(r); len(again) <= maxCursor { // what we made ourselves leads on
			same, ok := reportOf(again)
			require.True(t, ok)
			require.Equal(t, r, same)
		}
	})
}
