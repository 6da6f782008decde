package identity

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzKeySet is an inner test, for a set that is made up would otherwise go over
// HTTP each time. It holds that nothing but public keys that can verify come out.
func FuzzKeySet(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"keys":[]}`, `{"keys":[{}]}`, `{"keys":null}`, `[]`, `{"keys":[{"kty":"oct","k":"AAAA"}]}`,
		`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","use":"sig","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
		`{"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc"}]}`,
		`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := parseKeys(data)
		require.Equal(t, err != nil, len(keys) == 0)
		for _, k := range keys {
			switch public := k.public.(type) {
			case *rsa.PublicKey:
				require.GreaterOrEqual(t, public.N.BitLen(), weakestRSA)
			case ed25519.PublicKey:
				require.Len(t, public, ed25519.PublicKeySize)
			case *ecdsa.PublicKey:
			default:
				t.Fatalf("a key is a %T", k.public)
			}
		}
	})
}
