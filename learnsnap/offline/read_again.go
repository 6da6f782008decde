package offline

import (
	"context"
	"image"
	"slices"
	"strings"
	"unicode"

	"github.com/learnsnap/learnsnap-go/learnsnap/offline/internal/flat"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// doubtful is the mean confidence below which a line is looked at again.
const doubtful = 80

// mostAgain bounds the lines that are looked at again. A page of so many doubtful
// lines is one of another kind: a table, a map.
const mostAgain = 60

// lookAgain reads once more the lines that stand on a page but were left out, and
// those that were read with little confidence. Tesseract drops short last lines of
// Arabic paragraphs without a sign, and reads a line whose height it misjudged as
// nonsense; alone, both come out right.
func (t *Tesseract) lookAgain(ctx context.Context, page *image.Gray, first reading, seen []image.Rectangle) (reading, error) {
	var again []image.Rectangle
	for _, r := range seen {
		if needsAnother(first.lines, r) {
			again = append(again, r)
		}
	}
	if len(again) == 0 || len(again) > mostAgain {
		return first, nil
	}
	stack, strips := flat.Stack(page, again, first.lang == quiz.Arabic)
	words, err := t.recognise(ctx, stack, first.lang, oneBlock)
	if err != nil {
		return reading{}, err
	}
	lines := first.lines
	for i, s := range strips {
		lines = settle(lines, again[i], onPage(words, s))
	}
	return newReading(lines, first.lang), nil
}

// needsAnother reports whether the words within a rectangle leave a large part of
// it uncovered, or are doubtful.
func needsAnother(lines []line, r image.Rectangle) bool {
	words := within(lines, r)
	mean, _ := sureness(words)
	if len(words) == 0 || mean < doubtful {
		return true
	}
	hull := newLine(words).box.Intersect(r)
	return r.Dx()-hull.Dx() > max(2*r.Dy(), r.Dx()/4)
}

// within returns the words whose middle lies in a rectangle.
func within(lines []line, r image.Rectangle) (words []word) {
	for _, l := range lines {
		if !l.box.Overlaps(r) {
			continue
		}
		for _, w := range l.words {
			if middle(w).In(r) {
				words = append(words, w)
			}
		}
	}
	return words
}

func middle(w word) image.Point { return w.box.Min.Add(w.box.Max).Div(2) }

// onPage returns the words of a stack that stand in a strip, at their place on the
// page.
func onPage(words []word, s flat.Strip) (out []word) {
	for _, w := range words {
		if s.Holds(middle(w)) {
			w.box = s.OnPage(w.box)
			out = append(out, w)
		}
	}
	return out
}

// settle decides between what two looks have found in a rectangle, and puts it
// into the lines of the page.
func settle(lines []line, r image.Rectangle, found []word) []line {
	before := within(lines, r)
	was, had := sureness(before)
	is, has := sureness(found)
	if len(before) == 0 && (is < 70 || has < 3) || len(before) > 0 && (is <= was || 10*has < 8*had) {
		disagree(lines, r, found)
		return lines
	}
	for i := range found {
		if len(before) > 0 && !says(before, found[i].text) {
			found[i].conf = min(found[i].conf, weakBelow-1)
		}
	}
	at := len(lines)
	out := make([]line, 0, len(lines)+1)
	for _, l := range lines {
		kept := slices.DeleteFunc(slices.Clone(l.words), func(w word) bool { return middle(w).In(r) })
		if len(kept) < len(l.words) && at == len(lines) {
			at = len(out)
		}
		if len(kept) > 0 {
			out = append(out, newLine(kept))
		}
	}
	if len(before) == 0 {
		at = placeFor(out, r)
	}
	return slices.Insert(out, min(at, len(out)), linesOf(found)...)
}

// disagree lowers the confidence of the words in a rectangle that the other look
// did not find there.
func disagree(lines []line, r image.Rectangle, found []word) {
	for _, l := range lines {
		for i, w := range l.words {
			if middle(w).In(r) && !says(found, w.text) {
				l.words[i].conf = min(w.conf, weakBelow-1)
			}
		}
	}
}

// says reports whether a text is among words, but for punctuation.
func says(words []word, text string) bool {
	bare := bareWord(text)
	return slices.ContainsFunc(words, func(w word) bool { return bareWord(w.text) == bare })
}

func bareWord(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

// placeFor returns where a line that was left out belongs: behind the last line
// that stands above it in its column.
func placeFor(lines []line, r image.Rectangle) (at int) {
	y := (r.Min.Y + r.Max.Y) / 2
	for i, l := range lines {
		if (l.box.Min.Y+l.box.Max.Y)/2 < y && l.box.Min.X < r.Max.X && r.Min.X < l.box.Max.X {
			at = i + 1
		}
	}
	return at
}
