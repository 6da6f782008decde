package identity_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
)

// An issuer publishes what real ones do, with keys that tests turn.
type issuer struct {
	url     string
	fetches atomic.Int32

	mu   sync.Mutex
	keys []any
	away bool
	name string // in its document; "" for url
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.away:
		http.Error(w, strings.Repeat("away ", 1000), http.StatusServiceUnavailable)
	case r.URL.Path == "/.well-known/openid-configuration":
		name := i.name
		if name == "" {
			name = i.url
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(marshal(map[string]any{"issuer": name, "jwks_uri": i.url + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})))
	case r.URL.Path == "/keys":
		i.fetches.Add(1)
		_, _ = w.Write([]byte(marshal(map[string]any{"keys": i.keys})))
	default:
		http.NotFound(w, r)
	}
}

func (i *issuer) publish(keys ...any) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = keys
}

func (i *issuer) set(away bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.away = away
}

// token is a good one of the issuer, with changes.
func (i *issuer) token(t testing.TB, method jwt.SigningMethod, kid string, key crypto.PrivateKey, changes ...any) string {
	t.Helper()
	m := jwt.MapClaims{"iss": i.url, "sub": "noor", "aud": "app", "exp": start().Add(time.Hour).Unix(), "roles": []string{"teacher"}}
	for n := 0; n < len(changes); n += 2 {
		m[changes[n].(string)] = changes[n+1]
	}
	token := jwt.NewWithClaims(method, m)
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(key)
	require.NoError(t, err)
	return text
}

// serve starts an issuer on the loopback interface.
func serve(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{}
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

func newOIDC(t testing.TB, i *issuer, c identity.OIDCConfig) *identity.OIDC {
	t.Helper()
	c.Issuer, c.ClientID, c.Now = i.url, "app", at(start())
	o, err := identity.NewOIDC(c)
	require.NoError(t, err)
	return o
}

// run runs o until the test ends.
func run(t testing.TB, o *identity.OIDC) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
	t.Cleanup(stop)
	return stop
}

func public(id, alg string, key any) jose.JSONWebKey {
	return jose.JSONWebKey{KeyID: id, Algorithm: alg, Use: "sig", Key: key}
}

// inProcess lets an issuer answer without a socket, so that a test's clock is a
// bubble's.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// bubble runs an issuer and its verifier on a virtual clock.
func bubble(t *testing.T, c identity.OIDCConfig, body func(t *testing.T, i *issuer, o *identity.OIDC)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{url: "https://accounts.example.com"}
		c.HTTPClient = &http.Client{Transport: inProcess{i}}
		o := newOIDC(t, i, c)
		body(t, i, o)
	})
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return key
}

func marshal(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // only values of these tests come here
	}
	return string(data)
}

func decode(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	require.NoError(t, err)
	return data
}

func edKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return key
}
