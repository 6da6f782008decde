package learnsnap

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// cleanText returns a text in valid UTF-8 with line feeds as its only controls,
// without spaces at the ends of lines.
func cleanText(s string) string {
	s = strings.ToValidUTF8(strings.TrimPrefix(s, "\uFEFF"), "\uFFFD")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n", "\v", "\n", "\u2028", "\n", "\u2029", "\n", "\t", " ").Replace(s)
	s = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRightFunc(line, unicode.IsSpace)
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// The lengths, in characters, that the longest line of a text has when its lines
// were broken to fit a column. Shorter is verse or a list, longer is a paragraph
// in a line of its own.
const (
	minColumn = 30
	maxColumn = 130
)

// unwrap joins the lines of a paragraph that was broken to fit a column, so that
// a sentence stands in one line. A line was broken where the next one's first word
// would not have fitted any more. Blank lines, headings, list items and verse keep
// their breaks, and so does a line that ends a sentence: nothing is lost by that.
func unwrap(text string) string {
	lines := strings.Split(text, "\n")
	column := 0
	for _, line := range lines {
		column = max(column, utf8.RuneCountInString(line))
	}
	if column < minColumn || column > maxColumn {
		return text
	}
	var b strings.Builder
	b.WriteString(lines[0])
	for i, line := range lines[1:] {
		previous, words := lines[i], strings.TrimSpace(line)
		switch {
		case !broken(previous, words, column):
			b.WriteString("\n" + line)
		case strings.HasSuffix(previous, "-"): // of a compound: plain text has no other
			b.WriteString(words)
		default:
			b.WriteString(" " + words)
		}
	}
	return b.String()
}

// broken reports whether the break between a line and the next was made to fit
// the column.
func broken(line, next string, column int) bool {
	if line == "" || next == "" || startsItem(next) {
		return false
	}
	if last, _ := utf8.DecodeLastRuneInString(line); strings.ContainsRune(".!?:;؟؛…", last) {
		return false
	}
	first, _, _ := strings.Cut(next, " ")
	return utf8.RuneCountInString(line)+1+utf8.RuneCountInString(first) > column
}

// startsItem reports whether a line is an item of a list: it begins with a mark,
// or with a number or a letter and a point or bracket.
func startsItem(line string) bool {
	first, size := utf8.DecodeRuneInString(line)
	if strings.ContainsRune("-–—•·*▪◦●○■□►➢✓", first) {
		return true
	}
	if !unicode.IsDigit(first) && !unicode.IsLetter(first) {
		return false
	}
	rest := line[size:]
	if unicode.IsDigit(first) {
		rest = strings.TrimLeftFunc(rest, unicode.IsDigit)
	}
	mark, size := utf8.DecodeRuneInString(rest)
	after, _ := utf8.DecodeRuneInString(rest[size:])
	return strings.ContainsRune(".)-–:", mark) && (after == ' ' || after == utf8.RuneError)
}
