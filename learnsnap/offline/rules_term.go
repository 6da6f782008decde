package offline

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A candidate is a question that a rule made.
type candidate struct {
	q     quiz.Question
	s     *sentence
	also  []*sentence // the other sentences of a matching question
	rule  string      // for choosing: "as it stands" is capped
	value int         // how much a teacher likes it
	key   string      // in normal form, what is asked for; "" for a statement

	// For choosing: its fingerprint, how many questions it was compared with, and
	// whether it repeats one of them.
	print    *quiz.Fingerprint
	compared int
	repeated bool
	said     []string
}

// The rules of statements that only repeat the page.
const (
	asIsRule  = "as it stands"
	entryRule = "entry"
)

// repeatsPage reports whether a candidate is such a statement.
func (x *candidate) repeatsPage() bool { return x.rule == asIsRule || x.rule == entryRule }

// A maker makes the questions of one sentence or fact. It holds what they share.
type maker struct {
	*book
	language quiz.Language // of the quiz; empty means that of each sentence
	made     []candidate
}

func (m *maker) voice(arabic bool) voice {
	switch m.language {
	case quiz.Arabic:
		return voice{arabic: true}
	case quiz.English:
		return voice{}
	}
	return voice{arabic: arabic}
}

func (m *maker) add(s *sentence, rule string, value int, key string, q quiz.Question) {
	if q.Evidence.Text == "" {
		q.Evidence.Text = s.raw
	}
	q.Evidence.Page, q.Evidence.Confidence = s.page, s.trust
	q.Source = quiz.SourceOffline
	m.made = append(m.made, candidate{q: q, s: s, rule: rule, value: value, key: normalise(key)})
}

func (m *maker) addTruth(s *sentence, rule string, value int, key, statement, why string, truth bool) {
	m.add(s, rule, value, key, quiz.Question{Type: quiz.TrueFalse, Question: statement, Correct: quiz.Answer{Bool: &truth}, Explanation: why})
}

func (m *maker) addGap(s *sentence, rule string, value int, key, text, why string) {
	if givesAway(text, key) {
		return
	}
	m.add(s, rule, value, key, quiz.Question{
		Type: quiz.FillBlank, Question: text, Correct: quiz.Answer{Text: key}, Hint: m.voice(s.arabic).hint(key), Explanation: why,
	})
}

// givesAway reports whether a text with a gap shows the key elsewhere, perhaps with
// another prefix: «يختلف الادخار عن _____، فالاكتناز هو …».
func givesAway(text, key string) bool {
	key = normalise(key)
	if isNumeral(key) {
		return false
	}
	key = strings.TrimPrefix(key, "ال")
	return len(key) >= 3 && strings.Contains(normalise(text), key)
}

func (m *maker) addChoice(s *sentence, rule string, value int, key, text, why string, others []string) {
	place := int(hash(key, text) % uint64(len(quiz.Letters)))
	options := slices.Insert(slices.Clone(others[:3]), place, key)
	m.add(s, rule, value, key, quiz.Question{
		Type: quiz.MultipleChoice, Question: text, Options: options, Correct: quiz.Answer{Text: quiz.Letters[place : place+1]}, Explanation: why,
	})
}

// hash mixes texts into a number that is the same on every machine.
func hash(texts ...string) uint64 {
	h := fnv.New64a()
	for _, t := range texts {
		h.Write([]byte(t))
		h.Write([]byte{0})
	}
	x := h.Sum64()
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9 // FNV leaves its low bits weak
	return x ^ x>>27
}

// terms makes the questions about a term, its meaning and its name.
func (m *maker) terms(f *fact) {
	v := m.voice(f.s.arabic)
	circular := f.meaning != "" && strings.Contains(" "+normalise(f.meaning)+" ", " "+normalise(f.name)+" ")
	if f.meaning != "" && !circular {
		if others := m.otherNames(f); len(others) >= 3 {
			m.addChoice(f.s, "term", 10, f.name, v.whichTerm(f), v.means(f), others)
		}
		if others := m.otherMeanings(f); len(others) >= 3 {
			m.addChoice(f.s, "meaning", 9, f.meaning, v.whichMeaning(f), v.means(f), others)
		}
	}
	if f.kind == named {
		if others := m.otherNames(f); len(others) >= 3 {
			m.addChoice(f.s, "name", 9, f.name, v.completes(gapTerm, f.s.replace(f.from, f.to, quiz.Gap)), v.means(f), others)
		}
	}
	m.termGap(f, v, circular)
	m.termTruths(f, v)
}

func (m *maker) termGap(f *fact, v voice, circular bool) {
	switch {
	case circular || strings.Count(f.s.flat, " "+normalise(f.name)+" ") > 1:
	case f.kind == defined:
		article := ""
		if n := len(f.phrase) - len(f.name); n > 0 && !f.s.arabic {
			article = f.phrase[:n]
		}
		m.addGap(f.s, "term", 9, f.name, article+quiz.Gap+" "+f.verb+" "+f.meaning+".", v.missing(f.name, f.s))
	default:
		m.addGap(f.s, "name", 8, f.name, f.s.replace(f.from, f.to, quiz.Gap), v.missing(f.name, f.s))
	}
}

// termTruths makes a statement of an entry, and false ones by another term.
func (m *maker) termTruths(f *fact, v voice) {
	if f.kind == defined {
		m.addTruth(f.s, entryRule, 6, f.name, f.phrase+" "+f.verb+" "+f.meaning+".", v.right(f.s), true)
	}
	other := m.swapFor(f)
	if other == nil {
		return
	}
	why := v.notThis(f.name, other.name, f.s)
	const value = 8
	switch f.kind {
	case defined:
		m.addTruth(f.s, "swap", value, f.name, other.phrase+" "+f.verb+" "+f.meaning+".", why, false)
	case copula:
		rest := f.s.text[f.s.words[f.to-1].end:]
		m.addTruth(f.s, "swap", value, f.name, other.phrase+rest, why, false)
	default:
		from, by := f.from, other.name
		if from > 0 && isArticleEN(f.s.fold(from-1)) && !f.s.arabic {
			from--
			by = "the " + other.name
			if f.s.fold(from) != "the" {
				by = withArticle(other.name)
			}
		}
		m.addTruth(f.s, "swap", value, f.name, f.s.replace(from, f.to, by), why, false)
	}
}
