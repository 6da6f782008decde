package offline

import (
	"iter"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A pageTrust says how surely the words of a page were read. It knows more than
// the Reader, which doubts one word at a time: a word that stands on the page
// again, read without a doubt, is confirmed by that; two words that differ only in
// the dots of a letter in the middle (الغلاف and الفلاف) are one word, misread once.
type pageTrust struct {
	page   float64     // of words without a doubt
	doubts []quiz.Span // in order
	murky  bool        // so many words are doubted that the others may be wrong as well
}

// certain is what a word is read with that the Reader did not doubt, at least.
const certain = 0.88

// suspicious is what a word is read with at most that casts a doubt on its page, too.
const suspicious = 0.85

func newPageTrust(p quiz.Page) pageTrust {
	t := pageTrust{page: p.Confidence}
	if !(t.page > 0 && t.page <= 1) {
		t.page = 1
	}
	if len(p.Weak) == 0 && t.page == 1 {
		return t // no photo
	}
	mean := t.page
	t.page = max(t.page, certain)
	sure := map[string]bool{}
	var words []readWord
	weak := slices.DeleteFunc(slices.Clone(p.Weak), func(s quiz.Span) bool {
		return s.Start < 0 || s.End > len(p.Text) || s.Start >= s.End || !strings.ContainsFunc(p.Text[s.Start:s.End], isLetterOrDigit)
	})
	slices.SortFunc(weak, func(a, b quiz.Span) int { return a.Start - b.Start })
	grave := slices.DeleteFunc(slices.Clone(weak), func(s quiz.Span) bool { return s.Confidence >= suspicious })
	for at, w := range quiz.Words(p.Text) {
		fold := normalise(w)
		r := readWord{at: at, end: at + len(w), stem: bareStem(fold), doubted: isDoubted(grave, at, at+len(w))}
		r.definite = strings.HasSuffix(fold, "ال"+r.stem)
		words = append(words, r)
		if !r.doubted {
			sure[r.stem] = true
		}
	}
	for _, s := range weak {
		if confirms(words, s, sure) {
			s.Confidence = max(s.Confidence, certain)
		}
		t.doubts = append(t.doubts, s)
	}
	t.doubts = append(t.doubts, twins(words)...)
	if doubted := len(words) - countSure(words); 6*doubted > len(words) {
		t.murky, t.page = true, mean
	}
	return t
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// A readWord is a word as it was read.
type readWord struct {
	at, end  int
	stem     string
	definite bool // the article was taken off it
	doubted  bool
}

func countSure(words []readWord) int {
	n := 0
	for _, w := range words {
		if !w.doubted {
			n++
		}
	}
	return n
}

// bareStem takes "and", prepositions and the article off an Arabic word.
func bareStem(w string) string {
	for _, p := range []string{"و", "ف", "ب", "ل"} {
		if rest, ok := strings.CutPrefix(w, p+"ال"); ok {
			return rest
		}
	}
	if rest, ok := strings.CutPrefix(w, "ال"); ok && utf8.RuneCountInString(rest) >= 3 {
		return rest
	}
	return w
}

// isDoubted reports whether a word overlaps one of the spans, which are in order.
func isDoubted(weak []quiz.Span, at, end int) bool {
	i, _ := slices.BinarySearchFunc(weak, at, func(s quiz.Span, at int) int { return s.End - at - 1 })
	return i < len(weak) && weak[i].Start < end
}

// confirms reports whether every word in a doubted span stands elsewhere on the
// page, read surely. Short words prove nothing.
func confirms(words []readWord, s quiz.Span, sure map[string]bool) bool {
	any := false
	for _, w := range words {
		if w.at >= s.End || w.end <= s.Start {
			continue
		}
		if utf8.RuneCountInString(w.stem) < 4 || !sure[w.stem] {
			return false
		}
		any = true
	}
	return any
}

// twins returns doubts about Arabic words that differ only in dots from a word that
// stands on the page more often, or was read more surely.
func twins(words []readWord) []quiz.Span {
	seen := map[string]*variant{}
	shapes := map[string][]*variant{}
	for _, w := range words {
		for form, shape := range formsOf(w) {
			v := seen[form]
			if v == nil {
				v = &variant{form: form}
				seen[form] = v
				shapes[shape] = append(shapes[shape], v)
			}
			v.count++
			v.sure = v.sure || !w.doubted
		}
	}
	var doubts []quiz.Span
	for _, w := range words {
		for form, shape := range formsOf(w) {
			if slices.ContainsFunc(shapes[shape], seen[form].yieldsTo) {
				doubts = append(doubts, quiz.Span{Start: w.at, End: w.end, Confidence: 0.4})
				break
			}
		}
	}
	return doubts
}

// A variant is one spelling of words that look the same without dots.
type variant struct {
	form  string
	count int
	sure  bool // it was read at least once without a doubt
}

// yieldsTo reports whether another spelling is the likelier one.
func (v *variant) yieldsTo(o *variant) bool {
	switch {
	case o.form == v.form:
		return false
	case o.sure != v.sure:
		return o.sure
	}
	return o.count >= v.count
}

// formsOf yields what of an Arabic word is compared, and its shape without dots: a
// noun with the article as a whole; of any word its last letters but the first of
// them, for what stands in front is grammar (يتكاثف, التكاثف).
func formsOf(w readWord) iter.Seq2[string, string] {
	const reach = 4
	return func(yield func(form, shape string) bool) {
		r := []rune(w.stem)
		if len(r) < reach || !unicode.Is(unicode.Arabic, r[0]) {
			return
		}
		if w.definite && !yield("ال"+w.stem, "ال"+strings.Map(undotted, w.stem)) {
			return
		}
		for _, end := range []string{"ات", "ون", "ين", "يه", "ه"} {
			if rest, ok := strings.CutSuffix(w.stem, end); ok {
				r = []rune(rest)
				break
			}
		}
		if len(r) >= reach {
			tail := r[len(r)-reach:]
			yield(string(tail), string(tail[:1])+strings.Map(undotted, string(tail[1:])))
		}
	}
}

// undotted returns the letter that an Arabic letter is without its dots.
func undotted(r rune) rune {
	switch r {
	case 'ت', 'ث', 'ن', 'ي', 'ئ':
		return 'ب'
	case 'ح', 'خ':
		return 'ج'
	case 'ذ':
		return 'د'
	case 'ز':
		return 'ر'
	case 'ش':
		return 'س'
	case 'ض':
		return 'ص'
	case 'ظ':
		return 'ط'
	case 'غ':
		return 'ع'
	case 'ق':
		return 'ف'
	}
	return r
}

// trust returns how surely the bytes from start to end were read: as surely as
// their weakest word.
func (t pageTrust) trust(start, end int) float64 {
	trust := t.page
	for _, w := range t.doubts {
		if w.Start < end && w.End > start {
			trust = min(trust, max(w.Confidence, 0))
		}
	}
	if math.IsNaN(trust) {
		return 0
	}
	return trust
}
