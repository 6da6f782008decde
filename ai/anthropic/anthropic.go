// Package anthropic asks Anthropic's Claude models through the Messages API.
//
//	m, err := anthropic.New(anthropic.Config{Key: os.Getenv("ANTHROPIC_API_KEY")})
//
// A [Model] streams always. Images go from [ai.Media] to the socket through a
// small buffer, however many there are. A reply is complete only when a stop
// reason was seen.
package anthropic

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/wire"
)

// DefaultModel is asked when a [Config] names none. As of 2026-11-24.
const DefaultModel = "claude-haiku-5-5"

// DefaultBaseURL is Anthropic's own API.
const DefaultBaseURL = "https://api.anthropic.com/v1"

// DefaultMaxTokens bounds a reply when neither prompt nor [Config] do: the API
// wants a bound.
const DefaultMaxTokens = 32_000

const version = "2023-06-01" // of the API

// A Config configures a [Model].
type Config struct {
	Key       string // the API key; may be empty when Header is set
	KeyName   string // where the key comes from, for the message when it is refused; "" means ANTHROPIC_API_KEY
	Model     string // "" means [DefaultModel]
	Name      string // [ai.Model].Name; "" means "anthropic/" and the model
	BaseURL   string // "" means [DefaultBaseURL]
	MaxTokens int    // of a reply; 0 means [DefaultMaxTokens]

	// Header returns headers for each call, instead of the key: for example a bearer
	// token of a gateway.
	Header func(ctx context.Context) (http.Header, error)

	// MaxRequestBytes bounds a request before it is sent; 0 means the 32 MB that
	// Anthropic takes, −1 no check of the request and of single images.
	MaxRequestBytes int64

	Retries   int           // before the first byte of a reply; 0 means 3, −1 none
	FirstByte time.Duration // until the first byte of a reply; 0 means 60 s, −1 no bound
	Idle      time.Duration // between two bytes of it; 0 means 30 s, −1 no bound
	HTTP      *http.Client  // nil means one of its own; its Timeout is not used and redirects are not followed
	Log       *slog.Logger  // told of retries; nil means nobody is
}

// A Model is one Claude model behind one key. It is safe for concurrent use.
type Model struct {
	config Config
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
		return nil, errors.Join(errors.New("anthropic: set Key, or Header"), wire.ErrNoKey)
	}
	if c.Model == "" {
		c.Model = DefaultModel
	}
	if c.Name == "" {
		c.Name = "anthropic/" + c.Model
	}
	if c.KeyName == "" {
		c.KeyName = "ANTHROPIC_API_KEY"
	}
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.MaxTokens <= 0 {
		c.MaxTokens = DefaultMaxTokens
	}
	rules := wire.Rules{
		Types:    []string{"image/jpeg", "image/png", "image/gif", "image/webp"},
		MaxCount: 100, MaxEach: 10 << 20, MaxTotal: 32 << 20,
	}
	switch {
	case c.MaxRequestBytes < 0:
		rules.MaxEach, rules.MaxTotal = 0, 0
	case c.MaxRequestBytes > 0:
		rules.MaxTotal = c.MaxRequestBytes
	}
	return &Model{
		config: c,
		client: wire.New(wire.Config{
			Provider: "anthropic", Name: c.Name, Secret: c.Key, KeyName: c.KeyName, HTTP: c.HTTP,
			Retries: c.Retries, FirstByte: c.FirstByte, Idle: c.Idle, Log: c.Log,
			Limits: wire.AnthropicLimits, RequestID: []string{"Request-Id"},
		}),
		rules: rules,
	}, nil
}

// Name returns the configured name.
func (m *Model) Name() string { return m.config.Name }

// Stream asks for a reply; see [ai.Model].
func (m *Model) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	if err := m.rules.Check(p); err != nil {
		return m.client.Refuse(err)
	}
	b := request(p, m.config.Model, m.config.MaxTokens)
	if err := m.rules.CheckTotal(b); err != nil {
		return m.client.Refuse(err)
	}
	h, err := m.header(ctx)
	if err != nil {
		return m.client.Refuse(err)
	}
	return m.client.Stream(ctx, wire.Call{
		URL:     m.config.BaseURL + "/messages",
		Header:  h,
		Body:    b,
		Decoder: &decoder{client: m.client},
	})
}

// Check asks for the model's card: a free request, remembered for 30 seconds.
func (m *Model) Check(ctx context.Context) error {
	return m.probe.Check(ctx, func(ctx context.Context) error {
		h, err := m.header(ctx)
		if err != nil {
			return err
		}
		return m.client.Get(ctx, m.config.BaseURL+"/models/"+url.PathEscape(m.config.Model), h)
	})
}

func (m *Model) header(ctx context.Context) (http.Header, error) {
	h, err := wire.Header(ctx, m.config.Header, "X-Api-Key", m.config.Key)
	if err != nil {
		return nil, err
	}
	if h.Get("Anthropic-Version") == "" {
		h.Set("Anthropic-Version", version)
	}
	return h, nil
}
