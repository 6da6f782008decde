package quiz_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

func TestRepeatsKnowsAQuestionInOtherWords(t *testing.T) {
	ask := func(question, right string) quiz.Question {
		return quiz.Question{Type: quiz.MultipleChoice, Question: question, Options: []string{right, "w", "x", "y"}, Correct: quiz.Answer{Text: "A"}}
	}
	fill := func(question, text string) quiz.Question {
		return quiz.Question{Type: quiz.FillBlank, Question: question, Correct: quiz.Answer{Text: text}}
	}
	state := func(statement string, truth bool) quiz.Question {
		return quiz.Question{Type: quiz.TrueFalse, Question: statement, Correct: quiz.Answer{Bool: &truth}}
	}
	match := func(lefts ...string) quiz.Question {
		q := quiz.Question{Type: quiz.Matching, Question: "Match."}
		for _, l := range lefts {
			q.Pairs = append(q.Pairs, quiz.Pair{Left: l, Right: "right of " + l})
		}
		return q
	}
	on := func(evidence string, q quiz.Question) quiz.Question { q.Evidence.Text = evidence; return q }
	const leaf = "Chloroplasts contain a green pigment called chlorophyll, which absorbs light."

	tests := []struct {
		name string
		a, b quiz.Question
		want bool
	}{
		{"the same", ask("What is osmosis?", "x1"), ask("What is osmosis?", "x1"), true},
		{"the same with another key", ask("What is osmosis?", "x1"), ask("what is  OSMOSIS", "x2"), true},
		{"in other order", ask("Which gas do plants take in from the air?", "carbon dioxide"), ask("From the air, plants take in which gas?", "carbon dioxide"), true},
		{"other question words, same key", ask("What is the capital city of France?", "Paris"), ask("Which city is the capital of France?", "paris"), true},
		{"another subject", ask("What is the capital of France?", "Paris"), ask("What is the capital of Spain?", "Madrid"), false},
		{"the opposite", ask("Which gas do plants take in?", "carbon dioxide"), ask("Which gas do plants give off?", "oxygen"), false},
		{"another sum of the same numbers", ask("How much is 3 + 4?", "7"), ask("How much is 3 × 4?", "12"), false},
		{"another number", ask("How much is 3 + 4?", "7"), ask("How much is 3 + 5?", "8"), false},
		{"a negation", ask("Which of these is a metal?", "iron"), ask("Which of these is not a metal?", "coal"), false},
		{"same key out of the same sentence", on(leaf, ask("What is the green pigment?", "chlorophyll")), on(leaf, ask("What absorbs light inside a leaf?", "Chlorophyll")), true},
		{"another key out of the same sentence", on(leaf, ask("What is the green pigment?", "chlorophyll")), on(leaf, ask("Where is it found?", "chloroplasts")), false},
		{"same key, another matter", ask("How many legs does a spider have?", "8"), ask("How much is 4 + 4?", "8"), false},
		{"another type", on(leaf, ask("What is the green pigment?", "chlorophyll")), on(leaf, fill("The green pigment is _____.", "chlorophyll")), false},

		{"the same gap", fill("Plants use _____ to make food.", "sunlight"), fill("To make food plants use ______.", "sunlight"), true},
		{"another gap of a sentence", on(leaf, fill("Chloroplasts contain a green pigment called _____.", "chlorophyll")), on(leaf, fill("_____ contain a green pigment called chlorophyll.", "Chloroplasts")), false},

		{"a statement and its denial", state("The heart has four chambers.", true), state("The heart has three chambers.", false), false},
		{"a long statement and its denial", state("The pulmonary artery carries dark blood from the heart to the lungs.", true), state("The pulmonary artery carries bright blood from the heart to the lungs.", false), true},
		{"two statements of a sentence", state("Like poles repel each other.", true), state("Unlike poles attract each other.", true), false},

		{"pairs in another order", match("a1", "b1", "c1"), match("c1", "a1", "b1"), true},
		{"half of the pairs", match("a1", "b1", "c1"), match("a1", "b1", "d1"), true},
		{"one pair of four", match("a1", "b1", "c1", "d1"), match("a1", "e1", "f1", "g1"), false},

		{"Arabic letter variants", ask("ما هو الغاز الذي تأخذه النباتات؟", "ثاني أكسيد الكربون"), ask("ما الغاز الذي تاخذه النباتات", "ثاني اكسيد الكربون"), true},
		{"Arabic, another subject", ask("ما عاصمة فرنسا؟", "باريس"), ask("ما عاصمة إسبانيا؟", "مدريد"), false},
		{"Arabic with and without the article", ask("ما اسم الصبغة الخضراء في النبات؟", "الكلوروفيل"), ask("ما اسم صبغة النبات الخضراء؟", "كلوروفيل"), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := quiz.FingerprintOf(tt.a), quiz.FingerprintOf(tt.b)
			require.Equal(t, tt.want, b.Repeats(a))
			require.Equal(t, tt.want, a.Repeats(b), "repeating is mutual")
		})
	}
}
