// Package limit counts what callers take within a time, and refuses what is more
// than a [Policy] lets them have.
//
// A window begins with a caller's first take after the last window has ended; what
// is refused counts for nothing. All stores keep to that, so that one can stand in
// for another: [Memory] counts in this process, [Redis] and [Shared] for all
// processes together, and [Fallback] goes over from those to memory while they
// can't be reached.
//
//	policies := limit.Default()
//	result, err := policies.Create.Take(ctx, store, owner)
//	result.WriteHeaders(w.Header(), policies.Create.Name)
//	if !result.Allowed { … 429 … }
package limit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
)

// A Store counts. Implementations are safe for concurrent use.
type Store interface {
	// Take takes one of the limit that a key has within a window, or nothing when
	// none is left. A key of 1 to 256 bytes has one limit and one window in all calls.
	Take(ctx context.Context, key string, limit int, window time.Duration) (Result, error)
}

// A Result says what a take did.
type Result struct {
	Allowed bool
	Limit   int           // of the policy; less than 1: there is none
	Left    int           // that can still be taken within the window
	Window  time.Duration // of the policy
	Reset   time.Duration // until the window ends
}

// WriteHeaders tells a client where it stands, under the name of a policy: a short
// word of letters, digits and hyphens. Several policies of one answer stand side by
// side. It writes RateLimit and RateLimit-Policy in the form of
// draft-ietf-httpapi-ratelimit-headers-10, and Retry-After where nothing was taken.
func (r Result) WriteHeaders(h http.Header, policyName string) {
	if r.Limit < 1 {
		return
	}
	name := strconv.Quote(policyName)
	reset := strconv.Itoa(seconds(r.Reset))
	h.Add("RateLimit-Policy", name+";q="+strconv.Itoa(r.Limit)+";w="+strconv.Itoa(seconds(r.Window)))
	h.Add("RateLimit", name+";r="+strconv.Itoa(r.Left)+";t="+reset)
	if longest, _ := strconv.Atoi(h.Get("Retry-After")); !r.Allowed && seconds(r.Reset) > longest {
		h.Set("Retry-After", reset)
	}
}

// seconds rounds up, so that who comes back then does not come too early.
func seconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}

// A Policy is how much one caller may take.
type Policy struct {
	Name   string // a short word, in headers and keys
	Limit  int    // within Window; less than 1 means no limit
	Window time.Duration
}

const maxKey = 256 // bytes

// Take takes one for a caller: an owner's id, or [AddrKey] of an address. Each name
// of a policy counts for itself.
func (p Policy) Take(ctx context.Context, s Store, caller string) (Result, error) {
	if p.Limit < 1 {
		return Result{Allowed: true}, nil
	}
	return s.Take(ctx, p.key(caller), p.Limit, p.Window)
}

func (p Policy) key(caller string) string {
	key := p.Name + ":" + caller
	if len(key) > maxKey {
		sum := sha256.Sum256([]byte(caller))
		key = p.Name + ":#" + base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return key
}

// Policies are the limits of the server.
type Policies struct {
	Create   Policy // quizzes
	Submit   Policy // answers
	Device   Policy // new device tokens
	Checkout Policy // payments
	Report   Policy // questions reported
	Admin    Policy // what operators do
	Token    Policy // tokens that were refused, by address
}

// Default returns the limits that the server has unless it is told others.
func Default() Policies {
	return Policies{
		Create:   Policy{"create", 10, time.Minute},
		Submit:   Policy{"submit", 60, time.Minute},
		Device:   Policy{"device", 20, time.Hour},
		Checkout: Policy{"checkout", 10, time.Hour},
		Report:   Policy{"report", 10, time.Hour},
		Admin:    Policy{"admin", 60, time.Minute},
		Token:    Policy{"token", 20, time.Minute},
	}
}
