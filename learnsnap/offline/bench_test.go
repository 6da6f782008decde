package offline_test

import (
	"testing"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// BenchmarkQuestions makes the lesson and twenty questions of one page.
func BenchmarkQuestions(b *testing.B) {
	for id, text := range pageTexts(b) {
		b.Run(id, func(b *testing.B) {
			model := offline.New(offline.Config{})
			prompt := ai.Prompt{Data: quiz.Ask{Texts: []quiz.Page{{Page: 1, Text: text}}, Lesson: true, Questions: 20}}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range model.Stream(b.Context(), prompt) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkTwentyPages makes fifty questions of as many pages as a quiz may have.
func BenchmarkTwentyPages(b *testing.B) {
	var pages []quiz.Page
	for len(pages) < 20 {
		for _, text := range pageTexts(b) {
			pages = append(pages, quiz.Page{Page: len(pages) + 1, Text: text})
		}
	}
	model := offline.New(offline.Config{})
	prompt := ai.Prompt{Data: quiz.Ask{Texts: pages[:20], Lesson: true, Questions: 50}}
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range model.Stream(b.Context(), prompt) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
