package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An inner test, for a decoder that has no door of its own.

// FuzzConfig checks that whatever stands in the environment is taken or refused
// with a line that names the variable, and that secrets are in neither.
func FuzzConfig(f *testing.F) {
	f.Add("PORT", "80", "DEVICE_TOKEN_SECRET", "a very secret secret of many letters")
	f.Add("DATABASE_URL", "postgres://u:p@h/d", "LOG_LEVEL", "loud")
	f.Add("AI_PROVIDERS", "openai, gemini", "OPENAI_API_KEY", "sk-1234567890")
	f.Add("AI_DAILY_USD", "2.5", "AI_PRICES", `{"openai/gpt-6-luna":{"input":0.1,"output":0.5}}`)
	f.Add("AI_DAILY_USD", "NaN", "AI_PRICES", `{"openai/gpt-6-luna":{"inptu":0.1}}`)
	f.Add("AI_VERIFY", "openai/gpt-6-luna", "OPENAI_API_KEY", "sk-1234567890")
	f.Add("SHUTDOWN_TIMEOUT", "30s", "MEMORY_LIMIT_MB", "-1")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		c, err := readConfig([]string{name1 + "=" + value1, name2 + "=" + value2})
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				name, _, ok := strings.Cut(line, ": ")
				require.True(t, ok, line)
				require.Equal(t, strings.ToUpper(name), name, line)
				require.Contains(t, line, "(want ")
			}
		}
		for _, pair := range [][2]string{{name1, value1}, {name2, value2}} {
			secret := strings.TrimSpace(pair[1])
			if !strings.HasSuffix(pair[0], "_KEY") && pair[0] != "DEVICE_TOKEN_SECRET" || len(secret) < 12 {
				continue
			}
			if err != nil {
				require.NotContains(t, err.Error(), secret)
			}
			for _, attr := range c.attrs() {
				require.NotContains(t, attr.String(), secret)
			}
		}
	})
}

// FuzzDeviceToken checks that no token is taken but those that were issued.
func FuzzDeviceToken(f *testing.F) {
	d := devices{keys: []string{"the first key, which signs tokens", "an older key, whose tokens are taken"}}
	const id = "AAECAwQFBgcICQoLDA0ODw" // the same one in each worker of the fuzzer
	issued, owner := tokenPrefix+"."+id+"."+sign(d.keys[0], id), "device:"+id
	f.Add(issued)
	f.Add("d1.." + strings.Repeat("a", 22))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		got, err := d.owner(token)
		if token == issued {
			require.NoError(t, err)
			require.Equal(t, owner, got)
			return
		}
		require.ErrorIs(t, err, errToken)
	})
}

func TestTokensOutliveAChangeOfKeys(t *testing.T) {
	before := devices{keys: []string{"the old key"}}
	token, owner := before.issue()
	got, err := devices{keys: []string{"the new key", "the old key"}}.owner(token)
	require.NoError(t, err)
	require.Equal(t, owner, got)
	_, err = devices{keys: []string{"the new key"}}.owner(token)
	require.ErrorIs(t, err, errToken)
}
