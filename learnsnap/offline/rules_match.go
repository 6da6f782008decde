package offline

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A match is a pair with the sentence that it rests on.
type match struct {
	left, right string
	s           *sentence
}

// matchings makes the questions that put terms and meanings together, and years
// and what happened in them.
func (m *maker) matchings() {
	for _, arabic := range []bool{false, true} {
		v := m.voice(arabic)
		var terms, years []match
		for _, f := range m.facts {
			if f.class.arabic == arabic && f.meaning != "" && !f.class.person && !strings.Contains(" "+normalise(f.meaning)+" ", " "+normalise(f.name)+" ") && utf8.RuneCountInString(f.meaning) <= 140 {
				terms = append(terms, match{f.name, f.meaning, f.s})
			}
		}
		for _, s := range m.sentences {
			if s.arabic == arabic && s.role == statement {
				if y, ok := yearOf(s); ok {
					years = append(years, y)
				}
			}
		}
		m.match(terms, v.matchTerms(), 10)
		if len(years) >= 3 || len(years) == 2 && len(terms) < 2 {
			m.match(years, v.matchYears(), 9)
		}
	}
}

// match makes questions of up to four pairs each, of neighbours, so that one
// stretch of the page holds their reasons.
func (m *maker) match(pairs []match, text string, value int) {
	pairs = distinct(pairs)
	for len(pairs) >= 2 {
		group := pairs[:min(4, len(pairs))]
		pairs = pairs[len(group):]
		q := quiz.Question{Type: quiz.Matching, Question: text, Evidence: quiz.Evidence{Text: together(group)}}
		var reasons []string
		for _, p := range group {
			q.Pairs = append(q.Pairs, quiz.Pair{Left: p.left, Right: p.right})
			if r := p.s.shown(); !slices.Contains(reasons, r) {
				reasons = append(reasons, r)
			}
		}
		v := m.voice(group[0].s.arabic)
		q.Explanation = v.choose("The page says: “%s”", "تقول الصفحة: «%s»", strings.Join(reasons, v.choose("” “", "» «")))
		m.add(group[0].s, "matching", value, "", q)
		for _, p := range group[1:] {
			last := &m.made[len(m.made)-1]
			last.also = append(last.also, p.s)
		}
	}
}

// together returns the stretch of a page that holds the sentences of all pairs,
// where they follow each other; else that of the first.
func together(group []match) string {
	const most = 900 // bytes
	text := group[0].s.raw
	for i, p := range group[1:] {
		switch before := group[i].s; {
		case p.s == before:
		case p.s.order != before.order+1 || p.s.page != before.page || len(text)+len(p.s.raw) > most:
			return group[0].s.raw
		default:
			text += " " + p.s.raw
		}
	}
	return text
}

// distinct drops pairs whose left or right was there before.
func distinct(pairs []match) []match {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(pairs), func(p match) bool {
		l, r := "l"+normalise(p.left), "r"+normalise(p.right)
		if seen[l] || seen[r] {
			return true
		}
		seen[l], seen[r] = true, true
		return false
	})
}

// yearOf reads "In 1779 this happened." and «توفي … سنة 1040 للميلاد.»: a sentence
// with one year at one of its ends.
func yearOf(s *sentence) (match, bool) {
	at := -1
	for i, w := range s.words {
		if !isNumeral(w.core) {
			continue
		}
		if f := readFigure(w.core); at >= 0 || !f.ok || f.decimals > 0 || !isYear(s, i, f) {
			return match{}, false
		}
		at = i
	}
	if at < 0 || len(s.text) > 260 || len(s.words) > 30 {
		return match{}, false
	}
	from, to := at-1, at+1 // "In 1779", «سنة 1040»
	if from > 0 && (s.fold(from) == "about" || s.fold(from-1) == "في" || s.fold(from-1) == "نحو" || s.fold(from-1) == "حوالي") {
		from--
	}
	if w := s.fold(to); w == "للميلاد" || w == "م" || w == "ميلادي" || w == "هجري" || w == "للهجره" || w == "ميلاديه" || w == "هجريه" || w == "ad" || w == "ce" || w == "bce" || w == "bc" {
		to++
	}
	left := s.span(at, to)
	switch {
	case from == 0 && to < len(s.words):
		right := s.text[s.words[to].start-len(s.words[to].before):]
		if w := s.fold(to); isPronounEN(w) && w != "it" || isPointerEN(w) || !s.arabic && w == "and" {
			return match{}, false
		}
		return match{left, strings.TrimRight(upperFirst(right), ".!"), s}, len(s.words)-to >= 4
	case to == len(s.words) && from >= 4 && s.words[from-1].after == "":
		return match{left, strings.TrimRight(s.span(0, from), ".!"), s}, true
	}
	return match{}, false
}
