package wire_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
	"github.com/learnsnap/learnsnap-go/ai/openai"
)

const imageSize = 4 << 20

// photosPrompt asks about twenty photos of 4 MiB, which are one file.
func photosPrompt(b *testing.B) ai.Prompt {
	file := filepath.Join(b.TempDir(), "photo.jpg")
	require.NoError(b, os.WriteFile(file, make([]byte, imageSize), 0o600))
	var p ai.Prompt
	for range 20 {
		p.Parts = append(p.Parts, ai.Part{Media: &ai.Media{Type: "image/jpeg", Size: imageSize, Open: func() (io.ReadCloser, error) { return os.Open(file) }}})
	}
	return p
}

// BenchmarkTwentyPhotos sends 20 × 4 MiB to a server in the same process: what is
// allocated includes the server's share.
func BenchmarkTwentyPhotos(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		switch {
		case strings.HasSuffix(r.URL.Path, "/messages"):
			io.WriteString(w, "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n")
		case strings.HasSuffix(r.URL.Path, "/completions"):
			io.WriteString(w, good)
		default:
			io.WriteString(w, "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n")
		}
	}))
	defer server.Close()
	for name, open := range map[string]func() (ai.Model, error){
		"gemini": func() (ai.Model, error) {
			return gemini.New(gemini.Config{Key: "k", BaseURL: server.URL, MaxRequestBytes: -1})
		},
		"anthropic": func() (ai.Model, error) {
			return anthropic.New(anthropic.Config{Key: "k", BaseURL: server.URL, MaxRequestBytes: -1})
		},
		"openai": func() (ai.Model, error) { return openai.New(openai.Config{Key: "k", BaseURL: server.URL}) },
	} {
		m, err := open()
		require.NoError(b, err)
		send := func(p ai.Prompt) {
			for _, err := range m.Stream(b.Context(), p) {
				if err != nil {
					b.Error(err)
				}
			}
		}
		b.Run(name+"/text alone", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				send(ai.Prompt{Parts: []ai.Part{{Text: "hello"}}})
			}
		})
		for _, atOnce := range []int{1, 5} {
			b.Run(name+map[int]string{1: "/one", 5: "/five at once"}[atOnce], func(b *testing.B) {
				p := photosPrompt(b)
				b.ReportAllocs()
				b.SetBytes(int64(atOnce) * 20 * imageSize)
				for b.Loop() {
					var all sync.WaitGroup
					for range atOnce {
						all.Go(func() { send(p) })
					}
					all.Wait()
				}
			})
		}
	}
}
