package quiz

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Grounded returns the share, from 0 to 1, of the evidence's words that stand on
// the page, wherever they stand. Words longer than two letters count, after
// [Normalise]. A word that the evidence has twice must be on the page twice to
// count twice, so that a repeated common word grounds nothing. Evidence without a
// word that long ("F = ma") scores 1 where it stands on the page as a whole, else 0.
//
// It takes time linear in both texts. For many questions about a page, prepare it
// once with [NewIndex].
func Grounded(evidence, page string) float64 { return NewIndex(page).Grounded(evidence) }

// An Index is a page's text, prepared for looking evidence up in it. It is
// immutable and safe for concurrent use.
type Index struct {
	text  string
	ids   map[string]int32 // each word of the page in normal form → a number from 0
	count []int32          // by number: how often it stands on the page
	words []int32          // the page, as numbers
	units []unit           // the sentences
}

// A unit is a sentence, or a piece of one that never ends.
type unit struct {
	start, end int  // bytes of the text
	from, to   int  // its words
	goesOn     bool // it may go on where the unit before it was cut or wrapped
}

// unitWords bounds a unit: a page without a full stop is no single sentence.
const unitWords = 40

// NewIndex prepares a page's text. It takes time linear in text and keeps it.
func NewIndex(text string) *Index {
	x := &Index{text: text, ids: make(map[string]int32, len(text)/16)}
	var buf []byte
	for start, sentence := range Sentences(text) {
		x.units = append(x.units, unit{start: start, from: len(x.words), goesOn: x.goesOn(sentence)})
		u := &x.units[len(x.units)-1]
		for at, word := range Words(sentence) {
			if len(x.words)-u.from >= unitWords {
				u.end, u.to = start+at, len(x.words)
				x.units = append(x.units, unit{start: start + at, from: len(x.words), goesOn: true})
				u = &x.units[len(x.units)-1]
			}
			buf = eachLongWord(word, buf, x.add)
		}
		u.end, u.to = start+len(sentence), len(x.words)
	}
	return x
}

// goesOn reports whether a sentence that begins in a small letter may go on with the
// line before it, as where a text keeps the line breaks of the print. It may also be
// an entry of a list, so the two are not simply one.
func (x *Index) goesOn(sentence string) bool {
	first, _ := utf8.DecodeRuneInString(sentence)
	if len(x.units) == 0 || !unicode.IsLower(first) {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(x.text[:x.units[len(x.units)-1].end])
	return !isStop(last)
}

func (x *Index) add(word []byte) {
	id, ok := x.ids[string(word)]
	if !ok {
		id = int32(len(x.count))
		x.ids[string(word)] = id
		x.count = append(x.count, 0)
	}
	x.count[id]++
	x.words = append(x.words, id)
}

// eachLongWord calls do with the normal form of word, in buf, where it is longer
// than two letters. One word may become several: ﷺ, 10².
func eachLongWord(word string, buf []byte, do func([]byte)) []byte {
	buf = appendNormal(buf[:0], word)
	if !slices.ContainsFunc(buf, parts) {
		if utf8.RuneCount(buf) > 2 {
			do(buf)
		}
		return buf
	}
	for _, w := range Words(string(buf)) {
		if utf8.RuneCountInString(w) > 2 {
			do([]byte(w))
		}
	}
	return buf
}

// parts reports whether a byte of a word's normal form may part it in two.
func parts(c byte) bool {
	return c < utf8.RuneSelf && (c < '0' || c > '9') && (c < 'a' || c > 'z')
}

// Text returns the page's text.
func (x *Index) Text() string { return x.text }

// Grounded is the function [Grounded] for the page of x, in time linear in the
// evidence.
func (x *Index) Grounded(evidence string) float64 {
	words := x.lookUp(evidence)
	if len(words) == 0 {
		p, _ := x.findWhole(evidence)
		return p.Score
	}
	slices.Sort(words)
	found := 0
	for i := 0; i < len(words); {
		id, run := words[i], i
		for i < len(words) && words[i] == id {
			i++
		}
		if id >= 0 {
			found += min(i-run, int(x.count[id]))
		}
	}
	return share(found, len(words))
}

// lookUp returns the numbers of the evidence's words, -1 for those that the page
// does not have.
func (x *Index) lookUp(evidence string) []int32 {
	words := make([]int32, 0, 32)
	var buf []byte
	for _, word := range Words(evidence) {
		buf = eachLongWord(word, buf, func(w []byte) {
			id, ok := x.ids[string(w)]
			if !ok {
				id = -1
			}
			words = append(words, id)
		})
	}
	return words
}

// A Passage is a stretch of whole sentences of a page.
type Passage struct {
	Text       string  // as it stands on the page
	Start, End int     // its bytes in the page's text
	Score      float64 // share of the evidence's words that stand in it, 0 to 1
}

// Find returns the sentence of the page that holds most words of the evidence,
// with its neighbours where the evidence clearly goes on into them. Score counts as
// [Grounded] does, but within the passage only: evidence whose words are
// scattered over the page scores high there and low here. The zero Passage means
// that no word was found. Find takes time linear in the page.
func (x *Index) Find(evidence string) Passage {
	words := x.lookUp(evidence)
	if len(words) == 0 {
		p, _ := x.findWhole(evidence)
		return p
	}
	need := make([]int32, len(x.count)) // by number: how many of the evidence's words are still to be found
	for _, id := range words {
		if id >= 0 {
			need[id]++
		}
	}
	best, most := 0, 0
	var taken []int32
	for i, u := range x.units {
		taken = x.take(u, need, taken[:0])
		giveBack(need, taken)
		if n := len(taken); n > most || n == most && n > 0 && u.len() < x.units[best].len() {
			best, most = i, n
		}
	}
	if most == 0 {
		return Passage{}
	}
	first, last, found := x.extend(best, need, len(words))
	return x.passage(first, last, share(found, len(words)))
}

func (u unit) len() int { return u.to - u.from }

// take takes the words of u out of need, and appends those it took to taken.
func (x *Index) take(u unit, need, taken []int32) []int32 {
	for _, id := range x.words[u.from:u.to] {
		if need[id] > 0 {
			need[id]--
			taken = append(taken, id)
		}
	}
	return taken
}

func giveBack(need, taken []int32) {
	for _, id := range taken {
		need[id]++
	}
}

// extend grows the passage from the unit best to either side while a neighbour is
// worth it. It returns the passage's first and last unit and how many words it
// holds.
func (x *Index) extend(best int, need []int32, all int) (first, last, found int) {
	taken := x.take(x.units[best], need, nil)
	first, last, found = best, best, len(taken)
	for first > 0 {
		n := x.gain(first-1, x.units[first].goesOn, need, all)
		if n == 0 {
			break
		}
		first, found = first-1, found+n
	}
	for last+1 < len(x.units) {
		n := x.gain(last+1, x.units[last+1].goesOn, need, all)
		if n == 0 {
			break
		}
		last, found = last+1, found+n
	}
	return first, last, found
}

// gain takes the words of the neighbour i and returns how many it took; 0 when it
// is not worth it. It is when it brings a seventh of the evidence, and a third of
// it is evidence: else words scattered over a page would be gathered sentence by
// sentence. The rest of a line that was cut or wrapped need not be.
func (x *Index) gain(i int, sameSentence bool, need []int32, all int) int {
	u := x.units[i]
	taken := x.take(u, need, nil)
	if 7*len(taken) < all || !sameSentence && 3*len(taken) < u.len() {
		giveBack(need, taken)
		return 0
	}
	return len(taken)
}

func (x *Index) passage(first, last int, score float64) Passage {
	start := x.units[first].start
	text := strings.TrimRightFunc(x.text[start:x.units[last].end], unicode.IsSpace)
	return Passage{Text: text, Start: start, End: start + len(text), Score: score}
}

// findWhole finds evidence without a long word: it must stand on the page as it is.
func (x *Index) findWhole(evidence string) (Passage, bool) {
	want := Normalise(evidence)
	if want == "" {
		return Passage{}, false
	}
	for i, u := range x.units {
		if strings.Contains(Normalise(x.text[u.start:u.end]), want) {
			return x.passage(i, i, 1), true
		}
	}
	return Passage{}, false
}

func share(n, of int) float64 { return float64(n) / float64(of) }
