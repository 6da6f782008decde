package offline

import (
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A book is all that the pages of a quiz say, prepared for the rules.
type book struct {
	sentences []*sentence
	facts     []*fact
	parts     []string        // the stems of sentences that say what something has parts of
	count     map[string]int  // how often a word stands on the pages; Arabic ones without article and prefixes
	numbers   map[string]bool // the numbers on the pages
	proper    map[string]bool // English words that have a capital inside sentences
}

// A fact is a name with what the page says it means, or with the sentence that
// gives it.
type fact struct {
	kind     factKind
	s        *sentence
	from, to int    // the words of the name in the sentence
	name     string // as an option shows it
	phrase   string // with its article, as it stands at the start of a sentence
	meaning  string // "" where the sentence only names it
	verb     string // is, are, was, were; هو, هي
	class    class
}

type factKind uint8

const (
	defined  factKind = iota // an entry: "Term: meaning"
	copula                   // "A term is a …"
	labelled                 // "… is called a term"
	named                    // "openings called stomata": a name without a meaning of its own
)

// A class holds what options must have in common: one that differs from the
// others gives the key away, or is nonsense.
type class struct {
	arabic    bool
	plural    bool
	counted   bool // English: takes "a"
	person    bool
	proper    bool // English: has a capital
	definite  bool // Arabic
	feminine  bool // Arabic
	adjective bool // Arabic: more than one word
}

// read prepares the pages of a quiz. Sentences that were read less surely than
// the floors allow take no part.
func read(pages []quiz.Page, f floors) *book {
	b := &book{count: map[string]int{}, numbers: map[string]bool{}, proper: map[string]bool{}}
	for _, p := range pages {
		if p.Unreadable == "" {
			b.add(split(p), f)
		}
	}
	for _, s := range b.sentences {
		b.tally(s)
	}
	for i, s := range b.sentences {
		s.order = i
		if s.role != exercise && s.role != order && s.role != entry && countsParts(s) {
			b.parts = append(b.parts, " "+stemmed(s)+" ")
		}
		b.facts = append(b.facts, b.factsOf(s)...)
	}
	b.facts = slices.DeleteFunc(b.facts, func(f *fact) bool { return f.name == "" })
	return b
}

// add takes the sentences of a page and finds out which of them stand alone.
func (b *book) add(all []*sentence, f floors) {
	var known topics
	for i, s := range all {
		if s.trust < f.of(s) && s.role != exercise && s.role != order {
			s.role = unusable
		}
		switch s.role {
		case intro:
			known.last = listTopic(s)
		case passage:
			about := known
			if !known.last.list && (i == 0 || all[i-1].line != s.line) {
				about.last = topic{} // another paragraph
			}
			if state(s, about) {
				s.role = statement
			}
			next := topicOf(s)
			if next.person && s.arabic && known.who.phrase == "" {
				known.who = next
			}
			if !known.last.list {
				known.last = next
			}
		default:
			known.last = topic{}
		}
	}
	b.sentences = append(b.sentences, all...)
}

// listTopic returns what the entries of a list say "it" to: the subject of the
// line that introduces them.
func listTopic(s *sentence) topic {
	if s.arabic {
		return topic{}
	}
	t := topicOf(s)
	t.list = t.phrase != ""
	return t
}

// topicOf returns what a sentence is about, where that is plain.
func topicOf(s *sentence) topic {
	switch {
	case s.role != statement && s.role != intro:
		return topic{}
	case s.arabic:
		return topicAR(s)
	}
	return topicEN(s)
}

// tally counts the words of a sentence, and its numbers.
func (b *book) tally(s *sentence) {
	if s.role == exercise || s.role == order {
		return
	}
	for i, w := range s.words {
		b.count[stem(w.fold, s.arabic)]++
		if isNumeral(w.core) {
			b.numbers[w.fold] = true
		}
		if i > 0 && isCapital(w.core) && s.words[i-1].after == "" && s.role != heading && !s.arabic {
			b.proper[w.fold] = true
		}
	}
}

// stem returns a word in normal form as it is counted: an Arabic one without
// article and prefixes, an English one without its plural s.
func stem(w string, arabic bool) string {
	if !arabic {
		if len(w) > 3 && !strings.HasSuffix(w, "ss") {
			w = strings.TrimSuffix(w, "s")
		}
		return w
	}
	for _, p := range []string{"وال", "فال", "بال", "كال", "لل", "ولل", "وبال", "ال"} {
		if rest, ok := strings.CutPrefix(w, p); ok && len(rest) >= len("ما")+2 {
			return rest
		}
	}
	return w
}

// factsOf returns the facts that a sentence gives.
func (b *book) factsOf(s *sentence) []*fact {
	switch {
	case s.role == entry && s.arabic:
		return b.entryAR(s)
	case s.role == entry:
		return b.entryEN(s)
	case s.role == statement && s.arabic:
		return b.statedAR(s)
	case s.role == statement:
		return b.statedEN(s)
	}
	return nil
}

// trimMeaning takes the full stop and examples off the end of a meaning.
func trimMeaning(m string) string {
	for _, sign := range []string{", such as ", ", for example", "، مثل ", "، ومن أمثلته", "، كال", ", like "} {
		if i := strings.Index(m, sign); i > 0 {
			m = m[:i]
		}
	}
	for at := 0; ; { // «عدد … في ثانية، ويقاس بوحدة …»: what goes on is no part of the meaning
		i := strings.Index(m[at:], "، و")
		if i < 0 {
			break
		}
		next, _, _ := strings.Cut(m[at+i+len("، و"):], " ")
		if w := normalise(next); at+i > 0 && (startsLikeVerbAR(w) || w == "هو" || w == "هي" || w == "قد") && strings.Count(m[:at+i], " ") >= 2 {
			m = m[:at+i]
			break
		}
		at += i + len("، و")
	}
	return strings.TrimRight(m, ".!؛;،, ")
}
