// Package gemini asks Google's Gemini models, through the Gemini API or Vertex AI.
//
//	m, err := gemini.New(gemini.Config{Key: os.Getenv("GEMINI_API_KEY")})
//
// A [Model] streams always. Images go from [ai.Media] to the socket through a
// small buffer, however many there are. A reply is complete only when Gemini's own
// finish reason was seen.
package gemini

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
const DefaultModel = "gemini-3.5-flash-lite"

// DefaultBaseURL is the Gemini API.
const DefaultBaseURL = "https://generativelanguage.googleapis.com/v1beta"

// A Config configures a [Model].
type Config struct {
	Key     string // the API key; may be empty when Header is set
	KeyName string // where the key comes from, for the message when it is refused; "" means GEMINI_API_KEY
	Model   string // "" means [DefaultModel]
	Name    string // [ai.Model].Name; "" means "gemini/" and the model
	BaseURL string // "" means [DefaultBaseURL]; for Vertex the URL up to and with …/publishers/google

	// Header returns headers for each call, instead of the key: for example a bearer
	// token for Vertex AI.
	Header func(ctx context.Context) (http.Header, error)

	// MaxRequestBytes bounds a request before it is sent; 0 means the 100 MB that
	// Google takes inline, −1 no check.
	MaxRequestBytes int64

	Retries   int           // before the first byte of a reply; 0 means 3, −1 none
	FirstByte time.Duration // until the first byte of a reply; 0 means 60 s, −1 no bound
	Idle      time.Duration // between two bytes of it; 0 means 30 s, −1 no bound
	HTTP      *http.Client  // nil means one of its own; its Timeout is not used and redirects are not followed
	Log       *slog.Logger  // told of retries; nil means nobody is
}

// A Model is one Gemini model behind one key. It is safe for concurrent use.
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
		return nil, errors.Join(errors.New("gemini: set Key, or Header"), wire.ErrNoKey)
	}
	if c.Model == "" {
		c.Model = DefaultModel
	}
	if c.Name == "" {
		c.Name = "gemini/" + c.Model
	}
	if c.KeyName == "" {
		c.KeyName = "GEMINI_API_KEY"
	}
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	if c.MaxRequestBytes == 0 {
		c.MaxRequestBytes = 100 << 20
	}
	return &Model{
		config: c,
		client: wire.New(wire.Config{
			Provider: "gemini", Name: c.Name, Secret: c.Key, KeyName: c.KeyName, HTTP: c.HTTP,
			Retries: c.Retries, FirstByte: c.FirstByte, Idle: c.Idle, Log: c.Log, HintlessQuota: true,
		}),
		rules: wire.Rules{
			Types:    []string{"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"},
			MaxCount: 3000, MaxTotal: max(c.MaxRequestBytes, 0),
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
	b := request(p)
	if err := m.rules.CheckTotal(b); err != nil {
		return m.client.Refuse(err)
	}
	h, err := m.header(ctx)
	if err != nil {
		return m.client.Refuse(err)
	}
	return m.client.Stream(ctx, wire.Call{
		URL:     m.url() + ":streamGenerateContent?alt=sse",
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
		return m.client.Get(ctx, m.url(), h)
	})
}

func (m *Model) url() string { return m.config.BaseURL + "/models/" + url.PathEscape(m.config.Model) }

func (m *Model) header(ctx context.Context) (http.Header, error) {
	return wire.Header(ctx, m.config.Header, "X-Goog-Api-Key", m.config.Key)
}
