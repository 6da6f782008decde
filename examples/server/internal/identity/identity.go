// Package identity tells who sent a request from the JSON Web Token that it
// bears: users and operators, whose tokens were signed with a secret of ours
// ([HMAC]) or by an OpenID Connect issuer ([OIDC]).
//
// A token either proves who bears it or is refused with [ErrInvalid]; there is
// nothing between. What it is refused for stands in the error for the log, and is
// not for the bearer, who would learn from it what to try next.
//
//	tokens, err := identity.NewHMAC(identity.HMACConfig{Secrets: []string{secret}})
//	…
//	token, ok := identity.Bearer(r)
//	claims, err := tokens.Verify(ctx, token)
//	if errors.Is(err, identity.ErrInvalid) { … 401 … }
//	owner := claims.Owner()
package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// ErrInvalid says that a token proves nothing: it is malformed, forged, expired, not
// yet valid, or meant for somebody else. The answer to it is 401.
var ErrInvalid = errors.New("the token is not valid")

// ErrUnavailable says that a token could not be judged, for its issuer can't be
// reached and its keys are not known. The answer to it is 503.
var ErrUnavailable = errors.New("the token's issuer can't be reached")

// errForeign is an [ErrInvalid] of a token that another verifier may know.
var errForeign = fmt.Errorf("%w: it is another issuer's", ErrInvalid)

// Claims are what a verified token says of its bearer.
type Claims struct {
	Subject string    // never empty, at most 255 bytes; unique within Issuer
	Roles   []string  // from "roles" and "role"
	Expires time.Time // UTC
	Issuer  string    // never empty
}

// Has reports whether the bearer has a role. Case matters.
func (c Claims) Has(role string) bool { return slices.Contains(c.Roles, role) }

// Owner is the bearer's id among all owners of quizzes and pages. It holds the
// issuer, so that equal subjects of two issuers are two owners.
func (c Claims) Owner() string {
	// The escaped issuer has no colon, so no two pairs write the same.
	return "user:" + url.QueryEscape(c.Issuer) + ":" + c.Subject
}

// A Verifier judges tokens. Implementations are safe for concurrent use.
type Verifier interface {
	// Verify returns what a token says. Its errors wrap [ErrInvalid] or
	// [ErrUnavailable], or are those of ctx; none holds a part of the token.
	Verify(ctx context.Context, token string) (Claims, error)
}

// Any takes a token that one of several verifiers knows. A token is judged by the
// verifier of its issuer alone: what that one refuses, no other takes. Without
// verifiers it refuses all.
func Any(verifiers ...Verifier) Verifier { return union(verifiers) }

type union []Verifier

func (u union) Verify(ctx context.Context, token string) (Claims, error) {
	for _, v := range u {
		claims, err := v.Verify(ctx, token)
		if !errors.Is(err, errForeign) {
			return claims, err
		}
	}
	return Claims{}, errForeign
}

// Bearer returns the token of a request's Authorization header (RFC 6750). It is
// not ok where the header is missing, stands there twice or has another scheme. A
// token that is ok may still be empty, which [Verifier] refuses: whoever tried to
// say who they are is no guest.
func Bearer(r *http.Request) (token string, ok bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(token), true
}
