// Package cors lets pages of listed origins use the server from a browser (the CORS
// protocol of the Fetch standard). An origin is listed exactly or not at all: there
// are no patterns and no "*", and none that a client sends is repeated to it
// without having been found in the list.
//
// It opens what [http.CrossOriginProtection] keeps shut, so that both have to know
// the list:
//
//	list, err := cors.New(cors.Config{Origins: []string{"https://app.example.com"}})
//	…
//	for _, origin := range list.Origins() {
//		err := protection.AddTrustedOrigin(origin)
//		…
//	}
//	handler := list.Handler(protection.Handler(router))
package cors

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config configures a [List].
type Config struct {
	// Origins are those of the pages, such as "https://app.example.com" or
	// "http://localhost:3000". None means that only the server's own pages use it.
	Origins []string

	// Credentials lets browsers send the server's cookies along. Pages that send a
	// token in a header, as those of other origins should, don't need it.
	Credentials bool

	Methods []string      // nil means GET, HEAD, POST, PUT and DELETE
	Headers []string      // that pages may send; nil means those that the server reads
	Expose  []string      // that pages may read; nil means those that the server writes
	MaxAge  time.Duration // how long browsers remember the answer to a preflight; 0 means 10 minutes, −1 not at all
}

// List is an allow list of origins. It is safe for concurrent use.
type List struct {
	origins     []string
	credentials bool
	methods     string
	headers     string
	expose      string
	maxAge      string
}

// New returns a List, or an error that names the origin that can't be one.
func New(c Config) (*List, error) {
	if c.Methods == nil {
		c.Methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE"}
	}
	if c.Headers == nil {
		c.Headers = []string{"Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "X-Device-Token", "X-Request-ID"}
	}
	if c.Expose == nil {
		c.Expose = []string{"Content-Disposition", "ETag", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"}
	}
	if c.MaxAge == 0 {
		c.MaxAge = 10 * time.Minute
	}
	l := &List{
		credentials: c.Credentials, methods: strings.Join(c.Methods, ", "), headers: strings.Join(c.Headers, ", "), expose: strings.Join(c.Expose, ", "),
		maxAge: strconv.Itoa(max(0, int(c.MaxAge/time.Second))),
	}
	for _, text := range c.Origins {
		origin, err := parse(text)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(l.origins, origin) {
			l.origins = append(l.origins, origin)
		}
	}
	return l, nil
}

// parse reads an origin and writes it as browsers do: in small letters, without the
// port that its scheme has anyway.
func parse(text string) (string, error) {
	u, err := url.Parse(strings.ToLower(text))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") ||
		u.Scheme+"://"+u.Host != strings.ToLower(text) || !isHost(u.Hostname()) {
		return "", fmt.Errorf("%q is no origin such as https://app.example.com", text)
	}
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	return u.Scheme + "://" + u.Host, nil
}

// isHost refuses what browsers would write in another way, such as "*" and letters
// beyond ASCII, and what would therefore never match.
func isHost(host string) bool {
	return strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-:") == ""
}

// Origins returns the origins as browsers write them.
func (l *List) Origins() []string { return slices.Clone(l.origins) }

// Handler answers the preflights of listed origins and lets their pages read what
// next answers. To all others it adds nothing, and the browser refuses for us.
func (l *List) Handler(next http.Handler) http.Handler {
	if len(l.origins) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin") // also where there is none: a cache must not give that answer to a page
		if values := r.Header["Origin"]; len(values) == 1 && slices.Contains(l.origins, values[0]) {
			h.Set("Access-Control-Allow-Origin", values[0])
			if l.credentials {
				h.Set("Access-Control-Allow-Credentials", "true")
			}
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				h.Set("Access-Control-Allow-Methods", l.methods)
				h.Set("Access-Control-Allow-Headers", l.headers)
				h.Set("Access-Control-Max-Age", l.maxAge)
				w.WriteHeader(http.StatusNoContent)
				return
			}
			h.Set("Access-Control-Expose-Headers", l.expose)
		}
		next.ServeHTTP(w, r)
	})
}
