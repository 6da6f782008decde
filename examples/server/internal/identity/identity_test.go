package identity_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBearer(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []string
		token  string
		ok     bool
	}{
		{"none", nil, "", false},
		{"a token", []string{"Bearer a.b.c"}, "a.b.c", true},
		{"any case", []string{"bearer a.b.c"}, "a.b.c", true},
		{"spaces", []string{"Bearer   a.b.c "}, "a.b.c", true},
		{"nothing after it", []string{"Bearer"}, "", true},
		{"another scheme", []string{"Basic YTpi"}, "", false},
		{"a scheme that begins alike", []string{"Bearerx a"}, "", false},
		{"two headers", []string{"Bearer a", "Bearer b"}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			token, ok := identity.Bearer(&http.Request{Header: http.Header{"Authorization": c.values}})
			require.Equal(t, c.token, token)
			require.Equal(t, c.ok, ok)
		})
	}
}

func TestOwnersOfTwoIssuersNeverCollide(t *testing.T) {
	seen := map[string]identity.Claims{}
	for _, c := range []identity.Claims{
		{Issuer: "learnsnap", Subject: "alice"},
		{Issuer: "learnsnap:alice", Subject: ""},
		{Issuer: "https://a.example", Subject: "b:alice"},
		{Issuer: "https://a.example:b", Subject: "alice"},
		{Issuer: "https%3A%2F%2Fa.example", Subject: "b:alice"},
	} {
		owner := c.Owner()
		require.NotContains(t, seen, owner)
		seen[owner] = c
	}
	require.Equal(t, "user:learnsnap:alice", identity.Claims{Issuer: "learnsnap", Subject: "alice"}.Owner())
}

func TestNoVerifierTakesNothing(t *testing.T) {
	_, err := identity.Any().Verify(t.Context(), "a.b.c")
	require.ErrorIs(t, err, identity.ErrInvalid)
}
