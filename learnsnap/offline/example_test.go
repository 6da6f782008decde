package offline_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A page of text needs no OCR program; a photo goes the same way.
func ExampleModel_Stream() {
	const text = "Soil is a mixture of tiny pieces of rock, dead plants and animals, water and air.\n" +
		"Loam is a mixture of sand, clay and humus. There are three main types of soil.\n"
	page := ai.Media{Type: "text/plain", Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}}

	model := offline.New(offline.Config{})
	prompt := ai.Prompt{Parts: []ai.Part{{Media: &page}}, Data: quiz.Ask{Pages: []int{1}, Questions: 5}}
	var reply strings.Builder
	for chunk, err := range model.Stream(context.Background(), prompt) {
		if err != nil {
			log.Fatal(err)
		}
		reply.WriteString(chunk.Text)
	}

	var made struct{ Questions []quiz.Question }
	if err := json.Unmarshal([]byte(reply.String()), &made); err != nil {
		log.Fatal(err)
	}
	for _, q := range made.Questions {
		fmt.Printf("%s: %s\n", q.Type, q.Question)
	}
	// Output:
	// true_false: Loam is a mixture of tiny pieces of rock, dead plants and animals, water and air.
	// fill_blank: _____ is a mixture of sand, clay and humus.
	// multiple_choice: Which number completes the sentence? “There are _____ main types of soil.”
	// matching: Match each term with its meaning.
	// true_false: There are three main types of soil.
}
