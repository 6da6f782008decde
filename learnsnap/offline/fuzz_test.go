package offline_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// FuzzQuestions proves that no page breaks the rules: whatever stands there, the
// reply is JSON, every question in it is well formed, quotes its page as it stands
// (but for white space and invisible characters) and is taken by a quiz.
func FuzzQuestions(f *testing.F) {
	files, err := filepath.Glob("testdata/fresh*/*.txt")
	require.NoError(f, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(string(text), byte(20), 3)
	}
	f.Add("A B is a C of D, such as E.\nX: the y that z's w v.\nIn 1999 99% of 12 and 13 to 14 u are v not.", byte(50), 0)
	f.Add("ا هو ب ج د.\nسنة ١٢٣٤ و٥ و 6: «س ص» ع إلى غ 7٪ تسمى الف.", byte(5), 9)
	f.Fuzz(func(t *testing.T, text string, n byte, weak int) {
		text = strings.ToValidUTF8(text, "�")
		page := quiz.Page{Page: 1, Text: text}
		if weak > 0 && weak < len(text) {
			page.Weak = []quiz.Span{{Start: weak - 1, End: weak, Confidence: float64(weak%10) / 10}}
		}
		m := ask(t, quiz.Ask{Texts: []quiz.Page{page}, Lesson: true, Questions: int(n)})
		require.LessOrEqual(t, len(m.Questions), int(n))
		whole := strings.Join(strings.Fields(quiz.Clean(text)), " ")
		judge := quiz.NewJudge([]quiz.Page{page})
		for _, q := range m.Questions {
			require.NoError(t, q.Validate(), line(q))
			require.Contains(t, whole, strings.Join(strings.Fields(quiz.Clean(q.Evidence.Text)), " "), line(q))
			_, err := judge.Accept(q, nil)
			require.NoError(t, err, line(q))
		}
		if m.Lesson != nil {
			require.NotEmpty(t, m.Lesson.Title)
			require.NotEmpty(t, m.Lesson.Summary)
		}
	})
}
