package quiz

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// repairGap writes the gap of a question as [Gap], whatever it was written as:
// underscores in another number, a word in brackets, a drawn-out tatweel, or, where
// there is nothing else, dots.
func repairGap(s string) string {
	s = strings.ReplaceAll(s, `\_`, "_")
	for _, find := range []func(string) (start, end int){
		func(s string) (int, int) { return findRun(s, "_", 2) },
		findBracketedGap,
		func(s string) (int, int) { return findRun(s, "ـ", 3) },
		func(s string) (int, int) { return findRun(s, ".…", 3) },
	} {
		if repaired, found := replaceGaps(s, find); found {
			return repaired
		}
	}
	return s
}

// replaceGaps replaces all that find finds by [Gap].
func replaceGaps(s string, find func(string) (start, end int)) (string, bool) {
	var b strings.Builder
	found := false
	for {
		start, end := find(s)
		if start == end {
			b.WriteString(s)
			return b.String(), found
		}
		found = true
		b.WriteString(s[:start])
		if r, _ := utf8.DecodeLastRuneInString(s[:start]); unicode.IsLetter(r) && s[start] != '_' {
			b.WriteByte(' ')
		}
		b.WriteString(Gap)
		s = s[end:]
	}
}

// findRun finds the first run of at least least of the given runes, with single
// spaces between them allowed. An ellipsis counts as three.
func findRun(s, runes string, least int) (start, end int) {
	n := 0
	for i, r := range s {
		switch {
		case strings.ContainsRune(runes, r):
			if n == 0 {
				start = i
			}
			n++
			if r == '…' {
				n += 2
			}
			end = i + utf8.RuneLen(r)
		case r == ' ' && n > 0 && end == i:
		default:
			if n >= least {
				return start, end
			}
			n = 0
		}
	}
	if n >= least {
		return start, end
	}
	return 0, 0
}

// findBracketedGap finds the first gap that is written as a word or nothing in
// brackets.
func findBracketedGap(s string) (start, end int) {
	start = len(s)
	for _, gap := range []string{
		"[blank]", "(blank)", "{blank}", "<blank>", "[BLANK]", "(BLANK)", "[فراغ]", "(فراغ)",
		"(...)", "[...]", "(…)", "[…]", "( )", "(  )", "[ ]",
	} {
		if i := strings.Index(s, gap); i >= 0 && i < start {
			start, end = i, i+len(gap)
		}
	}
	if end == 0 {
		return 0, 0
	}
	return start, end
}
