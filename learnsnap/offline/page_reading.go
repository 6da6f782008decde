package offline

import (
	"math"
	"unicode"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A reading is what was found on a page in one language.
type reading struct {
	lines []line
	lang  quiz.Language

	counted int     // words of two letters or more
	mean    float64 // their mean confidence
	sure    float64 // share of them with a confidence of 60 or more
}

func newReading(lines []line, lang quiz.Language) reading {
	r := reading{lines: lines, lang: lang}
	for _, l := range lines {
		for _, w := range l.words {
			if !isWord(w.text) {
				continue
			}
			r.counted++
			r.mean += w.conf
			if w.conf >= 60 {
				r.sure++
			}
		}
	}
	if r.counted > 0 {
		r.mean /= float64(r.counted)
		r.sure /= float64(r.counted)
	}
	return r
}

// isWord reports whether a text has two letters or more.
func isWord(text string) bool {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n >= 2
}

// readable is the gate between a page that was read and one that was not. In the
// wrong language, upside down or blurred, the mean stays below 40; readable pages
// reach 80. A page of few words, a title or a picture with its caption, must be
// read well to count.
func (r reading) readable() bool {
	switch {
	case r.counted >= 15:
		return r.mean >= 60 && r.sure >= 0.5
	case r.counted >= 3:
		return r.mean >= 80 && r.sure >= 0.8
	}
	return false
}

// unreadable makes the page of a reading that is not readable.
func (r reading) unreadable() quiz.Page {
	why := Blurred
	if r.counted < 5 {
		why = NoText
	}
	return quiz.Page{Unreadable: why, Source: quiz.SourceOffline}
}

// page makes the page of a readable reading.
func (r reading) page() quiz.Page {
	text, weak := layOut(cleaned(r.lines, r.lang))
	if text == "" {
		return r.unreadable()
	}
	return quiz.Page{
		Text: text, Weak: weak, Confidence: portion(r.mean),
		Language: quiz.LanguageOf(text), Source: quiz.SourceOffline,
	}
}

// portion makes a share of 1, in thousandths, of a percentage.
func portion(percent float64) float64 { return math.Round(percent*10) / 1000 }
