package learnsnap_test

import (
	"context"
	"testing"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// An eye is a reader that opens a photo, and reads what its page of the tests says.
type eye struct{}

func (eye) Read(ctx context.Context, m ai.Media, _ quiz.Language) (quiz.Page, error) {
	file, err := m.Open()
	if err != nil {
		return quiz.Page{}, err
	}
	if err := file.Close(); err != nil {
		return quiz.Page{}, err
	}
	return quiz.Page{Text: pageText(1)}, ctx.Err()
}

func TestTheOfflineModelKeepsTheContractOfModels(t *testing.T) {
	texts := quiz.Ask{Texts: []quiz.Page{{Page: 1, Text: pageText(1)}}, Lesson: true, Questions: 8}
	photo := photos(1)[0]
	for name, ask := range map[string]ai.Prompt{
		"texts":  {Parts: []ai.Part{{Text: "make a quiz"}}, Data: texts},
		"photos": {Parts: []ai.Part{{Media: &photo}, {Text: "make a quiz"}}, Data: quiz.Ask{Pages: []int{1}, Lesson: true, Questions: 8}},
	} {
		t.Run(name, func(t *testing.T) {
			aitest.Run(t, func(*testing.T) ai.Model { return offline.New(offline.Config{Reader: eye{}}) }, ask)
		})
		t.Run(name+" as the last link", func(t *testing.T) {
			aitest.Run(t, func(*testing.T) ai.Model {
				down := aitest.NewScripted("test/down", aitest.Broken("", &ai.Error{Kind: ai.BadRequest, Model: "test/down"}))
				return ai.Failover(down, offline.New(offline.Config{Reader: eye{}}))
			}, ask)
		})
	}
}
