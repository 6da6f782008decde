package payments

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Halalas is an amount of money in halalas; a hundred make a Saudi riyal.
type Halalas int64

// MaxAmount is the largest amount that [ParseSAR] takes: ten billion riyals.
const MaxAmount Halalas = 1_000_000_000_000

// SAR is the currency of all prices, by its ISO 4217 code.
const SAR = "SAR"

// maxDecimal bounds the text of an amount, in bytes.
const maxDecimal = 64

// SAR returns the amount in riyals with two decimals, "12.50". It is a JSON number as
// well, so an amount reaches a wire without having been a float.
func (h Halalas) SAR() string {
	sign := ""
	u := uint64(h)
	if h < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%s%d.%02d", sign, u/100, u%100)
}

// String returns the amount with its currency, "12.50 SAR".
func (h Halalas) String() string { return h.SAR() + " " + SAR }

// ParseSAR reads an amount in riyals, such as "150", "150.5" or "1.5E2". It is exact to
// the halala or an error: nothing is rounded. Negative amounts, group separators and
// more than [MaxAmount] are refused.
func ParseSAR(text string) (Halalas, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxDecimal {
		return 0, fmt.Errorf("amount: longer than %d bytes", maxDecimal)
	}
	amount, err := parseDecimal(text)
	if err != nil {
		return 0, fmt.Errorf("amount %q: %w", text, err)
	}
	return amount, nil
}

func parseDecimal(text string) (Halalas, error) {
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(text[i+1:]); err != nil || exponent < -maxDecimal || exponent > maxDecimal {
			return 0, errors.New("exponent out of range")
		}
		mantissa = text[:i]
	}
	whole, fraction, dotted := strings.Cut(mantissa, ".")
	if !isDigits(whole) || dotted && !isDigits(fraction) {
		return 0, errors.New("not a number of riyals (want digits, as in 12.50)")
	}
	// The value is digits × 10^shift halalas.
	digits := strings.TrimLeft(whole+fraction, "0")
	shift := exponent - len(fraction) + 2
	if digits == "" {
		return 0, nil
	}
	for shift < 0 {
		short, ok := strings.CutSuffix(digits, "0")
		if !ok {
			return 0, errors.New("not a whole number of halalas")
		}
		digits, shift = short, shift+1
	}
	if len(digits)+shift > len("1000000000000") {
		return 0, errors.New("too large")
	}
	n, err := strconv.ParseInt(digits+strings.Repeat("0", shift), 10, 64)
	if err != nil || Halalas(n) > MaxAmount {
		return 0, errors.New("too large")
	}
	return Halalas(n), nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// DecodeSAR reads an amount in riyals as gateways send it in JSON: a number or a
// string. It is as exact as [ParseSAR]; anything else, null included, is an error.
func DecodeSAR(raw json.RawMessage) (Halalas, error) {
	text := DecodeText(raw)
	if text == "" {
		return 0, errors.New("amount: neither a number nor a string")
	}
	return ParseSAR(text)
}

// DecodeText reads a name or a number that gateways send in JSON now as a string and
// now as a number. The digits of a number stay as they were sent, and white space
// around a string goes. What is neither is "".
func DecodeText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return strings.TrimSpace(text)
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	return ""
}
