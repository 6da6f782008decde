package main

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap"
)

// FuzzCursor reads cursors and limits as strangers send them.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "1", "-1", "0", "9223372036854775807", "9223372036854775808", "1e3", " 1", "١", "0x10", "1;2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		r := httptest.NewRequest("GET", "/?cursor="+url.QueryEscape(sent), nil)
		n, err := numberOf(r, "cursor", 7, 1, 100)
		switch {
		case err != nil:
			require.Equal(t, learnsnap.InvalidRequest, learnsnap.CodeOf(err))
		case sent == "":
			require.EqualValues(t, 7, n)
		default:
			require.True(t, n >= 1 && n <= 100)
		}
	})
}
