package paylink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

// The names of Paylink's calls, as errors show them.
const (
	opAuth = "auth"
	opAdd  = "addInvoice"
	opGet  = "getInvoice"
)

const (
	maxReply    = 256 << 10
	firstWait   = 200 * time.Millisecond // before the first retry, doubled for each further one
	longestWait = 3 * time.Second        // a longer hint is returned, not waited for
)

// A call is one request.
type call struct {
	op      string
	method  string
	path    string
	body    []byte // JSON; nil means none
	token   string // "" means none
	creates bool   // it must not be sent twice
	private []string
}

var errLate = errors.New("no answer in time")

// send makes a call, and again where that is harmless and may help, and returns the body
// of a reply whose status says success.
func (c *Client) send(ctx context.Context, call call) ([]byte, *payments.Error) {
	a := attempts{client: c, call: call}
	if err := ctx.Err(); err != nil {
		a.unsent.Store(true)
		return nil, a.broken(ctx, ctx, err)
	}
	inner := ctx
	if c.config.Timeout > 0 {
		var cancel context.CancelFunc
		inner, cancel = context.WithTimeoutCause(ctx, c.config.Timeout, errLate)
		defer cancel()
	}
	req, err := a.request(inner)
	if err != nil {
		return nil, a.broken(ctx, inner, fmt.Errorf("make the request: %w", err))
	}
	retrying := &retryablehttp.Client{
		HTTPClient:   c.http,
		RetryMax:     c.config.Retries,
		CheckRetry:   a.check,
		Backoff:      a.wait,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	if c.config.Log != nil {
		retrying.Logger = journal{c.config.Log, a.hide}
	}
	resp, err := retrying.Do(req)
	if resp != nil {
		_ = resp.Body.Close() // it was read
	}
	switch {
	case a.unread != nil:
		return nil, a.broken(ctx, inner, a.unread)
	case err != nil:
		return nil, a.broken(ctx, inner, err)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, a.refused(resp)
	}
	return a.answer, nil
}

// attempts is the state of one call over its attempts.
type attempts struct {
	client *Client
	call   call
	unsent atomic.Bool // it is certain that no byte of the request has left
	answer []byte      // body of the last reply
	unread error       // why the last reply could not be read
}

func (a *attempts) request(ctx context.Context) (*retryablehttp.Request, error) {
	// Nothing has left while a connection is looked for. A transport that tells of
	// neither may have sent it for all we know.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { a.unsent.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { a.unsent.Store(false) },
	})
	var body any
	if a.call.body != nil {
		body = a.call.body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, a.call.method, a.client.config.BaseURL+a.call.path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.call.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.call.token)
	}
	return req, nil
}

// check reads the reply, for one that is cut is as good as none, and decides whether to
// try again.
func (a *attempts) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	a.answer, a.unread = nil, nil
	if resp != nil && err == nil {
		a.answer, a.unread = readAll(resp.Body)
		resp.Body = http.NoBody
		err = a.unread
	}
	switch {
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case a.call.creates && !a.unsent.Load():
		return false, nil
	case errors.Is(err, errTooLong):
		return false, nil
	case err != nil && resp == nil:
		return retryablehttp.DefaultRetryPolicy(ctx, nil, err)
	case err != nil:
		return true, nil
	}
	s := resp.StatusCode
	return (s == http.StatusTooManyRequests || s == http.StatusRequestTimeout || s >= 500) && hint(resp.Header, a.client.config.Now()) <= longestWait, nil
}

var errTooLong = fmt.Errorf("a reply of more than %d bytes", maxReply)

func readAll(body io.ReadCloser) ([]byte, error) {
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxReply+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the reply: %w", err)
	case len(data) > maxReply:
		return nil, errTooLong
	}
	return data, nil
}

// wait returns the pause before the next attempt: what Paylink asks for, or exponential
// with full jitter.
func (a *attempts) wait(_, _ time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil {
		if after := hint(resp.Header, a.client.config.Now()); after > 0 {
			return after
		}
	}
	return rand.N(min(firstWait<<min(attempt, 10), longestWait)) + time.Millisecond
}

// hint reads Retry-After, in seconds or as a date.
func hint(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After") // trimmed when it was read
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}

// broken is the error of a call that brought no reply.
func (a *attempts) broken(outer, inner context.Context, err error) *payments.Error {
	kind := payments.Unavailable
	switch {
	case outer.Err() != nil:
		err = outer.Err()
	case errors.Is(context.Cause(inner), errLate):
		err = fmt.Errorf("%w (%v)", errLate, a.client.config.Timeout)
	case errors.Is(err, errTooLong):
		kind = payments.Malformed
	}
	outcome := payments.Untold
	if a.call.creates {
		outcome = payments.Uncertain
		if a.unsent.Load() {
			outcome = payments.NotCreated
		}
	}
	if text := err.Error(); a.hide(text) != text {
		err = errors.New(a.hide(text)) // net/http quotes what it can't read
	}
	return a.client.fail(a.call.op, kind, outcome, err)
}

// refused is the error that a reply's status tells.
func (a *attempts) refused(resp *http.Response) *payments.Error {
	kind, proof := payments.Malformed, false
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		kind, proof = payments.Unauthorized, true
	case s == http.StatusTooManyRequests:
		kind, proof = payments.Unavailable, true
	case s == http.StatusRequestTimeout || s == http.StatusConflict || s >= 500:
		// A conflict may be with an invoice of the same number.
		kind = payments.Unavailable
	case s == http.StatusNotFound && a.call.op == opGet:
		kind = payments.NotFound
	case s >= 400:
		kind, proof = payments.Rejected, true
	}
	e := a.client.fail(a.call.op, kind, payments.Untold, a.message())
	if kind == payments.Malformed {
		e.Err = errors.New("neither an answer nor an error: check the base URL")
	}
	if a.call.creates {
		e.Outcome = payments.Uncertain
		if proof {
			e.Outcome = payments.NotCreated
		}
	}
	e.Status, e.After = resp.StatusCode, hint(resp.Header, a.client.config.Now())
	return e
}
