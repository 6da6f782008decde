package flags

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These fuzz the decoders themselves: through the public door each try would be a
// file, or a store.

func FuzzFile(f *testing.F) {
	for _, seed := range []string{"", "A=true\n", "\ufeff# x\r\nexport A_1 = 'off'\n\nB=1", "A", "A=", "=1", "A=1\nA=1", "A=\"yes\"", "A==1", "export =1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := parseFile(text)
		if err != nil {
			require.Nil(t, values, "a file that is wrong says nothing")
			return
		}
		var again strings.Builder
		for name, on := range values {
			fmt.Fprintf(&again, "%s=%v\n", name, on)
		}
		reread, err := parseFile("# first\n" + again.String())
		require.NoError(t, err)
		require.Equal(t, values, reread)
	})
}

func FuzzOverride(f *testing.F) {
	f.Add(`{"flag":"A","on":true,"who":"x","why":"y","when":"2026-01-02T03:04:05Z","until":"2026-01-02T04:04:05Z"}`)
	f.Add(`{"flag":"A"}`)
	f.Add(`{"flag":"B","on":true}`)
	f.Add(`[]`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, data string) {
		o, err := decodeOverride("A", []byte(data))
		if err != nil {
			require.Zero(t, o)
			return
		}
		require.Equal(t, "A", o.Flag)
		encoded, err := json.Marshal(o)
		if err != nil {
			return // a time that JSON can read and not write: beyond the year 9999
		}
		again, err := decodeOverride("A", encoded)
		if len(encoded) > MaxOverride {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, o.On, again.On)
		require.True(t, o.Until.Equal(again.Until))
	})
}
