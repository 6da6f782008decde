// Package wire makes one streamed request to a provider: it sends a body that is
// written as it goes, retries before the first byte of a reply, reads events, and
// tells a reply that has ended from one that was cut.
package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/body"
	"github.com/learnsnap/learnsnap-go/ai/internal/sse"
	"github.com/learnsnap/learnsnap-go/ai/internal/walk"
	"github.com/learnsnap/learnsnap-go/resilience"
)

// A Client makes the calls of one adapter. Make it with New; it is safe for
// concurrent use.
type Client struct {
	config Config
	http   *http.Client
}

// A Config is what adapters pass on from their own. Zero values are defaults.
type Config struct {
	Provider  string        // "gemini"
	Name      string        // [ai.Model].Name
	Secret    string        // the key, so that it can be kept out of messages
	KeyName   string        // the variable that holds it, for the message when it is refused
	HTTP      *http.Client  // nil means one of our own
	Retries   int           // before the first byte of a reply; 0 means 3, −1 none
	FirstByte time.Duration // until the first byte of a reply; 0 means 60 s, −1 no bound
	Idle      time.Duration // between two bytes of it while we read; 0 means 30 s, −1 no bound
	Log       *slog.Logger  // told of retries; nil means nobody is

	Limits    func(h http.Header, now time.Time) *resilience.Signal // nil: the provider sends none
	RequestID []string                                              // headers that may name a call

	// HintlessQuota says that a 429 without a hint when to come back means that the
	// day's quota is spent.
	HintlessQuota bool
}

// Bounds of what is read.
const (
	maxEvent     = 4 << 20  // one event
	maxReply     = 16 << 20 // a whole reply
	maxErrorBody = 64 << 10
	maxHeaders   = 256 << 10
	maxMessage   = 300 // bytes of a provider's message that are kept
)

// A Call is one request.
type Call struct {
	URL     string
	Header  http.Header
	Body    *body.Body // nil means a GET
	Decoder Decoder
}

// A Decoder turns the events of one reply into chunks. It is used by one
// goroutine.
type Decoder interface {
	// Event takes one event: a JSON value that was checked. It returns what it means,
	// whether the reply has ended with it, or the error that the event tells.
	Event(v []byte) (c ai.Chunk, ended bool, err error)

	// Whole takes a reply that is one JSON value instead of a stream.
	Whole(v []byte) (ai.Chunk, error)

	// End is asked when the bytes have ended, or after [DONE]: the finish, if the
	// provider's own end was seen, else a chunk without one; or what went wrong, as
	// far as the reply told.
	End() (ai.Chunk, error)
}

// New returns a client.
func New(c Config) *Client {
	switch {
	case c.Retries == 0:
		c.Retries = 3
	case c.Retries < 0:
		c.Retries = 0
	}
	if c.FirstByte == 0 {
		c.FirstByte = 60 * time.Second
	}
	if c.Idle == 0 {
		c.Idle = 30 * time.Second
	}
	client := &http.Client{}
	if c.HTTP != nil {
		*client = *c.HTTP
	}
	if client.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxResponseHeaderBytes = maxHeaders
		transport.MaxIdleConnsPerHost = 32
		client.Transport = transport
	}
	// A redirect would carry the key to another host: it is an answer like any other.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client.Timeout = 0 // it would bound the whole stream
	return &Client{config: c, http: client}
}

// Stream makes the call and yields its reply, as [ai.Model] promises.
func (c *Client) Stream(ctx context.Context, call Call) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(ai.Chunk{}, err)
			return
		}
		inner, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		r := reply{client: c, outer: ctx, decoder: call.Decoder, yield: yield}
		resp, err := c.send(inner, cancel, call)
		if err != nil {
			r.fail(inner, err)
			return
		}
		defer resp.Body.Close()
		r.header = resp.Header
		r.read(inner, c.watched(resp.Body, cancel), resp.Header.Get("Content-Type"))
	}
}

// Get asks for a small JSON document, such as a model's card, and returns the
// error that the answer tells.
func (c *Client) Get(ctx context.Context, url string, h http.Header) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	resp, err := c.send(inner, cancel, Call{URL: url, Header: h})
	if err != nil {
		return c.explain(ctx, inner, err)
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, maxErrorBody); err != nil && err != io.EOF {
		return c.explain(ctx, inner, err)
	}
	return nil
}

// A reply is the reading of one answer.
type reply struct {
	client  *Client
	outer   context.Context // the caller's
	header  http.Header
	decoder Decoder
	yield   func(ai.Chunk, error) bool
	begun   bool // something was yielded
}

func (r *reply) read(ctx context.Context, src io.Reader, contentType string) {
	media, _, err := mime.ParseMediaType(contentType)
	switch {
	case err == nil && media == "application/json":
		r.readWhole(ctx, src)
	case err == nil && media == "text/html":
		r.fail(ctx, &ai.Error{Kind: ai.Malformed, Err: errors.New("a web page instead of a reply: check the base URL")})
	default:
		r.readStream(ctx, src)
	}
}

func (r *reply) readStream(ctx context.Context, src io.Reader) {
	limited := &io.LimitedReader{R: src, N: maxReply}
	events := sse.New(limited, maxEvent)
	for {
		e, err := events.Next()
		switch {
		case errors.Is(err, sse.ErrTooLong) || limited.N <= 0:
			r.fail(ctx, &ai.Error{Kind: ai.Malformed, Err: fmt.Errorf("the reply is too long: %w", sse.ErrTooLong)})
			return
		case err != nil:
			r.end(ctx, err)
			return
		case string(e.Data) == "[DONE]":
			r.end(ctx, io.EOF)
			return
		case len(e.Data) == 0:
			continue
		}
		v, err := walk.Value(e.Data)
		if err != nil && e.Last {
			r.end(ctx, io.ErrUnexpectedEOF)
			return
		}
		if err != nil {
			r.fail(ctx, &ai.Error{Kind: ai.Malformed, Err: fmt.Errorf("event: %w", err)})
			return
		}
		if r.event(ctx, v) {
			return
		}
	}
}

// event yields what one event means and reports whether the reply is over with it.
func (r *reply) event(ctx context.Context, v []byte) (over bool) {
	chunk, ended, err := r.decoder.Event(v)
	switch {
	case !r.emit(chunk):
		return true
	case err != nil:
		r.fail(ctx, err)
		return true
	case ended && chunk.Finish == ai.FinishNone:
		r.end(ctx, io.EOF) // it says that it is over, but not how
		return true
	}
	return ended
}

func (r *reply) readWhole(ctx context.Context, src io.Reader) {
	data, err := io.ReadAll(io.LimitReader(src, maxReply+1))
	if err != nil {
		r.fail(ctx, &ai.Error{Kind: ai.Truncated, Err: err})
		return
	}
	v, err := walk.Value(data)
	if err != nil || len(data) > maxReply {
		r.fail(ctx, &ai.Error{Kind: ai.Malformed, Err: fmt.Errorf("reply of %d bytes: %w", len(data), errors.Join(err))})
		return
	}
	if v[0] == '[' { // a stream that was sent as one array
		over := false
		walk.Elements(v, func(e []byte) bool {
			over = r.event(ctx, e)
			return !over
		})
		if !over {
			r.end(ctx, io.EOF)
		}
		return
	}
	chunk, err := r.decoder.Whole(v)
	if r.emit(chunk) && err != nil {
		r.fail(ctx, err)
	}
}

// end takes the end of the bytes: well if the provider's own end was seen.
func (r *reply) end(ctx context.Context, err error) {
	if r.outer.Err() == nil {
		chunk, told := r.decoder.End()
		if told != nil {
			r.fail(ctx, told)
			return
		}
		if chunk.Finish != ai.FinishNone {
			r.emit(chunk)
			return
		}
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	r.fail(ctx, &ai.Error{Kind: ai.Truncated, Err: err})
}

// emit yields a chunk that says something and reports whether to go on. When the
// caller's context has ended it yields that instead: what a reply holds in buffers
// is not given out any more.
func (r *reply) emit(chunk ai.Chunk) bool {
	if err := r.outer.Err(); err != nil {
		r.yield(ai.Chunk{}, err)
		return false
	}
	if chunk.Text == "" && chunk.Usage == nil && chunk.Finish == ai.FinishNone {
		return true
	}
	chunk.Model = r.client.config.Name
	if !r.begun {
		r.begun = true
		chunk.RequestID = r.client.requestID(r.header, chunk.RequestID)
		chunk.Limits = r.client.limits(r.header)
	}
	return r.yield(chunk, nil)
}

func (r *reply) fail(ctx context.Context, err error) {
	err = r.client.explain(r.outer, ctx, err)
	var e *ai.Error
	if errors.As(err, &e) && r.header != nil {
		e.RequestID = r.client.requestID(r.header, e.RequestID)
		if e.Limits == nil {
			e.Limits = r.client.limits(r.header)
		}
	}
	r.yield(ai.Chunk{}, err)
}

func (c *Client) limits(h http.Header) *resilience.Signal {
	if c.config.Limits == nil {
		return nil
	}
	return c.config.Limits(h, time.Now())
}

func (c *Client) requestID(h http.Header, known string) string {
	for _, name := range c.config.RequestID {
		if id := h.Get(name); id != "" && known == "" {
			known = id
		}
	}
	return clip(known, 100)
}

// Fault makes the error of an error reply or an error event.
func (c *Client) Fault(status int, h http.Header, payload []byte) *ai.Error {
	f := ReadFault(payload)
	e := &ai.Error{Kind: f.Kind(status), Status: status, After: Hint(h, payload, time.Now())}
	if status == http.StatusOK {
		e.Status = 0
	}
	if e.Kind == ai.RateLimited && e.After == 0 && c.config.HintlessQuota && status == http.StatusTooManyRequests {
		e.Kind = ai.QuotaExhausted
	}
	message := clip(strings.Join(strings.Fields(c.redact(f.Message)), " "), maxMessage)
	switch {
	case e.Kind == ai.Auth && c.config.KeyName != "":
		e.Err = fmt.Errorf("the key was refused, check %s: %s", c.config.KeyName, message)
	case message != "":
		e.Err = errors.New(message)
	}
	if h != nil {
		e.RequestID = c.requestID(h, "")
		e.Limits = c.limits(h)
	}
	return e
}

func (c *Client) redact(message string) string {
	if len(c.config.Secret) < 4 {
		return message
	}
	return strings.ReplaceAll(message, c.config.Secret, "[key]")
}

// explain gives an error its kind. The caller's own cancellation and deadline go
// through as they are.
func (c *Client) explain(outer, inner context.Context, err error) error {
	if outer.Err() != nil {
		return outer.Err()
	}
	var e *ai.Error
	switch cause := context.Cause(inner); {
	case errors.Is(cause, errSilent):
		e = &ai.Error{Kind: ai.Timeout, Err: cause}
	case errors.As(err, &e):
	default:
		e = &ai.Error{Kind: ai.Unavailable, Err: errors.New(c.redact(err.Error()))}
	}
	e.Provider, e.Model = c.config.Provider, c.config.Name
	return e
}
