package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A sentence is a stretch of a page as the rules see it.
type sentence struct {
	page    int
	order   int    // its place among all sentences of the quiz
	line    int    // the paragraph or list entry it stands in
	raw     string // as it stands on the page, line breaks as spaces
	source  string // the page, and where in it raw stands
	start   int
	end     int
	text    string  // what is said, fit to stand alone: see state
	words   []token // of text
	flat    string  // the words in normal form, a space before and behind each
	arabic  bool    // its rules are the Arabic ones
	role    role    //
	trust   float64 // how surely it was read, 0 to 1
	murky   bool    // on a page that was read badly throughout
	item    bool    // it had the mark of a list entry
	fresh   bool    // text says more than raw: a pronoun was replaced
	section string  // the heading above it
}

// A role is what a sentence is on its page.
type role uint8

const (
	passage   role = iota // may carry questions, once it was found to stand alone
	entry                 // "Term: what it means"
	heading               // a line without a full stop
	intro                 // a line that ends in a colon
	exercise              // a question to the reader, a task, or what belongs to one
	order                 // gives orders: to a reader or to a machine
	unusable              // anything else that nothing can rest on
	statement             // a passage that stands alone
)

// A token is a word of a sentence, as it is written and as it is compared.
type token struct {
	core       string // without the punctuation around it
	fold       string // core in normal form
	start, end int    // bytes of core in the sentence's text
	before     string // punctuation in front
	after      string // punctuation behind
}

func normalise(s string) string { return quiz.Normalise(s) }

// split cuts a page into its sentences. Weak words lower the trust of theirs.
func split(p quiz.Page) []*sentence {
	text, lines := joinWrapped(p.Text)
	read := newPageTrust(p)
	var all []*sentence
	zone := false // inside the list of an exercise
	section := ""
	for i, line := range lines {
		for at, raw := range quiz.Sentences(text[line.start:line.end]) {
			start := line.start + at
			body := withoutMarker(raw)
			s := &sentence{page: p.Page, line: i, raw: body, trust: read.trust(start+len(raw)-len(body), start+len(raw)), section: section}
			s.source, s.start, s.end = text, start+len(raw)-len(body), start+len(raw)
			s.item, s.murky = body != raw, read.murky
			s.arabic = isArabicText(body)
			s.setText(spelled(quiz.Clean(body), s.arabic))
			s.role = roleOf(s, body != raw, &zone)
			if s.role == heading && len(s.words) <= 8 {
				section = s.text
			}
			all = append(all, s)
		}
	}
	return all
}

// spelled writes the Arabic comma in Arabic text: keyboards and OCR give the other.
func spelled(text string, arabic bool) string {
	if !arabic {
		return text
	}
	return strings.ReplaceAll(text, ", ", "، ")
}

func isArabicText(s string) bool {
	switch quiz.LanguageOf(s) {
	case quiz.Arabic:
		return true
	case quiz.Mixed: // that of its first word
		for _, w := range quiz.Words(s) {
			return quiz.LanguageOf(w) == quiz.Arabic
		}
	}
	return false
}

// A stretch is a part of a page's text.
type stretch struct{ start, end int }

// joinWrapped returns the page with the line breaks inside its paragraphs as
// spaces (the text keeps its length), and its paragraphs. Only text that is
// wrapped at a width, as mail and old books are, has such breaks.
func joinWrapped(text string) (string, []stretch) {
	var lines []stretch
	for start := 0; start < len(text); {
		end := strings.IndexAny(text[start:], "\n\r\v\f\u2028\u2029")
		if end < 0 {
			end = len(text) - start
		}
		lines = append(lines, stretch{start, start + end})
		_, size := utf8.DecodeRuneInString(text[start+end:])
		start += end + max(size, 1)
	}
	width := wrapWidth(text, lines)
	if width == 0 {
		return text, lines
	}
	joined := []byte(text)
	var paragraphs []stretch
	for i, l := range lines {
		if n := len(paragraphs); n > 0 && goesOn(text, lines[i-1], l, width) {
			for at := paragraphs[n-1].end; at < l.start; at++ {
				joined[at] = ' '
			}
			paragraphs[n-1].end = l.end
			continue
		}
		paragraphs = append(paragraphs, l)
	}
	return string(joined), paragraphs
}

// wrapWidth returns the width in runes at which text is wrapped, or 0 when it
// is not: a good part of the lines that are not short end in the middle of a
// sentence.
func wrapWidth(text string, lines []stretch) int {
	longest, long, open := 0, 0, 0
	for _, l := range lines {
		longest = max(longest, utf8.RuneCountInString(text[l.start:l.end]))
	}
	for _, l := range lines {
		if s := strings.TrimSpace(text[l.start:l.end]); utf8.RuneCountInString(s)*10 >= longest*7 {
			long++
			if !endsSentence(s) {
				open++
			}
		}
	}
	if longest < 30 || longest > 160 || long < 3 || open*3 < long {
		return 0
	}
	return longest
}

func goesOn(text string, before, line stretch, width int) bool {
	a, b := strings.TrimSpace(text[before.start:before.end]), strings.TrimSpace(text[line.start:line.end])
	return utf8.RuneCountInString(a)*10 >= width*7 && b != "" && !endsSentence(a) && !strings.HasSuffix(a, ":") &&
		withoutMarker(b) == b && entryColon(b) < 0
}

func endsSentence(s string) bool {
	s = strings.TrimRight(s, "\"')]}»”’›")
	r, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune(".!?؟…۔", r) && s != ""
}

// withoutMarker cuts the bullet or number off a list entry.
func withoutMarker(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if strings.ContainsRune("-–—•*·▪●○◦■□►➢✓©°«»+", r) && strings.HasPrefix(s[size:], " ") {
		return strings.TrimLeft(s[size:], " \t")
	}
	rest := strings.TrimLeft(s, "(")
	ends := ")-" // "a) ", not the "J. " of a name
	if digits := strings.TrimLeftFunc(rest, unicode.IsDigit); digits != rest && len(rest)-len(digits) <= 4 {
		rest, ends = digits, ")-."
	} else if r, size = utf8.DecodeRuneInString(rest); unicode.IsLetter(r) {
		rest = strings.TrimPrefix(rest[size:], "ـ")
	} else {
		return s
	}
	cut := strings.TrimLeft(rest, ends)
	if cut == rest || !strings.HasPrefix(cut, " ") {
		return s
	}
	return strings.TrimLeft(cut, " \t")
}

// setText sets what the sentence says, and its words.
func (s *sentence) setText(text string) {
	s.text = text
	s.words = s.words[:0]
	for at := 0; at < len(text); {
		n := strings.IndexByte(text[at:], ' ')
		if n < 0 {
			n = len(text) - at
		}
		if n > 0 {
			s.addWord(text[at:at+n], at)
		}
		at += n + 1
	}
	s.flat = " " + folded(s.words) + " "
}

func (s *sentence) addWord(text string, at int) {
	core := strings.TrimLeftFunc(text, isOutside)
	lead := len(text) - len(core)
	core = strings.TrimRightFunc(core, isOutside)
	if core == "" { // a lone dash or sign belongs to the word before
		if n := len(s.words); n > 0 {
			s.words[n-1].after += " " + text
		}
		return
	}
	s.words = append(s.words, token{
		core: core, fold: normalise(core), start: at + lead, end: at + lead + len(core),
		before: text[:lead], after: text[lead+len(core):],
	})
}

// isOutside reports whether r is punctuation around a word.
func isOutside(r rune) bool {
	if r < utf8.RuneSelf {
		return strings.ContainsRune("\"'()[]{}.,;:!?-*_`", r)
	}
	return strings.ContainsRune("“”‘’«»‹›،؛؟…–—۔", r)
}

// span returns the text from word i up to word j, without it, and without the
// punctuation outside.
func (s *sentence) span(i, j int) string {
	if i >= j || i < 0 || j > len(s.words) {
		return ""
	}
	return s.text[s.words[i].start:s.words[j-1].end]
}

// replace returns the text with the words from i up to j replaced.
func (s *sentence) replace(i, j int, by string) string {
	return s.text[:s.words[i].start] + by + s.text[s.words[j-1].end:]
}

// fold returns the i-th word in normal form, or "" where there is none.
func (s *sentence) fold(i int) string {
	if i < 0 || i >= len(s.words) {
		return ""
	}
	return s.words[i].fold
}

// holds reports whether a word or phrase, in normal form, stands in the sentence.
func (s *sentence) holds(phrase string) bool {
	return strings.Contains(s.flat, " "+phrase+" ")
}

func folded(words []token) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.fold)
	}
	return b.String()
}
