package quiz_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

func TestGradeOfAGapForgivesSpellingsAndNotMistakes(t *testing.T) {
	tests := []struct {
		name, key, given string
		want             bool
	}{
		{"the same", "chlorophyll", "chlorophyll", true},
		{"case and spaces", "Carbon dioxide", "  carbon   DIOXIDE ", true},
		{"another word", "chlorophyll", "xylem", false},
		{"a misspelt word", "chlorophyll", "chlorophyl", false},
		{"part of it", "carbon dioxide", "carbon", false},
		{"more than it", "carbon", "carbon dioxide", false},
		{"punctuation", "Newton's law", "newtons law.", true},
		{"a hyphen", "well-known", "well known", true},
		{"English articles", "the mitochondria", "a mitochondria", true},
		{"a letter is no article at the end", "vitamin A", "vitamin", false},
		{"a lone letter", "a", "A", true},
		{"accents", "café", "cafe", true},
		{"only an article", "the", "the", true},
		{"nothing that counts", "water", "...", false},

		{"Arabic article", "التبخر", "تبخر", true},
		{"Arabic article missing in the key", "تمثيل ضوئي", "التمثيل الضوئي", true},
		{"a word that begins in ال", "التهاب", "التهاب", true},
		{"diacritics", "التَّبخُّر", "التبخر", true},
		{"letter variants", "الإنارة", "الاناره", true},
		{"yeh", "موسى", "موسي", true},
		{"tatweel and bidi marks", "الماء", "\u200fالمــاء\u200f", true},
		{"another Arabic word", "التبخر", "التكاثف", false},

		{"digits of the other script", "٧١", "71", true},
		{"Persian digits", "71", "۷۱", true},
		{"thousands", "1,000", "1000", true},
		{"Arabic thousands", "١٬٠٠٠", "1000", true},
		{"a decimal comma", "3.14", "3,14", true},
		{"an Arabic decimal", "3.5", "٣٫٥", true},
		{"zeros behind the point", "5", "5.00", true},
		{"zeros in front", "7", "007", true},
		{"another number", "71", "17", false},
		{"a minus", "-5", "5", false},
		{"another minus sign", "−5", "-5", true},
		{"a negative decimal", "-0.5", "-1/2", true},
		{"a percent sign left out", "71%", "71", true},
		{"a percent sign too many", "٧١", "٧١٪", true},
		{"a number word", "two", "2", true},
		{"an Arabic number word", "4", "أربعة", true},
		{"a number word among others", "two poles", "2 poles", true},
		{"a fraction as a sign", "1/2", "½", true},
		{"a fraction as a decimal", "0.5", "1/2", true},
		{"a mixed number", "2 1/4", "2.25", true},
		{"a fraction that is not simplified", "1/2", "3/6", false},
		{"division by zero", "1/0", "1/0", true},
		{"a division by zero is no number", "0", "1/0", false},
		{"a year and a unit", "25 °C", "25 C", true},
		{"a range", "25-35", "25 – 35", true},
		{"a power", "10⁶", "10^6", true},
		{"not a power", "10⁶", "106", false},
		{"a very long number", "1", strings.Repeat("1", 5000), false},
		{"an exponent is no number", "1e2", "100", false},

		{"a formula", "H₂O", "h2o", true},
		{"an ion", "Na⁺", "Na+", true},
		{"another ion", "OH⁻", "OH", false},
		{"a sign of calculation", "a + b", "a - b", false},
		{"times", "3 × 4", "3*4", true},
		{"a name and its formula", "carbon dioxide (CO₂)", "carbon dioxide", true},
		{"the formula of a name", "carbon dioxide (CO₂)", "CO2", true},
		{"both", "carbon dioxide (CO₂)", "Carbon dioxide CO2", true},
		{"brackets in the middle", "(hot) air rises", "air rises", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := fillBlank()
			q.Correct.Text = tt.key
			got, err := q.Grade(quiz.Answer{Text: tt.given})
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			own, err := q.Grade(quiz.Answer{Text: tt.key})
			require.NoError(t, err)
			require.True(t, own, "the key itself is right")
		})
	}
}

func TestGradeOfTheOtherTypes(t *testing.T) {
	yes, no := true, false
	pairs := func(text ...string) quiz.Answer {
		a := quiz.Answer{Pairs: map[string]string{}}
		for i := 0; i < len(text); i += 2 {
			a.Pairs[text[i]] = text[i+1]
		}
		return a
	}
	tests := []struct {
		name string
		q    quiz.Question
		a    quiz.Answer
		want bool
	}{
		{"the letter", choice(), quiz.Answer{Text: "B"}, true},
		{"the letter in small", choice(), quiz.Answer{Text: " b"}, true},
		{"another letter", choice(), quiz.Answer{Text: "A"}, false},
		{"no answer", choice(), quiz.Answer{}, false},
		{"false is right", trueFalse(), quiz.Answer{Bool: &no}, true},
		{"true is wrong", trueFalse(), quiz.Answer{Bool: &yes}, false},
		{"all pairs", matching(), pairs("arteries", "carry blood away", "veins", "carry blood back", "valves", "stop it from flowing back"), true},
		{"pairs in another case", matching(), pairs("Arteries", "carry blood  away", "veins", "Carry blood back", "valves", "stop it from flowing back"), true},
		{"two pairs crossed", matching(), pairs("arteries", "carry blood back", "veins", "carry blood away", "valves", "stop it from flowing back"), false},
		{"a pair left out", matching(), pairs("arteries", "carry blood away", "veins", "carry blood back"), false},
		{"a right left empty", matching(), pairs("arteries", "carry blood away", "veins", "carry blood back", "valves", ""), false},
		{"no pairs", matching(), pairs(), false},
		{"one right for all", matching(), pairs("arteries", "carry blood away", "veins", "carry blood away", "valves", "carry blood away"), false},
		{"one left in two spellings", matching(), pairs("veins", "carry blood back", "Veins", "carry blood back", "VEINS", "carry blood back"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.q.Grade(tt.a)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestGradeRefusesAnswersOfTheWrongShape(t *testing.T) {
	truth := quiz.Answer{Bool: new(bool)}
	text := quiz.Answer{Text: "veins"}
	pairs := quiz.Answer{Pairs: map[string]string{"arteries": "carry blood away"}}
	tests := []struct {
		name string
		q    quiz.Question
		a    quiz.Answer
		want quiz.Reason
	}{
		{"a letter beyond D", choice(), quiz.Answer{Text: "E"}, quiz.LetterUnknown},
		{"a text for a letter", choice(), quiz.Answer{Text: "arteries"}, quiz.LetterUnknown},
		{"a truth value for a letter", choice(), truth, quiz.AnswerShape},
		{"pairs for a letter", choice(), pairs, quiz.AnswerShape},
		{"a text for a truth value", trueFalse(), quiz.Answer{Text: "true"}, quiz.AnswerShape},
		{"a truth value for a text", fillBlank(), truth, quiz.AnswerShape},
		{"pairs for a text", fillBlank(), pairs, quiz.AnswerShape},
		{"a text for pairs", matching(), text, quiz.AnswerShape},
		{"an unknown left", matching(), quiz.Answer{Pairs: map[string]string{"lungs": "carry blood away"}}, quiz.PairUnknown},
		{"an unknown right", matching(), quiz.Answer{Pairs: map[string]string{"veins": "breathe"}}, quiz.PairUnknown},
		{"two answers at once", choice(), quiz.Answer{Text: "A", Bool: new(bool)}, quiz.AnswerShape},
		{"a question of no type", quiz.Question{}, text, quiz.AnswerShape},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.q.ID = "q7"
			right, err := tt.q.Grade(tt.a)
			require.False(t, right)
			require.EqualError(t, err, "q7: "+string(tt.want))
			require.ErrorIs(t, err, tt.want)
			require.NotErrorIs(t, err, quiz.Malformed)
		})
	}
}

// aQuiz is a quiz of one question of each type.
func aQuiz() []quiz.Question {
	questions := []quiz.Question{choice(), trueFalse(), fillBlank(), matching()}
	for i := range questions {
		questions[i].ID = quiz.QuestionID(i + 1)
	}
	return questions
}

func TestScoreGradesAQuiz(t *testing.T) {
	var answers map[string]quiz.Answer
	require.NoError(t, json.Unmarshal([]byte(`{"q1":"B","q2":true,"q4":{"arteries":"carry blood away","veins":"carry blood back","valves":"stop it from flowing back"}}`), &answers))
	result, err := quiz.Score(aQuiz(), answers)
	require.NoError(t, err)
	require.Equal(t, 2, result.Score)
	require.Equal(t, 4, result.Total)

	got, err := json.Marshal(result)
	require.NoError(t, err)
	require.JSONEq(t, `{"score":2,"total":4,"results":[
		{"id":"q1","right":true,"given":"B","correct":"B","explanation":"Arteries lead away from the heart.",
			"evidence":{"text":"Arteries carry blood away from the heart.","page":2,"confidence":0}},
		{"id":"q2","right":false,"given":true,"correct":false,"explanation":"It has four.",
			"evidence":{"text":"It has four chambers: two atria and two ventricles.","page":2,"confidence":0}},
		{"id":"q3","right":false,"given":null,"correct":"Veins","explanation":"Veins lead back.",
			"evidence":{"text":"Veins carry blood back to the heart.","page":2,"confidence":0}},
		{"id":"q4","right":true,
			"given":{"arteries":"carry blood away","veins":"carry blood back","valves":"stop it from flowing back"},
			"correct":{"arteries":"carry blood away","veins":"carry blood back","valves":"stop it from flowing back"},
			"explanation":"Each has one task.",
			"evidence":{"text":"Veins carry blood back to the heart, and valves keep it from flowing backwards.","page":2,"confidence":0}}]}`, string(got))
}

func TestScoreOfNothing(t *testing.T) {
	result, err := quiz.Score(nil, nil)
	require.NoError(t, err)
	got, err := json.Marshal(result)
	require.NoError(t, err)
	require.JSONEq(t, `{"score":0,"total":0,"results":[]}`, string(got))
}

func TestScoreRefusesWhatItCannotGrade(t *testing.T) {
	_, err := quiz.Score(aQuiz(), map[string]quiz.Answer{"q9": {Text: "A"}})
	require.ErrorIs(t, err, quiz.QuestionUnknown)
	require.NotContains(t, err.Error(), "q9", "the id is a caller's text")

	_, err = quiz.Score(aQuiz(), map[string]quiz.Answer{"q2": {Text: "A"}})
	require.EqualError(t, err, "q2: answer_shape")
}

func TestHiddenQuestionsGiveNothingAway(t *testing.T) {
	for _, q := range aQuiz() {
		t.Run(string(q.Type), func(t *testing.T) {
			q.Source = quiz.SourceOffline
			data, err := json.Marshal(q.Hide("seed"))
			require.NoError(t, err)
			var members map[string]any
			require.NoError(t, json.Unmarshal(data, &members))
			for _, secret := range []string{"correct", "explanation", "evidence", "pairs"} {
				require.NotContains(t, members, secret)
			}
			require.Equal(t, q.ID, members["id"])
			require.Equal(t, q.Question, members["question"])
			require.Equal(t, string(q.Type), members["type"])
			require.Equal(t, "offline", members["source"])
			require.NotContains(t, string(data), q.Explanation)
		})
	}
}

func TestHideShufflesTheRightsByTheirTextAlone(t *testing.T) {
	q := matching()
	hidden := q.Hide("seed")
	require.Equal(t, []string{"arteries", "veins", "valves"}, hidden.Left)
	require.ElementsMatch(t, []string{"carry blood away", "carry blood back", "stop it from flowing back"}, hidden.Right)
	require.Equal(t, hidden, q.Hide("seed"), "the same each time")

	// Whichever left a right belongs to, it stands in the same place.
	crossed := matching()
	crossed.Pairs[0].Right, crossed.Pairs[1].Right = crossed.Pairs[1].Right, crossed.Pairs[0].Right
	require.Equal(t, hidden, crossed.Hide("seed"))

	orders := map[string]bool{}
	for _, seed := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		orders[strings.Join(q.Hide(seed).Right, "|")] = true
	}
	require.Greater(t, len(orders), 2, "the seed decides")
}

func TestHideSharesNoMemoryWithTheQuestion(t *testing.T) {
	q := choice()
	q.Hide("seed").Options[0] = "changed"
	require.Equal(t, "veins", q.Options[0])
}
