package offline_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// pageTexts returns the texts of the development pages by their id: what stands
// on the photos.
func pageTexts(t testing.TB) map[string]string {
	t.Helper()
	dir := os.Getenv("LEARNSNAP_PAGES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "pages")
	}
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Skipf("no development pages (set LEARNSNAP_PAGES to their folder): %v", err)
	}
	var manifest struct {
		Files []struct {
			Page string `json:"page_id"`
			Text string `json:"ground_truth"`
		}
	}
	require.NoError(t, json.Unmarshal(data, &manifest))
	texts := map[string]string{}
	for _, f := range manifest.Files {
		if f.Page != "" && f.Text != "" {
			texts[f.Page] = f.Text
		}
	}
	require.NotEmpty(t, texts)
	return texts
}

func TestEveryDevelopmentPageGivesEightGroundedQuestions(t *testing.T) {
	for id, text := range pageTexts(t) {
		t.Run(id, func(t *testing.T) {
			m := ask(t, quiz.Ask{Texts: []quiz.Page{{Page: 1, Text: text}}, Lesson: true, Questions: 20})
			require.GreaterOrEqual(t, len(m.Questions), 8)
			types := map[quiz.Type]bool{}
			requireAccepted(t, []quiz.Page{{Page: 1, Text: text}}, m.Questions)
			for _, q := range m.Questions {
				types[q.Type] = true
				require.NotContains(t, q.Evidence.Text, "SYSTEM NOTE", "no question rests on an order")
			}
			require.Len(t, types, 4, "all types are there")
			require.NotNil(t, m.Lesson)
			require.NotContains(t, m.Lesson.Summary, "SYSTEM NOTE")
		})
	}
}

// requireAccepted requires that a quiz takes every question, one after the other.
func requireAccepted(t testing.TB, pages []quiz.Page, questions []quiz.Question) {
	t.Helper()
	judge := quiz.NewJudge(pages)
	text := map[int]string{}
	for _, p := range pages {
		text[p.Page] = p.Text
	}
	var have []quiz.Question
	for _, q := range questions {
		accepted, err := judge.Accept(q, have)
		require.NoError(t, err, line(q))
		require.InDelta(t, 1, quiz.Grounded(q.Evidence.Text, text[q.Evidence.Page]), 1e-9, line(q))
		require.Equal(t, quiz.SourceOffline, q.Source)
		have = append(have, accepted)
	}
}

func TestStatementsAreBalancedAndFewRepeatThePage(t *testing.T) {
	for id, text := range pageTexts(t) {
		t.Run(id, func(t *testing.T) {
			m := ask(t, quiz.Ask{Texts: []quiz.Page{{Page: 1, Text: text}}, Questions: 20})
			trues, falses := 0, 0
			for _, q := range m.Questions {
				if q.Type == quiz.TrueFalse && *q.Correct.Bool {
					trues++
				} else if q.Type == quiz.TrueFalse {
					falses++
				}
			}
			require.LessOrEqual(t, 10*trues, max(20, 4*len(m.Questions)), "%d of %d statements are true", trues, len(m.Questions))
			require.LessOrEqual(t, trues-falses, 3)
			require.LessOrEqual(t, falses-trues, 3)
		})
	}
}
