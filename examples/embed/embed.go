// Package embed shows LearnSnap inside somebody else's program: text in, questions
// out, in ten lines.
package embed

import (
	"context"
	"io"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// Ask makes at most n questions of a page, a photo or a text, with any model.
func Ask(ctx context.Context, m ai.Model, page io.Reader, n int) (*quiz.Quiz, error) {
	intake := pages.New(pages.Config{})
	photo, err := intake.Read(ctx, page)
	if err != nil {
		return nil, err
	}
	engine, err := learnsnap.New(learnsnap.Config{Model: m})
	if err != nil {
		return nil, err
	}
	return engine.Generate(ctx, learnsnap.Request{Pages: []ai.Media{photo}, Questions: n})
}
