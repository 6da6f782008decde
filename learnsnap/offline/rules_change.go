package offline

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// statements makes statements to judge out of a statement of the page: as it
// stands, and false by one word.
func (m *maker) statements(s *sentence) {
	v := m.voice(s.arabic)
	value := 5
	if s.holds("you") || s.holds("we") || s.holds("your") || strings.Contains(s.text, ": ") {
		value--
	}
	m.addTruth(s, asIsRule, value, "", s.text, v.right(s), true)
	m.opposites(s, v)
	if !m.unnegated(s, v) {
		m.negated(s, v)
	}
}

// opposites exchanges one word for its opposite.
func (m *maker) opposites(s *sentence, v voice) {
	for i, w := range s.words {
		other := ""
		if s.arabic {
			other = oppositeAR(w.fold)
		} else if o := oppositeEN(w.fold); !o.predicate || isPredicateEN(s, i) {
			other = o.word
		}
		if other == "" || i > 0 && s.arabic && isNameAR(s, i-1) || i > 0 && isNegationWord(s.fold(i-1)) || (w.fold == "inside" || w.fold == "outside") && isPronounEN(s.fold(i+1)) || s.fold(i-1) == "او" || s.fold(i-1) == "or" || s.holds(normalise(other)) || s.holdsStem(other) || strings.Count(s.flat, " "+w.fold+" ") > 1 {
			continue
		}
		if isCapital(w.core) {
			other = upperFirst(other)
		}
		m.addTruth(s, "opposite", 7, w.core, s.replace(i, i+1, other), v.notThis(w.core, other, s), false)
		return
	}
}

// holdsStem reports whether a word of the sentence is built like w.
func (s *sentence) holdsStem(w string) bool {
	want := root(normalise(w))
	for _, have := range s.words {
		if want != "" && root(have.fold) == want {
			return true
		}
	}
	return false
}

func isNegationWord(w string) bool {
	switch w {
	case "not", "no", "never", "cannot", "لا", "لم", "لن", "ليس", "ليست", "غير", "ما":
		return true
	}
	return false
}

// isPredicateEN reports whether the adjective at word i says what a subject is.
func isPredicateEN(s *sentence, i int) bool {
	switch s.fold(i - 1) {
	case "is", "are", "was", "were", "become", "becomes", "became":
	default:
		return false
	}
	next := s.fold(i + 1)
	return next == "" || s.words[i].after != "" || next == "and" || next == "in" || next == "because" || next == "when" || next == "but"
}

// unnegated takes the "not" out of a statement. It reports whether it could.
func (m *maker) unnegated(s *sentence, v voice) bool {
	text := ""
	if s.arabic {
		text = unnegatedAR(s)
	} else {
		text = unnegatedEN(s)
	}
	if text == "" {
		return false
	}
	m.addTruth(s, "negation", 7, "", text, v.contrary(s), false)
	return true
}

func unnegatedEN(s *sentence) string {
	for _, w := range []string{"any", "ever", "either", "neither", "nor", "but", "all", "until", "yet", "anything", "anyone", "only", "unless"} {
		if s.holds(w) {
			return ""
		}
	}
	for i := 1; i < len(s.words)-1; i++ {
		w, before, next := s.fold(i), s.fold(i-1), s.fold(i+1)
		switch {
		case isBreakEN(w) && w != "and" && w != "or" && w != "to":
			return ""
		case w == "cannot":
			return s.replace(i, i+1, "can")
		case w != "not" || s.words[i].after != "" || next == "just" || next == "as" || next == "because" || next == "necessarily":
		case before == "does" && i+1 < len(s.words):
			return s.replace(i-1, i+2, thirdPerson(s.words[i+1].core))
		case before == "do":
			return s.text[:s.words[i-1].start] + s.text[s.words[i+1].start:]
		case isBeEN(before) || before == "can" || before == "could" || before == "will" || before == "must" || before == "should":
			return s.replace(i-1, i+1, s.words[i-1].core)
		}
	}
	return ""
}

// thirdPerson writes "change" as "changes".
func thirdPerson(verb string) string {
	switch verb {
	case "have":
		return "has"
	case "do", "go":
		return verb + "es"
	}
	n := len(verb)
	for _, end := range []string{"s", "x", "ch", "sh", "z"} {
		if strings.HasSuffix(verb, end) {
			return verb + "es"
		}
	}
	if n > 2 && strings.HasSuffix(verb, "y") && !strings.ContainsRune("aeiou", rune(verb[n-2])) {
		return verb[:n-1] + "ies"
	}
	return verb + "s"
}

func unnegatedAR(s *sentence) string {
	for _, w := range []string{"الا", "سوي", "بل", "لكن", "ولكن", "اي", "ولا", "ان", "كي", "حتي"} {
		if s.holds(w) {
			return ""
		}
	}
	for i := 0; i+2 < len(s.words); i++ {
		next := s.fold(i + 1)
		if s.fold(i) != "لا" || s.words[i].after != "" || !startsLikeVerbAR(next) {
			continue
		}
		if next == "يزال" || next == "تزال" || next == "يجوز" || relatesAR(s, i) {
			return ""
		}
		return s.text[:s.words[i].start] + s.text[s.words[i+1].start:]
	}
	return ""
}

// relatesAR reports whether word i stands in a clause about a noun.
func relatesAR(s *sentence, i int) bool {
	for i--; i >= 0 && s.words[i].after == ""; i-- {
		if isRelativeAR(s.fold(i)) {
			return true
		}
	}
	return false
}

// negated denies a short, plain statement. It is the weakest way to a false one.
func (m *maker) negated(s *sentence, v voice) {
	text := ""
	if s.arabic {
		text = negatedAR(s)
	} else {
		text = negatedEN(s)
	}
	if text != "" {
		m.addTruth(s, "denial", 3, "", text, v.contrary(s), false)
	}
}

func negatedEN(s *sentence) string {
	if len(s.words) > 14 || hasCommaEN(s) || strings.ContainsAny(s.text, ":;\"“(") {
		return ""
	}
	for _, w := range s.words {
		switch w.fold {
		case "not", "no", "never", "cannot", "only", "few", "little", "some", "may", "might", "called", "nearly", "almost", "also", "still", "usually", "often", "sometimes", "about", "many", "most", "all", "every", "each", "any":
			return ""
		}
	}
	for i := 1; i < min(6, len(s.words)-2); i++ {
		w := s.fold(i)
		if isBreakEN(w) && w != "and" {
			return ""
		}
		if isBeEN(w) || w == "can" && s.fold(i+1) != "be" {
			if w == "can" {
				return s.replace(i, i+1, "cannot")
			}
			return s.replace(i, i+1, s.words[i].core+" not")
		}
	}
	return ""
}

func negatedAR(s *sentence) string {
	if len(s.words) > 12 || strings.ContainsAny(s.text, "،؛:«(") || !isImperfectAR(s.fold(0)) && !strings.HasPrefix(s.fold(0), "ي") || !startsLikeVerbAR(s.fold(0)) {
		return ""
	}
	for _, w := range s.words {
		switch w.fold {
		case "لا", "لم", "لن", "ليس", "ليست", "الا", "سوي", "فقط", "بعض", "كل", "جميع", "معظم", "غير", "كثير", "كثيره", "احيانا", "غالبا", "قد", "نحو", "حوالي", "يمكن", "ايضا":
			return ""
		}
	}
	return "لا " + s.text
}

// whichTrue makes choices of whole statements: one of the page, three that are
// false. It is what a page of few terms and numbers can still be asked.
func (m *maker) whichTrue() {
	const most = 120 // characters of an option: four long ones are a reading exercise
	for _, arabic := range []bool{false, true} {
		var trues, falses []candidate
		for _, c := range m.made {
			if c.q.Type != quiz.TrueFalse || c.s.arabic != arabic || utf8.RuneCountInString(c.q.Question) > most {
				continue
			}
			if strings.Count(c.q.Question, " ") < 5 {
				continue // too little to weigh against three others
			}
			if !*c.q.Correct.Bool && c.rule != "denial" {
				falses = append(falses, c)
			} else if c.rule == asIsRule {
				trues = append(trues, c)
			}
		}
		for i, t := range trues {
			var others []string
			var from []*sentence
			for j := range falses {
				f := falses[(i+j)%len(falses)]
				if f.s == t.s || slices.Contains(from, f.s) || f.s.page != t.s.page {
					continue
				}
				others, from = append(others, f.q.Question), append(from, f.s)
				if len(others) == 3 {
					m.addChoice(t.s, "which is true", 4, t.q.Question, m.voice(arabic).whichTrue(), m.voice(arabic).onlyTrue(t.s), others)
					break
				}
			}
		}
	}
}
