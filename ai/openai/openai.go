// Package openai asks OpenAI's models, and every server that speaks OpenAI's
// protocols: OpenRouter, Groq, Mistral, xAI, vLLM, Ollama, llama.cpp, Azure.
//
//	m, err := openai.New(openai.Config{Key: os.Getenv("OPENAI_API_KEY")})
//	m, err := openai.New(openai.Config{BaseURL: "http://127.0.0.1:11434/v1", Model: "qwen3-vl", Key: "none"})
//
// A [Model] streams always, through the Responses API at OpenAI itself and
// through Chat Completions elsewhere. Images go from [ai.Media] to the socket
// through a small buffer, however many there are. A reply is complete only when
// the provider's own finish was seen.
package openai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/wire"
)

// DefaultModel is asked when a [Config] names none. As of 2026-11-24.
const DefaultModel = "gpt-6-luna"

// DefaultBaseURL is OpenAI's own API.
const DefaultBaseURL = "https://api.openai.com/v1"

// A Protocol is one of the two ways to ask.
type Protocol string

// The protocols. The empty one means Responses at [DefaultBaseURL] and Chat
// elsewhere.
const (
	Responses Protocol = "responses"
	Chat      Protocol = "chat"
)

// A Config configures a [Model].
type Config struct {
	Key      string   // the API key; may be empty when Header is set
	KeyName  string   // where the key comes from, for the message when it is refused; "" means OPENAI_API_KEY
	Model    string   // "" means [DefaultModel]
	Name     string   // [ai.Model].Name; "" means "openai/" and the model
	BaseURL  string   // "" means [DefaultBaseURL]; a query (Azure's api-version) is kept
	Protocol Protocol // "" means the one that fits BaseURL

	// Header returns headers for each call, instead of the key: for example api-key
	// or a bearer token for Azure.
	Header func(ctx context.Context) (http.Header, error)

	// MaxRequestBytes bounds a request before it is sent; 0 means the 512 MB that
	// OpenAI takes, −1 no check.
	MaxRequestBytes int64

	Retries   int           // before the first byte of a reply; 0 means 3, −1 none
	FirstByte time.Duration // until the first byte of a reply; 0 means 60 s, −1 no bound
	Idle      time.Duration // between two bytes of it; 0 means 30 s, −1 no bound
	HTTP      *http.Client  // nil means one of its own; its Timeout is not used and redirects are not followed
	Log       *slog.Logger  // told of retries; nil means nobody is
}

// A Model is one model behind one key. It is safe for concurrent use.
type Model struct {
	config Config
	base   *url.URL
	own    bool // OpenAI's own server
	client *wire.Client
	rules  wire.Rules
	probe  wire.Probe
}

var (
	_ ai.Model   = (*Model)(nil)
	_ ai.Checker = (*Model)(nil)
)

// New returns a model. It makes no request: a wrong key is told at first use.
func New(c Config) (*Model, error) {
	if c.Key == "" && c.Header == nil {
		return nil, errors.Join(errors.New("openai: set Key, or Header"), wire.ErrNoKey)
	}
	if c.Model == "" {
		c.Model = DefaultModel
	}
	if c.Name == "" {
		c.Name = "openai/" + c.Model
	}
	if c.KeyName == "" {
		c.KeyName = "OPENAI_API_KEY"
	}
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("openai: BaseURL %q is no URL (want https://host/v1)", c.BaseURL)
	}
	own := base.Host == "api.openai.com"
	switch {
	case c.Protocol == "" && own:
		c.Protocol = Responses
	case c.Protocol == "":
		c.Protocol = Chat
	case c.Protocol != Responses && c.Protocol != Chat:
		return nil, fmt.Errorf("openai: unknown protocol %q (want %q or %q)", c.Protocol, Responses, Chat)
	}
	if c.MaxRequestBytes == 0 {
		c.MaxRequestBytes = 512 << 20
	}
	return &Model{
		config: c, base: base, own: own,
		client: wire.New(wire.Config{
			Provider: "openai", Name: c.Name, Secret: c.Key, KeyName: c.KeyName, HTTP: c.HTTP,
			Retries: c.Retries, FirstByte: c.FirstByte, Idle: c.Idle, Log: c.Log,
			Limits: wire.OpenAILimits, RequestID: []string{"X-Request-Id", "X-Generation-Id"},
		}),
		rules: wire.Rules{
			Types:    []string{"image/jpeg", "image/png", "image/webp", "image/gif"},
			MaxCount: 1500, MaxTotal: max(c.MaxRequestBytes, 0),
		},
	}, nil
}

// Name returns the configured name.
func (m *Model) Name() string { return m.config.Name }

// Stream asks for a reply; see [ai.Model].
func (m *Model) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	if err := m.rules.Check(p); err != nil {
		return m.client.Refuse(err)
	}
	call := wire.Call{URL: m.url("responses")}
	if m.config.Protocol == Responses {
		call.Body = responsesRequest(p, m.config.Model)
		call.Decoder = &responsesDecoder{client: m.client}
	} else {
		call.URL = m.url("chat", "completions")
		call.Body = chatRequest(p, m.config.Model, m.own)
		call.Decoder = &chatDecoder{client: m.client}
	}
	if err := m.rules.CheckTotal(call.Body); err != nil {
		return m.client.Refuse(err)
	}
	var err error
	if call.Header, err = m.header(ctx); err != nil {
		return m.client.Refuse(err)
	}
	return m.client.Stream(ctx, call)
}

// Check asks for the model's card at OpenAI, and elsewhere for the list of
// models: a free request, remembered for 30 seconds.
func (m *Model) Check(ctx context.Context) error {
	return m.probe.Check(ctx, func(ctx context.Context) error {
		h, err := m.header(ctx)
		if err != nil {
			return err
		}
		path := []string{"models"}
		if m.own {
			path = append(path, url.PathEscape(m.config.Model))
		}
		return m.client.Get(ctx, m.url(path...), h)
	})
}

func (m *Model) url(path ...string) string { return m.base.JoinPath(path...).String() }

func (m *Model) header(ctx context.Context) (http.Header, error) {
	return wire.Header(ctx, m.config.Header, "Authorization", "Bearer "+m.config.Key)
}
