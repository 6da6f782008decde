package telemetry

import "strings"

// assigned returns the part of in that is the value of a secret name: in[i:name] is
// the name. It returns nothing where the name is none, or where prose goes on after a
// colon: "JWT_SECRET: too short".
func assigned(in string, i, name int) (start, end int) {
	if scheme := in[i:name]; in[name] == ' ' {
		if strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Basic") {
			return value(in, name+1, true)
		}
		if !strings.HasPrefix(in[name:], " =") {
			return 0, 0
		}
		name++
	}
	j := name
	quoted := in[j] == '"' || in[j] == '\''
	if quoted {
		j++
	}
	if j >= len(in) || in[j] != '=' && in[j] != ':' || !SecretName(strings.TrimSuffix(in[i:name], " ")) {
		return 0, 0
	}
	colon := in[j] == ':'
	j++
	spaces := j
	for j < len(in) && (in[j] == ' ' || in[j] == '[') {
		j++
	}
	if strings.HasPrefix(in[spaces:], "//") { // token://
		return 0, 0
	}
	for _, scheme := range []string{"Bearer ", "Basic ", "Token "} {
		if len(in)-j > len(scheme) && strings.EqualFold(in[j:j+len(scheme)], scheme) {
			return value(in, j+len(scheme), false)
		}
	}
	return value(in, j, colon && !quoted && j > spaces)
}

// value returns the value that begins at i, quoted or not. Where prose may stand in
// its place, a short word of letters alone is none.
func value(in string, i int, prose bool) (start, end int) {
	if i >= len(in) || strings.HasPrefix(strings.TrimLeft(in[i:min(i+len(Redacted), len(in))], "["), Redacted[1:len(Redacted)-1]) {
		return 0, 0
	}
	if q := in[i]; q == '"' || q == '\'' {
		end = i + 1
		for end < len(in) && in[end] != q {
			if in[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(in))
		if in[i+1:end] == Redacted {
			return 0, 0
		}
		return i + 1, end
	}
	letters := true
	for end = i; end < len(in) && !strings.ContainsRune(" \t\r\n,;&)}]\"'<>", rune(in[end])); end++ {
		letters = letters && (isLetter(in[end]) || in[end] == '.' || in[end] == ':')
	}
	if prose && letters && end-i < 20 || strings.HasPrefix(in[i:], "%") {
		return 0, 0 // "token: expired", "token=%s"
	}
	return i, end
}

// email returns where the address that begins at i ends, or 0.
func email(in string, i int) int {
	j := i
	for j < len(in) && j-i < ahead && (isName(in[j]) || in[j] == '.' || in[j] == '+' || in[j] == '%') && !strings.HasPrefix(in[j:], "%40") {
		j++
	}
	switch {
	case j < len(in) && in[j] == '@':
		j++
	case strings.HasPrefix(in[min(j, len(in)):], "%40"):
		j += len("%40")
	default:
		return 0
	}
	domain := j
	for j < len(in) && (isAlnum(in[j]) || in[j] == '-' || in[j] == '.') {
		j++
	}
	for j > domain && !isAlnum(in[j-1]) {
		j-- // the full stop of a sentence
	}
	dot := strings.LastIndexByte(in[domain:j], '.')
	if dot <= 0 || j-domain-dot <= 2 || !isLetter(in[domain+dot+1]) || !isLetter(in[j-1]) {
		return 0 // a module's version: name@v1.2.3
	}
	return j
}

// phone returns where the phone number that begins at i ends, or 0.
func phone(in string, i int) int {
	var digits [16]byte
	n, end, gap, groups, group := 0, 0, 0, 0, 0
	plus := in[i] == '+'
	j := i
	if plus {
		j++
	}
	american := true // 3-3-4
scan:
	for ; j < len(in); j++ {
		switch c := in[j]; {
		case isDigit(c):
			if n == len(digits) {
				return 0
			}
			if gap > 0 && n > 0 {
				american = american && group == 3
				groups, group = groups+1, 0
			}
			digits[n] = c
			n, end, gap, group = n+1, j+1, 0, group+1
		case c == ' ' || c == '-' || c == '(' || c == ')' || c == '.' && plus:
			if gap++; gap > 2 {
				break scan
			}
		default:
			break scan
		}
	}
	if end == 0 || end < len(in) && (isLetter(in[end]) || in[end] == '_' || in[end] == ':') {
		return 0
	}
	if isPhone(string(digits[:n]), plus) || american && groups == 2 && group == 4 && n == 10 {
		return end
	}
	return 0
}

// isPhone reports whether digits are a phone number, by the forms that say so
// themselves; the others are counts and identifiers.
func isPhone(digits string, plus bool) bool {
	n := len(digits)
	switch {
	case plus:
		return 8 <= n && n <= 15
	case strings.HasPrefix(digits, "00"):
		return 11 <= n && n <= 16 && digits[2] != '0'
	case strings.HasPrefix(digits, "0"):
		return n == 10 || n == 11
	}
	return n == 12 && strings.HasPrefix(digits, "9665")
}

// isPhoneNumber reports whether a number is a Saudi mobile one with its country.
func isPhoneNumber(n uint64) bool { return n/1e8 == 9665 }

// token returns where the token that begins at i ends, or 0.
func token(in string, i int) int {
	known := ""
	if i+3 < len(in) {
		known = knownPrefix(in[i:])
	}
	dotted := known == "eyJ" || strings.HasSuffix(known, ".")
	var seen [classes]bool
	before, turns, j := none, 0, i
	for ; j < len(in) && j-i < ahead; j++ {
		class := classOf(in[j])
		if class == none && (in[j] != '.' || !dotted) {
			break
		}
		if class == sign || class == none {
			continue
		}
		if class != before {
			turns++
		}
		seen[class], before = true, class
	}
	n, mixed := j-i, seen[lower] && seen[upper]
	switch {
	case known != "" && n >= len(known)+12,
		n >= 256 && mixed, // bytes in base 64
		n >= 24 && mixed && seen[digit] && 5*turns >= 2*n:
		for j < len(in) && (classOf(in[j]) != none || in[j] == '.' && dotted) {
			j++
		}
		for in[j-1] == '.' {
			j-- // the full stop of a sentence
		}
		return j
	}
	return 0
}

// A class of the signs that tokens are made of.
type class uint8

const (
	none class = iota
	lower
	upper
	digit
	sign
	classes
)

func classOf(c byte) class {
	switch {
	case isLower(c):
		return lower
	case isUpper(c):
		return upper
	case isDigit(c):
		return digit
	case c == '_' || c == '-' || c == '+' || c == '/' || c == '=':
		return sign
	}
	return none
}

// knownPrefix returns the prefix by which the tokens of a service are known, or "".
func knownPrefix(s string) string {
	switch s[0] {
	case 's', 'p', 'r', 'A', 'y', 'g', 'x', 'e', 'w', 'S':
	default:
		return ""
	}
	for _, prefix := range [...]string{
		"sk-", "sk_", "pk_", "rk_", "AIza", "AKIA", "ya29.", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "eyJ", "whsec_", "SG.",
	} {
		if strings.HasPrefix(s, prefix) {
			return prefix
		}
	}
	return ""
}
