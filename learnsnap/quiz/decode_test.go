package quiz_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

func TestDecodeReadsWhatModelsWrite(t *testing.T) {
	yes := true
	tests := []struct {
		name, in string
		want     quiz.Question
	}{
		{"our own form", `{"id":"q1","type":"true_false","question":"Q","correct":true,"explanation":"E","evidence":{"text":"T","page":3,"confidence":0.5},"source":"offline"}`,
			quiz.Question{ID: "q1", Type: quiz.TrueFalse, Question: "Q", Correct: quiz.Answer{Bool: &yes}, Explanation: "E", Evidence: quiz.Evidence{Text: "T", Page: 3, Confidence: 0.5}, Source: quiz.SourceOffline}},
		{"members that are not ours", `{"type":"true_false","difficulty":3,"correct":true}`, quiz.Question{Type: quiz.TrueFalse, Correct: quiz.Answer{Bool: &yes}}},
		{"a number as key", `{"type":"fill_blank","question":"___","correct":71}`, quiz.Question{Type: quiz.FillBlank, Question: "_____", Correct: quiz.Answer{Text: "71"}}},
		{"numbers as options", `{"type":"multiple_choice","options":[10,20,30,40.5],"correct":20}`,
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"10", "20", "30", "40.5"}, Correct: quiz.Answer{Text: "B"}}},
		{"options by letter", `{"type":"multiple_choice","options":{"B":"gold","A":"iron","D":"lead","C":"tin"},"correct":"B"}`,
			quiz.Question{Type: quiz.MultipleChoice, Options: []string{"iron", "gold", "tin", "lead"}, Correct: quiz.Answer{Text: "B"}}},
		{"evidence as a text", `{"type":"true_false","evidence":"a sentence"}`, quiz.Question{Type: quiz.TrueFalse, Evidence: quiz.Evidence{Text: "a sentence"}}},
		{"a page as a text", `{"type":"true_false","evidence":{"text":"a","page":"٣"}}`, quiz.Question{Type: quiz.TrueFalse, Evidence: quiz.Evidence{Text: "a", Page: 3}}},
		{"a page in words", `{"type":"true_false","evidence":{"text":"a","page":"page three"}}`, quiz.Question{Type: quiz.TrueFalse, Evidence: quiz.Evidence{Text: "a"}}},
		{"nulls", `{"type":"true_false","correct":null,"options":null,"pairs":null,"hint":null,"evidence":null}`, quiz.Question{Type: quiz.TrueFalse}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := quiz.Decode([]byte(tt.in))
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestDecodeRefusesWhatIsNoQuestion(t *testing.T) {
	for _, in := range []string{
		``, `null x`, `[]`, `"text"`, `{"type":1}`, `{"question":["a"]}`, `{"correct":[1]}`, `{"options":"A"}`, `{"options":[[1]]}`,
		`{"options":{"E":"x"}}`, `{"options":{"C":"x"}}`, `{"evidence":[]}`, `{"evidence":{"page":{}}}`, `{"pairs":{"a":"b"}}`, `{"correct":-}`,
	} {
		t.Run(in, func(t *testing.T) {
			_, err := quiz.Decode([]byte(in))
			require.ErrorIs(t, err, quiz.NotAQuestion)
			require.ErrorIs(t, err, quiz.Malformed)
		})
	}
}

// FuzzDecode: what is decoded can be judged, hidden and graded without a panic, and
// what is accepted survives its own JSON.
func FuzzDecode(f *testing.F) {
	for _, q := range []quiz.Question{choice(), trueFalse(), fillBlank(), matching()} {
		data, err := json.Marshal(q)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"type":"mcq","options":{"A":"A) x","B":1},"correct":0,"evidence":"Arteries carry blood"}`))
	judge := quiz.NewJudge([]quiz.Page{{Page: 1, Text: waterPage}, {Page: 2, Text: heartPage, Weak: []quiz.Span{{Start: 5, End: 9, Confidence: 0.4}}}})
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := quiz.Decode(data)
		if err != nil {
			require.ErrorIs(t, err, quiz.NotAQuestion)
			return
		}
		_ = q.Hide("seed")
		_, _ = q.Grade(q.Key())
		q, err = judge.Accept(q, []quiz.Question{choice(), fillBlank()})
		if err != nil {
			require.NotEmpty(t, quiz.ReasonOf(err))
			return
		}
		require.NoError(t, q.Validate())
		q = quiz.Balance(q, "seed", 3, []quiz.Question{choice()})
		require.NoError(t, q.Validate())
		require.GreaterOrEqual(t, q.Evidence.Confidence, 0.0)
		require.LessOrEqual(t, q.Evidence.Confidence, 1.0)
		right, err := q.Grade(q.Key())
		require.NoError(t, err)
		require.True(t, right, "the key is right")

		again, err := json.Marshal(q)
		require.NoError(t, err)
		var back quiz.Question
		require.NoError(t, json.Unmarshal(again, &back))
		decoded, err := quiz.Decode(again)
		require.NoError(t, err)
		require.Equal(t, back, decoded, "an accepted question needs no repair")
	})
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{`"B"`, `true`, ` false `, `{"a":"b"}`, `{}`, `null`, `""`, `"\ud800"`, `tru`, `1`, `[]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var a quiz.Answer
		if json.Unmarshal(data, &a) != nil {
			return
		}
		written, err := json.Marshal(a)
		require.NoError(t, err)
		var back quiz.Answer
		require.NoError(t, json.Unmarshal(written, &back))
		require.Equal(t, a, back)
		require.Equal(t, a.IsZero(), string(written) == "null")
	})
}
