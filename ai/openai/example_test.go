package openai_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/openai"
)

// Any server that speaks Chat Completions will do; this one always says the same.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `data: {"choices":[{"delta":{"content":"Water vapour "}}]}`+"\n\n")
		io.WriteString(w, `data: {"choices":[{"delta":{"content":"condenses."},"finish_reason":"stop"}]}`+"\n\n")
		io.WriteString(w, "data: [DONE]\n\n")
	}))
	defer server.Close()

	m, err := openai.New(openai.Config{Key: "none", BaseURL: server.URL + "/v1", Model: "qwen3-vl"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for chunk, err := range m.Stream(context.Background(), ai.Prompt{Parts: []ai.Part{{Text: "What happens in a cloud?"}}}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(chunk.Text)
	}
	// Output: Water vapour condenses.
}
