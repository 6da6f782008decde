package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

const (
	crowdSessions  = 10_000
	crowdQuestions = 5
	crowdMemory    = 512 << 20
	crowdCreators  = 16 // creations at a time
)

// So many sessions, each with a watcher, live in one server: it stays below its
// memory, nobody misses an item or gets one twice, and the database does not notice
// how many watch. The watchers are a process of their own.
func TestDrillACrowdWatches(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("10,000 sessions with watchers; set LEARNSNAP_DRILL=1")
	}
	engines(t, func(t *testing.T, environ []string) {
		gate := newGate(t)
		s := start(t, t.TempDir(), append(environ, "FREE_PAGES_GUEST=-1", "OPENAI_API_KEY=key", "OPENAI_BASE_URL="+gate.url)...)
		c := startCrowd(t, s.url, s.device().token)

		began := time.Now()
		c.tell("create", crowdSessions)
		t.Logf("%d sessions created in %v, server %d MB", crowdSessions, time.Since(began).Round(time.Second), s.memory("VmRSS")>>20)
		c.tell("watch", 100)
		few := transactions(t, environ)
		c.tell("watch", crowdSessions)
		many := transactions(t, environ)
		t.Logf("%d watchers where nothing happens: server %d MB", crowdSessions, s.memory("VmRSS")>>20)
		if len(environ) > 0 {
			t.Logf("transactions a second with 100 watchers and with %d: %.1f and %.1f", crowdSessions, few, many)
			// A query for each watcher would be hundreds of times as many.
			require.Less(t, many, 2*few+5)
		}

		began = time.Now()
		gate.open()
		c.tell("finish", 0)
		t.Logf("all quizzes made and seen in %v, the server's peak %d MB, its watchers reconnected %d times", time.Since(began).Round(time.Second), s.memory("VmHWM")>>20, c.result.Reconnected)
		require.Empty(t, c.result.Wrong)
		require.Equal(t, crowdSessions, c.result.Done)
		require.Less(t, s.memory("VmHWM"), int64(crowdMemory))
		c.end()
		require.NoError(t, s.stop())
	})
}

// memory is a line of the server's /proc/PID/status, in bytes.
func (s *running) memory(line string) int64 {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	require.NoError(s.t, err)
	m := regexp.MustCompile(line + `:\s+(\d+) kB`).FindStringSubmatch(string(text))
	require.NotNil(s.t, m, line)
	kb, err := strconv.ParseInt(m[1], 10, 64)
	require.NoError(s.t, err)
	return kb << 10
}

// transactions counts what the database does in a second, over a while.
func transactions(t *testing.T, environ []string) float64 {
	t.Helper()
	if len(environ) == 0 {
		return 0
	}
	const over, settle = 20 * time.Second, 12 * time.Second // an idle backend tells its counts within 10 s
	time.Sleep(settle)
	conn, err := pgx.Connect(t.Context(), strings.TrimPrefix(environ[0], "DATABASE_URL="))
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	count := func() (n int64) {
		_, err := conn.Exec(t.Context(), "SELECT pg_stat_clear_snapshot()")
		require.NoError(t, err)
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()").Scan(&n))
		return n
	}
	before, began := count(), time.Now()
	time.Sleep(over)
	return float64(count()-before) / time.Since(began).Seconds()
}

// A gate is a provider that lets a quiz wait until it opens, and then has nothing to
// say: the offline model makes the quizzes, all at once.
type gate struct {
	url  string
	wide chan struct{}
}

func newGate(t *testing.T) *gate {
	g := &gate{wide: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // what is asked does not matter
		w.Header().Set("Content-Type", "text/event-stream")
		beat := time.NewTicker(5 * time.Second)
		defer beat.Stop()
		for {
			_, _ = io.WriteString(w, ": still thinking\n\n") // one that has gone is told by its context
			_ = http.NewResponseController(w).Flush()
			select {
			case <-beat.C:
			case <-r.Context().Done():
				return
			case <-g.wide:
				return
			}
		}
	}))
	g.url = server.URL
	t.Cleanup(func() {
		g.open()
		server.Close()
	})
	return g
}

func (g *gate) open() {
	select {
	case <-g.wide:
	default:
		close(g.wide)
	}
}

// crowdEnv tells the tests' binary to be the crowd: the server's address and a token.
const crowdEnv = "LEARNSNAP_TEST_CROWD"

// An audience is the process of the clients. It is told what to do by lines on its
// standard input, and answers each with a line of JSON when it is done.
type audience struct {
	t       *testing.T
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *bufio.Scanner
	result  crowdResult
}

// A crowdResult is what the crowd has seen so far.
type crowdResult struct {
	Done, Reconnected int
	Wrong             []string // at most a few
}

func startCrowd(t *testing.T, url, token string) *audience {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), crowdEnv+"="+url+" "+token)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &audience{t: t, cmd: cmd, in: in, answers: bufio.NewScanner(out)}
	t.Cleanup(func() {
		_ = in.Close() // the crowd ends by itself when it is left alone
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return c
}

func (c *audience) tell(what string, n int) {
	c.t.Helper()
	_, err := fmt.Fprintf(c.in, "%s %d\n", what, n)
	require.NoError(c.t, err)
	require.True(c.t, c.answers.Scan(), "the crowd has ended")
	require.NoError(c.t, json.Unmarshal(c.answers.Bytes(), &c.result), c.answers.Text())
	require.Empty(c.t, c.result.Wrong)
}

func (c *audience) end() { require.NoError(c.t, c.in.Close()) }

// clients are what runs in the crowd's process.
type clients struct {
	url, token string
	http       *http.Client
	ids        []string
	watching   int
	over       sync.WaitGroup

	reconnected atomic.Int64
	mu          sync.Mutex // guards what follows
	done        int
	wrong       []string
}

// crowdMain is the main function of the crowd's process. It reports whether this is
// that process.
func crowdMain() bool {
	url, token, ok := strings.Cut(os.Getenv(crowdEnv), " ")
	if !ok {
		return false
	}
	limit := syscall.Rlimit{Cur: 2 * crowdSessions, Max: 2 * crowdSessions}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		fmt.Fprintln(os.Stderr, "raise the limit of open files:", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &clients{url: url, token: token, http: &http.Client{Transport: &http.Transport{
		DialContext: (&net.Dialer{Timeout: time.Minute}).DialContext, MaxIdleConnsPerHost: crowdCreators,
	}}}
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		what, number, _ := strings.Cut(commands.Text(), " ")
		n, err := strconv.Atoi(number)
		switch {
		case err != nil:
			c.note("%q is no number", number)
		case what == "create":
			c.create(ctx, n)
		case what == "watch":
			c.watch(ctx, n)
		case what == "finish":
			c.over.Wait()
		}
		c.report()
	}
	cancel() // left alone: the watchers end too
	c.over.Wait()
	return true
}

func (c *clients) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.wrong) < 10 {
		c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
	}
}

func (c *clients) report() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(crowdResult{Done: c.done, Reconnected: int(c.reconnected.Load()), Wrong: c.wrong}) // the test that reads may be gone
}

// create makes n sessions of one small page.
func (c *clients) create(ctx context.Context, n int) {
	left := make(chan struct{}, n)
	for range n {
		left <- struct{}{}
	}
	close(left)
	body, err := json.Marshal(map[string]any{"texts": []string{heart}, "questions": crowdQuestions})
	if err != nil {
		panic(err)
	}
	var creators sync.WaitGroup
	for range crowdCreators {
		creators.Go(func() {
			for range left {
				var made created
				status, err := c.do(ctx, "POST", "/api/v1/quiz/create", string(body), &made)
				if err != nil || status != http.StatusAccepted {
					c.note("create: %d %v", status, err)
					continue
				}
				c.mu.Lock()
				c.ids = append(c.ids, made.SessionID)
				c.mu.Unlock()
			}
		})
	}
	creators.Wait()
}

func (c *clients) request(ctx context.Context, method, path, body string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Device-Token", c.token)
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

func (c *clients) do(ctx context.Context, method, path, body string, into any) (int, error) {
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return 0, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, json.NewDecoder(resp.Body).Decode(into)
}

// watch opens watchers until there are n, of one session after the other, and returns
// when each has an answer.
func (c *clients) watch(ctx context.Context, n int) {
	var open sync.WaitGroup
	slots := make(chan struct{}, 4*crowdCreators)
	for ; c.watching < n && len(c.ids) > 0; c.watching++ {
		id := c.ids[c.watching%len(c.ids)]
		slots <- struct{}{}
		open.Add(1)
		c.over.Go(func() {
			answered := sync.OnceFunc(func() { <-slots; open.Done() })
			defer answered()
			c.follow(ctx, id, answered)
		})
	}
	open.Wait()
}

// follow sees a quiz to its end, over as many connections as it takes.
func (c *clients) follow(ctx context.Context, id string, answered func()) {
	const patience = 100
	last := 0
	for range patience {
		ended, err := c.events(ctx, id, &last, answered)
		switch {
		case ended:
			c.mu.Lock()
			c.done++
			c.mu.Unlock()
			if want := 1 + 1 + crowdQuestions; last != want { // page, lesson, questions
				c.note("%s: %d items, not %d", id, last, want)
			}
			return
		case ctx.Err() != nil:
			return
		case err != nil && strings.HasPrefix(err.Error(), "item"):
			c.note("%s: %v", id, err)
			return
		}
		c.reconnected.Add(1)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	c.note("%s: given up", id)
}

// events reads one connection of a watcher.
func (c *clients) events(ctx context.Context, id string, last *int, answered func()) (ended bool, err error) {
	req, err := c.request(ctx, "GET", "/api/v1/quiz/"+id+"/events", "")
	if err != nil {
		return false, err
	}
	if *last > 0 {
		req.Header.Set("Last-Event-ID", strconv.Itoa(*last))
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return false, fmt.Errorf("status %d", resp.StatusCode)
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		answered()
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case field == "id":
			if value != strconv.Itoa(*last+1) {
				return false, fmt.Errorf("item %s came after %d", value, *last)
			}
			*last++
		case field == "event" && value == "done":
			return true, nil
		case field == "event" && value == "failed":
			return false, fmt.Errorf("item %d was the last: the quiz has failed", *last)
		}
	}
	return false, lines.Err()
}
