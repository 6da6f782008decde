package limit

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// ParseProxies reads a list of addresses and prefixes with commas, such as
// "10.0.0.0/8, ::1": the proxies whose X-Forwarded-For is believed.
func ParseProxies(list string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for text := range strings.SplitSeq(list, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if addr, addrErr := netip.ParseAddr(text); addrErr == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil || prefix.Addr().Is4In6() || strings.Contains(text, "%") { // a zone, which is dropped, belongs to this machine alone
			return nil, fmt.Errorf("%q is no address or prefix such as 10.0.0.0/8", text)
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes, nil
}

// ClientIP returns the address of a request's client. Each proxy appends to
// X-Forwarded-For whom it heard; what a client wrote there itself stands left of
// that. So the list is read from the right, as long as trusted proxies vouch for it.
// Without trusted proxies the header is not looked at.
//
// It is not valid where the connection has no IP address.
func ClientIP(r *http.Request, trusted []netip.Prefix) netip.Addr {
	client, ok := parseAddr(r.RemoteAddr)
	lines := r.Header["X-Forwarded-For"]
	for n := len(lines) - 1; n >= 0 && ok; n-- {
		rest := lines[n]
		for more := true; more; {
			if !isTrusted(client, trusted) {
				return client
			}
			var last string
			rest, last, more = cutLast(rest)
			before, known := parseAddr(last)
			if !known {
				return client // a trusted proxy that does not know whom it heard
			}
			client = before
		}
	}
	return client
}

// cutLast cuts the last entry from a list with commas.
func cutLast(list string) (rest, last string, more bool) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return "", list, false
	}
	return list[:i], list[i+1:], true
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	for _, prefix := range trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// parseAddr reads an address, with or without a port and brackets.
func parseAddr(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		withPort, portErr := netip.ParseAddrPort(text)
		if portErr != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.Unmap().WithZone(""), true
}

// AddrKey returns what a client's address counts as: an IPv4 address itself, and
// the /64 of an IPv6 address, of which every household has one, with more addresses
// than anybody could count.
func AddrKey(addr netip.Addr) string {
	if addr = addr.Unmap(); addr.Is4() || !addr.IsValid() {
		return addr.String()
	}
	prefix, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return addr.String()
	}
	return prefix.String()
}
