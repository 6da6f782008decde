package identity_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
)

const (
	secret = "0123456789abcdef0123456789abcdef"
	older  = "fedcba9876543210fedcba9876543210"
)

// start is when the tests' tokens are made.
func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func newHMAC(t testing.TB, c identity.HMACConfig) *identity.HMAC {
	t.Helper()
	if c.Secrets == nil {
		c.Secrets = []string{secret}
	}
	if c.Now == nil {
		c.Now = at(start())
	}
	h, err := identity.NewHMAC(c)
	require.NoError(t, err)
	return h
}

func Example() {
	tokens, err := identity.NewHMAC(identity.HMACConfig{Secrets: []string{"a secret of at least 32 characters"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := tokens.Sign(identity.Claims{Subject: "noor", Roles: []string{"admin"}}, time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	claims, err := tokens.Verify(context.Background(), token)
	fmt.Println(claims.Owner(), claims.Has("admin"), err)

	_, err = tokens.Verify(context.Background(), token[:len(token)-3])
	fmt.Println(err)
	// Output:
	// user:learnsnap:noor true <nil>
	// the token is not valid: none of our secrets has signed it
}

func TestASignedTokenSaysWhatWasSigned(t *testing.T) {
	h := newHMAC(t, identity.HMACConfig{})
	token, err := h.Sign(identity.Claims{Subject: "noor", Roles: []string{"admin", "teacher"}}, time.Hour)
	require.NoError(t, err)
	got, err := h.Verify(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, identity.Claims{Subject: "noor", Roles: []string{"admin", "teacher"}, Expires: start().Add(time.Hour), Issuer: "learnsnap"}, got)
	require.True(t, got.Has("admin"))
	require.False(t, got.Has("Admin"))
}

func TestRotatedSecret(t *testing.T) {
	old := newHMAC(t, identity.HMACConfig{Secrets: []string{older}})
	both := newHMAC(t, identity.HMACConfig{Secrets: []string{secret, older}})
	now := newHMAC(t, identity.HMACConfig{})

	before, err := old.Sign(identity.Claims{Subject: "noor"}, time.Hour)
	require.NoError(t, err)
	_, err = both.Verify(t.Context(), before)
	require.NoError(t, err, "the old secret still verifies")
	_, err = now.Verify(t.Context(), before)
	require.ErrorIs(t, err, identity.ErrInvalid, "until it is taken away")

	after, err := both.Sign(identity.Claims{Subject: "noor"}, time.Hour)
	require.NoError(t, err)
	_, err = now.Verify(t.Context(), after)
	require.NoError(t, err, "the first secret signs")
}

func TestBadConfigurations(t *testing.T) {
	_, err := identity.NewHMAC(identity.HMACConfig{})
	require.Error(t, err)
	_, err = identity.NewHMAC(identity.HMACConfig{Secrets: []string{secret, "much-too-short"}})
	require.ErrorContains(t, err, "want at least 32")
	require.NotContains(t, err.Error(), "much-too-short")
	_, err = newHMAC(t, identity.HMACConfig{}).Sign(identity.Claims{}, time.Hour)
	require.Error(t, err)
	_, err = newHMAC(t, identity.HMACConfig{}).Sign(identity.Claims{Subject: "noor"}, 0)
	require.Error(t, err)
}

// raw signs any header and claims with the secret, whatever they say.
func raw(header, claims string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

const hs256 = `{"alg":"HS256","typ":"JWT"}`

// claims are good ones, with more of them or others for the same names.
func claims(changes ...any) string {
	m := jwt.MapClaims{"sub": "noor", "aud": "learnsnap", "exp": start().Add(time.Hour).Unix()}
	for i := 0; i < len(changes); i += 2 {
		m[changes[i].(string)] = changes[i+1]
		if changes[i+1] == nil {
			delete(m, changes[i].(string))
		}
	}
	return marshal(m)
}

func TestHMACTakes(t *testing.T) {
	for name, c := range map[string]struct {
		claims string
		roles  []string
	}{
		"no issuer":                      {claims(), nil},
		"ours":                           {claims("iss", "learnsnap"), nil},
		"expired within the leeway":      {claims("exp", start().Add(-29*time.Second).Unix()), nil},
		"not yet valid, but nearly":      {claims("nbf", start().Add(29*time.Second).Unix()), nil},
		"issued just ahead of our clock": {claims("iat", start().Add(29*time.Second).Unix()), nil},
		"several audiences":              {claims("aud", []string{"others", "learnsnap"}), nil},
		"one role":                       {claims("role", "admin"), []string{"admin"}},
		"both, once each":                {claims("role", "admin", "roles", []string{"teacher", "admin"}), []string{"teacher", "admin"}},
		"a fraction of a second":         {claims("exp", 1772370000.5), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newHMAC(t, identity.HMACConfig{}).Verify(t.Context(), raw(hs256, c.claims))
			require.NoError(t, err)
			require.Equal(t, "noor", got.Subject)
			require.Equal(t, c.roles, got.Roles)
		})
	}
}

func TestHMACRefuses(t *testing.T) {
	good := raw(hs256, claims())
	parts := strings.Split(good, ".")
	key := rsaKey(t)
	for name, token := range map[string]string{
		"nothing":                  "",
		"two parts":                parts[0] + "." + parts[1],
		"four parts":               good + ".x",
		"five parts, as encrypted": "a.b.c.d.e",
		"bad base64":               parts[0] + "." + parts[1] + "!." + parts[2],
		"padded base64":            parts[0] + "=." + parts[1] + "." + parts[2],
		"standard base64":          parts[0] + "." + parts[1] + ".+/+/",
		"10 kB":                    raw(hs256, claims("padding", strings.Repeat("x", 10_000))),
		"another secret":           signed(t, jwt.SigningMethodHS256, []byte(older), jwt.MapClaims{"sub": "noor", "aud": "learnsnap", "exp": start().Add(time.Hour).Unix()}),
		"no signature":             parts[0] + "." + parts[1] + ".",
		"claims of another":        parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(claims("role", "admin"))) + "." + parts[2],

		"alg none":                   raw(`{"alg":"none"}`, claims()),
		"alg none without signature": signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, jwt.MapClaims{"sub": "noor"}),
		"alg nOnE":                   raw(`{"alg":"nOnE"}`, claims()),
		"no alg":                     raw(`{"typ":"JWT"}`, claims()),
		"alg is a number":            raw(`{"alg":256}`, claims()),
		"alg twice":                  raw(`{"alg":"none","alg":"HS256"}`, claims()),
		"alg HS512":                  signed(t, jwt.SigningMethodHS512, []byte(secret), jwt.MapClaims{"sub": "noor", "aud": "learnsnap", "exp": start().Add(time.Hour).Unix()}),
		"alg RS256":                  signed(t, jwt.SigningMethodRS256, key, jwt.MapClaims{"sub": "noor", "aud": "learnsnap", "exp": start().Add(time.Hour).Unix()}),
		"critical extensions":        raw(`{"alg":"HS256","crit":["b64"],"b64":false}`, claims()),

		"header is a list":       raw(`["HS256"]`, claims()),
		"claims are a list":      raw(hs256, `[]`),
		"claims are null":        raw(hs256, `null`),
		"claims are cut":         raw(hs256, `{"sub":"noor"`),
		"claims and more":        raw(hs256, claims()+"{}"),
		"claims not UTF-8":       raw(hs256, "{\"sub\":\"\xff\"}"),
		"expired":                raw(hs256, claims("exp", start().Add(-31*time.Second).Unix())),
		"never expires":          raw(hs256, claims("exp", nil)),
		"expires at 0":           raw(hs256, claims("exp", 0)),
		"expires in words":       raw(hs256, claims("exp", "tomorrow")),
		"expires after all time": raw(hs256, claims("exp", 1e300)),
		"EXP instead of exp":     raw(hs256, claims("exp", nil, "EXP", start().Add(time.Hour).Unix())),
		"expires twice":          raw(hs256, strings.TrimSuffix(claims("exp", 1), "}")+`,"exp":4102444800}`),
		"subject twice":          raw(hs256, `{"sub":"noor",`+claims()[1:]),
		"not yet valid":          raw(hs256, claims("nbf", start().Add(31*time.Second).Unix())),
		"made in the future":     raw(hs256, claims("iat", start().Add(31*time.Second).Unix())),
		"for no one":             raw(hs256, claims("aud", nil)),
		"for others":             raw(hs256, claims("aud", "others")),
		"for a number":           raw(hs256, claims("aud", 7)),
		"from another issuer":    raw(hs256, claims("iss", "https://accounts.example")),
		"issuer is a number":     raw(hs256, claims("iss", 7)),
		"no subject":             raw(hs256, claims("sub", nil)),
		"empty subject":          raw(hs256, claims("sub", "")),
		"subject is a number":    raw(hs256, claims("sub", 7)),
		"subject with a line":    raw(hs256, claims("sub", "noor\nadmin")),
		"subject too long":       raw(hs256, claims("sub", strings.Repeat("x", 256))),
		"roles are text":         raw(hs256, claims("roles", "admin")),
		"a role is a number":     raw(hs256, claims("roles", []any{1})),
		"role is a list":         raw(hs256, claims("role", []string{"admin"})),
		"65 roles":               raw(hs256, claims("roles", make([]string, 65))),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := newHMAC(t, identity.HMACConfig{}).Verify(t.Context(), token)
			require.ErrorIs(t, err, identity.ErrInvalid)
			require.Empty(t, got)
			for part := range strings.SplitSeq(token, ".") {
				require.False(t, len(part) > 3 && strings.Contains(err.Error(), part), "the token is in the error")
			}
			require.Less(t, len(err.Error()), 100)
		})
	}
}

func TestLeewayCanBeOff(t *testing.T) {
	h := newHMAC(t, identity.HMACConfig{Leeway: -1})
	_, err := h.Verify(t.Context(), raw(hs256, claims("exp", start().Add(time.Second).Unix())))
	require.NoError(t, err)
	_, err = h.Verify(t.Context(), raw(hs256, claims("exp", start().Unix())))
	require.ErrorIs(t, err, identity.ErrInvalid)
}

// FuzzVerify holds that a token is taken only if its signature is right, and that
// the same token is always taken for the same bearer.
func FuzzVerify(f *testing.F) {
	for _, seed := range []string{
		"", "a.b.c", raw(hs256, claims()), raw(hs256, claims("roles", []string{"admin"}, "iss", "learnsnap")), raw(hs256, `{"sub":"a","sub":"b"}`),
		raw(`{"alg":"none"}`, claims()), raw(`{"alg":"RS256","kid":"x"}`, claims()), "..", raw(hs256, "[]"), raw("{}", "{}"),
	} {
		f.Add(seed)
	}
	h := newHMAC(f, identity.HMACConfig{})
	f.Fuzz(func(t *testing.T, token string) {
		got, err := h.Verify(t.Context(), token)
		if err != nil {
			require.ErrorIs(t, err, identity.ErrInvalid)
			require.Empty(t, got)
			return
		}
		parts := strings.Split(token, ".")
		require.Len(t, parts, 3)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(parts[0] + "." + parts[1]))
		require.Equal(t, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), parts[2])
		require.NotEmpty(t, got.Subject)
	})
}

func BenchmarkHMACVerify(b *testing.B) {
	h := newHMAC(b, identity.HMACConfig{})
	token, err := h.Sign(identity.Claims{Subject: "noor", Roles: []string{"admin"}}, time.Hour)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func signed(t testing.TB, method jwt.SigningMethod, key crypto.PrivateKey, claims jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	require.NoError(t, err)
	return token
}
