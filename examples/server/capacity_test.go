package main_test

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
)

// TestDrillCapacity measures what docs/CAPACITY.md says of one server: what watchers
// cost, and how many quizzes go through when models answer at once. It asserts no
// figure.
func TestDrillCapacity(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("LEARNSNAP_DRILL=1 measures")
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		var environ []string
		if engine == "postgres" {
			environ = []string{"DATABASE_URL=" + postgres.Database(t)}
		}
		environ = append(environ, "FREE_PAGES_GUEST=-1", "RATE_LIMITS=off", "MEMORY_LIMIT_MB=2048", "GEMINI_API_KEY=key")
		t.Run(engine, func(t *testing.T) {
			endless := aitest.NewServer(t, aitest.Gemini, aitest.Say(heartReply(t)).Every(10*time.Second))
			s := start(t, t.TempDir(), append(environ, "GEMINI_BASE_URL="+endless.URL)...)
			d := s.device()
			t.Logf("idle: %s", s.footprint())
			id := d.create([][]byte{[]byte(heart)}, "questions", "5").SessionID
			total := 0
			for _, n := range []int{1_000, 10_000} {
				d.openWatchers(id, n-total)
				total = n
				before := s.number("process_cpu_seconds_total")
				time.Sleep(5 * time.Second)
				t.Logf("%d watchers: %s, %.0f %% of a processor", n, s.footprint(), (s.number("process_cpu_seconds_total")-before)*20)
			}
		})
		t.Run(engine+", quizzes", func(t *testing.T) {
			prompt := aitest.NewServer(t, aitest.Gemini, aitest.Say(heartReply(t)))
			s := start(t, t.TempDir(), append(environ, "GEMINI_BASE_URL="+prompt.URL)...)
			const callers, each = 20, 10
			began := time.Now()
			var calling sync.WaitGroup
			for range callers {
				d := s.device()
				calling.Go(func() {
					for range each {
						d.watch(d.create([][]byte{[]byte(heart)}, "questions", "5").SessionID, "", 0)
					}
				})
			}
			most := 0.0
			done := make(chan struct{})
			go func() { calling.Wait(); close(done) }()
			for running := true; running; {
				most = max(most, s.number(`db_pool_connections{state="in_use"}`))
				select {
				case <-done:
					running = false
				case <-time.After(20 * time.Millisecond):
				}
			}
			took := time.Since(began)
			t.Logf("%d quizzes by %d callers in %.1f s: %.0f a second; at most %.0f connections in use (seen at scrapes); %s",
				callers*each, callers, took.Seconds(), callers*each/took.Seconds(), most, s.footprint())
		})
	}
}

// openWatchers opens event streams that stay until the test ends.
func (d device) openWatchers(id string, n int) {
	t := d.s.t
	request := fmt.Sprintf("GET /api/v1/quiz/%s/events HTTP/1.1\r\nHost: x\r\nX-Device-Token: %s\r\n\r\n", id, d.token)
	for range n {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.s.url, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() }) // the server may have ended it
		_, err = conn.Write([]byte(request))
		require.NoError(t, err)
		first := make([]byte, 12)
		_, err = conn.Read(first)
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 200", string(first))
	}
}

// number reads one series of the metrics; 0 where it is not there.
func (s *running) number(series string) float64 {
	for line := range strings.Lines(s.scrape()) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			require.NoError(s.t, err)
			return n
		}
	}
	return 0
}

func (s *running) footprint() string {
	return fmt.Sprintf("%.0f MB resident, %.0f file descriptors, %.0f goroutines, %.0f connections in use",
		s.number("process_resident_memory_bytes")/(1<<20), s.number("process_open_fds"), s.number("go_goroutines"), s.number(`db_pool_connections{state="in_use"}`))
}
