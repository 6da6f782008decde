package offline_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

var update = flag.Bool("update", false, "rewrite the golden files; new questions come as ungraded")

// A made is what a Model replies.
type made struct {
	Pages     []quiz.Page
	Lesson    *quiz.Lesson
	Questions []quiz.Question
}

// ask asks a Model for what an Ask wants of texts that were read already.
func ask(t testing.TB, a quiz.Ask) made {
	t.Helper()
	var b strings.Builder
	finished := false
	for chunk, err := range offline.New(offline.Config{}).Stream(t.Context(), ai.Prompt{Data: a}) {
		require.NoError(t, err)
		b.WriteString(chunk.Text)
		finished = chunk.Finish == ai.FinishStop
	}
	require.True(t, finished, "a whole reply has an end")
	var m made
	require.NoError(t, json.Unmarshal([]byte(b.String()), &m))
	return m
}

// line is a question as a teacher grades it: all that a learner sees, and the key.
func line(q quiz.Question) string {
	s := fmt.Sprintf("%s: %s", q.Type, q.Question)
	switch q.Type {
	case quiz.MultipleChoice:
		options := slices.Clone(q.Options)
		key := strings.Index(quiz.Letters, q.Correct.Text)
		options[key] = "*" + options[key]
		return s + " [" + strings.Join(options, " | ") + "]"
	case quiz.TrueFalse:
		return fmt.Sprintf("%s => %v", s, *q.Correct.Bool)
	case quiz.FillBlank:
		return s + " => " + q.Correct.Text
	}
	for _, p := range q.Pairs {
		s += " [" + p.Left + " = " + p.Right + "]"
	}
	return s
}

// The grades. A question that changes loses its grade, and the test fails until
// somebody has read it.
const (
	good       = "good"       // a teacher would ask it
	acceptable = "acceptable" // right, and a little awkward or trivial
	nonsense   = "nonsense"   // no sense, or no one right answer
	ungraded   = "UNGRADED"
)

func TestQuestionsOfFreshTextsAreGradedByReading(t *testing.T) {
	texts, err := filepath.Glob("testdata/fresh*/*.txt")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(texts), 12)
	counts := map[string]int{}
	for _, file := range texts {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			m := ask(t, quiz.Ask{Texts: []quiz.Page{{Page: 1, Text: string(text)}}, Lesson: true, Questions: 20})
			checkGolden(t, filepath.Join("testdata", "golden", name+".txtar"), m, counts)
		})
	}
	all := counts[good] + counts[acceptable] + counts[nonsense]
	t.Logf("%d questions: %d good, %d acceptable, %d nonsense", all, counts[good], counts[acceptable], counts[nonsense])
	require.Zero(t, counts[nonsense])
	require.GreaterOrEqual(t, counts[good]*100, all*85, "85 of a hundred questions are good")
}

func checkGolden(t *testing.T, file string, m made, counts map[string]int) {
	old, err := txtar.ParseFile(file)
	if errors.Is(err, fs.ErrNotExist) && *update {
		old, err = &txtar.Archive{}, nil
	}
	require.NoError(t, err)
	graded := map[string]string{}
	for _, f := range old.Files {
		if f.Name == "grades" {
			for row := range strings.Lines(string(f.Data)) {
				grade, question, _ := strings.Cut(strings.TrimSpace(row), "\t")
				graded[question] = grade
			}
		}
	}
	now := goldenOf(t, m, graded, counts)
	if *update {
		require.NoError(t, os.WriteFile(file, txtar.Format(now), 0o644))
		return
	}
	require.Equal(t, string(txtar.Format(old)), string(txtar.Format(now)), "run with -update, then grade what is new")
}

func goldenOf(t *testing.T, m made, graded map[string]string, counts map[string]int) *txtar.Archive {
	var grades strings.Builder
	for _, q := range m.Questions {
		grade := graded[line(q)]
		switch grade {
		case good, acceptable, nonsense:
			counts[grade]++
		default:
			grade = ungraded
			if !*update {
				t.Errorf("ungraded question: %s", line(q))
			}
		}
		fmt.Fprintf(&grades, "%s\t%s\n", grade, line(q))
	}
	return &txtar.Archive{Files: []txtar.File{
		{Name: "grades", Data: []byte(grades.String())},
		{Name: "lesson", Data: indented(t, m.Lesson)},
		{Name: "questions", Data: indented(t, m.Questions)},
	}}
}

func indented(t *testing.T, v any) []byte {
	data, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	return append(data, '\n')
}
