package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/body"
)

// Waits between attempts: exponential with full jitter, and no hint that is
// longer than the longest of them is waited for.
const (
	firstWait   = time.Second
	longestWait = 10 * time.Second
)

var errSilent = errors.New("no byte came in time")

// send makes the request, and again while that may help, and returns the reply
// when its status says success. An error of the reply is an [*ai.Error].
func (c *Client) send(ctx context.Context, cancel context.CancelCauseFunc, call Call) (*http.Response, error) {
	a := attempts{client: c}
	req, err := a.request(a.traced(ctx, cancel), call)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	retrying := &retryablehttp.Client{
		HTTPClient:   c.http,
		RetryMax:     c.config.Retries,
		CheckRetry:   a.check,
		Backoff:      a.wait,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	if c.config.Log != nil {
		retrying.Logger = c.config.Log
	}
	resp, err := retrying.Do(req)
	a.first.end()
	if unread := a.bodyErr(); unread != nil {
		if resp != nil {
			resp.Body.Close()
		}
		return nil, &ai.Error{Kind: ai.BadRequest, Err: unread}
	}
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		if a.fault == nil { // of a status that check has not seen
			a.fault = c.Fault(resp.StatusCode, resp.Header, nil)
		}
		return nil, a.fault
	}
	return resp, nil
}

// attempts is the state of one call over its attempts.
type attempts struct {
	client *Client
	reader atomic.Pointer[body.Reader] // of the attempt under way
	fault  *ai.Error                   // of the last reply
	first  firstByte
}

// firstByte bounds the time until a reply begins. Its methods are called from
// net/http's goroutines, in any order: a server may answer before it has read the
// whole request.
type firstByte struct {
	mu    sync.Mutex
	timer *time.Timer
	seen  bool
}

func (f *firstByte) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = false
}

func (f *firstByte) wait(limit time.Duration, late func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.seen {
		f.timer = time.AfterFunc(limit, late)
	}
}

func (f *firstByte) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = true
	if f.timer != nil {
		f.timer.Stop()
	}
}

func (a *attempts) request(ctx context.Context, call Call) (*retryablehttp.Request, error) {
	var source any
	method := http.MethodGet
	if call.Body != nil {
		method = http.MethodPost
		source = retryablehttp.ReaderFunc(func() (io.Reader, error) {
			r := call.Body.Reader()
			a.reader.Store(r)
			return r, nil
		})
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, method, call.URL, source)
	if err != nil {
		return nil, err
	}
	for name, values := range call.Header {
		req.Header[name] = values
	}
	if call.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// traced bounds the time from the last byte of a request to the first of its
// reply; a slow upload is not held against the provider.
func (a *attempts) traced(ctx context.Context, cancel context.CancelCauseFunc) context.Context {
	limit := a.client.config.FirstByte
	if limit < 0 {
		return ctx
	}
	late := func() { cancel(fmt.Errorf("%w: the first after %v", errSilent, limit)) }
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(string) { a.first.begin() },
		WroteRequest:         func(httptrace.WroteRequestInfo) { a.first.wait(limit, late) },
		GotFirstResponseByte: a.first.end,
	})
}

func (a *attempts) bodyErr() error {
	if r := a.reader.Load(); r != nil {
		return r.Err()
	}
	return nil
}

// check decides whether to try again. It reads the error reply, for only that
// says whether it helps.
func (a *attempts) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	a.first.end()
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if err != nil {
		if a.bodyErr() != nil {
			return false, nil
		}
		return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
	}
	if resp.StatusCode == http.StatusOK {
		return false, nil
	}
	payload, readErr := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if readErr != nil {
		payload = nil // the status alone has to do
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(payload))
	a.fault = a.client.Fault(resp.StatusCode, resp.Header, payload)
	return a.again(ctx, resp), nil
}

// again reports whether the reply that a.fault tells of is worth another attempt
// from here, soon.
func (a *attempts) again(ctx context.Context, resp *http.Response) bool {
	wait := a.fault.After
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false
	}
	if wait > longestWait {
		return false
	}
	switch resp.Header.Get("X-Should-Retry") {
	case "true":
		return true
	case "false":
		return false
	}
	switch a.fault.Kind {
	case ai.RateLimited, ai.Overloaded, ai.Unavailable, ai.Timeout:
		s := resp.StatusCode
		return s == 408 || s == 409 || s == 429 || s >= 500
	}
	return false
}

// wait returns the pause before the next attempt.
func (a *attempts) wait(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil && a.fault != nil && a.fault.After > 0 {
		return a.fault.After
	}
	return rand.N(min(firstWait<<min(attempt, 10), longestWait)) + time.Millisecond
}

// watched bounds the time between two bytes of a reply while somebody reads: the
// clock stands still while the reader is elsewhere.
func (c *Client) watched(r io.Reader, cancel context.CancelCauseFunc) io.Reader {
	limit := c.config.Idle
	if limit < 0 {
		return r
	}
	timer := time.AfterFunc(limit, func() { cancel(fmt.Errorf("%w: silent in mid-stream", errSilent)) })
	timer.Stop()
	return &watchedReader{r, timer, max(limit, c.config.FirstByte), limit}
}

type watchedReader struct {
	r     io.Reader
	timer *time.Timer
	next  time.Duration // bound of the next read: the first byte of a body may take longer
	limit time.Duration
}

func (w *watchedReader) Read(p []byte) (int, error) {
	w.timer.Reset(w.next)
	n, err := w.r.Read(p)
	w.timer.Stop()
	if n > 0 {
		w.next = w.limit
	}
	return n, err
}
