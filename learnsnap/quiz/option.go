package quiz

import (
	"strings"
	"unicode/utf8"
)

// arabicLetters are the letters that stand before options in Arabic books, for A
// to D.
const arabicLetters = "أبجد"

// ambiguous is the key of a question whose key has two readings: no option.
const ambiguous = "?"

// optionLetter returns the place, from 0, of a lone option letter with or without
// brackets and points ("B", "(b)", "ب."), or -1.
func optionLetter(s string) int {
	s = strings.Trim(s, "()[].: ")
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || n != len(s) {
		return -1
	}
	return letterPlace(r)
}

func letterPlace(r rune) int {
	switch {
	case r >= 'A' && r <= 'D':
		return int(r - 'A')
	case r >= 'a' && r <= 'd':
		return int(r - 'a')
	case r == 'ا':
		return 0
	}
	if i := strings.IndexRune(arabicLetters, r); i >= 0 {
		return i / len("أ")
	}
	return -1
}

// markPlace returns the place, from 0, that the letter or digit before an option
// stands for, or -1.
func markPlace(r rune) (place int, isDigit bool) {
	if place := letterPlace(r); place >= 0 {
		return place, false
	}
	for _, one := range []rune{'1', '١', '۱'} {
		if r >= one && r <= one+3 {
			return int(r - one), true
		}
	}
	return -1, false
}

// cutMark cuts the mark before an option ("A) ", "(ب) ", "1. ", "د- ") from s and
// returns the place it stands for, or -1 where s begins with none. "1.5",
// "A-type" and "A) " alone are none.
func cutMark(s string) (place int, rest string) {
	body := strings.TrimLeft(s, "([")
	r, n := utf8.DecodeRuneInString(body)
	place, isDigit := markPlace(r)
	if place < 0 {
		return -1, s
	}
	behind := body[n:]
	if trimmed := strings.TrimLeft(behind, " "); strings.HasPrefix(trimmed, ")") || strings.HasPrefix(trimmed, "-") {
		behind = trimmed
	}
	sep, width := utf8.DecodeRuneInString(behind)
	tail := behind[width:]
	spaced := strings.HasPrefix(tail, " ")
	switch sep {
	case ')', ']':
	case '.', ':':
		if isDigit && !spaced {
			return -1, s
		}
	case '-', '–', '—':
		if !spaced {
			return -1, s
		}
	default:
		return -1, s
	}
	if rest = strings.TrimSpace(tail); rest == "" {
		return -1, s
	}
	return place, rest
}

// stripLetters returns the options without the marks before them, if each has its
// own, in order. Anything else is text.
func stripLetters(options []string) []string {
	stripped := make([]string, len(options))
	for i, o := range options {
		place, rest := cutMark(o)
		if place != i {
			return options
		}
		stripped[i] = rest
	}
	if firstSame(stripped) >= 0 {
		return options
	}
	return stripped
}

// repairKey returns the letter of the one option that a key means, the key as it
// is when it means none, and [ambiguous] when it can be read in two ways. written
// are the options as the model wrote them, options those without letters.
func repairKey(key string, written, options []string) string {
	meant := 0 // a bit for each option
	for i := range options {
		if sameText(key, written[i]) || sameText(key, options[i]) {
			meant |= 1 << i
		}
	}
	if place := optionLetter(afterOptionWord(key)); place >= 0 {
		meant |= 1 << place
	}
	if place, rest := cutMark(key); place >= 0 {
		for i := range options {
			if sameText(rest, options[i]) {
				meant |= 1<<i | 1<<place
			}
		}
	}
	meant |= indexReadings(key)
	switch {
	case meant == 0:
		return key
	case meant&(meant-1) != 0:
		return ambiguous
	}
	for i := range Letters {
		if meant == 1<<i {
			return Letters[i : i+1]
		}
	}
	return key
}

// indexReadings returns the options, as bits, that a key from 0 to 4 may count to,
// from 0 or from 1: only 0 and 4 have one reading.
func indexReadings(key string) int {
	switch key = Normalise(key); key {
	case "0":
		return 1 << 0
	case "4":
		return 1 << 3
	case "1", "2", "3":
		n := int(key[0] - '0')
		return 1<<n | 1<<(n-1)
	}
	return 0
}

// afterOptionWord cuts a word such as "Option" or "الخيار" before a letter.
func afterOptionWord(key string) string {
	first, rest, ok := strings.Cut(key, " ")
	if ok && isOptionWord(Normalise(strings.TrimRight(first, ":"))) {
		return strings.TrimSpace(rest)
	}
	return key
}

func isOptionWord(word string) bool {
	switch word {
	case "option", "options", "answer", "answers", "choice", "choices", "letter",
		"الخيار", "الاجابه", "الجواب", "الاختيار", "البديل", "الحرف":
		return true
	}
	return false
}

// refersToLetters reports whether an option is about other options by their
// letters: "both A and B", "أ و ب". Such a question breaks when options move.
func refersToLetters(option string) bool {
	letters, links := 0, 0
	for _, w := range Words(option) {
		place := optionLetter(w)
		if place < 0 {
			if tail, ok := strings.CutPrefix(w, "و"); ok && tail != "" && optionLetter(tail) >= 0 {
				letters, links = letters+1, links+1 // "وب"
				continue
			}
		}
		switch n := Normalise(w); {
		case place >= 0:
			letters++
		case isOptionWord(n):
			links++
		default:
			switch n {
			case "both", "and", "or", "neither", "nor", "only", "و", "كلا", "معا", "فقط", "كل", "من", "الخيارين":
				links++
			default:
				return false
			}
		}
	}
	return letters >= 2 && links >= 1
}

// isCatchAll reports whether an option sums up the others ("all of the above",
// "جميع ما سبق") and so belongs behind them.
func isCatchAll(option string) bool {
	n := Normalise(option)
	for _, phrase := range []string{
		"of the above", "of these", "all answers", "the above",
		"ما سبق", "مما سبق", "ما ذكر", "مما ذكر", "جميع الاجابات", "كل الاجابات",
	} {
		if strings.Contains(n, phrase) {
			return true
		}
	}
	return false
}

// namesLetter reports whether a text speaks of an option by its letter: "the
// answer is B", "(C) is wrong", "الخيار ب". It breaks when options move.
func namesLetter(text string) bool {
	since := -1 // words since a word for option; -1 before the first
	for at, w := range Words(text) {
		if isOptionWord(Normalise(w)) {
			since = 0
			continue
		}
		place := optionLetter(w)
		bracketed := at > 0 && text[at-1] == '(' && strings.HasPrefix(text[at+len(w):], ")")
		if place >= 0 && w != "a" && (bracketed || since >= 0 && since <= 2) {
			return true
		}
		if since >= 0 {
			since++
		}
	}
	return false
}
