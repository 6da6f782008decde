package quiz

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Gap is how the gap of a [FillBlank] question is written.
const Gap = "_____"

// The bounds of a question's texts, in characters.
const (
	MaxQuestion    = 600
	MaxOption      = 300 // an option, the text of a gap, one side of a pair
	MaxHint        = 300
	MaxExplanation = 1500
	MaxEvidence    = 1500
)

// Letters are the keys of the four options, in order.
const Letters = "ABCD"

// Validate reports the first rule of form that q breaks, as an [*Error] whose
// reason is of the family [Malformed], or nil. It looks at q alone: whether q is
// true, new and grounded is the business of a [Judge]. It changes nothing; see
// [Repair].
func (q Question) Validate() error {
	if err := checkText("question", q.Question, MaxQuestion, QuestionMissing); err != nil {
		return err
	}
	if err := q.checkType(); err != nil {
		return err
	}
	if err := checkText("explanation", q.Explanation, MaxExplanation, ExplanationMissing); err != nil {
		return err
	}
	return q.Evidence.validate()
}

func (q Question) checkType() error {
	if !slices.Contains(Types(), q.Type) {
		return &Error{UnknownType, "type"}
	}
	if q.Type != MultipleChoice && len(q.Options) > 0 {
		return &Error{OptionCount, "options"}
	}
	if q.Type != Matching && len(q.Pairs) > 0 {
		return &Error{PairCount, "pairs"}
	}
	switch q.Type {
	case MultipleChoice:
		return q.checkChoice()
	case TrueFalse:
		return checkKey(q.Correct, q.Correct.Bool != nil)
	case FillBlank:
		return q.checkBlank()
	}
	return q.checkPairs()
}

func (q Question) checkChoice() error {
	if len(q.Options) != len(Letters) {
		return &Error{OptionCount, "options"}
	}
	for i, o := range q.Options {
		if err := checkText(fmt.Sprintf("options[%d]", i), o, MaxOption, OptionMissing); err != nil {
			return err
		}
		if refersToLetters(o) {
			return &Error{OptionRefers, fmt.Sprintf("options[%d]", i)}
		}
	}
	if i := firstSame(q.Options); i >= 0 {
		return &Error{OptionsSame, fmt.Sprintf("options[%d]", i)}
	}
	if err := checkKey(q.Correct, q.Correct.Text != ""); err != nil {
		return err
	}
	if letterIndex(q.Correct.Text) < 0 {
		return &Error{KeyNotAnOption, "correct"}
	}
	return nil
}

func (q Question) checkBlank() error {
	if err := checkKey(q.Correct, q.Correct.Text != ""); err != nil {
		return err
	}
	if err := checkText("correct", q.Correct.Text, MaxOption, KeyMissing); err != nil {
		return err
	}
	if len(gradeTokens(q.Correct.Text)) == 0 {
		return &Error{KeyMissing, "correct"} // nothing that an answer could equal
	}
	if strings.Count(q.Question, Gap) != 1 || strings.Count(q.Question, "_") != len(Gap) {
		return &Error{GapCount, "question"}
	}
	if err := checkText("hint", q.Hint, MaxHint, HintMissing); err != nil {
		return err
	}
	if sameText(q.Hint, q.Correct.Text) {
		return &Error{HintIsKey, "hint"}
	}
	return nil
}

func (q Question) checkPairs() error {
	if !q.Correct.IsZero() {
		return &Error{KeyShape, "correct"}
	}
	if len(q.Pairs) < 2 || len(q.Pairs) > 4 {
		return &Error{PairCount, "pairs"}
	}
	lefts, rights := make([]string, len(q.Pairs)), make([]string, len(q.Pairs))
	for i, p := range q.Pairs {
		lefts[i], rights[i] = p.Left, p.Right
		if err := checkText(fmt.Sprintf("pairs[%d].left", i), p.Left, MaxOption, PairMissing); err != nil {
			return err
		}
		if err := checkText(fmt.Sprintf("pairs[%d].right", i), p.Right, MaxOption, PairMissing); err != nil {
			return err
		}
	}
	for _, side := range [][]string{lefts, rights} {
		if i := firstSame(side); i >= 0 {
			return &Error{PairsSame, fmt.Sprintf("pairs[%d]", i)}
		}
	}
	return nil
}

func (e Evidence) validate() error {
	if err := checkText("evidence.text", e.Text, MaxEvidence, EvidenceMissing); err != nil {
		return err
	}
	words := 0
	for range Words(e.Text) {
		words++
	}
	if words < 2 {
		return &Error{EvidenceMissing, "evidence.text"}
	}
	if e.Page < 1 {
		return &Error{PageMissing, "evidence.page"}
	}
	return nil
}

// checkKey checks that the key has the shape of its type and no other.
func checkKey(a Answer, has bool) error {
	switch n := shapes(a); {
	case n == 0:
		return &Error{KeyMissing, "correct"}
	case n > 1 || !has:
		return &Error{KeyShape, "correct"}
	}
	return nil
}

// checkText checks that a text is there and not too long.
func checkText(where, s string, most int, missing Reason) error {
	if strings.TrimSpace(s) == "" || Normalise(s) == "" {
		return &Error{missing, where}
	}
	if len(s) > most && utf8.RuneCountInString(s) > most {
		return &Error{TooLong, where}
	}
	return nil
}

// firstSame returns the index of the first text that is in normal form what an
// earlier one is, or -1.
func firstSame(texts []string) int {
	seen := make(map[string]bool, len(texts))
	for i, s := range texts {
		n := Normalise(s)
		if seen[n] {
			return i
		}
		seen[n] = true
	}
	return -1
}

func sameText(a, b string) bool { return Normalise(a) == Normalise(b) }

// letterIndex returns the place of a key's letter, from 0, or -1.
func letterIndex(letter string) int {
	if len(letter) != 1 {
		return -1
	}
	return strings.Index(Letters, letter)
}
