package identity_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
)

func TestOIDCTakesWhatItsIssuerSigned(t *testing.T) {
	rs, ed := rsaKey(t), edKey(t)
	es, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	i := serve(t)
	i.publish(public("rs", "", rs.Public()), public("es", "ES256", es.Public()), public("ed", "EdDSA", ed.Public()))
	o := newOIDC(t, i, identity.OIDCConfig{Wait: time.Minute})
	run(t, o)
	for name, token := range map[string]string{
		"RS256":   i.token(t, jwt.SigningMethodRS256, "rs", rs),
		"PS384":   i.token(t, jwt.SigningMethodPS384, "rs", rs),
		"ES256":   i.token(t, jwt.SigningMethodES256, "es", es),
		"EdDSA":   i.token(t, jwt.SigningMethodEdDSA, "ed", ed),
		"no kid":  i.token(t, jwt.SigningMethodES256, "", es),
		"skewed":  i.token(t, jwt.SigningMethodRS256, "rs", rs, "exp", start().Add(-29*time.Second).Unix()),
		"for two": i.token(t, jwt.SigningMethodRS256, "rs", rs, "aud", []string{"other", "app"}),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := o.Verify(t.Context(), token)
			require.NoError(t, err)
			require.Equal(t, i.url, got.Issuer)
			require.Equal(t, []string{"teacher"}, got.Roles)
			require.NotEqual(t, identity.Claims{Issuer: "learnsnap", Subject: "noor"}.Owner(), got.Owner())
		})
	}
	require.NoError(t, o.Check(t.Context()))
}

func TestOIDCRefuses(t *testing.T) {
	rs, stranger := rsaKey(t), rsaKey(t)
	der, err := x509.MarshalPKIXPublicKey(rs.Public())
	require.NoError(t, err)
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	i := serve(t)
	i.publish(public("rs", "RS256", rs.Public()))
	o := newOIDC(t, i, identity.OIDCConfig{Wait: time.Minute})
	run(t, o)
	for name, token := range map[string]string{
		"garbage":                 "not.a.token",
		"alg none":                i.token(t, jwt.SigningMethodNone, "rs", jwt.UnsafeAllowNoneSignatureType),
		"HS256 with its own key":  i.token(t, jwt.SigningMethodHS256, "rs", []byte(publicPEM)),
		"HS256 with its modulus":  i.token(t, jwt.SigningMethodHS256, "rs", rs.N.Bytes()),
		"a key's other algorithm": i.token(t, jwt.SigningMethodPS256, "rs", rs),
		"a stranger's key":        i.token(t, jwt.SigningMethodRS256, "rs", stranger),
		"an unknown key":          i.token(t, jwt.SigningMethodRS256, "new", stranger),
		"no kid, stranger's":      i.token(t, jwt.SigningMethodRS256, "", stranger),
		"another issuer":          i.token(t, jwt.SigningMethodRS256, "rs", rs, "iss", "https://accounts.example"),
		"no issuer":               i.token(t, jwt.SigningMethodRS256, "rs", rs, "iss", ""),
		"its issuer with a slash": i.token(t, jwt.SigningMethodRS256, "rs", rs, "iss", i.url+"/"),
		"another audience":        i.token(t, jwt.SigningMethodRS256, "rs", rs, "aud", "learnsnap"),
		"expired":                 i.token(t, jwt.SigningMethodRS256, "rs", rs, "exp", start().Add(-31*time.Second).Unix()),
		"not yet valid":           i.token(t, jwt.SigningMethodRS256, "rs", rs, "nbf", start().Add(31*time.Second).Unix()),
		"made in the future":      i.token(t, jwt.SigningMethodRS256, "rs", rs, "iat", start().Add(31*time.Second).Unix()),
		"10 kB":                   i.token(t, jwt.SigningMethodRS256, "rs", rs, "padding", strings.Repeat("x", 10_000)),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := o.Verify(t.Context(), token)
			require.ErrorIs(t, err, identity.ErrInvalid)
			require.Empty(t, got)
			require.NotContains(t, err.Error(), token)
		})
	}
}

func TestAnyAsksTheVerifierOfTheIssuerAlone(t *testing.T) {
	rs := rsaKey(t)
	i := serve(t)
	i.publish(public("rs", "RS256", rs.Public()))
	o := newOIDC(t, i, identity.OIDCConfig{Wait: time.Minute})
	run(t, o)
	h := newHMAC(t, identity.HMACConfig{Audience: "app"})
	ours, err := h.Sign(identity.Claims{Subject: "noor"}, time.Hour)
	require.NoError(t, err)
	theirs := i.token(t, jwt.SigningMethodRS256, "rs", rs)

	for _, both := range []identity.Verifier{identity.Any(h, o), identity.Any(o, h)} {
		a, err := both.Verify(t.Context(), ours)
		require.NoError(t, err)
		b, err := both.Verify(t.Context(), theirs)
		require.NoError(t, err)
		require.Equal(t, a.Subject, b.Subject)
		require.NotEqual(t, a.Owner(), b.Owner())

		_, err = both.Verify(t.Context(), i.token(t, jwt.SigningMethodHS256, "", []byte(secret)))
		require.ErrorIs(t, err, identity.ErrInvalid, "who knows the secret does not speak for the issuer")
		_, err = both.Verify(t.Context(), i.token(t, jwt.SigningMethodRS256, "rs", rs, "iss", "learnsnap"))
		require.ErrorIs(t, err, identity.ErrInvalid, "the issuer does not speak for us")
		_, err = both.Verify(t.Context(), i.token(t, jwt.SigningMethodNone, "", jwt.UnsafeAllowNoneSignatureType))
		require.ErrorIs(t, err, identity.ErrInvalid)
		_, err = both.Verify(t.Context(), i.token(t, jwt.SigningMethodRS256, "rs", rs, "exp", start().Add(-time.Hour).Unix()))
		require.ErrorContains(t, err, "expired", "the reason is that of the issuer's verifier")
	}
}

func TestKeySetsAreReadLeniently(t *testing.T) {
	rs, ed := rsaKey(t), edKey(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	i := serve(t)
	i.publish(
		map[string]any{"kty": "OKP", "crv": "X448", "x": "AAAA", "kid": "odd"},
		map[string]any{"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U", "kid": "oct", "alg": "HS256"},
		map[string]any{"kid": 7}, "text",
		public("weak", "", weak.Public()),
		jose.JSONWebKey{KeyID: "enc", Use: "enc", Key: rs.Public()},
		jose.JSONWebKey{KeyID: "private", Use: "sig", Key: rs},
		public("ed", "", ed.Public()),
	)
	o := newOIDC(t, i, identity.OIDCConfig{Wait: time.Minute})
	run(t, o)
	_, err = o.Verify(t.Context(), i.token(t, jwt.SigningMethodEdDSA, "ed", ed))
	require.NoError(t, err, "one key of a kind that nobody knows spoils none of the others")
	for kid, key := range map[string]*rsa.PrivateKey{"weak": weak, "enc": rs, "private": rs} {
		_, err = o.Verify(t.Context(), i.token(t, jwt.SigningMethodRS256, kid, key))
		require.ErrorIs(t, err, identity.ErrInvalid, kid)
	}
}

func TestIssuersThatCantBeUsed(t *testing.T) {
	for _, url := range []string{"", "accounts.example.com", "http://accounts.example.com", "ftp://localhost", "https://u:p@accounts.example.com", "https://a.example#x"} {
		_, err := identity.NewOIDC(identity.OIDCConfig{Issuer: url, ClientID: "app"})
		require.Error(t, err, url)
	}
	_, err := identity.NewOIDC(identity.OIDCConfig{Issuer: "https://accounts.example.com"})
	require.ErrorContains(t, err, "client id")

	key := rsaKey(t)
	for name, prepare := range map[string]func(*issuer){
		"its document is another's":   func(i *issuer) { i.name = "https://accounts.example.com" },
		"it answers 503":              func(i *issuer) { i.away = true },
		"it has no keys":              func(i *issuer) { i.keys = []any{} },
		"its keys are no keys at all": func(i *issuer) { i.keys = []any{"key"} },
		"its keys have no end":        func(i *issuer) { i.keys = []any{strings.Repeat("x", 2<<20)} },
	} {
		t.Run(name, func(t *testing.T) {
			i := serve(t)
			prepare(i)
			o := newOIDC(t, i, identity.OIDCConfig{Wait: time.Minute})
			run(t, o)
			_, err := o.Verify(t.Context(), i.token(t, jwt.SigningMethodRS256, "rs", key))
			require.ErrorIs(t, err, identity.ErrUnavailable)
			require.NotErrorIs(t, err, identity.ErrInvalid)
			require.Less(t, len(err.Error()), 300)
			require.Error(t, o.Check(t.Context()))
		})
	}
}

func TestAKeyThatIsTurnedIsFetched(t *testing.T) {
	first, second := edKey(t), edKey(t)
	bubble(t, identity.OIDCConfig{}, func(t *testing.T, i *issuer, o *identity.OIDC) {
		i.publish(public("1", "EdDSA", first.Public()))
		run(t, o)
		_, err := o.Verify(t.Context(), i.token(t, jwt.SigningMethodEdDSA, "1", first))
		require.NoError(t, err)
		time.Sleep(time.Minute)

		i.publish(public("2", "EdDSA", second.Public()))
		_, err = o.Verify(t.Context(), i.token(t, jwt.SigningMethodEdDSA, "2", second))
		require.NoError(t, err, "the unknown key was asked for")
		_, err = o.Verify(t.Context(), i.token(t, jwt.SigningMethodEdDSA, "1", first))
		require.ErrorIs(t, err, identity.ErrInvalid, "the one that was withdrawn is forgotten")
		require.EqualValues(t, 2, i.fetches.Load())
	})
}

func TestAWithdrawnKeyIsForgottenByItself(t *testing.T) {
	first, second := edKey(t), edKey(t)
	bubble(t, identity.OIDCConfig{}, func(t *testing.T, i *issuer, o *identity.OIDC) {
		i.publish(public("1", "", first.Public()), public("2", "", second.Public()))
		run(t, o)
		token := i.token(t, jwt.SigningMethodEdDSA, "1", first)
		_, err := o.Verify(t.Context(), token)
		require.NoError(t, err)
		i.publish(public("2", "", second.Public()))
		time.Sleep(16 * time.Minute)
		_, err = o.Verify(t.Context(), token)
		require.ErrorIs(t, err, identity.ErrInvalid)
	})
}

func TestStrangersCantMakeUsAskForKeysAllTheTime(t *testing.T) {
	good, bad := edKey(t), edKey(t)
	bubble(t, identity.OIDCConfig{}, func(t *testing.T, i *issuer, o *identity.OIDC) {
		i.publish(public("1", "", good.Public()))
		run(t, o)
		var all sync.WaitGroup
		for n := range 600 { // one minute
			for range 5 {
				all.Go(func() {
					_, err := o.Verify(t.Context(), i.token(t, jwt.SigningMethodEdDSA, "made up "+time.Duration(n).String(), bad))
					require.ErrorIs(t, err, identity.ErrInvalid)
				})
			}
			time.Sleep(100 * time.Millisecond)
		}
		all.Wait()
		require.LessOrEqual(t, i.fetches.Load(), int32(7))
		require.GreaterOrEqual(t, i.fetches.Load(), int32(5))
	})
}

func TestAnIssuerThatIsAway(t *testing.T) {
	key := edKey(t)
	var changes []error
	bubble(t, identity.OIDCConfig{OnChange: func(err error) { changes = append(changes, err) }}, func(t *testing.T, i *issuer, o *identity.OIDC) {
		i.publish(public("1", "", key.Public()))
		i.set(true)
		token := i.token(t, jwt.SigningMethodEdDSA, "1", key)

		_, err := o.Verify(t.Context(), token)
		require.ErrorIs(t, err, identity.ErrUnavailable, "it waits for Wait and no longer, even where nobody runs it")
		stop := run(t, o)
		time.Sleep(time.Minute)
		_, err = o.Verify(t.Context(), token)
		require.ErrorIs(t, err, identity.ErrUnavailable)

		i.set(false)
		time.Sleep(time.Minute)
		_, err = o.Verify(t.Context(), token)
		require.NoError(t, err, "it comes back by itself")

		i.set(true)
		time.Sleep(23 * time.Hour)
		_, err = o.Verify(t.Context(), token)
		require.NoError(t, err, "the keys that are there go on")
		require.Error(t, o.Check(t.Context()), "but health says it")
		_, err = o.Verify(t.Context(), i.token(t, jwt.SigningMethodEdDSA, "2", key))
		require.ErrorIs(t, err, identity.ErrUnavailable, "a key that is not known may be a new one")

		time.Sleep(2 * time.Hour)
		_, err = o.Verify(t.Context(), token)
		require.ErrorIs(t, err, identity.ErrUnavailable, "not for ever")
		stop()
	})
	require.Len(t, changes, 3)
	require.Error(t, changes[0])
	require.NoError(t, changes[1])
	require.Error(t, changes[2])
}

func TestAnIssuerThatSaysNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close() // connections are taken by the kernel and never answered
	i := &issuer{url: "http://" + listener.Addr().String()}
	o := newOIDC(t, i, identity.OIDCConfig{Wait: time.Minute})
	run(t, o)
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(errors.New("the client has gone"))
	_, err = o.Verify(ctx, i.token(t, jwt.SigningMethodEdDSA, "1", edKey(t)))
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzOIDCVerify(f *testing.F) {
	key := edKey(f)
	i := serve(f)
	i.publish(public("1", "EdDSA", key.Public()))
	o := newOIDC(f, i, identity.OIDCConfig{Wait: time.Minute})
	run(f, o)
	good := i.token(f, jwt.SigningMethodEdDSA, "1", key)
	_, err := o.Verify(f.Context(), good)
	require.NoError(f, err)
	for _, seed := range []string{"", "..", good, good[:len(good)-1], i.token(f, jwt.SigningMethodEdDSA, "2", key), raw(`{"alg":"HS256","kid":"1"}`, claims("iss", i.url))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		got, err := o.Verify(t.Context(), token)
		if err != nil {
			require.ErrorIs(t, err, identity.ErrInvalid)
			require.Empty(t, got)
			return
		}
		parts := strings.Split(token, ".")
		require.NoError(t, jwt.SigningMethodEdDSA.Verify(parts[0]+"."+parts[1], decode(t, parts[2]), key.Public()))
	})
}

func BenchmarkOIDCVerify(b *testing.B) {
	key := rsaKey(b)
	i := serve(b)
	i.publish(public("1", "RS256", key.Public()))
	o := newOIDC(b, i, identity.OIDCConfig{Wait: time.Minute})
	run(b, o)
	token := i.token(b, jwt.SigningMethodRS256, "1", key)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
