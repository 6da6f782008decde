package learnsnap_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// offlineTexts are pages of many subjects, in Arabic and English.
func offlineTexts(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("offline/testdata/fresh*/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func TestWhatTheOfflineModelMakesIsTakenWhole(t *testing.T) {
	for _, file := range offlineTexts(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			body, err := os.ReadFile(file)
			require.NoError(t, err)
			seen := &recorder{}
			e := newEngine(t, learnsnap.Config{Model: offline.New(offline.Config{}), Observer: seen})

			made, err := e.Generate(t.Context(), learnsnap.Request{Pages: []ai.Media{media("text/plain", string(body))}})
			require.NoError(t, err)
			require.Empty(t, seen.of(learnsnap.Dropped))
			require.GreaterOrEqual(t, len(made.Questions), learnsnap.MinQuestions)
			require.NotNil(t, made.Lesson)
			require.Equal(t, quiz.Language(filepath.Base(file)[:2]), made.Language)
			for _, q := range made.Questions {
				require.GreaterOrEqual(t, quiz.Grounded(q.Evidence.Text, made.Pages[0].Text), 0.99)
				require.Equal(t, quiz.SourceOffline, q.Source)
			}
		})
	}
}

func TestTheOfflineModelGoesOnAnywhere(t *testing.T) {
	body, err := os.ReadFile(offlineTexts(t)[0])
	require.NoError(t, err)
	e := newEngine(t, learnsnap.Config{Model: offline.New(offline.Config{})})
	request := learnsnap.Request{Pages: []ai.Media{media("text/plain", string(body))}, Questions: 8, ID: "x"}
	parts, err := collect(t.Context(), e, request)
	require.NoError(t, err)
	whole := itemsOf(parts)
	for k := range whole {
		request.Have = whole[:k]
		rest, err := collect(t.Context(), e, request)
		require.NoError(t, err)
		made := append(whole[:k:k], itemsOf(rest)...)
		require.Len(t, made, len(whole), "gone on after %d", k)
		require.Equal(t, 1, count(made, learnsnap.LessonItem))
	}
}
