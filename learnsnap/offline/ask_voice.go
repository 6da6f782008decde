package offline

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A voice is what the questions say around the words of the page, in the language
// of the quiz.
type voice struct{ arabic bool }

func (v voice) choose(en, ar string, args ...any) string {
	if v.arabic {
		return fmt.Sprintf(ar, args...)
	}
	return fmt.Sprintf(en, args...)
}

// whichTerm asks for the term of a meaning.
func (v voice) whichTerm(f *fact) string {
	switch {
	case f.kind == labelled && !v.arabic && !f.class.arabic:
		return fmt.Sprintf("What %s %s called?", present(f.verb), f.meaning)
	case f.kind == copula && !v.arabic && !f.class.arabic:
		return fmt.Sprintf("Which of these %s %s?", f.verb, f.meaning)
	case f.kind == copula, startsRelative(f.meaning):
		return v.choose("Which of these is described as “%s”?", "أي مما يأتي ينطبق عليه هذا الوصف: «%s»؟", f.meaning)
	}
	return v.choose("Which term means “%s”?", "ما المصطلح الذي معناه «%s»؟", f.meaning)
}

// startsRelative reports whether an Arabic meaning is what a noun does: «التي لم تثر …».
func startsRelative(meaning string) bool {
	first, _, _ := strings.Cut(normalise(meaning), " ")
	return isRelativeAR(first)
}

// present is "is" and "are": what something is called does not pass.
func present(verb string) string {
	if verb == "are" || verb == "were" {
		return "are"
	}
	return "is"
}

func (v voice) whichMeaning(f *fact) string {
	if f.class.plural {
		return v.choose("What are %s?", "ما معنى «%s»؟", f.name)
	}
	if f.class.counted {
		return v.choose("What is %s?", "ما معنى «%s»؟", strings.ToLower(f.phrase[:1])+f.phrase[1:])
	}
	return v.choose("What is %s?", "ما معنى «%s»؟", f.name)
}

// completes asks which option fills the gap of a sentence.
func (v voice) completes(what gapOf, sentence string) string {
	switch what {
	case gapYear:
		return v.choose("Which year completes the sentence? “%s”", "ما السنة التي تكمل الجملة: «%s»؟", sentence)
	case gapNumber:
		return v.choose("Which number completes the sentence? “%s”", "ما العدد الذي يكمل الجملة: «%s»؟", sentence)
	case gapTerm:
		return v.choose("Which term completes the sentence? “%s”", "ما المصطلح الذي يكمل الجملة: «%s»؟", sentence)
	}
	return v.choose("What completes the sentence? “%s”", "ما الذي يكمل الجملة: «%s»؟", sentence)
}

// A gapOf says what is missing in a sentence.
type gapOf uint8

const (
	gapWord gapOf = iota
	gapTerm
	gapNumber
	gapYear
)

func (v voice) whichTrue() string {
	return v.choose("Which of these statements is true?", "أي العبارات الآتية صحيحة؟")
}

func (v voice) matchTerms() string {
	return v.choose("Match each term with its meaning.", "صل كل مصطلح بمعناه.")
}

func (v voice) matchYears() string {
	return v.choose("Match each year with what happened in it.", "صل كل سنة بما حدث فيها.")
}

// The explanations. Each ends in the sentence of the page, which is the reason.

func (v voice) means(f *fact) string {
	switch {
	case f.kind == named:
		return v.choose("The name is “%[1]s”. The page says: “%[2]s”", "الاسم هو «%[1]s»، فالصفحة تقول: «%[2]s»", f.name, f.s.shown())
	}
	return v.choose("That is what “%[1]s” means. The page says: “%[2]s”", "هذا هو معنى «%[1]s»، فالصفحة تقول: «%[2]s»", f.name, f.s.shown())
}

func (v voice) missing(key string, s *sentence) string {
	return v.choose("“%[1]s” is missing. The page says: “%[2]s”", "الناقص هو «%[1]s»، فالصفحة تقول: «%[2]s»", key, s.shown())
}

func (v voice) right(s *sentence) string {
	return v.choose("True. The page says: “%s”", "العبارة صحيحة، فالصفحة تقول: «%s»", s.shown())
}

// notThis explains a false statement by the word that was exchanged.
func (v voice) notThis(is, isNot string, s *sentence) string {
	return v.choose("False: it is “%[1]s”, not “%[2]s”. The page says: “%[3]s”", "العبارة خاطئة: الصواب «%[1]s» لا «%[2]s». تقول الصفحة: «%[3]s»", is, isNot, s.shown())
}

func (v voice) contrary(s *sentence) string {
	return v.choose("False: the page says the contrary: “%s”", "العبارة خاطئة، فالصفحة تقول عكس ذلك: «%s»", s.shown())
}

func (v voice) onlyTrue(s *sentence) string {
	return v.choose("Only this one agrees with the page, which says: “%s”", "هذه وحدها توافق الصفحة التي تقول: «%s»", s.shown())
}

// hint gives the first letter and the length of a key.
func (v voice) hint(key string) string {
	words := strings.Fields(key)
	if isNumeral(key) {
		return v.choose("A number; digits: %d", "عدد، وعدد أرقامه: %d", countDigits(key))
	}
	if len(words) > 1 {
		return v.choose("Words: %[1]d; the first letter is “%[2]s”", "عدد الكلمات: %[1]d، وتبدأ بـ «%[2]s»", len(words), opening(words[0], v.arabic))
	}
	return v.choose("Letters: %[1]d; the first one is “%[2]s”", "عدد الحروف: %[1]d، وتبدأ بـ «%[2]s»", countLetters(key), opening(key, v.arabic))
}

// opening returns the letters that a hint gives away: the first, in Arabic the one
// behind the article.
func opening(w string, arabic bool) string {
	n := 1
	if arabic && strings.HasPrefix(normalise(w), "ال") {
		n = 3
	}
	bare := []rune(bareAR(w))
	return string(bare[:min(n, len(bare))])
}

func countDigits(s string) int {
	n := 0
	for _, r := range normalise(s) {
		if r < utf8.RuneSelf && isDigit(byte(r)) {
			n++
		}
	}
	return n
}

// shown returns the sentence as an explanation quotes it: cut where it is very
// long.
func (s *sentence) shown() string {
	const most = 400
	if utf8.RuneCountInString(s.raw) <= most {
		return strings.TrimSpace(s.raw)
	}
	return string([]rune(s.raw)[:most-1]) + "…"
}
