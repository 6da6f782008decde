package quiz

import (
	"math/big"
	"strings"
)

// sameToken reports whether two tokens are the same word or the same number.
func sameToken(a, b string) bool {
	if a == b {
		return true
	}
	x, y := number(a), number(b)
	return x != nil && y != nil && x.Cmp(y) == 0
}

// sameValue reports whether two answers are one number, a fraction against a
// decimal. Two fractions must be the same: "simplify 3/6" is not answered by 3/6.
func sameValue(a, b []string) bool {
	x, xFraction := value(a)
	y, yFraction := value(b)
	return x != nil && y != nil && xFraction != yFraction && x.Cmp(y) == 0
}

// value returns the number that an answer is as a whole, nil when it is none:
// 5, -5, 1/2, -1/2 or 2 1/4.
func value(tokens []string) (n *big.Rat, fraction bool) {
	negative := len(tokens) > 0 && tokens[0] == "-"
	if negative {
		tokens = tokens[1:]
	}
	switch {
	case len(tokens) == 1:
		n = number(tokens[0])
	case len(tokens) == 3 && tokens[1] == "/":
		n, fraction = quotient(tokens[0], tokens[2]), true
	case len(tokens) == 4 && tokens[2] == "/":
		whole, part := number(tokens[0]), quotient(tokens[1], tokens[3])
		if whole != nil && part != nil {
			n, fraction = new(big.Rat).Add(whole, part), true
		}
	}
	if n != nil && negative {
		n = new(big.Rat).Neg(n)
	}
	return n, fraction
}

func quotient(a, b string) *big.Rat {
	x, y := number(a), number(b)
	if x == nil || y == nil || y.Sign() == 0 {
		return nil
	}
	return new(big.Rat).Quo(x, y)
}

// number returns the value of a token in normal form, nil when it is no number.
func number(token string) *big.Rat {
	if n, ok := numberWord(token); ok {
		return big.NewRat(n, 1)
	}
	const longest = 40 // digits; no answer has more, and parsing stays cheap
	if token == "" || len(token) > longest || token[0] < '0' || token[0] > '9' || strings.Trim(token, "0123456789.,") != "" {
		return nil
	}
	n, ok := new(big.Rat).SetString(withoutCommas(token))
	if !ok {
		return nil
	}
	return n
}

// withoutCommas takes the commas between thousands out ("1,000"); a single other
// one is a decimal comma ("3,14").
func withoutCommas(token string) string {
	whole, decimals, hasPoint := strings.Cut(token, ".")
	groups := strings.Split(whole, ",")
	if len(groups) == 1 {
		return token
	}
	thousands := len(groups[0]) <= 3
	for _, g := range groups[1:] {
		thousands = thousands && len(g) == 3
	}
	switch {
	case thousands && hasPoint:
		return strings.Join(groups, "") + "." + decimals
	case thousands:
		return strings.Join(groups, "")
	}
	return strings.Replace(token, ",", ".", 1)
}

// numberWord returns the value of a small number's word, in normal form and
// without article.
func numberWord(word string) (int64, bool) {
	switch word {
	case "zero", "صفر":
		return 0, true
	case "one", "واحد", "واحده":
		return 1, true
	case "two", "اثنان", "اثنين", "اثنتان", "اثنتين":
		return 2, true
	case "three", "ثلاثه", "ثلاث":
		return 3, true
	case "four", "اربعه", "اربع":
		return 4, true
	case "five", "خمسه", "خمس":
		return 5, true
	case "six", "سته", "ست":
		return 6, true
	case "seven", "سبعه", "سبع":
		return 7, true
	case "eight", "ثمانيه", "ثماني", "ثمان":
		return 8, true
	case "nine", "تسعه", "تسع":
		return 9, true
	case "ten", "عشره", "عشر":
		return 10, true
	case "eleven":
		return 11, true
	case "twelve":
		return 12, true
	}
	return 0, false
}
