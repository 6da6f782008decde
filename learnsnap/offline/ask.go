package offline

import (
	"slices"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// floors are the least confidences of a sentence's weakest word. Below, what is
// asked about may be misread.
type floors struct{ english, arabic, murky float64 }

// Measured on photos: at these, 0 % of the English and 2 % of the Arabic questions
// quote a misread letter; below 0.5 nothing is worth asking about. A page that is
// doubted throughout (small ligatures, above all) is right by chance only, and
// waits for the case that there is nothing better.
func strict() floors  { return floors{english: 0.6, arabic: 0.8, murky: 1} }
func relaxed() floors { return floors{english: 0.5, arabic: 0.5, murky: 0.8} }

func (f floors) of(s *sentence) float64 {
	switch {
	case s.murky:
		return f.murky
	case s.arabic:
		return f.arabic
	}
	return f.english
}

// fewest is the least number of questions that make a quiz.
const fewest = 5

// A plan is what the pages of an Ask give.
type plan struct {
	book   *book
	chosen []candidate
	spare  []candidate // made and not chosen, the best first
}

// planFor makes and chooses the questions of an Ask. It is a pure function of its
// arguments. Where the words that were surely read give too few, it goes on to
// less sure ones, except for gaps: their key itself may be misread.
func planFor(ask quiz.Ask, pages []quiz.Page) plan {
	p := planOf(ask, pages, strict())
	if len(p.chosen)+len(ask.Have) < min(fewest, ask.Questions+len(ask.Have)) && slices.ContainsFunc(pages, isUnsure) {
		// Doubtful questions that still make no quiz would help nobody.
		if q := planOf(ask, pages, relaxed()); len(q.chosen)+len(ask.Have) >= min(fewest, ask.Questions+len(ask.Have)) {
			return q
		}
	}
	return p
}

func isUnsure(p quiz.Page) bool { return len(p.Weak) > 0 || p.Confidence > 0 && p.Confidence < 1 }

func planOf(ask quiz.Ask, pages []quiz.Page, f floors) plan {
	b := read(pages, f)
	m := &maker{book: b, language: ask.Language}
	m.all()
	sure := strict()
	made := slices.DeleteFunc(m.made, func(c candidate) bool {
		return c.q.Type == quiz.FillBlank && c.s.trust < sure.of(c.s) ||
			len(ask.Types) > 0 && !slices.Contains(ask.Types, c.q.Type) || c.q.Validate() != nil
	})
	p := plan{book: b}
	p.chosen, p.spare = choose(made, ask.Have, ask.Questions)
	return p
}

// all runs the rules over the book.
func (m *maker) all() {
	for _, f := range m.facts {
		m.terms(f)
	}
	for _, s := range m.sentences {
		if s.role != statement {
			continue
		}
		m.numbers(s)
		m.statements(s)
		m.gaps(s)
		m.standsFor(s)
	}
	m.matchings()
	m.whichTrue()
}
