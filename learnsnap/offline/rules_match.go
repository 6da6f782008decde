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
			meaning := f.meaning
			if meaning == "" {
				meaning = glossOf(f)
			}
			if f.class.arabic == arabic && meaning != "" && !f.class.person && !strings.Contains(" "+normalise(meaning)+" ", " "+normalise(f.name)+" ") && utf8.RuneCountInString(meaning) <= 140 {
				terms = append(terms, match{f.name, meaning, f.s})
			}
		}
		for _, s := range m.sentences {
			if s.arabic == arabic && s.role == statement {
				if y, ok := yearOf(s); ok {
					years = append(years, y)
				}
			}
		}
		m.match(terms, v.matchTerms(), 8)
		if len(years) >= 3 || len(years) == 2 && len(terms) < 2 {
			m.match(years, v.matchYears(), 7)
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
		m.add(group[0].s, "matching", value+len(group)-1, "", q)
		for _, p := range group[1:] {
			last := &m.made[len(m.made)-1]
			last.also = append(last.also, p.s)
		}
	}
}

// glossOf returns what a name that is given in passing is the name of: of "a green
// pigment called chlorophyll" "a green pigment". It is enough for a match, but too
// little to ask for the name alone. "" where its start can't be told.
func glossOf(f *fact) string {
	s := f.s
	verb := f.from - 1
	if !f.class.arabic && isArticleEN(s.fold(verb)) {
		verb--
	}
	for i := verb - 1; i > 0 && i >= verb-4; i-- {
		w := s.words[i]
		if w.after != "" || i == verb-1 && (isFunctionEN(w.fold) || isParticleAR(w.fold)) {
			return ""
		}
		start := -1
		switch {
		case f.class.arabic && (isDefiniteAR(s.fold(i-1)) && s.words[i-1].after == "" || isPrepositionAR(s.fold(i-1))):
			start = i
		case f.class.arabic && (isDefiniteAR(w.fold) || hasClitic(w.fold) || hasPronounAR(w.core) || isParticleAR(w.fold) || w.fold == "طريق"):
			return ""
		case f.class.arabic:
		case isArticleEN(w.fold):
			start = i
		case isPrepositionEN(s.fold(i-1)) && !isFunctionEN(w.fold):
			start = i
		case isFunctionEN(w.fold):
			return ""
		}
		if start < 0 {
			continue
		}
		words := verb - start
		if isArticleEN(s.fold(start)) {
			words--
		}
		if words < 2 {
			return ""
		}
		return s.span(start, verb)
	}
	return ""
}

// together returns the stretch of a page that holds the sentences of all pairs,
// where they follow each other; else that of the first.
func together(group []match) string {
	const most = 900 // bytes
	first, last := group[0].s, group[0].s
	for _, p := range group[1:] {
		if p.s != last && (p.s.order != last.order+1 || p.s.page != last.page) {
			return first.raw
		}
		last = p.s
	}
	if last.end-first.start > most {
		return first.raw
	}
	return strings.Join(strings.Fields(first.source[first.start:last.end]), " ")
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
