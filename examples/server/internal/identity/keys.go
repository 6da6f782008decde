package identity

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

const (
	maxAnswer  = 1 << 20 // bytes of an issuer's answer
	maxKeys    = 64
	weakestRSA = 2048 // bits, by RFC 7518 §3.3
)

// A key is one of an issuer's public keys.
type key struct {
	id     string
	alg    string // "" for any of its kind
	public crypto.PublicKey
}

// A source fetches the keys of one issuer. One goroutine at a time may use it.
type source struct {
	issuer string
	client *http.Client
	keys   string // where the keys are; "" until that is discovered
}

func newSource(issuer string, client *http.Client) *source {
	own := http.Client{Timeout: 10 * time.Second}
	if client != nil {
		own = *client
	} else {
		own.Transport = http.DefaultTransport.(*http.Transport).Clone() // so that closing its connections closes no one else's
	}
	own.Transport = bounded{own.Transport}
	return &source{issuer: issuer, client: &own}
}

func (s *source) fetch(ctx context.Context) ([]key, error) {
	if s.keys == "" {
		where, err := s.discover(ctx)
		if err != nil {
			return nil, fmt.Errorf("discover %s: %w", s.issuer, err)
		}
		s.keys = where
	}
	keys, err := s.read(ctx)
	if err != nil {
		where := s.keys
		s.keys = "" // they may have moved
		return nil, fmt.Errorf("fetch keys from %s: %w", where, err)
	}
	return keys, nil
}

// discover reads where the keys are from the issuer's discovery document, which has
// to be the issuer's own.
func (s *source) discover(ctx context.Context) (string, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, s.client), s.issuer)
	if err != nil {
		return "", err
	}
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&document); err != nil {
		return "", err
	}
	if err := checkURL(document.Keys); err != nil {
		return "", fmt.Errorf("the address of its keys %w", err)
	}
	return document.Keys, nil
}

// read reads the keys. The library's own key set is not used: it asks again for
// every token with an unknown key, and never forgets a key that was withdrawn.
func (s *source) read(ctx context.Context) ([]key, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.keys, nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	return parseKeys(data)
}

// parseKeys reads a JSON Web Key Set (RFC 7517 §5) and passes over the keys that can't be
// used to verify signatures: an issuer may publish kinds that we don't know.
func parseKeys(data []byte) ([]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("they are no JSON Web Key Set")
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("there are more than %d keys", maxKeys)
	}
	var keys []key
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if err := json.Unmarshal(raw, &k); err != nil || !k.Valid() || k.Use != "" && k.Use != "sig" {
			continue
		}
		switch public := k.Key.(type) {
		case *rsa.PublicKey:
			if public.N.BitLen() < weakestRSA {
				continue
			}
		case *ecdsa.PublicKey, ed25519.PublicKey:
		default: // a secret or a private key has no business there
			continue
		}
		keys = append(keys, key{k.KeyID, k.Algorithm, k.Key})
	}
	if len(keys) == 0 {
		return nil, errors.New("none of them can verify a signature")
	}
	return keys, nil
}

// bounded is a transport whose answers have an end and that are errors where the
// server says so: the library reads all of an answer, and quotes it in its error.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	base := b.RoundTripper
	if base == nil {
		base = http.DefaultTransport
	}
	answer, err := base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= 400 {
		_ = answer.Body.Close() // there is nothing in it that we want
		return nil, fmt.Errorf("it answered %d", answer.StatusCode)
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	return answer, nil
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] through.
func (b bounded) CloseIdleConnections() {
	if c, ok := b.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
