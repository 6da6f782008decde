package quiz_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// corpus returns about size bytes of text that differs from line to line.
func corpus(base string, size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "%s word%d\n", strings.TrimSpace(base), i)
	}
	return b.String()
}

func BenchmarkNormalise(b *testing.B) {
	for _, bb := range []struct{ name, text string }{
		{"arabic", corpus(waterPage, 64<<10)},
		{"english", corpus(heartPage, 64<<10)},
		{"normal", quiz.Normalise(corpus(waterPage, 64<<10))},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.text)))
			b.ReportAllocs()
			for b.Loop() {
				quiz.Normalise(bb.text)
			}
		})
	}
}

// BenchmarkGrounded shows that grounding is linear: the MB/s of the sizes agree.
func BenchmarkGrounded(b *testing.B) {
	const evidence = "Arteries carry blood away from the heart, and veins carry blood back to it."
	for _, size := range []int{2 << 10, 32 << 10, 512 << 10} {
		page := corpus(heartPage+waterPage, size)
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				quiz.Grounded(evidence, page)
			}
		})
	}
}

// BenchmarkFind is one question's part of a page that was prepared.
func BenchmarkFind(b *testing.B) {
	const evidence = "Arteries carry blood away from the heart, and veins carry blood back to it."
	for _, size := range []int{2 << 10, 32 << 10, 512 << 10} {
		page := quiz.NewIndex(corpus(heartPage+waterPage, size))
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(page.Text())))
			b.ReportAllocs()
			for b.Loop() {
				page.Find(evidence)
			}
		})
	}
}

func BenchmarkSentences(b *testing.B) {
	for _, bb := range []struct{ name, text string }{
		{"page", corpus(heartPage+waterPage, 64<<10)},
		{"dots", strings.Repeat("dr. ", 16<<10)},
		{"spaces", strings.Repeat(" ", 32<<10) + strings.Repeat("e.g. ", 6<<10)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.text)))
			for b.Loop() {
				for range quiz.Sentences(bb.text) {
				}
			}
		})
	}
}

// BenchmarkAccept judges a candidate behind forty-nine questions of a quiz of twenty
// pages.
func BenchmarkAccept(b *testing.B) {
	var pages []quiz.Page
	for i := range 20 {
		pages = append(pages, quiz.Page{Page: i + 1, Text: corpus(heartPage+waterPage, 2<<10)})
	}
	judge := quiz.NewJudge(pages)
	var have []quiz.Question
	for i := range 49 {
		q := choice()
		q.Question = fmt.Sprint("another question about number ", i)
		q.Options[1], q.Evidence.Text = fmt.Sprint("key ", i), fmt.Sprintf("Evidence sentence %d of the page stands here.", i)
		have = append(have, q)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := judge.Accept(choice(), have); err != nil {
			b.Fatal(err)
		}
	}
}
