package quiz

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Repair returns q with what can be set right without a doubt about its meaning:
// texts are cleaned (see [Clean]), type names are brought to ours, letters are
// stripped from options ("A) ", "ب- "), a key that is given as the option's text,
// as "B) text" or as an Arabic letter becomes the letter, "true" and "صح" become a
// truth value, and the gap of a fill_blank question becomes [Gap]. What has two
// readings stays as it is, for [Question.Validate] to turn away. q is not changed.
func Repair(q Question) Question {
	q.Type = repairType(q.Type)
	if q.Type == FillBlank {
		q.Question = repairGap(q.Question)
	}
	q.Question, q.Hint, q.Explanation = Clean(q.Question), Clean(q.Hint), Clean(q.Explanation)
	q.Evidence.Text = Clean(q.Evidence.Text)
	q.Correct.Text = Clean(q.Correct.Text)
	q.Options = cleanAll(q.Options)
	q.Pairs = slices.Clone(q.Pairs)
	for i, p := range q.Pairs {
		q.Pairs[i] = Pair{Left: Clean(p.Left), Right: Clean(p.Right)}
	}
	switch q.Type {
	case MultipleChoice:
		options := stripLetters(q.Options)
		q.Correct.Text = repairKey(q.Correct.Text, q.Options, options)
		q.Options, q.Hint = options, ""
	case TrueFalse:
		q = repairTruth(q)
	case FillBlank:
		q.Options = nil
	case Matching:
		q = repairPairs(q)
	}
	return q
}

func cleanAll(texts []string) []string {
	if texts == nil {
		return nil
	}
	clean := make([]string, len(texts))
	for i, s := range texts {
		clean[i] = Clean(s)
	}
	return clean
}

func repairType(t Type) Type {
	name := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == '/' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, string(t))
	switch name {
	case "multiplechoice", "mcq":
		return MultipleChoice
	case "truefalse", "trueorfalse", "boolean":
		return TrueFalse
	case "fillblank", "fillintheblank", "fillinblank", "fillblanks", "fillintheblanks":
		return FillBlank
	case "matching", "match":
		return Matching
	}
	return t
}

// repairTruth brings a key in words to a truth value and drops the options
// "true" and "false".
func repairTruth(q Question) Question {
	if q.Correct.Bool == nil {
		text := q.Correct.Text
		if i := optionLetter(text); i >= 0 && i < len(q.Options) {
			text = q.Options[i]
		}
		if truth, ok := truthOf(text); ok {
			q.Correct = Answer{Bool: &truth}
		}
	}
	q.Options, q.Hint = nil, ""
	return q
}

// truthOf reads a truth value in words.
func truthOf(text string) (truth, ok bool) {
	switch strings.Trim(Normalise(text), ".!\"'") {
	case "true", "correct", "right", "yes", "صح", "صحيح", "صحيحه", "صواب", "نعم":
		return true, true
	case "false", "incorrect", "wrong", "no", "خطا", "خاطئ", "خاطئه", "غير صحيح", "غير صحيحه", "لا":
		return false, true
	}
	return false, false
}

// repairPairs takes the pairs from the key where they stand there only, and
// drops a key that says no more than the pairs do.
func repairPairs(q Question) Question {
	if len(q.Pairs) == 0 {
		for _, left := range slices.Sorted(maps.Keys(q.Correct.Pairs)) {
			q.Pairs = append(q.Pairs, Pair{Left: Clean(left), Right: Clean(q.Correct.Pairs[left])})
		}
		q.Correct.Pairs = nil
	}
	if maps.Equal(q.Correct.Pairs, q.Key().Pairs) {
		q.Correct.Pairs = nil
	}
	q.Options, q.Hint = nil, ""
	return q
}
