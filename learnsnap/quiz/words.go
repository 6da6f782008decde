package quiz

import (
	"iter"
	"unicode"
	"unicode/utf8"
)

// Words yields the words of text with the byte offset of each, as they stand
// there. A word is a run of letters or digits with the marks on them; inside it
// may stand an apostrophe ("plant's"), and between digits a point or a comma
// ("3.14"). A word has one script: Arabic letters end where digits or Latin
// letters begin ("25م" is two words; "CO₂" is one).
func Words(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for at := 0; at < len(text); {
			start, end := nextWord(text, at)
			if start == end || !yield(start, text[start:end]) {
				return
			}
			at = end
		}
	}
}

// nextWord finds the first word of text from at on. Without one, start is end.
func nextWord(text string, at int) (start, end int) {
	kind := apart
	for ; at < len(text); at += size(text, at) {
		if kind = kindAt(text, at); kind != apart && kind != attached {
			break
		}
	}
	start, end = at, at
	for at < len(text) {
		n := size(text, at)
		next := kindAt(text, at)
		switch {
		case next == attached:
			if !isInvisible(text, at) { // they belong to a word only inside it
				end = at + n
			}
		case next == apart:
			if !isJoint(text, at, n, kind) {
				return start, end
			}
		case next != kind && (next == arabicLetter || kind == arabicLetter):
			return start, end
		default:
			kind, end = next, at+n
		}
		at += n
	}
	return start, end
}

// A kind is what a rune is to a word.
type kind int

const (
	apart        kind = iota // ends a word
	attached                 // a mark, a tatweel or an invisible character: goes with what is around it
	digit                    // of any script, and other numbers such as ² and ½
	latinLetter              // or a letter of another script
	arabicLetter             //
)

func kindAt(text string, at int) kind {
	c := text[at]
	switch {
	case c >= utf8.RuneSelf:
		r, _ := utf8.DecodeRuneInString(text[at:])
		return kindOf(r)
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return latinLetter
	case c >= '0' && c <= '9':
		return digit
	}
	return apart
}

// kindOf is kindAt for a rune beyond ASCII.
func kindOf(r rune) kind {
	switch {
	case r >= 'ء' && r <= 'ي' && r != tatweel:
		return arabicLetter
	case r == tatweel || isMark(r):
		return attached
	case r >= 0x0660 && r <= 0x0669:
		return digit
	case unicode.IsLetter(r):
		if isArabicScript(r) {
			return arabicLetter
		}
		return latinLetter
	case unicode.IsNumber(r):
		return digit
	case unicode.IsMark(r) || unicode.Is(unicode.Cf, r):
		return attached
	}
	return apart
}

func isArabicScript(r rune) bool {
	return r >= 0x0600 && r <= 0x06FF || r >= 0x0750 && r <= 0x077F || r >= 0x0870 && r <= 0x08FF ||
		r >= 0xFB50 && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFC
}

func isInvisible(text string, at int) bool {
	r, _ := utf8.DecodeRuneInString(text[at:])
	return unicode.Is(unicode.Cf, r)
}

// isJoint reports whether the n bytes at at hold a word of kind before together
// with what follows.
func isJoint(text string, at, n int, before kind) bool {
	if at+n >= len(text) || kindAt(text, at+n) != before {
		return false
	}
	switch text[at : at+n] {
	case "'", "’", "ʼ":
		return before == latinLetter
	case ".", ",", "٫", "٬":
		return before == digit
	}
	return false
}

func size(text string, at int) int {
	if text[at] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(text[at:])
	return n
}

// LanguageOf returns the language of text by the script of its letters: [Arabic]
// or [English] where at least four of five letters are of its script, else
// [Mixed], and none where text has no letter.
func LanguageOf(text string) Language {
	arabic, other := 0, 0
	for at := 0; at < len(text); at += size(text, at) {
		switch kindAt(text, at) {
		case arabicLetter:
			arabic++
		case latinLetter:
			other++
		}
	}
	switch all := arabic + other; {
	case all == 0:
		return ""
	case 5*arabic >= 4*all:
		return Arabic
	case 5*other >= 4*all:
		return English
	}
	return Mixed
}
