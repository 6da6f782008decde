package gemini_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
)

// The provider is a server here that always says the same.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `data: {"candidates":[{"content":{"parts":[{"text":"Plants make sugar."}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":4}}`+"\r\n\r\n")
	}))
	defer server.Close()

	m, err := gemini.New(gemini.Config{Key: "none", BaseURL: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	for chunk, err := range m.Stream(context.Background(), ai.Prompt{Parts: []ai.Part{{Text: "What is photosynthesis for?"}}}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(chunk.Text)
		if chunk.Finish != ai.FinishNone {
			fmt.Println("", chunk.Finish)
		}
	}
	// Output: Plants make sugar. stop
}
