package payments_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

func TestAmountsAreExactOrRefused(t *testing.T) {
	for text, want := range map[string]payments.Halalas{
		"150": 15000, "150.0": 15000, "150.00": 15000, "150.000000": 15000, " 12.5 ": 1250, "0.01": 1, "0": 0, "0.00": 0, "00012.10": 1210,
		"1.5E2": 15000, "1.5e+2": 15000, "150e0": 15000, "15000e-2": 15000, "1e-2": 1, "1.0E7": 1_000_000_000, "0e60": 0,
		"10000000000": payments.MaxAmount, "10000000000.00": payments.MaxAmount, "5e9": 500_000_000_000,
	} {
		got, err := payments.ParseSAR(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{
		"", " ", ".", ".5", "5.", "-5", "+5", "1,500.00", "12,50", "5 SAR", "٥", "0x10", "1_000", "NaN", "Inf", "1e", "e5", "1e5.0", "1.2.3", "1e1e1",
		"149.99999999999997", "0.001", "1e-3", "12.505", "10000000000.01", "1e11", "1e64", "1e65", "1e999999999999", "1e-999999999999",
		strings.Repeat("9", 19), strings.Repeat("9", 64), strings.Repeat("0", 65),
	} {
		got, err := payments.ParseSAR(text)
		require.Error(t, err, text)
		require.Zero(t, got, text)
	}
}

func TestAmountsAreReadFromWhatGatewaysSend(t *testing.T) {
	for raw, want := range map[string]payments.Halalas{`150.0`: 15000, `"150.00"`: 15000, `" 5 "`: 500, `1.2E1`: 1200, `12`: 1200} {
		got, err := payments.DecodeSAR(json.RawMessage(raw))
		require.NoError(t, err, raw)
		require.Equal(t, want, got, raw)
	}
	for _, raw := range []string{``, `null`, `true`, `{}`, `[5]`, `""`, `"five"`, `5.005`, `-5`, `5}`} {
		_, err := payments.DecodeSAR(json.RawMessage(raw))
		require.Error(t, err, raw)
	}
}

func TestAmountsAreWrittenWithTwoDecimals(t *testing.T) {
	for amount, want := range map[payments.Halalas]string{0: "0.00", 1: "0.01", 500: "5.00", 1250: "12.50", -50: "-0.50", math.MinInt64: "-92233720368547758.08"} {
		require.Equal(t, want, amount.SAR())
	}
	require.Equal(t, "12.50 SAR", payments.Halalas(1250).String())
}

func FuzzParseSAR(f *testing.F) {
	for _, seed := range []string{"150", "150.0", "1.5E2", "149.99999999999997", "0.001", "1e-2", "1e64", "10000000000.01", "00.10", "1/2", "0x1p4", "٥", "-1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := payments.ParseSAR(text)
		exact, small := oracle(text)
		if err != nil {
			require.Zero(t, got)
			require.False(t, small, "%q is %v and was refused: %v", text, exact, err)
			return
		}
		require.NotNil(t, exact, "%q was taken", text)
		require.Zero(t, exact.Cmp(new(big.Rat).SetFrac64(int64(got), 100)), "%q is not %v", text, got)
		again, err := payments.ParseSAR(got.SAR())
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}

// oracle returns a text's value in exact fractions, and whether it is a JSON number that
// must be taken.
func oracle(text string) (exact *big.Rat, small bool) {
	text = strings.TrimSpace(text)
	if len(text) > 64 {
		return nil, false
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		if n, err := strconv.Atoi(text[i+1:]); err != nil || n < -100 || n > 100 {
			return nil, false // fractions of such exponents take forever
		}
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, false
	}
	halalas := new(big.Rat).Mul(exact, big.NewRat(100, 1))
	small = json.Valid([]byte(text)) && exact.Sign() >= 0 && !strings.HasPrefix(text, "-") && halalas.IsInt() &&
		halalas.Cmp(new(big.Rat).SetInt64(int64(payments.MaxAmount))) <= 0 && !strings.ContainsAny(text, "eE")
	return exact, small
}
