package paylink

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

const (
	// tokenLife is how long a token lives that was asked for with persistToken false.
	tokenLife = 30 * time.Minute

	// tokenFresh is when it is renewed, so that none ends under a call.
	tokenFresh = tokenLife * 8 / 10

	checkKept = time.Minute
)

// tokens keeps one token and lets one caller at a time fetch another.
type tokens struct {
	now   func() time.Time
	fetch func(context.Context) (string, error)

	mu     sync.Mutex
	token  string
	got    time.Time // when it was asked for
	err    error     // of the last fetch; nil when it brought a token
	failed time.Time
	flight *flight // the fetch under way
}

// A flight is one fetch that several callers wait for. Its fields are read after over
// is closed.
type flight struct {
	over      chan struct{}
	token     string
	err       error
	abandoned bool // its caller went away: that says nothing to the others
}

// take returns a token that is younger than maxAge, or fetches one.
func (t *tokens) take(ctx context.Context, maxAge time.Duration) (string, error) {
	for {
		t.mu.Lock()
		if t.token != "" && t.now().Sub(t.got) < maxAge {
			defer t.mu.Unlock()
			return t.token, nil
		}
		f := t.flight
		if f == nil {
			f = &flight{over: make(chan struct{}), abandoned: true}
			t.flight = f
			t.mu.Unlock()
			t.fly(ctx, f)
			return t.result(f, maxAge)
		}
		t.mu.Unlock()
		select {
		case <-f.over:
			if !f.abandoned {
				return t.result(f, maxAge)
			}
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func (t *tokens) fly(ctx context.Context, f *flight) {
	began := t.now()
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		switch {
		case f.abandoned:
		case f.err != nil:
			t.err, t.failed = f.err, t.now()
		default:
			t.token, t.got, t.err = f.token, began, nil
		}
		t.flight = nil
		close(f.over)
	}()
	f.token, f.err = t.fetch(ctx)
	f.abandoned = ctx.Err() != nil && f.err != nil
}

// result returns what a flight has brought. When a renewal ahead of time has failed, the
// old token still opens the door.
func (t *tokens) result(f *flight, maxAge time.Duration) (string, error) {
	if f.err == nil || maxAge < tokenFresh {
		return f.token, f.err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != "" && t.now().Sub(t.got) < tokenLife {
		return t.token, nil
	}
	return "", f.err
}

// drop forgets a token that was refused, unless another has taken its place meanwhile.
func (t *tokens) drop(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.token = ""
	}
}

// lately returns how the last fetch has ended, if that is known and not long ago.
func (t *tokens) lately(within time.Duration) (known bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	switch {
	case t.err != nil && now.Sub(t.failed) < within:
		return true, t.err
	case t.err == nil && t.token != "" && now.Sub(t.got) < within:
		return true, nil
	}
	return false, nil
}

// authenticate asks Paylink for a token.
func (c *Client) authenticate(ctx context.Context) (string, error) {
	body, err := json.Marshal(map[string]any{
		"apiId": c.config.APIID, "secretKey": string(c.config.SecretKey), "persistToken": false,
	})
	if err != nil {
		return "", c.fail(opAuth, payments.Rejected, payments.Untold, err)
	}
	answer, failed := c.send(ctx, call{op: opAuth, method: http.MethodPost, path: "/api/auth", body: body})
	if failed != nil {
		return "", failed
	}
	var reply struct {
		Token string `json:"id_token"`
	}
	if json.Unmarshal(answer, &reply) != nil || !plausible(reply.Token) {
		return "", c.fail(opAuth, payments.Malformed, payments.Untold, errors.New("the reply holds no token"))
	}
	return reply.Token, nil
}

// plausible reports whether a text can stand in a header as a token.
func plausible(token string) bool {
	for i := range len(token) {
		if token[i] <= ' ' || token[i] >= 0x7f {
			return false
		}
	}
	return token != "" && len(token) <= 16<<10
}

// authorized makes a call with a token, and once more with another when the first is
// refused: that is proof that nothing was done.
func (c *Client) authorized(ctx context.Context, call call) ([]byte, error) {
	for again := false; ; again = true {
		token, err := c.tokens.take(ctx, tokenFresh)
		if err != nil {
			return nil, c.unauthenticated(call, err)
		}
		call.token = token
		answer, failed := c.send(ctx, call)
		if failed == nil {
			return answer, nil
		}
		if failed.Status != http.StatusUnauthorized || again {
			return nil, failed
		}
		c.tokens.drop(token)
	}
}

// unauthenticated is the error of a call that was never made.
func (c *Client) unauthenticated(call call, err error) error {
	e := c.fail(call.op, payments.Unavailable, payments.Untold, err)
	var cause *payments.Error
	if errors.As(err, &cause) {
		e.Kind, e.After = cause.Kind, cause.After
	}
	if call.creates {
		e.Outcome = payments.NotCreated
	}
	return e
}
