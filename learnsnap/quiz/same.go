package quiz

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// sameAnswer reports whether given says what the key of a gap says.
func sameAnswer(given, key string) bool {
	if len(given) > 4*MaxOption {
		return false // no key is that long
	}
	want := gradeTokens(given)
	return slices.ContainsFunc(spellings(key), func(spelling string) bool {
		tokens := gradeTokens(spelling)
		return slices.EqualFunc(want, tokens, sameToken) || sameValue(want, tokens)
	})
}

// spellings returns what is accepted for a key: the key, and of "carbon dioxide
// (CO₂)" each half.
func spellings(key string) []string {
	all := []string{key}
	before, rest, ok := strings.Cut(key, "(")
	inside, behind, closed := strings.Cut(rest, ")")
	if ok && closed && strings.TrimSpace(behind) == "" && len(gradeTokens(before)) > 0 && len(gradeTokens(inside)) > 0 {
		all = append(all, before, inside)
	}
	return all
}

// gradeTokens returns the words, numbers and signs of an answer that matter.
// Articles and percent signs go, unless nothing else is there.
func gradeTokens(s string) []string {
	tokens := signedWords(s)
	bare := make([]string, 0, len(tokens))
	for i, t := range tokens {
		if t == "a" && i == len(tokens)-1 {
			bare = append(bare, t) // "vitamin A"
			continue
		}
		if t = withoutArticle(t); t != "" && t != "%" {
			bare = append(bare, t)
		}
	}
	if len(bare) == 0 {
		return tokens
	}
	return bare
}

// signedWords returns the words of s in normal form, without apostrophes, and the
// signs between them that change a meaning.
func signedWords(s string) []string {
	s = strings.ReplaceAll(Normalise(s), "'", "")
	tokens := make([]string, 0, 8)
	end := 0
	for at, w := range Words(s) {
		tokens = appendSigns(tokens, s[end:at], false)
		tokens = append(tokens, w)
		end = at + len(w)
	}
	return appendSigns(tokens, s[end:], true)
}

// appendSigns appends the signs of formulas out of what stands between two words,
// or behind the last one. A minus is one where it stands right before the word and
// not right behind another ("-5", "10^-6"), or at the end ("OH-"); elsewhere it is
// a hyphen or a dash.
func appendSigns(tokens []string, between string, last bool) []string {
	for i, r := range between {
		switch r {
		case '+', '=', '<', '>', '/', '%', '*', '√', '±', '≤', '≥', '≠', '→':
			tokens = append(tokens, string(r))
		case '×':
			tokens = append(tokens, "*")
		case '÷':
			tokens = append(tokens, "/")
		case '-':
			unary := i == len(between)-1 && (i > 0 || len(tokens) == 0)
			if unary || last && i == 0 && len(tokens) > 0 {
				tokens = append(tokens, "-")
			}
		}
	}
	return tokens
}

// withoutArticle drops an English article, and ال from the front of a word with at
// least two more letters.
func withoutArticle(word string) string {
	switch word {
	case "a", "an", "the":
		return ""
	}
	if rest, ok := strings.CutPrefix(word, "ال"); ok && utf8.RuneCountInString(rest) >= 2 {
		return rest
	}
	return word
}
