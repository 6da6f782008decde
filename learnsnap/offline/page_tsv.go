package offline

import (
	"image"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A word is one word as it was recognised.
type word struct {
	block, par, line int // where the program has put it
	box              image.Rectangle
	conf             float64 // 0 to 100
	text             string
}

// letters counts the letters and digits of a word.
func (w word) letters() (n int) {
	for _, r := range w.text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// parseTSV reads the table that tesseract writes, in which rows of level 5 are
// words. Nothing in it is quoted. Rows that make no sense are left out: a page
// with a word less is better than none.
func parseTSV(out []byte) (words []word) {
	for row := range strings.Lines(string(out)) {
		f := strings.SplitN(strings.TrimRight(row, "\r\n"), "\t", 12)
		if len(f) < 12 || f[0] != "5" {
			continue
		}
		var n [10]int
		sound := true
		for i := range n {
			v, err := strconv.Atoi(f[i])
			n[i] = v
			sound = sound && err == nil && v >= 0 && v < 1<<20
		}
		conf, err := strconv.ParseFloat(f[10], 64)
		text := visible(f[11])
		if !sound || err != nil || conf != conf || text == "" {
			continue
		}
		words = append(words, word{
			block: n[2], par: n[3], line: n[4], box: image.Rect(n[6], n[7], n[6]+n[8], n[7]+n[9]),
			conf: min(max(conf, 0), 100), text: text,
		})
	}
	return words
}

// visible takes out what is not seen: direction marks, joiners and control
// characters, which recognition puts into lines of mixed direction.
func visible(s string) string {
	if !utf8.ValidString(s) {
		return ""
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, s))
}
