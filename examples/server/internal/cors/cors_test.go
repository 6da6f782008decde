package cors_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/cors"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	list, err := cors.New(cors.Config{Origins: []string{"https://app.example.com"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := list.Handler(http.NotFoundHandler())
	for _, origin := range []string{"https://app.example.com", "https://other.example.com"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Printf("%q\n", w.Header().Get("Access-Control-Allow-Origin"))
	}
	// Output:
	// "https://app.example.com"
	// ""
}

// serve starts a server that stands behind the list and behind what keeps other
// origins out, as the reference server does.
func serve(t *testing.T, c cors.Config) *httptest.Server {
	t.Helper()
	list, err := cors.New(c)
	require.NoError(t, err)
	protection := http.NewCrossOriginProtection()
	for _, origin := range list.Origins() {
		require.NoError(t, protection.AddTrustedOrigin(origin))
	}
	server := httptest.NewServer(list.Handler(protection.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		w.WriteHeader(http.StatusTeapot)
	}))))
	t.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, server *httptest.Server, method string, header http.Header) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL, nil)
	require.NoError(t, err)
	r.Header = header
	answer, err := server.Client().Do(r)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer
}

// told are the names of the headers of CORS in an answer, in order.
func told(h http.Header) string {
	var names []string
	for name := range h {
		if rest, ok := strings.CutPrefix(name, "Access-Control-"); ok {
			names = append(names, rest)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestWhoIsListedMayAndOthersMayNot(t *testing.T) {
	server := serve(t, cors.Config{Origins: []string{"https://app.example.com", "http://localhost:3000"}})
	const preflight = "Allow-Headers Allow-Methods Allow-Origin Max-Age"
	for _, c := range []struct {
		name, method string
		origins      []string
		preflight    bool
		status       int
		told         string
	}{
		{"a page of a listed origin reads", "GET", []string{"https://app.example.com"}, false, 418, "Allow-Origin Expose-Headers"},
		{"and writes", "POST", []string{"https://app.example.com"}, false, 418, "Allow-Origin Expose-Headers"},
		{"its preflight", "OPTIONS", []string{"https://app.example.com"}, true, 204, preflight},
		{"the second one's", "OPTIONS", []string{"http://localhost:3000"}, true, 204, preflight},
		{"its OPTIONS that is no preflight", "OPTIONS", []string{"https://app.example.com"}, false, 405, "Allow-Origin Expose-Headers"},
		{"no browser", "GET", nil, false, 418, ""},
		{"no browser writes", "POST", nil, false, 418, ""},
		{"a stranger reads, unseen by its page", "GET", []string{"https://evil.example"}, false, 418, ""},
		{"a stranger writes", "POST", []string{"https://evil.example"}, false, 403, ""},
		{"a stranger's preflight", "OPTIONS", []string{"https://evil.example"}, true, 405, ""},
		{"another scheme", "POST", []string{"http://app.example.com"}, false, 403, ""},
		{"another port", "POST", []string{"https://app.example.com:8443"}, false, 403, ""},
		{"a host below", "POST", []string{"https://x.app.example.com"}, false, 403, ""},
		{"a host that ends alike", "POST", []string{"https://evilapp.example.com"}, false, 403, ""},
		{"a host that begins alike", "POST", []string{"https://app.example.com.evil.example"}, false, 403, ""},
		{"null", "POST", []string{"null"}, false, 403, ""},
		{"any", "OPTIONS", []string{"*"}, true, 405, ""},
		{"two", "OPTIONS", []string{"https://app.example.com", "https://evil.example"}, true, 405, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{}
			if c.origins != nil {
				h["Origin"] = c.origins
				h.Set("Sec-Fetch-Site", "cross-site")
			}
			if c.preflight {
				h.Set("Access-Control-Request-Method", "POST")
			}
			answer := ask(t, server, c.method, h)
			require.Equal(t, c.status, answer.StatusCode)
			require.Equal(t, c.told, told(answer.Header))
			require.Equal(t, "Origin", answer.Header.Get("Vary"))
			if c.told != "" {
				require.Equal(t, c.origins[0], answer.Header.Get("Access-Control-Allow-Origin"))
			}
		})
	}
}

func TestCredentialsOnlyWhereTheyAreAskedFor(t *testing.T) {
	server := serve(t, cors.Config{Origins: []string{"https://app.example.com"}, Credentials: true})
	answer := ask(t, server, "GET", http.Header{"Origin": {"https://app.example.com"}})
	require.Equal(t, "true", answer.Header.Get("Access-Control-Allow-Credentials"))
	answer = ask(t, server, "GET", http.Header{"Origin": {"https://evil.example"}})
	require.Empty(t, told(answer.Header))
}

func TestWhatIsToldIsConfigured(t *testing.T) {
	h := http.Header{"Origin": {"https://app.example.com"}, "Access-Control-Request-Method": {"PATCH"}}
	answer := ask(t, serve(t, cors.Config{Origins: h["Origin"]}), "OPTIONS", h).Header
	require.Equal(t, "600", answer.Get("Access-Control-Max-Age"))
	require.Contains(t, answer.Get("Access-Control-Allow-Headers"), "X-Device-Token")
	answer = ask(t, serve(t, cors.Config{Origins: h["Origin"], Methods: []string{"GET", "PATCH"}, Headers: []string{"X-A"}, MaxAge: -1}), "OPTIONS", h).Header
	require.Equal(t, "0", answer.Get("Access-Control-Max-Age"))
	require.Equal(t, "GET, PATCH", answer.Get("Access-Control-Allow-Methods"))
	require.Equal(t, "X-A", answer.Get("Access-Control-Allow-Headers"))
	answer = ask(t, serve(t, cors.Config{Origins: h["Origin"], Expose: []string{"X-B"}, MaxAge: time.Hour}), "GET", h).Header
	require.Equal(t, "X-B", answer.Get("Access-Control-Expose-Headers"))
}

func TestAnEmptyListChangesNothing(t *testing.T) {
	answer := ask(t, serve(t, cors.Config{}), "GET", http.Header{"Origin": {"https://app.example.com"}})
	require.Empty(t, told(answer.Header))
	require.Empty(t, answer.Header.Get("Vary"))
}

func TestOriginsAreWrittenAsBrowsersWriteThem(t *testing.T) {
	list, err := cors.New(cors.Config{Origins: []string{"HTTPS://App.Example.com:443", "https://app.example.com", "http://localhost:80", "http://[::1]:3000"}})
	require.NoError(t, err)
	require.Equal(t, []string{"https://app.example.com", "http://localhost", "http://[::1]:3000"}, list.Origins())
}

func TestWhatIsNoOrigin(t *testing.T) {
	for _, text := range []string{
		"", "*", "null", "app.example.com", "https://", "https://*.example.com", "https://app.example.com/", "https://app.example.com/x", "https://app.example.com?x",
		"https://app.example.com#x", "https://u@app.example.com", "ftp://app.example.com", "https://app.example.com:", "https://تعلم.example", "https://app example.com", "file:///x",
	} {
		_, err := cors.New(cors.Config{Origins: []string{text}})
		require.ErrorContains(t, err, "is no origin", text)
	}
}

// FuzzOrigins holds that what is taken is taken by the other protection, too, and
// stays what it is.
func FuzzOrigins(f *testing.F) {
	for _, seed := range []string{"https://app.example.com", "http://[::1]:80", "*", "https://a:b", "https://a:443", "http://a:80:80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := cors.New(cors.Config{Origins: []string{text}})
		if err != nil {
			return
		}
		require.NoError(t, http.NewCrossOriginProtection().AddTrustedOrigin(list.Origins()[0]))
		again, err := cors.New(cors.Config{Origins: list.Origins()})
		require.NoError(t, err)
		require.Equal(t, list.Origins(), again.Origins())
	})
}
