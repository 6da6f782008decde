package learnsnap_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

const water = `The Water Cycle

The heat of the sun turns the water of seas and lakes into vapour. This change is called evaporation. The vapour rises, cools and becomes tiny drops that make clouds. When the drops grow heavy they fall as rain, snow or hail.

About 97 percent of the water on Earth is salt water in the oceans. Only 3 percent is fresh water, and most of it is frozen in glaciers. A person needs about 2 litres of water a day.

Groundwater is water that has seeped into the soil and fills the gaps between rocks. Plants take part in the cycle as well, for their leaves give off vapour.`

// page is a page that is sent as text; photos come from a pages.Reader.
func page(text string) ai.Media {
	return ai.Media{Type: "text/plain", Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}}
}

func Example() {
	engine, err := learnsnap.New(learnsnap.Config{Model: offline.New(offline.Config{})})
	if err != nil {
		log.Fatal(err)
	}
	made, err := engine.Generate(context.Background(), learnsnap.Request{
		Pages:     []ai.Media{page(water)},
		Questions: 5,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(made.Lesson.Title)
	fmt.Println(len(made.Questions), "questions in", made.Language)
	for _, q := range made.Questions {
		if !strings.Contains(water, q.Evidence.Text) {
			fmt.Println("no sentence of the page:", q.Evidence.Text)
		}
	}
	// Output:
	// The Water Cycle
	// 5 questions in en
}

func ExampleEngine_Stream() {
	engine, err := learnsnap.New(learnsnap.Config{Model: offline.New(offline.Config{})})
	if err != nil {
		log.Fatal(err)
	}
	var saved []learnsnap.Item // wherever you keep things
	request := learnsnap.Request{Pages: []ai.Media{page(water)}, Questions: 5}
	for part, err := range engine.Stream(context.Background(), request) {
		if err != nil {
			log.Fatal(err)
		}
		saved = append(saved, part.Item)
		if part.Progress.Questions == 2 {
			break // the process dies here
		}
	}

	request.Have = saved // and goes on here: nothing is asked for twice
	for part, err := range engine.Stream(context.Background(), request) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(part.Item.Seq, part.Item.Kind, part.Progress.Questions, "of", part.Progress.QuestionsTotal)
	}
	// Output:
	// 5 question 3 of 5
	// 6 question 4 of 5
	// 7 question 5 of 5
}

func ExampleNewService() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	dir, err := os.MkdirTemp("", "learnsnap")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(ctx, sqlite.Config{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	engine, err := learnsnap.New(learnsnap.Config{Model: offline.New(offline.Config{})})
	if err != nil {
		log.Fatal(err)
	}
	service, err := learnsnap.NewService(learnsnap.ServiceConfig{Engine: engine, Store: store})
	if err != nil {
		log.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- service.Run(ctx) }() // works on what waits, until ctx ends

	session, err := service.Create(ctx, "amal", []ai.Media{page(water)}, learnsnap.Options{Questions: 5})
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range service.Watch(ctx, "amal", session.ID, 0) {
		if err != nil {
			log.Fatal(err)
		}
		switch event.Kind {
		case learnsnap.PageEvent, learnsnap.LessonEvent, learnsnap.QuestionEvent:
			fmt.Println(event.Seq, event.Kind)
		case learnsnap.DoneEvent:
			fmt.Println(event.Kind, event.Progress.Percent, "%")
		}
	}
	result, err := service.Submit(ctx, "amal", session.ID, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Score, "of", result.Total, "without an answer")
	left, err := service.Balance(ctx, "amal")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(left, "free page left")

	stop()
	if err := <-ran; err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1 page
	// 2 lesson
	// 3 question
	// 4 question
	// 5 question
	// 6 question
	// 7 question
	// done 100 %
	// 0 of 5 without an answer
	// 1 free page left
}
