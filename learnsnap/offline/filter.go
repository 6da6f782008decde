package offline

import (
	"strings"
	"unicode"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// roleOf says what a sentence is on its page. zone is true inside the list of an
// exercise, and kept from sentence to sentence.
func roleOf(s *sentence, marked bool, zone *bool) role {
	closed := endsSentence(s.text)
	switch {
	case strings.ContainsFunc(s.raw, isBroken):
		return unusable
	case len(s.words) == 0 || quiz.GivesOrders(s.raw) || shouts(s):
		return order
	case headsExercise(s, closed):
		*zone = true
		return exercise
	case asks(s.text):
		return exercise
	case *zone && (marked || isTask(s)):
		return exercise
	case isTask(s) && strings.HasSuffix(s.text, ":"):
		*zone = true
		return exercise
	}
	*zone = false
	name := entryName(s)
	switch {
	case strings.HasSuffix(s.text, ":"):
		return intro
	case name > 0 && isDefinition(s, name):
		return entry
	case name > 0 && isLabel(s):
		if closed {
			return unusable
		}
		return heading
	case !closed && marked:
		return unusable
	case !closed:
		return heading
	}
	return passage
}

// isTask reports whether s begins with a verb in the form of an order.
func isTask(s *sentence) bool {
	if s.arabic {
		return isOrderAR(s)
	}
	return isImperativeEN(s.fold(0))
}

// isBroken reports whether r is a sign that what stands around it is no text.
func isBroken(r rune) bool {
	return unicode.IsControl(r) && !unicode.IsSpace(r) || r == unicode.ReplacementChar
}

func asks(text string) bool {
	text = strings.TrimRight(text, "\"')]}»”’›")
	return strings.HasSuffix(text, "?") || strings.HasSuffix(text, "؟")
}

// shouts reports whether two words in a row or more are in capitals only.
func shouts(s *sentence) bool {
	loud := 0
	for _, w := range s.words {
		if len(w.core) >= 4 && strings.ToUpper(w.core) == w.core && strings.ToLower(w.core) != w.core {
			loud++
		}
	}
	return loud >= 2
}

// headsExercise reports whether a line opens a task: "Activity: …", "Check
// yourself", «فكر وناقش: …».
func headsExercise(s *sentence, closed bool) bool {
	first := s.words[0].fold
	if s.arabic && !isExerciseAR(first) || !s.arabic && !isExerciseEN(first) {
		return false
	}
	for i := 0; i < min(4, len(s.words)); i++ {
		if strings.HasPrefix(s.words[i].after, ":") {
			return true
		}
	}
	return !closed && len(s.words) <= 5
}

// entryColon returns where the sign stands that parts a short term from what is
// said of it, or -1.
func entryColon(text string) int {
	best := -1
	for _, sign := range []string{": ", " – ", " — ", " - ", " : "} {
		if i := strings.Index(text, sign); i > 0 && (best < 0 || i < best) {
			best = i
		}
	}
	if best < 0 || strings.Count(strings.TrimSpace(text[:best]), " ") >= 5 || strings.ContainsAny(text[:best], ".!?؟،,;؛\"«»") {
		return -1
	}
	return best
}

// entryName returns how many words stand before the sign of an entry, or 0 when s
// does not have the form of one.
func entryName(s *sentence) int {
	colon := entryColon(s.text)
	if colon < 0 {
		return 0
	}
	for i, w := range s.words {
		if w.start > colon {
			return i
		}
	}
	return 0
}

func isLabel(s *sentence) bool {
	first := s.words[0].fold
	if s.arabic {
		return isLabelAR(first) || isLabelAR(withoutAnd(first))
	}
	return isLabelEN(first)
}

// isDefinition reports whether s says, behind a term of name words, what the term
// is: a noun phrase, not a clause about it.
func isDefinition(s *sentence, name int) bool {
	if isLabel(s) || name > 4 || len(s.words)-name < 4 || len(s.words) > 45 || isFormula(s.text) && !startsWithNoun(s, name) {
		return false
	}
	if s.arabic && (hasClitic(s.fold(0)) || ordersAR(s.fold(name)) || s.fold(name) == "لا" || strings.HasPrefix(s.fold(0), "ول") && hasPronounAR(s.words[0].core) || isDanglingAR(s.fold(0)) || isParticleAR(s.fold(0)) || isParticleAR(withoutAnd(s.fold(0))) || strings.HasPrefix(s.fold(0), "فف")) || !s.arabic && isFunctionEN(s.fold(0)) {
		return false
	}
	for i, w := range s.words[:name] {
		if countAt(s, i) > 0 || s.arabic && hasPronounAR(w.core) {
			return false // «وله أربعة أركان: …»
		}
		if !s.arabic && (isAuxiliaryEN(w.fold) || isPronounEN(w.fold)) {
			return false // "Money has three functions: …"
		}
		if !strings.ContainsFunc(w.core, unicode.IsLetter) || strings.ContainsFunc(w.core, unicode.IsDigit) {
			return false
		}
	}
	return startsWithNoun(s, name) && !pointsAway(s, name)
}

func startsWithNoun(s *sentence, at int) bool {
	if s.arabic {
		return isNounPhraseAR(s, at) || isPronounHe(s.fold(at)) && isRelativeAR(s.fold(at+1))
	}
	return isNounPhraseEN(s, at)
}

// isPronounHe knows the pronouns before what a thing is: «البراكين الخامدة: وهي التي …».
func isPronounHe(w string) bool {
	switch w {
	case "هو", "هي", "وهو", "وهي", "هم", "وهم":
		return true
	}
	return false
}

// pointsAway reports whether s, from word at on, needs what stands before it: a
// demonstrative, a first person, a figure.
func pointsAway(s *sentence, at int) bool {
	for i := at; i < len(s.words); i++ {
		if s.arabic && pointsAwayAR(s, i) || !s.arabic && pointsAwayEN(s, i) {
			return true
		}
	}
	return false
}

// isFormula reports whether text holds signs of a calculation or an equation.
func isFormula(text string) bool {
	if strings.ContainsAny(text, "=+→×÷<>√≤≥∑") {
		return true
	}
	for i := 1; i+1 < len(text); i++ {
		if text[i] == '/' && isDigit(text[i-1]) && isDigit(text[i+1]) {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// state brings a passage to the form in which it stands alone: without a leading
// connective, with its pronoun replaced where it is clear whom it means. It
// reports whether that succeeded. before is the sentence in front of it.
func state(s *sentence, before topics) bool {
	if len(s.words) < 3 || s.item && !isWholeItem(s) {
		return false
	}
	ok := false
	if s.arabic {
		ok = stateAR(s, before)
	} else {
		ok = stateEN(s, before)
	}
	return ok && !pointsAway(s, 0) && isWhole(s)
}

// isWholeItem reports whether an entry of a list is a sentence, and not a noun
// phrase: «زراعة الأشجار في المدن.»
func isWholeItem(s *sentence) bool {
	if s.arabic {
		return startsLikeVerbAR(s.fold(0)) || startsLikeVerbAR(s.fold(entryName(s))) || s.fold(1) == "هو" || s.fold(1) == "هي" || s.fold(2) == "هو" || s.fold(2) == "هي"
	}
	for i, w := range s.words {
		if isAuxiliaryEN(w.fold) || i > 0 && (strings.HasSuffix(w.fold, "ed") || strings.HasSuffix(w.fold, "s") && !isFunctionEN(s.fold(i-1))) {
			return !strings.HasSuffix(s.fold(0), "ing")
		}
	}
	return false
}

// isWhole reports whether a statement is of a fair length, without formulas, and
// closes what it opens.
func isWhole(s *sentence) bool {
	n := len(s.words)
	if n > 40 || s.arabic && n < 4 || !s.arabic && n < 5 || len(s.text) > 420 || isFormula(s.text) {
		return false
	}
	for _, pair := range []string{"()", "[]", "«»", "“”"} {
		opens, closes := []rune(pair)[0], []rune(pair)[1]
		if strings.Count(s.text, string(opens)) != strings.Count(s.text, string(closes)) {
			return false
		}
	}
	for _, w := range s.words {
		if strings.HasPrefix(w.after, "-") { // a word that a line break cut
			return false
		}
	}
	return strings.Count(s.text, `"`)%2 == 0 && !strings.ContainsAny(s.text, "_|\\{}@#") && !strings.Contains(s.text, "://")
}
