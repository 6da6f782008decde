package anthropic_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// A refusal says what kind it is and when to come back, whatever the provider's
// own words for it are. The provider is a server here that is always busy.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		http.Error(w, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, 529)
	}))
	defer server.Close()

	m, err := anthropic.New(anthropic.Config{Key: "none", BaseURL: server.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, err := range m.Stream(context.Background(), ai.Prompt{Parts: []ai.Part{{Text: "Hello"}}}) {
		after, _ := resilience.RetryAfter(err)
		fmt.Println(errors.Is(err, ai.Overloaded), after)
	}
	// Output: true 1m0s
}
