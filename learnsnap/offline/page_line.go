package offline

import (
	"image"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A line is the words of one line of a page, in the order of reading.
type line struct {
	words []word
	box   image.Rectangle
}

func newLine(words []word) line {
	l := line{words: words}
	for _, w := range words {
		l.box = l.box.Union(w.box)
	}
	return l
}

// linesOf groups words by the lines that the program has put them in.
func linesOf(words []word) (lines []line) {
	for start, i := 0, 1; start < len(words); i++ {
		if i == len(words) || words[i].block != words[start].block || words[i].par != words[start].par || words[i].line != words[start].line {
			lines = append(lines, newLine(words[start:i:i]))
			start = i
		}
	}
	return lines
}

// sureness is the mean confidence of words, by letters; words without any, such as
// bullets, do not count.
func sureness(words []word) (mean float64, letters int) {
	for _, w := range words {
		n := w.letters()
		letters += n
		mean += w.conf * float64(n)
	}
	return mean / float64(max(letters, 1)), letters
}

// cleaned takes out of lines what is no text, and mends what is misread in a way
// that is known.
func cleaned(lines []line, lang quiz.Language) []line {
	out := make([]line, 0, len(lines))
	for _, l := range lines {
		words := withoutEdges(l)
		words = withoutBullet(words)
		if lang != quiz.English {
			words = mended(words)
			for i := range words {
				words[i].conf = min(words[i].conf, numberCeiling(words[i].text))
			}
		}
		// Dirt, and the grain of a table, come as lines of junk.
		if mean, letters := sureness(words); letters > 0 && mean >= 35 {
			out = append(out, newLine(words))
		}
	}
	return out
}

// withoutEdges takes off what stands at either end of a line, apart from it, is
// short, and was hardly recognised: the edge of the sheet, a fold, a drawing.
func withoutEdges(l line) []word {
	words := slices.Clone(l.words)
	for len(words) > 1 {
		n := len(words)
		switch {
		case stray(words[0], words[1], l.box.Dy()):
			words = words[1:]
		case stray(words[n-1], words[n-2], l.box.Dy()):
			words = words[:n-1]
		default:
			return words
		}
	}
	return words
}

func stray(w, next word, high int) bool {
	apart := max(w.box.Min.X-next.box.Max.X, next.box.Min.X-w.box.Max.X)
	return w.conf < 40 && w.letters() <= 2 && apart > high
}

// withoutBullet takes the mark of a list item off a line. It is read as any of
// many signs, or as a letter that was hardly recognised.
func withoutBullet(words []word) []word {
	for len(words) > 1 {
		first := words[0]
		single := utf8.RuneCountInString(first.text) == 1
		switch {
		case first.letters() == 0 && len(first.text) <= 4 && !strings.ContainsAny(first.text, "=+%$"),
			single && strings.ContainsAny(first.text, "+©°*٠"),
			single && first.conf < 60 && !strings.ContainsAny(first.text, "0123456789"):
			words = words[1:]
		default:
			return words
		}
	}
	return words
}

// mended puts back the Arabic comma, which is read as a Latin one, as a hamza, or
// as a closing quotation mark that nothing has opened.
func mended(words []word) []word {
	out := words[:0]
	open := false
	for _, w := range words {
		open = open || strings.Contains(w.text, "«")
		switch {
		case w.text == "ء" && len(out) > 0:
			out[len(out)-1].text += "،"
			continue
		case strings.HasSuffix(w.text, ",") && endsArabic(w.text[:len(w.text)-1]):
			w.text = strings.TrimSuffix(w.text, ",") + "،"
		case strings.HasSuffix(w.text, "»") && !open && endsArabic(strings.TrimSuffix(w.text, "»")):
			w.text = strings.TrimSuffix(w.text, "»") + "،"
		case strings.HasSuffix(w.text, "ء") && !endsInHamza(w.text):
			w.text = strings.TrimSuffix(w.text, "ء") + "،"
		}
		if strings.Contains(w.text, "»") {
			open = false
		}
		out = append(out, w)
	}
	return out
}

func endsArabic(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.Is(unicode.Arabic, r)
}

// endsInHamza reports whether a word that ends in a lone hamza may be right: after
// a long vowel it is common, after other letters in a few words alone.
func endsInHamza(s string) bool {
	stem := strings.TrimSuffix(s, "ء")
	if r, _ := utf8.DecodeLastRuneInString(stem); strings.ContainsRune("اويآى", r) {
		return true
	}
	return slices.ContainsFunc([]string{"جز", "عب", "بد", "مل", "دف", "مر", "بط", "كف", "نش", "در", "وط", "بر", "رز", "هز", "خب", "نت", "قر"}, func(root string) bool {
		return strings.HasSuffix(stem, root)
	})
}

// numberCeiling bounds the confidence of a word that is, or may be, a number in
// Arabic digits: the program is sure of them and wrong, more often than not. ٧١
// comes as a word of two upright strokes.
func numberCeiling(text string) float64 {
	const doubtful = 20
	for _, r := range text {
		if r >= '٠' && r <= '٩' || r >= '۰' && r <= '۹' {
			return doubtful
		}
	}
	bare := strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
	if bare == "الا" || bare != "" && strings.Trim(bare, "اأ") == "" || strings.ContainsAny(text, "¥|\\\"'") {
		return doubtful
	}
	return 100
}
