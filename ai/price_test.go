package ai_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
)

func TestCostCountsEachTokenOnce(t *testing.T) {
	prices := ai.Prices{
		"p/plain": {Rates: ai.Rates{Input: 2, Output: 10}},
		"p/m": {
			Rates: ai.Rates{Input: 2, Output: 10, CacheRead: 0.2, CacheWrite: 2.5},
			Over:  1_000_000, Long: ai.Rates{Input: 4, Output: 20, CacheRead: 0.4},
		},
		"p/unknown-tier": {Rates: ai.Rates{Input: 2, Output: 10}, Over: 1000},
		"p/free":         {},
	}
	const million = 1_000_000
	for name, c := range map[string]struct {
		model string
		usage ai.Usage
		want  float64
		known bool
	}{
		"input and output":            {"p/plain", ai.Usage{Input: million, Output: million}, 12, true},
		"reasoning is output":         {"p/plain", ai.Usage{Output: million, Reasoning: million / 2}, 10, true},
		"no cache rate":               {"p/plain", ai.Usage{Input: million, CacheRead: million / 2, CacheWrite: million / 2}, 2, true},
		"cache rates":                 {"p/m", ai.Usage{Input: million, CacheRead: million / 2, CacheWrite: million / 4}, 0.5 + 0.1 + 0.625, true},
		"the whole of a long request": {"p/m", ai.Usage{Input: 2 * million, CacheRead: million, Output: million}, 4 + 0.4 + 20, true},
		"a tier that nobody knows":    {"p/unknown-tier", ai.Usage{Input: 1001}, 0, false},
		"below that tier":             {"p/unknown-tier", ai.Usage{Input: 1000}, 0.002, true},
		"free":                        {"p/free", ai.Usage{Input: million}, 0, true},
		"nothing":                     {"p/m", ai.Usage{}, 0, true},
		"cached counted wrongly":      {"p/m", ai.Usage{Input: 10, CacheRead: million}, 0.2, true},
		"a snapshot":                  {"p/plain-20251001", ai.Usage{Input: million}, 2, true},
		"a snapshot with dashes":      {"p/plain-2025-10-01", ai.Usage{Input: million}, 2, true},
		"a second key":                {"p/plain#2", ai.Usage{Input: million}, 2, true},
		"a second key of a snapshot":  {"p/plain-20251001#12", ai.Usage{Input: million}, 2, true},
		"a longer name":               {"p/plain-mini", ai.Usage{Input: million}, 0, false},
		"no date":                     {"p/plain-20259901", ai.Usage{Input: million}, 0, false},
		"a date alone":                {"-20251001", ai.Usage{Input: million}, 0, false},
		"another provider":            {"q/plain", ai.Usage{Input: million}, 0, false},
		"no name":                     {"", ai.Usage{Input: million}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			usd, known := prices.Cost(c.model, c.usage)
			require.Equal(t, c.known, known)
			require.InDelta(t, c.want, usd, 1e-12)
		})
	}
}

func TestDefaultPricesAreTheCallersToChange(t *testing.T) {
	mine := ai.DefaultPrices()
	mine["openai/gpt-6-luna"] = ai.Price{}
	usd, known := mine.Cost("openai/gpt-6-luna", ai.Usage{Input: 1000})
	require.True(t, known)
	require.Zero(t, usd)
	usd, _ = ai.DefaultPrices().Cost("openai/gpt-6-luna", ai.Usage{Input: 1000})
	require.Positive(t, usd)
}

// The table says what was collected, but for what it says itself.
func TestDefaultPricesAreThoseThatWereCollected(t *testing.T) {
	type rates struct {
		Input      float64 `json:"input"`
		Output     float64 `json:"output"`
		CacheRead  float64 `json:"cache_read"`
		CacheWrite float64 `json:"cache_write"`
	}
	var collected struct {
		Models []struct {
			Provider, Model string
			USD             rates `json:"usd_per_mtok"`
			Long            struct {
				rates
				Over int `json:"over_input_tokens"`
			} `json:"long_context"`
			AsOf string `json:"as_of"`
		}
	}
	dir := cmp.Or(os.Getenv("LEARNSNAP_WIRE"), filepath.Join("..", "..", "shared", "wire"))
	data, err := os.ReadFile(filepath.Join(dir, "prices.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no collected prices: %v (set LEARNSNAP_WIRE to the folder that holds prices.json)", err)
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &collected))
	found := 0
	for _, m := range collected.Models {
		have, ok := ai.DefaultPrices()[m.Provider+"/"+m.Model]
		if !ok {
			continue
		}
		found++
		name := m.Provider + "/" + m.Model
		if name == "anthropic/claude-sonnet-5" { // raised since; the collection has both
			m.USD, m.AsOf = rates{3, 15, 0.3, 3.75}, "2026-09-01"
		}
		require.Equal(t, [2]float64{m.USD.Input, m.USD.Output}, [2]float64{have.Input, have.Output}, name)
		require.GreaterOrEqual(t, have.CacheRead, m.USD.CacheRead, name)
		require.GreaterOrEqual(t, have.CacheWrite, m.USD.CacheWrite, name)
		require.Equal(t, m.AsOf, have.AsOf, name)
		if m.Long.Over > 0 {
			require.Equal(t, m.Long.Over, have.Over, name)
			require.Equal(t, [2]float64{m.Long.Input, m.Long.Output}, [2]float64{have.Long.Input, have.Long.Output}, name)
		}
		require.True(t, have.Over == 0 || have.Long.Input == 0 || have.Long.Input > have.Input, name)
	}
	require.Len(t, ai.DefaultPrices(), found, "every price of the table was collected")
}

func TestDefaultPricesNameAdaptersDefaults(t *testing.T) {
	for _, name := range []string{"gemini/gemini-3.5-flash-lite", "openai/gpt-6-luna", "anthropic/claude-haiku-5-5"} {
		usd, known := ai.DefaultPrices().Cost(name, ai.Usage{Input: 20_000, Output: 4000})
		require.True(t, known, name)
		require.Less(t, usd, 0.05, name)
		require.Equal(t, 1, strings.Count(name, "/"))
	}
}

func TestPricesAreReadWholeOrNotAtAll(t *testing.T) {
	p, err := ai.ParsePrices([]byte(`{"p/a":{"input":2,"output":10,"cacheRead":0.2,"over":10,"long":{"input":4,"output":20},"asOf":"2026-11-01"},"p/free":{}}`))
	require.NoError(t, err)
	require.Equal(t, ai.Prices{
		"p/a":    {Rates: ai.Rates{Input: 2, Output: 10, CacheRead: 0.2}, Over: 10, Long: ai.Rates{Input: 4, Output: 20}, AsOf: "2026-11-01"},
		"p/free": {},
	}, p)
	require.True(t, p.Free("p/free#2"))
	require.False(t, p.Free("p/a"))
	require.False(t, p.Free("p/unknown"))

	for _, wrong := range []string{``, `[]`, `{"p/a":{"inptu":2}}`, `{"p/a":{"input":-1}}`, `{"p/a":{"long":{"output":-1}}}`, `{"p/a":{"over":-1}}`, `{} {}`, `{"p/a":"dear"}`} {
		_, err := ai.ParsePrices([]byte(wrong))
		require.Error(t, err, wrong)
	}
}

// FuzzParsePrices checks that prices which were read give no cost below nothing, and
// are the same when they are written and read again.
func FuzzParsePrices(f *testing.F) {
	f.Add([]byte(`{"p/a":{"input":2,"output":10,"over":10,"long":{"input":4}}}`), 20, 3)
	f.Add([]byte(`{"p/a":{}}`), 1, 0)
	f.Fuzz(func(t *testing.T, data []byte, input, output int) {
		p, err := ai.ParsePrices(data)
		if err != nil {
			require.Nil(t, p)
			return
		}
		for name := range p {
			usd, _ := p.Cost(name, ai.Usage{Input: max(input, 0), Output: max(output, 0)})
			require.GreaterOrEqual(t, usd, 0.0)
		}
		written, err := json.Marshal(p)
		require.NoError(t, err)
		again, err := ai.ParsePrices(written)
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}
