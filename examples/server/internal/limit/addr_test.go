package limit_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit"
)

func proxies(t testing.TB, list string) []netip.Prefix {
	t.Helper()
	prefixes, err := limit.ParseProxies(list)
	require.NoError(t, err)
	return prefixes
}

func TestClientIP(t *testing.T) {
	const trusted = "10.0.0.0/8, 127.0.0.1, ::1, 2001:db8:aaaa::/48"
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		trusted      string
		want         string
	}{
		{"no proxy", "203.0.113.9:4711", nil, trusted, "203.0.113.9"},
		{"a stranger's header", "203.0.113.9:4711", []string{"198.51.100.1"}, trusted, "203.0.113.9"},
		{"nobody is trusted", "10.0.0.1:4711", []string{"198.51.100.1"}, "", "10.0.0.1"},
		{"one proxy", "10.0.0.1:4711", []string{"198.51.100.1"}, trusted, "198.51.100.1"},
		{"what the client made up", "10.0.0.1:4711", []string{"1.2.3.4, 198.51.100.1"}, trusted, "198.51.100.1"},
		{"made up in a line of its own", "10.0.0.1:4711", []string{"1.2.3.4", "198.51.100.1"}, trusted, "198.51.100.1"},
		{"made up to look trusted", "10.0.0.1:4711", []string{"10.9.9.9, 198.51.100.1"}, trusted, "198.51.100.1"},
		{"two proxies", "10.0.0.1:4711", []string{"198.51.100.1, 10.0.0.2"}, trusted, "198.51.100.1"},
		{"two proxies, two lines", "10.0.0.1:4711", []string{"1.2.3.4, 198.51.100.1", "10.0.0.2"}, trusted, "198.51.100.1"},
		{"all are trusted", "10.0.0.1:4711", []string{"10.0.0.3, 10.0.0.2"}, trusted, "10.0.0.3"},
		{"a proxy that does not know", "10.0.0.1:4711", []string{"1.2.3.4, unknown"}, trusted, "10.0.0.1"},
		{"empty", "10.0.0.1:4711", []string{""}, trusted, "10.0.0.1"},
		{"a comma too many", "10.0.0.1:4711", []string{"198.51.100.1,"}, trusted, "10.0.0.1"},
		{"with a port", "10.0.0.1:4711", []string{"198.51.100.1:80"}, trusted, "198.51.100.1"},
		{"IPv6", "[::1]:4711", []string{"2001:db8::5"}, trusted, "2001:db8::5"},
		{"IPv6 with a port", "[2001:db8:aaaa::1]:4711", []string{"[2001:db8::5]:80"}, trusted, "2001:db8::5"},
		{"IPv6 in brackets", "[::1]:4711", []string{"[2001:db8::5]"}, trusted, "2001:db8::5"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:4711", []string{"::ffff:198.51.100.1"}, trusted, "198.51.100.1"},
		{"a zone", "[fe80::1%eth0]:4711", nil, trusted, "fe80::1"},
		{"no address", "@", []string{"198.51.100.1"}, trusted, "invalid IP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
			require.Equal(t, c.want, limit.ClientIP(r, proxies(t, c.trusted)).String())
		})
	}
}

func TestAddrKeys(t *testing.T) {
	for addr, want := range map[string]string{
		"198.51.100.1":         "198.51.100.1",
		"::ffff:198.51.100.1":  "198.51.100.1",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::ffff":   "2001:db8:1:2::/64",
		"2001:db8:1:3::ffff":   "2001:db8:1:3::/64",
		"fe80::1%wlan0":        "fe80::/64",
	} {
		require.Equal(t, want, limit.AddrKey(netip.MustParseAddr(addr)))
	}
	require.Equal(t, "invalid IP", limit.AddrKey(netip.Addr{}))
}

func TestProxiesThatCantBeRead(t *testing.T) {
	for _, list := range []string{"10.0.0.0/33", "proxy.example", "10.0.0.1:80", "::ffff:10.0.0.0/104", "10.0.0.0/8; ::1", "fe80::1%eth0"} {
		_, err := limit.ParseProxies(list)
		require.ErrorContains(t, err, "no address or prefix", list)
	}
	require.Empty(t, proxies(t, " , "))
}

// FuzzClientIP holds that nothing that a client writes changes who it is: its proxy's
// entry, the last one, decides.
func FuzzClientIP(f *testing.F) {
	for _, seed := range []string{"", "1.2.3.4", "10.0.0.1, 10.0.0.2", "unknown", ",,,", "[::1]:80", "1.2.3.4, [", strings.Repeat("10.0.0.1,", 100)} {
		f.Add(seed, seed)
	}
	trusted := proxies(f, "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, first, second string) {
		for _, lines := range [][]string{{first + ", 198.51.100.1"}, {first, second + ",198.51.100.1"}, {first, second, "198.51.100.1"}} {
			r := &http.Request{RemoteAddr: "10.0.0.1:4711", Header: http.Header{"X-Forwarded-For": lines}}
			require.Equal(t, "198.51.100.1", limit.ClientIP(r, trusted).String())
		}
		r := &http.Request{RemoteAddr: first, Header: http.Header{"X-Forwarded-For": {second}}}
		addr := limit.ClientIP(r, trusted)
		require.Empty(t, addr.Zone())
		require.NotEmpty(t, limit.AddrKey(addr))
		r = &http.Request{RemoteAddr: "203.0.113.9:1", Header: http.Header{"X-Forwarded-For": {first, second}}}
		require.Equal(t, "203.0.113.9", limit.ClientIP(r, trusted).String())
	})
}

func FuzzParseProxies(f *testing.F) {
	for _, seed := range []string{"", "10.0.0.0/8, ::1", "10.0.0.1/8", "x", "::ffff:1.2.3.4/128"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		prefixes, err := limit.ParseProxies(list)
		if err != nil {
			require.Empty(t, prefixes)
		}
		for _, p := range prefixes {
			require.True(t, p.Contains(p.Addr()))
			require.Equal(t, p, p.Masked())
		}
	})
}

func BenchmarkClientIP(b *testing.B) {
	trusted := proxies(b, "10.0.0.0/8, 127.0.0.1, ::1")
	r := &http.Request{RemoteAddr: "10.0.0.1:4711", Header: http.Header{"X-Forwarded-For": {"198.51.100.1, 10.0.0.2"}}}
	b.ReportAllocs()
	for b.Loop() {
		limit.ClientIP(r, trusted)
	}
}
