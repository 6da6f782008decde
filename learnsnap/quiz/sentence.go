package quiz

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentences yields the sentences of text, in order, with the byte offset of each.
// They do not overlap, and what lies between them is white space only. A
// heading, a list entry or another line without a full stop counts as one.
//
// A sentence ends at a line break, and at . ! ? ؟ … ۔ with closing quotation marks
// and brackets, where white space follows; not at ، or ؛. A point does not end
// one behind an abbreviation (Dr., e.g., Fig. 2, د.), an initial (J. Smith), the
// number of a list entry (2. Melting) or before a small Latin letter, nor inside a
// number. Behind an Arabic word it does so even where the space is missing.
func Sentences(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for at := 0; ; {
			at += prefixLen(text[at:], unicode.IsSpace)
			if at == len(text) {
				return
			}
			end := sentenceEnd(text, at)
			if !yield(at, strings.TrimRightFunc(text[at:end], unicode.IsSpace)) {
				return
			}
			at = end
		}
	}
}

// sentenceEnd returns the offset behind the sentence that begins at start.
func sentenceEnd(text string, start int) int {
	for at := start; at < len(text); {
		r, n := utf8.DecodeRuneInString(text[at:])
		at += n
		switch {
		case isLineBreak(r):
			return at
		case isStop(r):
			from := at - n
			stops := at + prefixLen(text[at:], isStop)
			at = stops + prefixLen(text[stops:], isCloser)
			if ends(text, start, from, stops, at) {
				return at
			}
		}
	}
	return len(text)
}

func isLineBreak(r rune) bool {
	switch r {
	case '\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

func isStop(r rune) bool {
	switch r {
	case '.', '!', '?', '؟', '…', '۔':
		return true
	}
	return false
}

func isCloser(r rune) bool {
	switch r {
	case '"', '\'', ')', ']', '}', '»', '”', '’', '›':
		return true
	}
	return r >= 0x200E && unicode.Is(unicode.Cf, r) // a bidi mark often stands behind the stop
}

// prefixLen returns the length in bytes of the longest prefix of s whose runes
// all are in.
func prefixLen(s string, in func(rune) bool) int {
	for i, r := range s {
		if !in(r) {
			return i
		}
	}
	return len(s)
}

// ends reports whether the stops in text[from:stops], followed by closing marks up
// to at, end the sentence that begins at start.
func ends(text string, start, from, stops, at int) bool {
	if at == len(text) {
		return true
	}
	next, _ := utf8.DecodeRuneInString(text[at:])
	if !unicode.IsSpace(next) {
		return endsWithoutSpace(text[start:from], next)
	}
	blank := prefixLen(text[at:], unicode.IsSpace)
	if strings.ContainsFunc(text[at:at+blank], isLineBreak) {
		return true
	}
	rest := text[at+blank:]
	follow, _ := utf8.DecodeRuneInString(rest)
	if unicode.IsLower(follow) {
		return false
	}
	return text[from:stops] != "." || !isAbbreviated(text[start:from], rest)
}

// endsWithoutSpace reports whether a stop ends a sentence although next follows
// directly: behind an Arabic word of three letters or more, before another.
func endsWithoutSpace(before string, next rune) bool {
	if !unicode.IsLetter(next) || !isArabicScript(next) {
		return false
	}
	letters := 0
	for before != "" && letters < 3 {
		r, n := utf8.DecodeLastRuneInString(before)
		if !isArabicScript(r) {
			return false
		}
		if unicode.IsLetter(r) {
			letters++
		}
		before = before[:len(before)-n]
	}
	return letters == 3
}

// isAbbreviated reports whether the point between before and rest belongs to an
// abbreviation, an initial or the number of a list entry.
func isAbbreviated(before, rest string) bool {
	token := lastToken(before)
	first := len(strings.TrimSpace(before)) == len(token)
	token = strings.TrimLeft(token, "([\"'«“")
	if rest, ok := strings.CutPrefix(token, "و"); ok && rest != "" {
		token = rest // "ود. أحمد"
	}
	switch {
	case token == "":
		return false
	case isNumber(token):
		return first
	case strings.EqualFold(token, "e.g"), strings.EqualFold(token, "i.e"):
		return true
	case isInitials(token):
		return first || isInitial(token, before, rest)
	}
	switch strings.ToLower(token) {
	case "dr", "mr", "mrs", "ms", "prof", "st", "vs", "cf", "ca", "approx", "al", "jr", "sr", "viz":
		return true
	case "fig", "figs", "no", "nos", "vol", "ch", "sec", "eq", "ex", "pp":
		return startsWithDigit(rest)
	}
	return false
}

// lastToken returns what stands behind the last white space of s, at most 16
// bytes of it: an abbreviation is short, and looking back must stay cheap.
func lastToken(s string) string {
	const reach = 16
	s = s[max(0, len(s)-reach):]
	if i := strings.LastIndexFunc(s, unicode.IsSpace); i >= 0 {
		_, n := utf8.DecodeRuneInString(s[i:])
		return s[i+n:]
	}
	return s
}

func isNumber(token string) bool {
	return !strings.ContainsFunc(token, func(r rune) bool { return !unicode.IsDigit(r) })
}

// isInitials reports whether token is single letters with points between: "J",
// "e.g", "أ.د".
func isInitials(token string) bool {
	letter := false // a point may not come before a letter
	for _, r := range token {
		switch {
		case r == tatweel || isMark(r):
		case r == '.':
			if !letter {
				return false
			}
			letter = false
		case letter || !unicode.IsLetter(r):
			return false
		default:
			letter = true
		}
	}
	return letter
}

// isInitial decides whether the point behind single letters leaves the sentence
// open. "vitamin C. It" and "965 م." end one; "J. Smith" and "د. أحمد" do not.
func isInitial(token, before, rest string) bool {
	r, _ := utf8.DecodeRuneInString(token)
	switch {
	case strings.Contains(token, "."):
		return !startsLikeSentence(rest)
	case isArabicScript(r):
		return !endsInDigit(strings.TrimSpace(before[:len(before)-len(token)]))
	case unicode.IsUpper(r):
		return !startsLikeSentence(rest)
	}
	return false // "the value of x. Then": a small letter is no initial
}

func startsWithDigit(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsDigit(r)
}

func endsInDigit(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsDigit(r)
}

// startsLikeSentence reports whether s begins with a word that begins sentences
// and is no name.
func startsLikeSentence(s string) bool {
	start, end := nextWord(s[:min(len(s), 32)], 0)
	switch s[start:end] {
	case "The", "A", "An", "It", "Its", "They", "This", "These", "Those", "That", "There", "He", "She", "We",
		"You", "In", "On", "At", "For", "From", "If", "When", "While", "Some", "Most", "Many", "Each", "Every",
		"All", "Both", "Other", "But", "And", "So", "Then", "As", "Because", "However":
		return true
	}
	return false
}
