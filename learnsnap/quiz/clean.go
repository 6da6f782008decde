package quiz

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns s as it is shown on one line: without tatweel, control and
// invisible format characters, each run of white space as one space, none at
// either end. Diacritics and letter variants stay as they are written. The
// tatweel of the abbreviation هـ stays too: it is how that is spelled.
func Clean(s string) string {
	if isClean(s) {
		return s
	}
	var w cleanWriter
	w.b.Grow(len(s))
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			w.space = true
		case r == tatweel:
			w.tatweel = w.tatweel || w.last == 'ه' && !unicode.IsLetter(w.before) && !w.space
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
		default:
			w.rune(r)
		}
	}
	if w.tatweel {
		w.write(tatweel)
	}
	return w.b.String()
}

// A cleanWriter writes runes with what was held back before them.
type cleanWriter struct {
	b            strings.Builder
	before, last rune // the two runes written last
	space        bool // white space was seen and not written yet
	tatweel      bool // so was a tatweel behind a lone ه: it stays unless a letter follows
}

func (w *cleanWriter) rune(r rune) {
	if w.tatweel && (w.space || !unicode.IsLetter(r)) {
		w.write(tatweel)
	}
	if w.space && w.b.Len() > 0 {
		w.write(' ')
	}
	w.space, w.tatweel = false, false
	w.write(r)
}

func (w *cleanWriter) write(r rune) {
	w.b.WriteRune(r)
	w.before, w.last = w.last, r
}

// isClean reports whether s is plainly clean already.
func isClean(s string) bool {
	space := true
	for _, r := range s {
		switch {
		case r == ' ':
			if space {
				return false
			}
			space = true
			continue
		case r < ' ' || r == 0x7F || r == tatweel || r == utf8.RuneError:
			return false
		case r > 0x7F && (unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)):
			return false
		}
		space = false
	}
	return !space || s == ""
}

// visible returns s on one line, without control and invisible format characters:
// a text that is quoted must not turn round what stands beside it. Unlike [Clean]
// it leaves the letters as they are.
func visible(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}
