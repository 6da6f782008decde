package offline

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// weakBelow is the confidence below which a word may be misread.
const weakBelow = 88

// layOut puts words into lines and lines into paragraphs, each of which ends in a
// newline, and marks the words that may be misread.
func layOut(lines []line) (text string, weak []quiz.Span) {
	var b strings.Builder
	joined := true // nothing is needed before the next word
	for i, l := range lines {
		for k, w := range l.words {
			if !joined {
				b.WriteByte(' ')
			}
			joined = false
			start := b.Len()
			if k+1 == len(l.words) && i+1 < len(lines) && runsOn(lines, i) && hyphened(l, lines[i+1]) {
				w.text = strings.TrimSuffix(w.text, "-")
			}
			b.WriteString(w.text)
			if w.conf < weakBelow {
				weak = append(weak, quiz.Span{Start: start, End: b.Len(), Confidence: portion(w.conf)})
			}
		}
		switch {
		case i+1 == len(lines):
		case !runsOn(lines, i):
			b.WriteByte('\n')
			joined = true
		case hyphened(l, lines[i+1]):
			joined = true
		}
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String(), weak
}

// hyphened reports whether a word goes on in the next line.
func hyphened(l, next line) bool {
	stem, ok := strings.CutSuffix(l.words[len(l.words)-1].text, "-")
	last, _ := utf8.DecodeLastRuneInString(stem)
	first, _ := utf8.DecodeRuneInString(next.words[0].text)
	return ok && unicode.IsLower(last) && unicode.IsLower(first)
}

// runsOn reports whether a paragraph goes on from line i to the next: the line
// fills its column, and the next is set in the same way and no new entry.
func runsOn(lines []line, i int) bool {
	l, next := lines[i], lines[i+1]
	if !fills(lines, i) {
		return false
	}
	last := l.words[len(l.words)-1].text
	ended := closes(last)
	if ended && (isEntry(next) || !fills(lines, i+1) && !closes(next.words[len(next.words)-1].text)) {
		return false // an entry, or a heading
	}
	if beside(l, next) {
		return !ended // the next column
	}
	high, nextHigh := l.height(), next.height()
	if 10*max(high, nextHigh) > 15*min(high, nextHigh) {
		return false // a heading
	}
	return next.box.Min.Y-l.box.Max.Y <= 2*max(high, nextHigh)
}

// height is that of the line's print: the median of its words' heights.
func (l line) height() int {
	heights := make([]int, len(l.words))
	for i, w := range l.words {
		heights[i] = w.box.Dy()
	}
	slices.Sort(heights)
	return max(heights[len(heights)/2], 1)
}

// beside reports whether the next line is not below this one, but in the next
// column.
func beside(l, next line) bool {
	return next.box.Max.Y < l.box.Min.Y || next.box.Min.X >= l.box.Max.X || next.box.Max.X <= l.box.Min.X
}

// fills reports whether a line is about as long as others in its column.
func fills(lines []line, i int) bool {
	return 10*lines[i].box.Dx() >= 7*columnWidth(lines, i)
}

// columnWidth is that of the longest line that stands over or under line i.
func columnWidth(lines []line, i int) (width int) {
	box := lines[i].box
	for _, l := range lines {
		over := min(l.box.Max.X, box.Max.X) - max(l.box.Min.X, box.Min.X)
		if 2*over > min(l.box.Dx(), box.Dx()) {
			width = max(width, l.box.Dx())
		}
	}
	return width
}

// closes reports whether a sentence ends with a word.
func closes(word string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(word, "\"'”’»)"))
	return strings.ContainsRune(".!?؟…:", r)
}

// isEntry reports whether a line begins with a term and a colon, or a number.
func isEntry(l line) bool {
	for i, w := range l.words {
		switch {
		case strings.HasSuffix(w.text, ":"):
			return i+1 < len(l.words)
		case i == 0 && isNumbering(w.text):
			return true
		case i == 4 || strings.ContainsAny(w.text, ".,،;؛"):
			return false
		}
	}
	return false
}

// isNumbering reports whether a word is "1.", "a)" or the like.
func isNumbering(word string) bool {
	stem := strings.TrimRight(word, ".)-")
	return stem != word && stem != "" && utf8.RuneCountInString(stem) <= 2 && (len(stem) == 1 || unicode.IsDigit(rune(stem[0])))
}
