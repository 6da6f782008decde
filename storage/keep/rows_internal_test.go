package keep

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
)

// FuzzARowThatIsReadIsWrittenAsItWas is an inner test: lines have no door of their own.
func FuzzARowThatIsReadIsWrittenAsItWas(f *testing.F) {
	f.Add(0, []byte(`{"name":"a","value":"AP8="}`))
	f.Add(1, []byte(`{"id":"a","owner":"b","created":"2026-01-01T00:00:00.000001Z","updated":"2026-01-01T00:00:00Z","expires":null}`))
	f.Add(2, []byte(`{"session":"a","seq":1,"kind":"page","json":""}`))
	f.Add(5, []byte(`{"id":1,"session":"a","created":"2026-01-01T00:00:00Z","due":"2026-01-01T00:00:00Z","errors":[{"b":1.0,"a":"\u003c"}],"metadata":{}}`))
	f.Fuzz(func(t *testing.T, n int, line []byte) {
		tables := storage.Tables()
		table := tables[uint(n)%uint(len(tables))]
		row, err := parseRow(line, table)
		if err != nil {
			return
		}
		once, err := appendRow(nil, table, row, exact)
		if err != nil {
			return // a year that no text has, JSON that nests too deep
		}
		again, err := parseRow(once, table)
		require.NoError(t, err)
		twice, err := appendRow(nil, table, again, exact)
		require.NoError(t, err)
		require.Equal(t, string(once), string(twice))
	})
}
