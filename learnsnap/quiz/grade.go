package quiz

import (
	"slices"
	"strings"
)

// Why an answer can't be graded.
const (
	AnswerShape     Reason = "answer_shape"     // a text for a truth value, and the like
	LetterUnknown   Reason = "letter_unknown"   // no letter from A to D
	PairUnknown     Reason = "pair_unknown"     // a left or a right that the question does not have
	QuestionUnknown Reason = "question_unknown" // an answer to a question that the quiz does not have
)

// Key returns the right answer of q: its Correct, or the pairs of a [Matching]
// question.
func (q Question) Key() Answer {
	if q.Type != Matching {
		return q.Correct
	}
	key := Answer{Pairs: make(map[string]string, len(q.Pairs))}
	for _, p := range q.Pairs {
		key.Pairs[p.Left] = p.Right
	}
	return key
}

// Grade reports whether a is right. No answer is wrong, and no error. An answer
// of another type's shape, a letter beyond D or a pair that q does not have is an
// [*Error], whose Where is q's id.
//
//   - [MultipleChoice] wants the letter, in either case.
//   - [TrueFalse] wants the truth value.
//   - [FillBlank] wants the key's words. Case, diacritics, letter variants,
//     punctuation and articles (ال, a, an, the) do not matter; numbers are
//     compared by value (1,000 is ١٠٠٠, 0.5 is 1/2, "two" is 2; a percent sign may
//     be left out), but 3/6 is not 1/2; of a key like "carbon dioxide (CO₂)" each
//     half will do. A misspelt word is wrong.
//   - [Matching] wants every pair right: there is no half mark.
func (q Question) Grade(a Answer) (right bool, err error) {
	if a.IsZero() {
		return false, nil
	}
	if shapes(a) != 1 {
		return false, &Error{AnswerShape, q.ID}
	}
	switch {
	case q.Type == TrueFalse && a.Bool != nil:
		return q.Correct.Bool != nil && *a.Bool == *q.Correct.Bool, nil
	case q.Type == MultipleChoice && a.Text != "":
		letter := strings.ToUpper(strings.TrimSpace(a.Text))
		if letterIndex(letter) < 0 {
			return false, &Error{LetterUnknown, q.ID}
		}
		return letter == q.Correct.Text, nil
	case q.Type == FillBlank && a.Text != "":
		return sameAnswer(a.Text, q.Correct.Text), nil
	case q.Type == Matching && a.Pairs != nil:
		return q.gradePairs(a.Pairs)
	}
	return false, &Error{AnswerShape, q.ID}
}

// shapes counts how many of an answer's members are set.
func shapes(a Answer) int {
	n := 0
	for _, set := range []bool{a.Text != "", a.Bool != nil, a.Pairs != nil} {
		if set {
			n++
		}
	}
	return n
}

// gradePairs wants every left once with its own right. A left that is given twice,
// in two spellings, is not put right by one of them.
func (q Question) gradePairs(given map[string]string) (bool, error) {
	right := make([]bool, len(q.Pairs))
	wrong := false
	for left, answer := range given {
		l := slices.IndexFunc(q.Pairs, func(p Pair) bool { return sameText(p.Left, left) })
		r := slices.IndexFunc(q.Pairs, func(p Pair) bool { return sameText(p.Right, answer) })
		if l < 0 || r < 0 && answer != "" {
			return false, &Error{PairUnknown, q.ID}
		}
		wrong = wrong || l != r
		right[l] = true
	}
	return !wrong && !slices.Contains(right, false), nil
}
