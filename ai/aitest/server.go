package aitest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Provider names a wire format that a [Server] speaks.
type Provider string

// The wire formats.
const (
	Gemini    Provider = "gemini"    // streamGenerateContent
	Anthropic Provider = "anthropic" // messages
	Responses Provider = "responses" // OpenAI's Responses
	Chat      Provider = "chat"      // OpenAI's Chat Completions, and everybody's
)

// A Server is a fake provider: a real HTTP server on the loopback interface that
// speaks a provider's wire format and plays a script, faults included. It closes
// with its test.
type Server struct {
	URL string // base URL, as the adapters' BaseURL wants it

	provider Provider
	server   *httptest.Server
	stop     chan struct{} // closed with the server: ends stalls

	mu       sync.Mutex
	script   []Step
	requests []Request
}

// A Request is what a server was asked.
type Request struct {
	Path   string
	Header http.Header
	Body   []byte // as it was sent; images included
	Images int    // images in it
	Text   string // all texts of the prompt, a line each
}

// NewServer starts a fake provider that answers its requests by these steps, in
// order; the last one answers all further requests, and no step at all is an
// empty reply.
func NewServer(t testing.TB, p Provider, script ...Step) *Server {
	t.Helper()
	if len(script) == 0 {
		script = []Step{Say("")}
	}
	s := &Server{provider: p, script: script, stop: make(chan struct{})}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.server.URL + "/v1"
	t.Cleanup(s.Close)
	return s
}

// Close ends all connections, those under way included, as a provider that goes
// down does. It may be called before the test's end, and more than once.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.stop:
		s.mu.Unlock()
		return
	default:
	}
	close(s.stop)
	s.mu.Unlock()
	s.server.CloseClientConnections()
	s.server.Close()
}

// Requests returns what was asked so far, checks left out.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet { // a check asks for a model's card
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"id":"model"}`)
		return
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has left
	}
	asked := Request{Path: r.URL.Path, Header: r.Header.Clone(), Body: data}
	asked.Images, asked.Text = promptOf(data)
	s.mu.Lock()
	step := s.script[0]
	if len(s.script) > 1 {
		s.script = s.script[1:]
	}
	s.requests = append(s.requests, asked)
	s.mu.Unlock()
	if step.answer != nil {
		step = step.answer(asked)
	}
	s.play(w, r, step)
}

// play sends a step's bytes, and ends as the step says.
func (s *Server) play(w http.ResponseWriter, r *http.Request, step Step) {
	stream := step.raw
	if stream == nil {
		stream = encode(s.provider, step)
	}
	for name, values := range step.header {
		w.Header()[name] = values
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "text/event-stream")
	}
	if step.gzip {
		w.Header().Set("Content-Encoding", "gzip")
		stream = zipped(stream)
	}
	w.WriteHeader(max(step.status, http.StatusOK))
	if step.cutAt > 0 {
		stream = stream[:min(step.cutAt, len(stream))]
	}
	if !s.send(w, r, stream, step.every) {
		return
	}
	for step.endless && s.send(w, r, fmt.Appendf(nil, encoders[s.provider](step).delta, `"and so on "`), step.every) {
	}
	switch step.end {
	case endCut:
		cut(w)
	case endStall:
		s.pause(r, time.Hour)
		cut(w)
	}
}

// trickle is how many bytes go out at a time when a step waits between them.
const trickle = 64

// send writes bytes, in small pieces if it is to wait before each of them, and
// reports whether to go on.
func (s *Server) send(w http.ResponseWriter, r *http.Request, stream []byte, every time.Duration) bool {
	flush := w.(http.Flusher).Flush
	flush() // the headers come before the first wait
	for len(stream) > 0 {
		n := len(stream)
		if every > 0 {
			if !s.pause(r, every) {
				return false
			}
			n = min(n, trickle)
		}
		if _, err := w.Write(stream[:n]); err != nil {
			return false
		}
		flush()
		stream = stream[n:]
	}
	return r.Context().Err() == nil
}

func zipped(stream []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(stream) // into memory: neither can fail
	_ = z.Close()
	return b.Bytes()
}

// pause waits; it returns false when the client or the server is gone.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.stop:
	}
	return false
}

// cut closes the connection under a reply, without its end.
func cut(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return // gone already
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, not an orderly end; the close below counts
	}
	_ = conn.Close()
}

// promptOf counts the images of a request in any of the formats, and gathers its
// texts.
func promptOf(body []byte) (images int, text string) {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return 0, ""
	}
	var lines []string
	var walk func(v any, key string)
	walk = func(v any, key string) {
		switch v := v.(type) {
		case map[string]any:
			for name, child := range v {
				walk(child, name)
			}
		case []any:
			for _, child := range v {
				walk(child, key)
			}
		case string:
			switch {
			case key == "data" || strings.HasPrefix(v, "data:image/"):
				images++
			case key == "text" || key == "content" || key == "system" || key == "instructions":
				lines = append(lines, v)
			}
		}
	}
	walk(v, "")
	return images, strings.Join(lines, "\n")
}
