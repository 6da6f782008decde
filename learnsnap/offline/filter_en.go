package offline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A topic is whom or what a sentence is about, for a pronoun in the next one. The
// zero value is none.
type topic struct {
	phrase   string // as it stands at the start of a sentence
	plural   bool   // English
	person   bool
	feminine bool // Arabic
	list     bool // of all entries of the list that follows
}

// topics are what a passage may mean by its pronouns: what the sentence before is
// about, and the person the page is about.
type topics struct{ last, who topic }

// stateEN is state for an English passage.
func stateEN(s *sentence, known topics) bool {
	before := known.last
	cutConnectiveEN(s)
	if len(s.words) == 0 || !opensSentence(s.text) {
		return false
	}
	switch first := s.fold(0); first {
	case "it", "they", "he", "she":
		if !meansEN(first, before) || isExpletiveEN(s) {
			return false
		}
		s.setText(s.replace(0, 1, before.phrase))
		s.fresh = true
	default:
		if leansEN(s) {
			return false
		}
	}
	return !isOrderEN(s) && pronounsMeanEN(s)
}

func opensSentence(text string) bool {
	text = strings.TrimLeft(text, "\"'“‘(")
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsUpper(r) || unicode.IsDigit(r)
}

// cutConnectiveEN takes "However, " and its like off the front.
func cutConnectiveEN(s *sentence) {
	for i := 0; i < min(4, len(s.words)-1); i++ {
		if !strings.HasPrefix(s.words[i].after, ",") {
			continue
		}
		if isConnectiveEN(folded(s.words[:i+1])) {
			s.setText(upperFirst(s.text[s.words[i+1].start-len(s.words[i+1].before):]))
		}
		return
	}
}

// meansEN reports whether a pronoun that opens a sentence means the topic of the
// sentence before.
func meansEN(pronoun string, t topic) bool {
	switch pronoun {
	case "it":
		return t.phrase != "" && !t.plural && !t.person
	case "they":
		return t.phrase != "" && t.plural
	}
	return t.phrase != "" && t.person
}

// isExpletiveEN reports whether the "it" that opens s means nothing: "It is known
// that …", "It takes an hour to …".
func isExpletiveEN(s *sentence) bool {
	if s.fold(0) != "it" {
		return false
	}
	switch s.fold(1) {
	case "is", "was", "takes", "seems", "appears", "has", "may", "can":
	default:
		return false
	}
	if isArticleEN(s.fold(2)) {
		return false
	}
	for i := 2; i < min(7, len(s.words)); i++ {
		if w := s.fold(i); w == "that" || w == "to" || w == "when" {
			return true
		}
	}
	return false
}

// leansEN reports whether the start of s leans on what stands before it.
func leansEN(s *sentence) bool {
	first, second := s.fold(0), s.fold(1)
	for i := 1; i < min(5, len(s.words)); i++ { // "Ten years later …"
		if w := s.fold(i); (w == "later" || w == "earlier") && (numberEN(first) > 0 || isNumeral(s.words[0].core) || first == "a" || first == "some" || first == "many") {
			return true
		}
	}
	switch first {
	case "each":
		return second == "of" || isAuxiliaryEN(second) || isGenericEN(second) || second == "piece" || second == "pair"
	case "some", "many", "most", "few", "several", "none", "one", "two", "three", "four", "every", "all", "half", "much":
		return second == "of" || isAuxiliaryEN(second) || isPronounEN(second)
	case "both":
		return s.fold(2) != "and" && s.fold(3) != "and"
	case "the":
		switch second {
		case "second", "other", "others", "former", "latter", "rest", "two", "three", "same", "following", "above", "result", "results", "reason",
			"reasons", "difference", "opposite", "next", "remaining", "process", "answer", "third", "fourth", "last", "new", "whole", "best", "most", "idea", "problem", "purpose":
			return true
		}
		return strings.HasSuffix(second, "est") && isAuxiliaryEN(s.fold(2)) || second == "first" && isAuxiliaryEN(s.fold(2))
	case "as", "when", "if", "where", "while", "after", "before", "although", "though", "since", "until", "unless":
		return !hasCommaEN(s)
	case "in", "at", "on", "by", "for", "from", "with", "during", "after this":
		return isDeterminerEN(second) && isPointerEN(second) || second == "addition" || second == "contrast" || second == "it" || second == "them" || second == "other"
	case "what", "why", "how", "which", "who", "whose":
		return true
	}
	return isDanglingEN(first)
}

func hasCommaEN(s *sentence) bool {
	for _, w := range s.words {
		if strings.HasPrefix(w.after, ",") {
			return true
		}
	}
	return false
}

func isPointerEN(w string) bool {
	switch w {
	case "this", "that", "these", "those", "such", "his", "her", "its", "their":
		return true
	}
	return false
}

// pointsAwayEN reports whether word i points to something outside the sentence.
func pointsAwayEN(s *sentence, i int) bool {
	w, next := s.fold(i), s.fold(i+1)
	last := s.words[i].after != "" || i == len(s.words)-1
	switch w {
	case "this", "these", "those", "others", "i", "my", "mine", "ours", "overleaf", "opposite":
		return true
	case "such":
		return next != "as"
	case "above", "below":
		return last || s.fold(i-1) == "the"
	case "following":
		return s.fold(i-1) == "the"
	case "figure", "fig", "table", "chapter", "unit", "lesson", "page", "section", "exercise", "diagram", "map", "step", "question":
		r, _ := utf8.DecodeRuneInString(next)
		return unicode.IsDigit(r)
	case "we", "let", "let's", "our":
		return i == 0
	case "your":
		return i == 0 && (next == "turn" || next == "teacher" || next == "partner" || next == "book" || next == "notebook" || next == "answer" || next == "class")
	case "you":
		return i == 0 || next == "would" || next == "will" || next == "have" || next == "can" // an imagined reader
	case "here":
		return i < 2 || last
	}
	return false
}

// isOrderEN reports whether s tells its reader to do something, at once or behind
// "To add fractions, …" and "If …, …".
func isOrderEN(s *sentence) bool {
	if isImperativeEN(s.fold(0)) {
		return true
	}
	if n := entryName(s); n > 0 && isImperativeEN(s.fold(n)) {
		return true // "To stay healthy: eat fruit …"
	}
	for i := range s.words[:len(s.words)-1] {
		if !strings.HasPrefix(s.words[i].after, ",") {
			continue
		}
		next := s.fold(i + 1)
		if next == "first" || next == "then" || next == "always" || next == "never" {
			next = s.fold(i + 2)
		}
		first := s.fold(0)
		if isImperativeEN(next) && (first == "to" || first == "if" || first == "when" || first == "before" || first == "after" || first == "for" || first == "in") {
			return true
		}
	}
	return false
}

// pronounsMeanEN reports whether each pronoun inside s has something in front that
// it can mean.
func pronounsMeanEN(s *sentence) bool {
	person, broken := false, false // a name was seen; the first clause has ended
	for i, w := range s.words {
		switch w.fold {
		case "he", "his", "him", "she", "her", "himself", "herself":
			if !person {
				return false
			}
		case "them":
			if !manyBeforeEN(s, i) {
				return false
			}
			fallthrough
		case "it":
			if next := s.fold(i + 1); w.fold == "it" && (next == "takes" || next == "took" || next == "can" && s.fold(i+2) == "take") {
				break // it means nothing
			}
			if i > 0 && !broken && !isLinkEN(s.fold(i-1)) && s.fold(i-1) != "that" && s.fold(i-1) != "of" {
				return false // the object of the first verb: it lies outside
			}
		case "its", "their", "they", "theirs", "itself", "themselves":
			if i < 1 {
				return false
			}
		case "person", "child", "man", "woman", "boy", "girl", "king", "queen", "scientist", "inventor", "writer", "monk", "patient", "player", "everyone", "someone", "who":
			person = true
		}
		if i > 0 && isCapital(w.core) {
			person = true
		}
		if w.after != "" || isBreakEN(w.fold) {
			broken = true
		}
	}
	return true
}

// manyBeforeEN reports whether a noun for many stands before word i.
func manyBeforeEN(s *sentence, i int) bool {
	for k := range i {
		if w := s.fold(k); !isFunctionEN(w) && isPluralEN(w) || w == "and" && k > 0 {
			return true
		}
	}
	return false
}

// isBreakEN reports whether a word opens another clause.
func isBreakEN(w string) bool {
	switch w {
	case "and", "but", "or", "so", "because", "when", "where", "while", "if", "which", "that", "who", "as", "until", "than", "after", "before", "to", "whose":
		return true
	}
	return false
}

func isCapital(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r)
}

// isNounPhraseEN reports whether the words from at on say what something is, and
// are no clause about it: "the change of …", "water that falls …", but not
// "brighter light speeds up …".
func isNounPhraseEN(s *sentence, at int) bool {
	i := at
	article := isArticleEN(s.fold(at)) || s.fold(at) == "any" || s.fold(at) == "one" || s.fold(at) == "each"
	if article {
		i++
	} else if isFunctionEN(s.fold(at)) || isImperativeEN(s.fold(at)) || opensQualifierEN(s.fold(at), true) || strings.HasSuffix(s.fold(at), "ed") {
		return false
	}
	reach := i + 5
	for start := i; i < min(reach, len(s.words)); i++ {
		w := s.fold(i)
		switch {
		case i > start && opensQualifierEN(w, article):
			return article || i <= at+3 || w == "that" || w == "which" || w == "who"
		case isDeterminerEN(w) && w != "that" || isAuxiliaryEN(w) || isPronounEN(w):
			return false
		case strings.ContainsAny(s.words[i].after, ",;("):
			return article && i > start
		}
	}
	return i == len(s.words) && article && i-at <= 4
}

// opensQualifierEN reports whether a word opens what is said of the noun before
// it. Without an article in front, only the plainest of them count.
func opensQualifierEN(w string, article bool) bool {
	switch w {
	case "that", "which", "who", "whose", "of", "used", "made", "found", "formed", "containing", "caused", "where", "given", "produced":
		return true
	case "in", "for", "to", "by", "with", "from", "between", "and", "or", "on", "at", "called", "living", "when", "into", "through", "inside", "without", "during",
		"around", "about", "against", "over", "under", "across", "among", "near", "along", "together", "having", "known", "written", "as", "designed", "needed", "whom", "outside", "along with", "within":
		return article
	}
	return false
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
