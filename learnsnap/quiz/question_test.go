package quiz_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// The questions of the tests, well formed and grounded in heartPage.

func choice() quiz.Question {
	return quiz.Question{
		Type: quiz.MultipleChoice, Question: "What carries blood away from the heart?",
		Options: []string{"veins", "arteries", "valves", "ventricles"}, Correct: quiz.Answer{Text: "B"},
		Explanation: "Arteries lead away from the heart.", Evidence: quiz.Evidence{Text: "Arteries carry blood away from the heart.", Page: 2},
	}
}

func trueFalse() quiz.Question {
	return quiz.Question{
		Type: quiz.TrueFalse, Question: "The heart has three chambers.", Correct: quiz.Answer{Bool: new(bool)},
		Explanation: "It has four.", Evidence: quiz.Evidence{Text: "It has four chambers: two atria and two ventricles.", Page: 2},
	}
}

func fillBlank() quiz.Question {
	return quiz.Question{
		Type: quiz.FillBlank, Question: "_____ carry blood back to the heart.", Correct: quiz.Answer{Text: "Veins"},
		Hint: "It begins with V.", Explanation: "Veins lead back.", Evidence: quiz.Evidence{Text: "Veins carry blood back to the heart.", Page: 2},
	}
}

func matching() quiz.Question {
	return quiz.Question{
		Type: quiz.Matching, Question: "Match each vessel with what it does.",
		Pairs:       []quiz.Pair{{Left: "arteries", Right: "carry blood away"}, {Left: "veins", Right: "carry blood back"}, {Left: "valves", Right: "stop it from flowing back"}},
		Explanation: "Each has one task.", Evidence: quiz.Evidence{Text: "Veins carry blood back to the heart, and valves keep it from flowing backwards.", Page: 2},
	}
}

func TestValidateSaysWhichRuleIsBroken(t *testing.T) {
	long := strings.Repeat("ن", 2000)
	tests := []struct {
		name   string
		base   func() quiz.Question
		change func(q *quiz.Question)
		want   quiz.Reason
		where  string
	}{
		{"no type", choice, func(q *quiz.Question) { q.Type = "" }, quiz.UnknownType, "type"},
		{"unknown type", trueFalse, func(q *quiz.Question) { q.Type = "essay" }, quiz.UnknownType, "type"},
		{"no question", choice, func(q *quiz.Question) { q.Question = " \u200f" }, quiz.QuestionMissing, "question"},
		{"a question too long", choice, func(q *quiz.Question) { q.Question = long }, quiz.TooLong, "question"},
		{"no explanation", choice, func(q *quiz.Question) { q.Explanation = "" }, quiz.ExplanationMissing, "explanation"},
		{"an explanation too long", choice, func(q *quiz.Question) { q.Explanation = long }, quiz.TooLong, "explanation"},
		{"no evidence", choice, func(q *quiz.Question) { q.Evidence.Text = "" }, quiz.EvidenceMissing, "evidence.text"},
		{"evidence of one word", choice, func(q *quiz.Question) { q.Evidence.Text = "heart!" }, quiz.EvidenceMissing, "evidence.text"},
		{"evidence too long", choice, func(q *quiz.Question) { q.Evidence.Text = long }, quiz.TooLong, "evidence.text"},
		{"no page", choice, func(q *quiz.Question) { q.Evidence.Page = 0 }, quiz.PageMissing, "evidence.page"},

		{"three options", choice, func(q *quiz.Question) { q.Options = q.Options[:3] }, quiz.OptionCount, "options"},
		{"five options", choice, func(q *quiz.Question) { q.Options = append(q.Options, "lungs") }, quiz.OptionCount, "options"},
		{"an empty option", choice, func(q *quiz.Question) { q.Options[2] = " " }, quiz.OptionMissing, "options[2]"},
		{"an option too long", choice, func(q *quiz.Question) { q.Options[2] = long }, quiz.TooLong, "options[2]"},
		{"two options alike", choice, func(q *quiz.Question) { q.Options[3] = "Veins" }, quiz.OptionsSame, "options[3]"},
		{"two Arabic options alike", choice, func(q *quiz.Question) { q.Options[2], q.Options[3] = "أوردة", "اورده" }, quiz.OptionsSame, "options[3]"},
		{"an option about others", choice, func(q *quiz.Question) { q.Options[3] = "Both A and B" }, quiz.OptionRefers, "options[3]"},
		{"an Arabic option about others", choice, func(q *quiz.Question) { q.Options[3] = "أ وب معا" }, quiz.OptionRefers, "options[3]"},
		{"no key", choice, func(q *quiz.Question) { q.Correct = quiz.Answer{} }, quiz.KeyMissing, "correct"},
		{"a key beyond D", choice, func(q *quiz.Question) { q.Correct.Text = "E" }, quiz.KeyNotAnOption, "correct"},
		{"a key in small", choice, func(q *quiz.Question) { q.Correct.Text = "b" }, quiz.KeyNotAnOption, "correct"},
		{"a key of two letters", choice, func(q *quiz.Question) { q.Correct.Text = "AB" }, quiz.KeyNotAnOption, "correct"},
		{"a truth value for a letter", choice, func(q *quiz.Question) { q.Correct = quiz.Answer{Bool: new(bool)} }, quiz.KeyShape, "correct"},
		{"two keys", choice, func(q *quiz.Question) { q.Correct.Bool = new(bool) }, quiz.KeyShape, "correct"},
		{"pairs on a choice", choice, func(q *quiz.Question) { q.Pairs = matching().Pairs }, quiz.PairCount, "pairs"},

		{"a text for a truth value", trueFalse, func(q *quiz.Question) { q.Correct = quiz.Answer{Text: "no idea"} }, quiz.KeyShape, "correct"},
		{"no truth value", trueFalse, func(q *quiz.Question) { q.Correct = quiz.Answer{} }, quiz.KeyMissing, "correct"},

		{"no gap", fillBlank, func(q *quiz.Question) { q.Question = "Veins carry blood back." }, quiz.GapCount, "question"},
		{"two gaps", fillBlank, func(q *quiz.Question) { q.Question = "_____ carry _____ back." }, quiz.GapCount, "question"},
		{"a gap of another length", fillBlank, func(q *quiz.Question) { q.Question = "______ carry blood back." }, quiz.GapCount, "question"},
		{"no text of the gap", fillBlank, func(q *quiz.Question) { q.Correct.Text = " " }, quiz.KeyMissing, "correct"},
		{"a text that no answer can equal", fillBlank, func(q *quiz.Question) { q.Correct.Text = "…" }, quiz.KeyMissing, "correct"},
		{"no hint", fillBlank, func(q *quiz.Question) { q.Hint = "" }, quiz.HintMissing, "hint"},
		{"the key as hint", fillBlank, func(q *quiz.Question) { q.Hint = "veins" }, quiz.HintIsKey, "hint"},

		{"one pair", matching, func(q *quiz.Question) { q.Pairs = q.Pairs[:1] }, quiz.PairCount, "pairs"},
		{"five pairs", matching, func(q *quiz.Question) { q.Pairs = append(q.Pairs, q.Pairs[:2]...) }, quiz.PairCount, "pairs"},
		{"an empty left", matching, func(q *quiz.Question) { q.Pairs[1].Left = "" }, quiz.PairMissing, "pairs[1].left"},
		{"an empty right", matching, func(q *quiz.Question) { q.Pairs[0].Right = "ـ" }, quiz.PairMissing, "pairs[0].right"},
		{"two lefts alike", matching, func(q *quiz.Question) { q.Pairs[2].Left = "Veins " }, quiz.PairsSame, "pairs[2]"},
		{"two rights alike", matching, func(q *quiz.Question) { q.Pairs[1].Right = "Carry blood away" }, quiz.PairsSame, "pairs[1]"},
		{"a key beside the pairs", matching, func(q *quiz.Question) { q.Correct.Text = "A" }, quiz.KeyShape, "correct"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := tt.base()
			require.NoError(t, q.Validate())
			tt.change(&q)
			err := q.Validate()
			require.ErrorIs(t, err, tt.want)
			require.ErrorIs(t, err, quiz.Malformed)
			require.Equal(t, tt.want, quiz.ReasonOf(err))
			require.Equal(t, tt.where+": "+string(tt.want), err.Error())
		})
	}
}

func TestRepairSetsRightWhatHasOneReading(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		name     string
		in, want quiz.Question // of in, what is set; of want, what it becomes
	}{
		{"texts are cleaned",
			quiz.Question{Type: quiz.TrueFalse, Question: " ما  هو\u200f التبخــر؟\n", Correct: quiz.Answer{Bool: &yes}},
			quiz.Question{Type: quiz.TrueFalse, Question: "ما هو التبخر؟", Correct: quiz.Answer{Bool: &yes}}},
		{"names of types", quiz.Question{Type: "Fill-in-the-blank", Question: "_____"}, quiz.Question{Type: quiz.FillBlank, Question: "_____"}},
		{"letters before options",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"A) iron", "B) gold", "C) tin", "D) lead"}, Correct: quiz.Answer{Text: "C) tin"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "C"}}},
		{"Arabic letters before options",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"أ) حديد", "ب- ذهب", "(ج) قصدير", "د. رصاص"}, Correct: quiz.Answer{Text: "ب"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"حديد", "ذهب", "قصدير", "رصاص"}, Correct: quiz.Answer{Text: "B"}}},
		{"Arabic letters with a space",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"أ) حديد", "ب - ذهب", "(ج) قصدير", "د. رصاص"}, Correct: quiz.Answer{Text: "قصدير"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"حديد", "ذهب", "قصدير", "رصاص"}, Correct: quiz.Answer{Text: "C"}}},
		{"numbers before options",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"1) -5", "2) 5", "3) ٧", "4) 9"}, Correct: quiz.Answer{Text: "D"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"-5", "5", "٧", "9"}, Correct: quiz.Answer{Text: "D"}}},
		{"decimals are no marks",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"1.5", "2.5", "3.5", "4.5"}, Correct: quiz.Answer{Text: "2.5"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"1.5", "2.5", "3.5", "4.5"}, Correct: quiz.Answer{Text: "B"}}},
		{"kinds of stars are no marks",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"A-type", "B-type", "C-type", "D-type"}, Correct: quiz.Answer{Text: "A-type"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"A-type", "B-type", "C-type", "D-type"}, Correct: quiz.Answer{Text: "A"}}},
		{"marks out of order are text",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"A. Einstein", "B. Franklin", "I. Newton", "D. Hume"}, Correct: quiz.Answer{Text: "I. Newton"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"A. Einstein", "B. Franklin", "I. Newton", "D. Hume"}, Correct: quiz.Answer{Text: "C"}}},
		{"a small letter, in brackets",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "(b)"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "B"}}},
		{"a word before the letter",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "Option D"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "D"}}},
		{"letter and text that disagree",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "A) gold"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "?"}}},
		{"a letter that is another option's text",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"AB", "A", "B", "O"}, Correct: quiz.Answer{Text: "B"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"AB", "A", "B", "O"}, Correct: quiz.Answer{Text: "?"}}},
		{"a number that could be an index",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"2", "3", "4", "5"}, Correct: quiz.Answer{Text: "3"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"2", "3", "4", "5"}, Correct: quiz.Answer{Text: "?"}}},
		{"an index with one reading",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "0"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "A"}}},
		{"a year is its text",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"1779", "1819", "1729", "1854"}, Correct: quiz.Answer{Text: "١٧٧٩"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"1779", "1819", "1729", "1854"}, Correct: quiz.Answer{Text: "A"}}},
		{"a key that is no option stays",
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "copper"}},
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "copper"}}},

		{"truth in words", quiz.Question{Type: quiz.TrueFalse, Correct: quiz.Answer{Text: "True"}}, quiz.Question{Type: quiz.TrueFalse, Correct: quiz.Answer{Bool: &yes}}},
		{"truth in Arabic", quiz.Question{Type: quiz.TrueFalse, Correct: quiz.Answer{Text: "خطأ"}}, quiz.Question{Type: quiz.TrueFalse, Correct: quiz.Answer{Bool: &no}}},
		{"truth by letter", quiz.Question{Type: quiz.TrueFalse, Options: []string{"صح", "خطأ"}, Correct: quiz.Answer{Text: "B"}}, quiz.Question{Type: quiz.TrueFalse, Correct: quiz.Answer{Bool: &no}}},

		{"a long gap", quiz.Question{Type: quiz.FillBlank, Question: "The ________ beats."}, quiz.Question{Type: quiz.FillBlank, Question: "The _____ beats."}},
		{"a gap of words", quiz.Question{Type: quiz.FillBlank, Question: "The ___ ___ pumps."}, quiz.Question{Type: quiz.FillBlank, Question: "The _____ pumps."}},
		{"an escaped gap", quiz.Question{Type: quiz.FillBlank, Question: `The \_\_\_ beats.`}, quiz.Question{Type: quiz.FillBlank, Question: "The _____ beats."}},
		{"a gap of dots", quiz.Question{Type: quiz.FillBlank, Question: "القلب ...... الدم"}, quiz.Question{Type: quiz.FillBlank, Question: "القلب _____ الدم"}},
		{"a gap at the end", quiz.Question{Type: quiz.FillBlank, Question: "The pump of the body is the…"}, quiz.Question{Type: quiz.FillBlank, Question: "The pump of the body is the _____"}},
		{"dots beside a gap are an ellipsis", quiz.Question{Type: quiz.FillBlank, Question: "Slowly... the _____ stops."}, quiz.Question{Type: quiz.FillBlank, Question: "Slowly... the _____ stops."}},
		{"a gap in brackets", quiz.Question{Type: quiz.FillBlank, Question: "The [blank] beats."}, quiz.Question{Type: quiz.FillBlank, Question: "The _____ beats."}},
		{"a gap drawn in tatweel", quiz.Question{Type: quiz.FillBlank, Question: "يضخ ــــــ الدم"}, quiz.Question{Type: quiz.FillBlank, Question: "يضخ _____ الدم"}},

		{"pairs in the key",
			quiz.Question{Type: quiz.Matching, Correct: quiz.Answer{Pairs: map[string]string{"b": "2", "a": "1"}}},
			quiz.Question{Type: quiz.Matching, Pairs: []quiz.Pair{{Left: "a", Right: "1"}, {Left: "b", Right: "2"}}}},
		{"pairs twice",
			quiz.Question{Type: quiz.Matching, Pairs: []quiz.Pair{{Left: "a", Right: "1"}}, Correct: quiz.Answer{Pairs: map[string]string{"a": "1"}}},
			quiz.Question{Type: quiz.Matching, Pairs: []quiz.Pair{{Left: "a", Right: "1"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := quiz.Repair(tt.in)
			require.Equal(t, tt.want, got)
			require.Equal(t, got, quiz.Repair(got), "a repaired question needs no repair")
		})
	}
}

func TestRepairLeavesItsArgumentAlone(t *testing.T) {
	q := choice()
	for i, letter := range []string{"A) ", "B) ", "C) ", "D) "} {
		q.Options[i] = letter + q.Options[i]
	}
	before := q.Options[0]
	require.NotEqual(t, before, quiz.Repair(q).Options[0])
	require.Equal(t, before, q.Options[0])

	m := matching()
	m.Pairs[0].Left = " arteries "
	require.Equal(t, "arteries", quiz.Repair(m).Pairs[0].Left)
	require.Equal(t, " arteries ", m.Pairs[0].Left)
}
