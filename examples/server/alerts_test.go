package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit/redistest"
	"github.com/learnsnap/learnsnap-go/learnsnap/payments/paylinktest"
	"github.com/learnsnap/learnsnap-go/storage/postgres/pgtest"
)

// faster is what every duration of the rules, of Prometheus and of Alertmanager is
// divided by. What the rules say in metrics (60 seconds for a quiz) stays as it is.
const faster = 100

// Each fault of an alert is made for real: the server and its database, Prometheus
// and Alertmanager run as in production, by the configuration in deploy/. The alert
// arrives where it should, with the way to its runbook entry, and ends when the
// fault has.
func TestAlertsArriveAndEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("a slow quiz takes more than a minute")
	}
	for program, debian := range map[string]string{"prometheus": "prometheus", "prometheus-alertmanager": "prometheus-alertmanager"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed (Debian: apt-get install %s)", program, debian)
		}
	}
	database := pgtest.New(t, "fsync=off")
	var revoked sync.Mutex // guards bad
	bad := true
	failing := aitest.NewServer(t, aitest.Gemini, aitest.Answer(func(aitest.Request) aitest.Step {
		revoked.Lock()
		defer revoked.Unlock()
		if bad {
			return aitest.Fail(http.StatusUnauthorized, "the key was revoked")
		}
		return aitest.Say(heartReply(t))
	}))
	whole := aitest.Say(heartReply(t))
	const piece = 64 // bytes that a fake provider sends at a time
	slow := aitest.NewServer(t, aitest.Gemini, whole.Every(62*time.Second*piece/time.Duration(whole.Len(aitest.Gemini))))

	url := database.Database(t)
	stored := start(t, t.TempDir(), "FREE_PAGES_GUEST=-1", "DATABASE_URL="+url)
	helped := func(p *aitest.Server) []string {
		return []string{"FREE_PAGES_GUEST=-1", "GEMINI_API_KEY=key", "GEMINI_BASE_URL=" + p.URL}
	}
	dir := t.TempDir()
	alone := append(helped(failing), "PORT="+freePort(t))
	mortal := start(t, dir, alone...)
	patient := start(t, t.TempDir(), helped(slow)...)
	small := start(t, t.TempDir(), append(helped(slow), "MEMORY_LIMIT_MB=128")...)
	redis, fake := redistest.New(t), paylinktest.NewServer(t)
	shop := start(t, t.TempDir(), append(paylinkEnviron(fake), "JWT_SECRET="+jwtSecret, "REDIS_URL="+redis.URL(), "RATE_LIMITS=on")...)
	hook := newHook(t, stored, mortal, patient, small, shop)

	t.Run("faults", func(t *testing.T) {
		t.Run("a slow quiz", func(t *testing.T) {
			t.Parallel()
			device := patient.device()
			id := device.create([][]byte{[]byte(heart)}, "questions", "5").SessionID
			hook.fires(t, "SlowQuizGeneration", "channel")
			hook.ends(t, "SlowQuizGeneration")
			device.watch(id, "", 0) // the quiz that the alert was about may be the one of the small server
			require.Equal(t, "ready", device.get(id, "").Status)
		})
		t.Run("database stopped, then its connections exhausted", func(t *testing.T) {
			t.Parallel()
			device := stored.device()
			id := device.create([][]byte{[]byte(heart)}, "questions", "5").SessionID
			device.watch(id, "", 0)
			read := func() { device.tryGet(id) }

			require.NoError(t, database.Stop())
			calm := crowd(4, read)
			hook.fires(t, "HighErrorRate", "pager")
			require.NoError(t, database.Resume())
			hook.ends(t, "HighErrorRate")
			calm()

			conn, err := pgx.Connect(t.Context(), url)
			require.NoError(t, err)
			defer func() { require.NoError(t, conn.Close(context.Background())) }()
			_, err = conn.Exec(t.Context(), "BEGIN; LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")
			require.NoError(t, err)
			calm = crowd(60, read)
			hook.fires(t, "DatabaseConnectionExhausted", "pager")
			calm()
			_, err = conn.Exec(t.Context(), "ROLLBACK")
			require.NoError(t, err)
			hook.ends(t, "DatabaseConnectionExhausted")
		})
		t.Run("provider failing, then the server killed", func(t *testing.T) {
			t.Parallel()
			device := mortal.device()
			for range 4 {
				device.quizOf(heart)
			}
			hook.fires(t, "AIProviderDegraded", "channel")
			revoked.Lock()
			bad = false
			revoked.Unlock()
			require.NoError(t, mortal.cmd.Process.Kill())
			hook.fires(t, "ServiceDown", "pager")
			start(t, dir, alone...)
			hook.ends(t, "ServiceDown")
			hook.ends(t, "AIProviderDegraded") // breakers begin closed
		})
		t.Run("memory near its limit", func(t *testing.T) {
			t.Parallel()
			device := small.device()
			id := device.create([][]byte{[]byte(heart)}, "questions", "5").SessionID
			leave := device.crowdOfWatchers(id, 0.78)
			hook.fires(t, "HighMemoryUsage", "channel")
			status, _ := device.tryCreate()
			require.Equal(t, http.StatusServiceUnavailable, status, "new work is turned away")
			leave()
			hook.ends(t, "HighMemoryUsage")
		})
		t.Run("a payment of another amount, forged webhooks and Redis killed, then Paylink failing", func(t *testing.T) {
			t.Parallel()
			device := shop.device()
			other, status := device.buy("basic")
			require.Equal(t, http.StatusCreated, status)
			bought, status := device.buy("basic")
			require.Equal(t, http.StatusCreated, status)
			require.True(t, fake.Reprice(other.OrderNumber, "4.99") && fake.Pay(other.OrderNumber))
			shop.told(fake.Webhook(other.OrderNumber, paylinktest.Hook{Header: hookHeader}), http.StatusOK)
			for range 30 { // 429 once there were too many
				shop.told(fake.Webhook(other.OrderNumber, paylinktest.Hook{Header: hookHeader}).Forged(), http.StatusUnauthorized, http.StatusTooManyRequests)
			}
			require.NoError(t, redis.Kill())
			calm := crowd(1, func() {
				_, _ = device.try("POST", "/api/v1/quiz/nothing/report-question", "", nil) // it may be over the limit
				time.Sleep(100 * time.Millisecond)
			})
			defer calm()
			hook.fires(t, "WebhooksRefused", "channel")
			hook.fires(t, "LimitsNotShared", "channel")
			hook.fires(t, "PaymentsUnderReview", "channel")
			require.NoError(t, redis.Resume())
			require.Equal(t, 200, shop.operate("POST", "/payments/"+other.OrderNumber+"/close", map[string]any{"why": "refunded"}, nil))
			hook.ends(t, "WebhooksRefused")
			hook.ends(t, "LimitsNotShared")
			hook.ends(t, "PaymentsUnderReview")

			fake.Decide(func(paylinktest.Op, int) paylinktest.Step { return paylinktest.Status(http.StatusServiceUnavailable) })
			shop.told(fake.Webhook(bought.OrderNumber, paylinktest.Hook{Header: hookHeader}), http.StatusOK)
			for range 3 {
				device.verify(bought.OrderNumber)
			}
			hook.fires(t, "PaylinkDown", "channel") // it ends three minutes later: the rules' own tests wait for that
			require.Eventually(t, func() bool { return shop.number("webhook_events_waiting") == 1 }, time.Minute, 100*time.Millisecond)
		})
	})
}

// told is sent a webhook, and answers it with one of these.
func (s *running) told(w paylinktest.Webhook, answers ...int) {
	s.t.Helper()
	status, err := w.Send(s.t.Context(), s.url+"/api/webhooks/paylink")
	require.NoError(s.t, err)
	require.Contains(s.t, answers, status)
}

// tryGet reads a quiz, whatever comes of it.
func (d device) tryGet(id string) {
	d.try("GET", "/api/v1/quiz/"+id, "", nil)
}

func (d device) tryCreate() (status int, err error) {
	contentType, body := form(d.s.t, [][]byte{[]byte(heart)}, "questions", "5")
	return d.try("POST", "/api/v1/quiz/create", contentType, body)
}

func (d device) try(method, path, contentType string, body io.Reader) (status int, err error) {
	ctx, cancel := context.WithTimeout(d.s.t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, d.s.url+path, body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-Device-Token", d.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// crowd has n callers do something again and again, until it is calmed.
func crowd(n int, do func()) (calm func()) {
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for range n {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					do()
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	return func() { close(stop); callers.Wait() }
}

// crowdOfWatchers opens event streams until memory is used up to a share of its limit,
// and stays so.
func (d device) crowdOfWatchers(id string, share float64) (leave func()) {
	t := d.s.t
	at, err := url.Parse(d.s.url)
	require.NoError(t, err)
	request := fmt.Sprintf("GET /api/v1/quiz/%s/events HTTP/1.1\r\nHost: x\r\nX-Device-Token: %s\r\n\r\n", id, d.token)
	var open []net.Conn
	// What a request needs in the beginning is freed again, so the share has to hold
	// over as many new readings of the watchdog.
	var last time.Time
	for held := 0; held < 12; {
		var memory struct {
			Share float64
			At    time.Time
		}
		status, _ := d.do("GET", "/health/memory", "", nil, &memory)
		require.Equal(t, http.StatusOK, status)
		if memory.At.Equal(last) {
			time.Sleep(50 * time.Millisecond) // the watchdog reads four times a second
			continue
		}
		last = memory.At
		if memory.Share >= share {
			held++
			continue
		}
		held = 0
		require.Less(t, len(open), 15_000, "so many watchers, and memory is at %v", memory.Share)
		for range 100 {
			conn, err := net.Dial("tcp", at.Host)
			require.NoError(t, err)
			_, err = conn.Write([]byte(request))
			require.NoError(t, err)
			open = append(open, conn)
		}
	}
	t.Logf("%d watchers", len(open))
	return func() {
		for _, conn := range open {
			require.NoError(t, conn.Close())
		}
	}
}

// A hook is what Alertmanager tells, and the programs that lead to it.
type hook struct {
	mu   sync.Mutex
	seen map[string]map[string]notice // by alert and the rest of its labels, the last one
}

type notice struct {
	firing            bool
	receiver, runbook string
}

// newHook starts Prometheus over servers, and an Alertmanager that tells the hook.
func newHook(t *testing.T, servers ...*running) *hook {
	t.Helper()
	h := &hook{seen: map[string]map[string]notice{}}
	receiver := httptest.NewServer(http.HandlerFunc(h.receive))
	t.Cleanup(receiver.Close)
	dir := t.TempDir()
	manager, prometheus := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	write(t, filepath.Join(dir, "alertmanager.yml"), quickRoutes(t, receiver.URL))
	run := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		log, err := os.Create(filepath.Join(dir, name+".log"))
		require.NoError(t, err)
		cmd.Stdout, cmd.Stderr = log, log
		require.NoError(t, cmd.Start())
		t.Cleanup(func() {
			_ = cmd.Process.Kill() // its data go with the test's folder
			_ = cmd.Wait()
			if t.Failed() {
				text, _ := os.ReadFile(log.Name())
				t.Logf("%s:\n%.4000s", name, text)
			}
			require.NoError(t, log.Close())
		})
	}
	run("prometheus-alertmanager", "--config.file="+filepath.Join(dir, "alertmanager.yml"), "--storage.path="+filepath.Join(dir, "am"),
		"--web.listen-address="+manager, "--cluster.listen-address=")
	var targets []string
	for _, s := range servers {
		targets = append(targets, strings.TrimPrefix(s.url, "http://"))
	}
	for _, name := range []string{"alerts.yml", "slo.yml"} {
		write(t, filepath.Join(dir, "rules", name), quickRules(t, name))
	}
	write(t, filepath.Join(dir, "prometheus.yml"), map[string]any{
		"global":         map[string]any{"scrape_interval": "400ms", "scrape_timeout": "400ms", "evaluation_interval": "200ms"},
		"rule_files":     []string{"rules/*.yml"},
		"alerting":       map[string]any{"alertmanagers": []any{map[string]any{"static_configs": []any{map[string]any{"targets": []string{manager}}}}}},
		"scrape_configs": []any{map[string]any{"job_name": "learnsnap", "static_configs": []any{map[string]any{"targets": targets}}}},
	})
	run("prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "tsdb"),
		"--web.listen-address="+prometheus, "--rules.alert.resend-delay=1s")
	require.Eventually(t, func() bool { return query(prometheus, `sum(up{job="learnsnap"})`) == float64(len(servers)) },
		time.Minute, 100*time.Millisecond, "Prometheus has read every server")
	return h
}

// query answers a number; NaN where there is none.
func query(prometheus, expr string) float64 {
	resp, err := http.Get("http://" + prometheus + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return math.NaN()
	}
	defer func() { _ = resp.Body.Close() }() // it has been read
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || len(answer.Data.Result) != 1 {
		return math.NaN()
	}
	text, _ := answer.Data.Result[0].Value[1].(string)
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return math.NaN()
	}
	return value
}

func (h *hook) receive(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Receiver string
		Alerts   []struct {
			Status              string
			Labels, Annotations map[string]string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range body.Alerts {
		name := a.Labels["alertname"]
		if h.seen[name] == nil {
			h.seen[name] = map[string]notice{}
		}
		h.seen[name][fmt.Sprint(a.Labels)] = notice{a.Status == "firing", body.Receiver, a.Annotations["runbook_url"]}
	}
}

// fires waits for an alert, and looks at what it says.
func (h *hook) fires(t *testing.T, alert, receiver string) {
	t.Helper()
	n := h.wait(t, alert, true)
	require.Equal(t, receiver, n.receiver)
	require.True(t, strings.HasSuffix(n.runbook, "docs/RUNBOOK.md#"+strings.ToLower(alert)), n.runbook)
}

// ends waits until an alert is over, for everything that it was told of.
func (h *hook) ends(t *testing.T, alert string) {
	t.Helper()
	h.wait(t, alert, false)
}

func (h *hook) wait(t *testing.T, alert string, firing bool) (n notice) {
	t.Helper()
	require.Eventually(t, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		any := false
		for _, seen := range h.seen[alert] {
			if n = seen; n.firing {
				any = true
				break
			}
		}
		return any == firing
	}, 2*time.Minute, 50*time.Millisecond, "%s: firing is not %v", alert, firing)
	return n
}

var (
	rangeIn    = regexp.MustCompile(`\[(\d+[smhd])\]`)
	durationIn = regexp.MustCompile(`^(\d+)([smhd])$`)
)

// quicker divides a duration of Prometheus.
func quicker(t *testing.T, d string) string {
	m := durationIn.FindStringSubmatch(d)
	require.NotNil(t, m, d)
	n, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
	return fmt.Sprintf("%dms", (time.Duration(n) * unit / faster).Milliseconds())
}

// quickRules are the rules of deploy/ with every "for" and range divided.
func quickRules(t *testing.T, name string) any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../deploy/prometheus/rules", name))
	require.NoError(t, err)
	var rules struct {
		Groups []struct {
			Name  string
			Rules []map[string]any
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &rules))
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			r["expr"] = rangeIn.ReplaceAllStringFunc(r["expr"].(string), func(s string) string {
				return "[" + quicker(t, strings.Trim(s, "[]")) + "]"
			})
			if hold, ok := r["for"].(string); ok {
				r["for"] = quicker(t, hold)
			}
		}
	}
	return rules
}

// quickRoutes are the routes of deploy/ with every interval divided, and a webhook
// in the place of each receiver.
func quickRoutes(t *testing.T, hook string) any {
	t.Helper()
	text, err := os.ReadFile("../../deploy/alertmanager/alertmanager.yml")
	require.NoError(t, err)
	var routes map[string]any
	require.NoError(t, yaml.Unmarshal(text, &routes))
	delete(routes, "global")
	var quick func(route map[string]any)
	quick = func(route map[string]any) {
		for _, key := range []string{"group_wait", "group_interval", "repeat_interval"} {
			if d, ok := route[key].(string); ok {
				route[key] = quicker(t, d)
			}
		}
		inner, _ := route["routes"].([]any)
		for _, r := range inner {
			quick(r.(map[string]any))
		}
	}
	quick(routes["route"].(map[string]any))
	var receivers []any
	for _, r := range routes["receivers"].([]any) {
		receivers = append(receivers, map[string]any{
			"name":            r.(map[string]any)["name"],
			"webhook_configs": []any{map[string]any{"url": hook, "send_resolved": true}},
		})
	}
	routes["receivers"] = receivers
	return routes
}

func write(t *testing.T, path string, document any) {
	t.Helper()
	text, err := yaml.Marshal(document)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, text, 0o644))
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
