package offline

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// An ocrWord is one word as tesseract has read it.
type ocrWord struct {
	block, par, line    int
	left, top, right, h int
	conf                float64 // 0 to 100
	text                string
}

// parseTSV reads tesseract's table. Rows that make no sense are left out: a page
// with a word less is better than none.
func parseTSV(out []byte) (words []ocrWord) {
	for row := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimRight(row, "\r\n"), "\t")
		if len(f) < 12 || f[0] != "5" {
			continue
		}
		var n [10]int
		for i := range n {
			n[i], _ = strconv.Atoi(f[i]) // a number that is none is 0
		}
		conf, err := strconv.ParseFloat(f[10], 64)
		text := strip(strings.Join(f[11:], " "))
		if err != nil || text == "" || !utf8.ValidString(text) {
			continue
		}
		words = append(words, ocrWord{
			block: n[2], par: n[3], line: n[4], left: n[6], top: n[7], right: n[6] + n[8], h: n[9],
			conf: min(max(conf, 0), 100), text: text,
		})
	}
	return words
}

// strip takes out what is not shown: direction marks and control characters.
func strip(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, s))
}

// A reading is what one pass over a page has found.
type reading struct {
	words []ocrWord
	lang  quiz.Language

	counted int     // words of two letters or more
	mean    float64 // their mean confidence
	sure    float64 // share of them with a confidence of 60 or more
}

func newReading(words []ocrWord, lang quiz.Language) reading {
	r := reading{words: words, lang: lang}
	for _, w := range words {
		if letterCount(w.text) < 2 {
			continue
		}
		r.counted++
		r.mean += w.conf
		if w.conf >= 60 {
			r.sure++
		}
	}
	if r.counted > 0 {
		r.mean /= float64(r.counted)
		r.sure /= float64(r.counted)
	}
	return r
}

func letterCount(s string) (n int) {
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// The gate between a page that was read and one that was not. In the wrong
// language, or upside down, the mean stays below 40; readable pages reach 84.
const (
	fewestWords = 15
	leastMean   = 60
	leastSure   = 0.5
)

func (r reading) readable() bool {
	return r.counted >= fewestWords && r.mean >= leastMean && r.sure >= leastSure
}

// better returns the reading of which more was understood.
func better(a, b reading) reading {
	if b.mean*float64(min(b.counted, 50)) > a.mean*float64(min(a.counted, 50)) {
		return b
	}
	return a
}

// page makes the page of a reading.
func (r reading) page() quiz.Page {
	switch {
	case r.readable():
		text, weak := layOut(r.words, r.lang)
		return quiz.Page{Text: text, Language: quiz.LanguageOf(text), Confidence: round(r.mean / 100), Weak: weak, Source: quiz.SourceOffline}
	case r.counted < 5:
		return quiz.Page{Unreadable: NoText, Source: quiz.SourceOffline}
	}
	return quiz.Page{Unreadable: Blurred, Source: quiz.SourceOffline}
}

func round(f float64) float64 { return float64(int(f*1000+0.5)) / 1000 }

const weakBelow = 88 // of a word's confidence

// layOut joins words to lines and lines to paragraphs, and marks the words that
// may be misread.
func layOut(words []ocrWord, lang quiz.Language) (text string, weak []quiz.Span) {
	var b strings.Builder
	lines := linesOf(words)
	for i, l := range lines {
		for _, w := range l.words {
			if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
				b.WriteByte(' ')
			}
			start := b.Len()
			b.WriteString(w.text)
			if conf := doubted(w, lang); conf < weakBelow {
				weak = append(weak, quiz.Span{Start: start, End: b.Len(), Confidence: round(conf / 100)})
			}
		}
		if i+1 == len(lines) || !l.goesOn(lines[i+1]) {
			b.WriteByte('\n')
		}
	}
	return strings.TrimSuffix(b.String(), "\n"), weak
}

// doubted returns a word's confidence, lowered where tesseract is known to be sure
// of what is wrong: it can't read Arabic digits.
func doubted(w ocrWord, lang quiz.Language) float64 {
	if lang != quiz.English && strings.ContainsFunc(w.text, func(r rune) bool {
		return r >= '٠' && r <= '٩' || r >= '۰' && r <= '۹'
	}) {
		return min(w.conf, 30)
	}
	return w.conf
}

// A textLine is the words of one line.
type textLine struct {
	words       []ocrWord
	left, right int
	widest      int // of the lines of its block
}

func linesOf(words []ocrWord) (lines []textLine) {
	widest := map[int]int{}
	for i, w := range words {
		if i == 0 || w.block != words[i-1].block || w.par != words[i-1].par || w.line != words[i-1].line {
			lines = append(lines, textLine{left: w.left, right: w.right})
		}
		l := &lines[len(lines)-1]
		l.words = append(l.words, w)
		l.left, l.right = min(l.left, w.left), max(l.right, w.right)
		widest[w.block] = max(widest[w.block], l.right-l.left)
	}
	whole, count := 0, map[int]int{}
	for _, l := range lines {
		whole = max(whole, l.right-l.left)
		count[l.words[0].block]++
	}
	kept := lines[:0]
	for _, l := range lines {
		l.widest = widest[l.words[0].block]
		if count[l.words[0].block] < 3 { // a heading, or the end of a paragraph: no column of its own
			l.widest = whole
		}
		if l.words = withoutBullet(l.words); len(l.words) > 0 {
			l.words = mended(l.words)
			kept = append(kept, l)
		}
	}
	return kept
}

// withoutBullet takes the mark of a list item off a line; tesseract reads it as
// one of these.
func withoutBullet(words []ocrWord) []ocrWord {
	if len(words) > 1 && strings.Contains("•*©«°·-–—●▪■○e", words[0].text) && utf8.RuneCountInString(words[0].text) == 1 {
		if words[0].text != "e" || words[0].conf < 60 {
			return words[1:]
		}
	}
	return words
}

// mended puts back the Arabic comma, which is read as a hamza that stands alone or
// as a closing quotation mark that nothing has opened.
func mended(words []ocrWord) []ocrWord {
	out := words[:0:0]
	open := false
	for _, w := range words {
		if w.text == "ء" && len(out) > 0 {
			out[len(out)-1].text += "،"
			continue
		}
		open = open || strings.Contains(w.text, "«")
		if cut, ok := strings.CutSuffix(w.text, "»"); ok && !open && isArabic(cut) {
			w.text = cut + "،"
		} else if ok {
			open = false
		}
		out = append(out, w)
	}
	return out
}

func isArabic(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.Is(unicode.Arabic, r)
}

// goesOn reports whether a paragraph goes on from this line to the next: the line
// is about as wide as its block, and the next is no new entry.
func (l textLine) goesOn(next textLine) bool {
	if l.right-l.left < l.widest*7/10 || next.left > l.right || next.right < l.left {
		return false
	}
	return !l.endsSentence() || !next.isEntry() && (next.endsSentence() || next.right-next.left >= next.widest*7/10)
}

// endsSentence reports whether a line ends where a sentence does. After one that
// does, a short line that does not is a heading.
func (l textLine) endsSentence() bool {
	last := l.words[len(l.words)-1].text
	return strings.ContainsAny(last[len(last)-1:], ".!?") || strings.HasSuffix(last, "؟")
}

// isEntry reports whether a line begins with "term:".
func (l textLine) isEntry() bool {
	for i, w := range l.words {
		if strings.HasSuffix(w.text, ":") {
			return i+1 < len(l.words)
		}
		if i == 4 || strings.ContainsAny(w.text, ".,،") {
			return false
		}
	}
	return false
}
