package quiz

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Normalise returns s as it is compared, never as it is shown: two texts that a
// reader takes for the same have the same normal form. It
//
//   - folds the Arabic letter variants (أ إ آ ٱ to ا, ى to ي, ة to ه, the Persian
//     ک and ی to ك and ي) and takes presentation forms apart (ﻻ to لا);
//   - drops tatweel, Arabic diacritics and Quranic marks, and all invisible format
//     characters (bidi marks, joiners, soft hyphens);
//   - writes Arabic-Indic and Persian digits as 0 to 9, ₂ as 2, ² as ^2, ½ as 1/2;
//   - lowers Latin letters, drops their accents and opens their ligatures, in
//     composed and decomposed spelling alike;
//   - unifies quotation marks, dashes, ellipses and the Arabic comma, semicolon,
//     question and percent marks with their ASCII counterparts;
//   - writes each run of white space as one space, and none at either end.
//
// Other punctuation stays: "a + b" and "a - b" differ. Normalise is idempotent,
// linear in s, and allocates nothing when s is in normal form already.
func Normalise(s string) string {
	if isNormal(s) {
		return s
	}
	return string(appendNormal(make([]byte, 0, len(s)+8), s))
}

// isNormal reports whether s is plainly in normal form: plain words with single
// spaces between them.
func isNormal(s string) bool {
	for s != "" {
		n := plainLen(s)
		if n == 0 || n == len(s)-1 {
			return false // it begins with a space, ends with one, or has two
		}
		if n == len(s) {
			return true
		}
		if s[n] != ' ' {
			return false
		}
		s = s[n+1:]
	}
	return true
}

// plainLen returns the length of the longest prefix of s that stands for itself:
// small ASCII letters, digits, punctuation and bare Arabic letters, no spaces.
func plainLen(s string) int {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c > ' ' && c < 0x7F && (c < 'A' || c > 'Z'):
			i++
		case (c == 0xD8 || c == 0xD9) && i+1 < len(s) && s[i+1]&0xC0 == 0x80 &&
			isPlainArabic(rune(c&0x1F)<<6|rune(s[i+1]&0x3F)):
			i += 2
		default:
			return i
		}
	}
	return len(s)
}

// isPlainArabic reports whether r is an Arabic letter that stands for itself.
func isPlainArabic(r rune) bool {
	switch r {
	case 'آ', 'أ', 'إ', 'ة', 'ى', tatweel:
		return false
	}
	return r >= 'ء' && r <= 'ي' && (r <= 'غ' || r >= 'ف')
}

const tatweel = '\u0640'

// appendNormal appends the normal form of s to dst.
func appendNormal(dst []byte, s string) []byte {
	w := normalWriter{out: dst, base: len(dst)}
	for i := 0; i < len(s); {
		if n := plainLen(s[i:]); n > 0 {
			w.text(s[i : i+n])
			i += n
			continue
		}
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			w.rune(r)
			i += size
			continue
		}
		i++
		switch {
		case c == ' ' || c >= '\t' && c <= '\r':
			w.space = true
		case c < ' ' || c == 0x7F: // a control character
		default: // a capital
			w.byte(c + 'a' - 'A')
		}
	}
	return w.out
}

// A normalWriter writes runes in their normal form.
type normalWriter struct {
	out    []byte
	base   int  // where this text begins in out
	space  bool // white space was seen and not written yet
	raised bool // the last rune written was a superscript
}

func (w *normalWriter) gap() {
	if w.space && len(w.out) > w.base {
		w.out = append(w.out, ' ')
	}
	w.space, w.raised = false, false
}

func (w *normalWriter) byte(c byte) {
	w.gap()
	w.out = append(w.out, c)
}

func (w *normalWriter) letter(r rune) {
	w.gap()
	w.out = utf8.AppendRune(w.out, r)
}

func (w *normalWriter) text(s string) {
	w.gap()
	w.out = append(w.out, s...)
}

// rune writes r, which is not ASCII.
func (w *normalWriter) rune(r rune) {
	switch {
	case r >= 0x0600 && r <= 0x06FF:
		w.arabic(r)
	case r < 0x00C0:
		w.latin1Sign(r)
	case r < 0x0250:
		w.latin(r, latinBase[r-0x00C0])
	case r >= 0x1E00 && r <= 0x1EFF:
		w.latin(r, latinMoreBase[r-0x1E00])
	case r >= 0xFB00 && r <= 0xFEFF:
		w.presentation(r)
	case r >= 0x2000 && r <= 0x22FF:
		w.sign(r)
	case r > 0xFF00 && r <= 0xFF5E: // full-width ASCII
		w.byte(byte(unicode.ToLower(r - 0xFF00 + ' ')))
	case isMark(r) || unicode.Is(unicode.Cf, r):
	case unicode.IsSpace(r):
		w.space = true
	default:
		w.letter(unicode.ToLower(r))
	}
}

// arabic writes a rune of the Arabic block.
func (w *normalWriter) arabic(r rune) {
	switch {
	case r >= 0x0660 && r <= 0x0669:
		w.byte('0' + byte(r-0x0660))
	case r >= 0x06F0 && r <= 0x06F9:
		w.byte('0' + byte(r-0x06F0))
	case r == hamzaAbove:
		w.composeHamza()
	case isMark(r) || r == tatweel || r <= 0x0605 || r == 0x061C || r == 0x06DD:
	default:
		w.arabicLetter(r)
	}
}

func (w *normalWriter) arabicLetter(r rune) {
	switch r {
	case 'آ', 'أ', 'إ', 'ٱ', 'ٲ', 'ٳ', 'ٵ':
		w.letter('ا')
	case 'ى', 'ی', 'ې':
		w.letter('ي')
	case 'ة', 'ۀ', 'ہ', 'ۃ', 'ە', 'ھ', 'ۂ':
		w.letter('ه')
	case 'ک':
		w.letter('ك')
	case '،', '٬':
		w.byte(',')
	case '؛':
		w.byte(';')
	case '؟':
		w.byte('?')
	case '٪':
		w.byte('%')
	case '٫', '۔':
		w.byte('.')
	default:
		w.letter(r)
	}
}

const hamzaAbove = '\u0654'

// composeHamza joins a combining hamza with the letter before it, so that the
// decomposed spelling of ؤ and ئ is the composed one. On other letters it drops
// out, as it does from أ.
func (w *normalWriter) composeHamza() {
	if w.space {
		return
	}
	switch word := w.out[w.base:]; {
	case bytes.HasSuffix(word, []byte("و")):
		copy(word[len(word)-len("و"):], "ؤ")
	case bytes.HasSuffix(word, []byte("ي")):
		copy(word[len(word)-len("ي"):], "ئ")
	}
}

// isMark reports whether r is a diacritic or another combining mark of the Latin
// or Arabic script, or a variation selector.
func isMark(r rune) bool {
	switch {
	case r < 0x0300:
		return false
	case r <= 0x036F:
		return true
	case r >= 0x0610 && r <= 0x061A, r >= 0x064B && r <= 0x065F, r == 0x0670,
		r >= 0x06D6 && r <= 0x06DC, r >= 0x06DF && r <= 0x06E4, r == 0x06E7, r == 0x06E8,
		r >= 0x06EA && r <= 0x06ED, r >= 0x0897 && r <= 0x089F, r >= 0x08CA && r <= 0x08FF:
		return true
	case r >= 0x1AB0 && r <= 0x1AFF, r >= 0x1DC0 && r <= 0x1DFF, r >= 0x20D0 && r <= 0x20FF,
		r >= 0xFE00 && r <= 0xFE0F, r >= 0xFE20 && r <= 0xFE2F:
		return true
	}
	return false
}
