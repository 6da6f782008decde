package wire_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
	"github.com/learnsnap/learnsnap-go/ai/openai"
	"github.com/learnsnap/learnsnap-go/resilience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A transport answers requests in a bubble of virtual time, one function a call;
// the last one answers the rest.
type transport struct {
	answers []func(*http.Request) (*http.Response, error)
	calls   atomic.Int32
	bodies  []string
}

func (f *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	n := int(f.calls.Add(1)) - 1
	if req.Body != nil {
		sent, err := io.ReadAll(req.Body)
		if err := errors.Join(err, req.Body.Close()); err != nil {
			return nil, err
		}
		f.bodies = append(f.bodies, string(sent))
	}
	return f.answers[min(n, len(f.answers)-1)](req)
}

func answer(status int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		h := http.Header{}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: req, ContentLength: -1}, nil
	}
}

const good = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

func chat(t *testing.T, f http.RoundTripper, c openai.Config) ai.Model {
	t.Helper()
	c.Key, c.Protocol, c.HTTP = "sk-secret-key", openai.Chat, &http.Client{Transport: f}
	m, err := openai.New(c)
	require.NoError(t, err)
	return m
}

func TestRetriesWaitAsTheProviderAsks(t *testing.T) {
	limited := `{"error":{"code":"rate_limit_exceeded","message":"Rate limit reached. Please try again in 6.5s. Visit us"}}`
	in5s := time.Date(2000, 1, 1, 0, 0, 5, 0, time.UTC).Format(http.TimeFormat) // the bubble's clock starts at 2000-01-01
	for _, c := range []struct {
		name  string
		first func(*http.Request) (*http.Response, error)
		wait  time.Duration // 0 means that backoff decides
		calls int32
		kind  ai.Kind // of the error; 0 means success in the end
		after time.Duration
	}{
		{"seconds on 429", answer(429, "", "Retry-After", "2"), 2 * time.Second, 2, 0, 0},
		{"seconds on 529", answer(529, "", "Retry-After", "7"), 7 * time.Second, 2, 0, 0},
		{"fractions", answer(503, "", "Retry-After", "1.5"), 1500 * time.Millisecond, 2, 0, 0},
		{"a date", answer(429, "", "Retry-After", in5s), 5 * time.Second, 2, 0, 0},
		{"milliseconds before seconds", answer(429, "", "Retry-After-Ms", "1700", "Retry-After", "9"), 1700 * time.Millisecond, 2, 0, 0},
		{"RetryInfo in the body", answer(429, `{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3.4s"}]}}`), 3400 * time.Millisecond, 2, 0, 0},
		{"text in the message", answer(429, limited), 6500 * time.Millisecond, 2, 0, 0},
		{"no hint", answer(500, ""), 0, 2, 0, 0},
		{"a negative hint is none", answer(503, "", "Retry-After", "-3"), 0, 2, 0, 0},
		{"an absurd hint is none", answer(503, "", "Retry-After", "1e300"), 0, 2, 0, 0},
		{"longer than ten seconds", answer(429, "", "Retry-After", "90"), 0, 1, ai.RateLimited, 90 * time.Second},
		{"told not to", answer(503, "", "X-Should-Retry", "false"), 0, 1, ai.Overloaded, 0},
		{"told to", answer(400, "", "X-Should-Retry", "true"), 0, 2, 0, 0},
		{"quota spent", answer(429, `{"error":{"code":"insufficient_quota","message":"pay"}}`), 0, 1, ai.QuotaExhausted, 0},
		{"request too large", answer(429, `{"error":{"message":"Request too large for gpt"}}`), 0, 1, ai.TooLarge, 0},
		{"bad request", answer(400, `{"error":{"message":"no"}}`), 0, 1, ai.BadRequest, 0},
		{"a wrong key", answer(401, `{"error":{"message":"no"}}`), 0, 1, ai.Auth, 0},
		{"a redirect is not followed", answer(307, "", "Location", "https://elsewhere.example/"), 0, 1, ai.Unavailable, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &transport{answers: []func(*http.Request) (*http.Response, error){c.first, answer(200, good)}}
				start := time.Now()
				got := read(chat(t, f, openai.Config{}))
				waited := time.Since(start)
				require.Equal(t, c.calls, f.calls.Load())
				if c.wait > 0 {
					require.Equal(t, c.wait, waited)
				}
				require.LessOrEqual(t, waited, 10*time.Second)
				if c.kind == 0 {
					require.NoError(t, got.err)
					require.Equal(t, "hi", got.text)
					require.Equal(t, f.bodies[0], f.bodies[1], "the whole body is sent again")
					return
				}
				require.ErrorIs(t, got.err, c.kind)
				after, _ := resilience.RetryAfter(got.err)
				require.Equal(t, c.after, after)
			})
		})
	}
}

func TestRetriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &transport{answers: []func(*http.Request) (*http.Response, error){answer(503, `{"error":{"message":"busy"}}`)}}
		got := read(chat(t, f, openai.Config{}))
		require.ErrorIs(t, got.err, ai.Overloaded)
		require.ErrorContains(t, got.err, "busy", "the last reply is not lost")
		require.EqualValues(t, 4, f.calls.Load())

		f = &transport{answers: []func(*http.Request) (*http.Response, error){func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }}}
		require.ErrorIs(t, read(chat(t, f, openai.Config{Retries: -1})).err, ai.Unavailable)
		require.EqualValues(t, 1, f.calls.Load())
	})
}

func TestNothingIsRetriedAfterTheFirstByteOfAReply(t *testing.T) {
	cut := func(req *http.Request) (*http.Response, error) {
		body := io.MultiReader(strings.NewReader("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"), &failing{})
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: req}, nil
	}
	f := &transport{answers: []func(*http.Request) (*http.Response, error){cut}}
	got := read(chat(t, f, openai.Config{}))
	require.Equal(t, "a", got.text)
	require.ErrorIs(t, got.err, ai.Truncated)
	require.EqualValues(t, 1, f.calls.Load())
}

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

func TestAReplyWithoutItsEndIsTruncated(t *testing.T) {
	delta := "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"
	for name, stream := range map[string]string{
		"clean end":             delta,
		"end marker alone":      delta + "data: [DONE]\n\n",
		"end inside an event":   delta + `data: {"choices":[{"del`,
		"nothing":               "",
		"comments alone":        ": ping\n\n: ping\n\n",
		"end inside the finish": delta + `data: {"choices":[{"delta":{},"finish_reason":"st`,
	} {
		t.Run(name, func(t *testing.T) {
			got := read(chat(t, &transport{answers: []func(*http.Request) (*http.Response, error){answer(200, stream)}}, openai.Config{}))
			require.ErrorIs(t, got.err, ai.Truncated)
			require.Zero(t, got.finish)
		})
	}
}

func TestWhatIsNoReplyIsMalformed(t *testing.T) {
	for name, c := range map[string]struct{ body, media string }{
		"broken JSON":   {"data: {\"choices\":[}\n\ndata: [DONE]\n\n", "text/event-stream"},
		"invalid UTF-8": {"data: {\"choices\":\"\xff\"}\n\n", "text/event-stream"},
		"a web page":    {"<html>login</html>", "text/html; charset=utf-8"},
		"broken object": {"{", "application/json"},
		"endless line":  {"data: " + strings.Repeat("a", 5<<20), "text/event-stream"},
		"endless reply": {strings.Repeat("data: {\"choices\":[{\"delta\":{\"content\":\""+strings.Repeat("a", 1000)+"\"}}]}\n\n", 17<<10), "text/event-stream"},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(chat(t, &transport{answers: []func(*http.Request) (*http.Response, error){answer(200, c.body, "Content-Type", c.media)}}, openai.Config{}))
			require.ErrorIs(t, got.err, ai.Malformed)
		})
	}
}

func TestAnEndThatDoesNotSayHowIsTruncated(t *testing.T) {
	stream := `data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}` + "\n\n" + `data: {"type":"message_stop"}` + "\n\n"
	m, err := anthropic.New(anthropic.Config{Key: "k", HTTP: &http.Client{Transport: &transport{
		answers: []func(*http.Request) (*http.Response, error){answer(200, stream)},
	}}})
	require.NoError(t, err)
	got := read(m)
	require.Equal(t, "a", got.text)
	require.ErrorIs(t, got.err, ai.Truncated)
}

// A consumer may leave at a chunk whose event tells of an error as well: asking it
// again would be a panic.
func TestNothingComesAfterTheConsumerHasLeft(t *testing.T) {
	event := `{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"error":{"code":503,"message":"overloaded"}}`
	for media, body := range map[string]string{"application/json": "[" + event + "]", "text/event-stream": "data: " + event + "\n\n"} {
		m, err := gemini.New(gemini.Config{Key: "k", HTTP: &http.Client{Transport: &transport{
			answers: []func(*http.Request) (*http.Response, error){answer(200, body, "Content-Type", media)},
		}}})
		require.NoError(t, err)
		for chunk, err := range m.Stream(t.Context(), ai.Prompt{Parts: []ai.Part{{Text: "x"}}}) {
			require.NoError(t, err)
			require.Equal(t, "a", chunk.Text)
			break
		}
		require.ErrorIs(t, read(m).err, ai.Overloaded)
	}
}

// silent blocks until its request is cancelled, as a socket does.
func silent(req *http.Request) io.ReadCloser {
	r, w := io.Pipe()
	context.AfterFunc(req.Context(), func() { w.CloseWithError(context.Cause(req.Context())) })
	return r
}

func TestASilentStreamTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stall := func(req *http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"), silent(req))
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: req}, nil
		}
		start := time.Now()
		got := read(chat(t, &transport{answers: []func(*http.Request) (*http.Response, error){stall}}, openai.Config{}))
		require.ErrorIs(t, got.err, ai.Timeout)
		require.Equal(t, "a", got.text)
		require.Equal(t, 30*time.Second, time.Since(start))
	})
}

func TestASlowReaderIsNotAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := chat(t, &transport{answers: []func(*http.Request) (*http.Response, error){answer(200, strings.Repeat("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", 3)+good)}}, openai.Config{})
		for _, err := range m.Stream(t.Context(), ai.Prompt{Parts: []ai.Part{{Text: "x"}}}) {
			require.NoError(t, err)
			time.Sleep(time.Minute)
		}
	})
}

func TestCancelEndsAStreamWithTheContextsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stall := func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: silent(req), Request: req}, nil
		}
		m := chat(t, &transport{answers: []func(*http.Request) (*http.Response, error){stall}}, openai.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var last error
		for _, err := range m.Stream(ctx, ai.Prompt{Parts: []ai.Part{{Text: "x"}}}) {
			last = err
		}
		require.Equal(t, context.DeadlineExceeded, last)
	})
}

func TestMediaThatCannotBeReadIsToldAsItIs(t *testing.T) {
	errGone := errors.New("the file is gone")
	f := &transport{answers: []func(*http.Request) (*http.Response, error){answer(200, good)}}
	m := chat(t, f, openai.Config{})
	var last error
	for _, err := range m.Stream(t.Context(), ai.Prompt{Parts: []ai.Part{{Media: &ai.Media{
		Type: "image/png", Size: 10, Open: func() (io.ReadCloser, error) { return nil, errGone },
	}}}}) {
		last = err
	}
	require.ErrorIs(t, last, errGone)
	require.ErrorIs(t, last, ai.BadRequest)
	require.EqualValues(t, 1, f.calls.Load(), "another attempt would not help")
}

func TestKeysStayOutOfErrors(t *testing.T) {
	f := &transport{answers: []func(*http.Request) (*http.Response, error){answer(401, `{"error":{"message":"Incorrect API key provided: sk-secret-key."}}`)}}
	err := read(chat(t, f, openai.Config{})).err
	require.ErrorContains(t, err, "OPENAI_API_KEY", "it names the variable")
	require.NotContains(t, err.Error(), "sk-secret-key")
}

func TestPromptsAreCheckedBeforeAnythingIsSent(t *testing.T) {
	f := &transport{answers: []func(*http.Request) (*http.Response, error){answer(200, good)}}
	client := &http.Client{Transport: f}
	g, err := gemini.New(gemini.Config{Key: "k", HTTP: client})
	require.NoError(t, err)
	a, err := anthropic.New(anthropic.Config{Key: "k", HTTP: client})
	require.NoError(t, err)
	image := func(media string, size int64) ai.Part {
		return ai.Part{Media: &ai.Media{Type: media, Size: size, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(nil)), nil
		}}}
	}
	twenty := make([]ai.Part, 20)
	for i := range twenty {
		twenty[i] = image("image/jpeg", 4<<20)
	}
	for _, c := range []struct {
		name  string
		model ai.Model
		parts []ai.Part
		kind  ai.Kind
	}{
		{"no parts", g, nil, ai.BadRequest},
		{"an empty part", g, []ai.Part{{}}, ai.BadRequest},
		{"a gif for Gemini", g, []ai.Part{image("image/gif", 10)}, ai.BadRequest},
		{"twenty photos for Gemini", g, twenty, ai.TooLarge},
		{"twenty photos for Anthropic", a, twenty, ai.TooLarge},
		{"one large photo for Anthropic", a, []ai.Part{image("image/png", 9<<20)}, ai.TooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			var last error
			for _, err := range c.model.Stream(t.Context(), ai.Prompt{Parts: c.parts}) {
				last = err
			}
			require.ErrorIs(t, last, c.kind)
		})
	}
	require.Zero(t, f.calls.Load())
}

func TestCheckIsRememberedForHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &transport{answers: []func(*http.Request) (*http.Response, error){answer(200, "{}"), answer(401, "{}")}}
		for name, m := range map[string]ai.Model{"openai": chat(t, f, openai.Config{})} {
			for range 5 {
				require.NoError(t, ai.Check(t.Context(), m), name)
			}
			require.EqualValues(t, 1, f.calls.Load())
			time.Sleep(31 * time.Second)
			require.ErrorIs(t, ai.Check(t.Context(), m), ai.Auth)
		}
	})
}

func TestLimitsComeWithTheFirstChunkAndWithErrors(t *testing.T) {
	headers := []string{
		"X-Ratelimit-Limit-Requests", "500", "X-Ratelimit-Remaining-Requests", "499", "X-Ratelimit-Reset-Requests", "120ms",
		"X-Ratelimit-Limit-Tokens", "200000", "X-Ratelimit-Remaining-Tokens", "199998", "X-Ratelimit-Reset-Tokens", "6m0s", "X-Request-Id", "req_1",
	}
	want := &resilience.Signal{
		Requests: resilience.Window{Limit: 500, Left: 499, Reset: 120 * time.Millisecond},
		Tokens:   resilience.Window{Limit: 200000, Left: 199998, Reset: 6 * time.Minute},
	}
	m := chat(t, &transport{answers: []func(*http.Request) (*http.Response, error){answer(200, good, headers...)}}, openai.Config{})
	for chunk, err := range m.Stream(t.Context(), ai.Prompt{Parts: []ai.Part{{Text: "x"}}}) {
		require.NoError(t, err)
		if chunk.Text != "" {
			require.Equal(t, want, chunk.Limits)
			require.Equal(t, "req_1", chunk.RequestID)
		}
	}
	m = chat(t, &transport{answers: []func(*http.Request) (*http.Response, error){answer(400, "{}", headers...)}}, openai.Config{})
	var e *ai.Error
	require.ErrorAs(t, read(m).err, &e)
	require.Equal(t, want, e.Limits)
	require.Equal(t, "req_1", e.RequestID)
}
