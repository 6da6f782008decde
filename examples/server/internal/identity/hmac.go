package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// shortestSecret is what RFC 7518 §3.2 asks of a key for HS256, in bytes.
const shortestSecret = 32

// HMACConfig configures an [HMAC].
type HMACConfig struct {
	// Secrets are known to us and to whoever else makes tokens for us, at least 32
	// bytes each. The first one signs, all verify: a new one is put in front, the
	// old one stays until the last token that it signed has expired.
	Secrets []string

	Issuer   string           // of the tokens; "" means "learnsnap". Tokens that name none are taken too
	Audience string           // whom they are meant for; "" means "learnsnap"
	Leeway   time.Duration    // how far the clocks of two machines may differ; 0 means 30 s, −1 none
	Now      func() time.Time // nil means [time.Now]
}

// HMAC makes and verifies tokens that are signed by HS256 with a shared secret. It
// is safe for concurrent use.
type HMAC struct {
	keys  []jwt.VerificationKey // the first one signs
	rules rules
}

var _ Verifier = (*HMAC)(nil)

// NewHMAC returns an HMAC, or an error where a secret is too short or missing.
func NewHMAC(c HMACConfig) (*HMAC, error) {
	if len(c.Secrets) == 0 {
		return nil, errors.New("no secret to verify tokens with")
	}
	h := &HMAC{
		rules: rules{
			issuer: cmp.Or(c.Issuer, "learnsnap"), anonymous: true, audience: cmp.Or(c.Audience, "learnsnap"),
			leeway: leewayOf(c.Leeway), now: c.Now,
		},
	}
	if h.rules.now == nil {
		h.rules.now = time.Now
	}
	for _, secret := range c.Secrets {
		if len(secret) < shortestSecret {
			return nil, fmt.Errorf("a secret for tokens has %d bytes, want at least %d", len(secret), shortestSecret)
		}
		h.keys = append(h.keys, []byte(secret))
	}
	return h, nil
}

func leewayOf(d time.Duration) time.Duration {
	if d < 0 {
		return 0
	}
	return cmp.Or(d, 30*time.Second)
}

// Verify implements [Verifier]. It never waits and never answers [ErrUnavailable].
func (h *HMAC) Verify(_ context.Context, token string) (Claims, error) {
	f, err := read(token)
	if err != nil {
		return Claims{}, err
	}
	if iss := f.issuer(); f.alg != jwt.SigningMethodHS256.Alg() || iss != "" && iss != h.rules.issuer {
		return Claims{}, errForeign
	}
	if !f.signedBy(h.keys) {
		return Claims{}, invalid("none of our secrets has signed it")
	}
	return h.rules.claims(f.claims)
}

// Sign makes a token for a subject with its roles that is valid from now for ttl,
// in whole seconds. Expires and Issuer of the claims are not looked at: they are
// ttl and the configured one.
func (h *HMAC) Sign(c Claims, ttl time.Duration) (string, error) {
	if c.Subject == "" || ttl < time.Second {
		return "", errors.New("sign a token: want a subject and a life of at least a second")
	}
	now := h.rules.now()
	claims := jwt.MapClaims{
		"iss": h.rules.issuer, "aud": h.rules.audience, "sub": c.Subject,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(ttl).Unix(),
	}
	if len(c.Roles) > 0 {
		claims["roles"] = c.Roles
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(h.keys[0])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}
