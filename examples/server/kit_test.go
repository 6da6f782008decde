package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
)

const jwtSecret = "a-secret-of-operators-for-tests-alone"

// token returns an operator's token, or that of somebody without the role.
func token(t *testing.T, subject string, roles ...string) string {
	t.Helper()
	h, err := identity.NewHMAC(identity.HMACConfig{Secrets: []string{jwtSecret}})
	require.NoError(t, err)
	signed, err := h.Sign(identity.Claims{Subject: subject, Roles: roles}, time.Hour)
	require.NoError(t, err)
	return signed
}

// operate makes an operator's request.
func (s *running) operate(method, path string, body, into any) int {
	s.t.Helper()
	return s.operateAs(token(s.t, "noor", "admin"), method, path, body, into)
}

func (s *running) operateAs(token, method, path string, body, into any) int {
	s.t.Helper()
	var sent bytes.Buffer
	if body != nil {
		require.NoError(s.t, json.NewEncoder(&sent).Encode(body))
	}
	status, _ := device{s: s}.do(method, "/api/v1/admin"+path, "application/json", &sent, into, "Authorization", "Bearer "+token)
	return status
}

type problemBody struct{ Code, Detail string }

func TestOperatorsAloneMayOperate(t *testing.T) {
	s := start(t, t.TempDir(), "JWT_SECRET="+jwtSecret)
	paths := map[string]string{
		"/flags": "GET", "/flags/READ_ONLY_MODE": "PUT", "/breakers": "GET", "/jobs/dead": "GET", "/jobs/dead/1/retry": "POST", "/jobs/dead/1/discard": "POST",
		"/log-level": "GET", "/audit": "GET", "/audit/verify": "GET", "/metrics": "GET", "/debug/pprof/heap": "GET",
	}
	for path, method := range paths {
		for name, c := range map[string]struct {
			token string
			want  int
		}{
			"nobody":       {"", 401},
			"garbage":      {"garbage", 401},
			"another role": {token(t, "noor", "teacher"), 403},
		} {
			require.Equal(t, c.want, s.operateAs(c.token, method, path, nil, nil), "%s %s as %s", method, path, name)
		}
	}
	d := s.device()
	status, _ := d.do("GET", "/api/v1/admin/flags", "", nil, nil)
	require.Equal(t, http.StatusUnauthorized, status, "a device is no operator")
	var problem problemBody
	require.Equal(t, http.StatusServiceUnavailable, start(t, t.TempDir()).operate("GET", "/flags", nil, &problem))
	require.Equal(t, "OPERATORS_NOT_CONFIGURED", problem.Code)
}

func TestASwitchThatIsTurnedOnOneReplicaHoldsOnTheOther(t *testing.T) {
	environ := []string{"JWT_SECRET=" + jwtSecret, "DATABASE_URL=" + postgres.Database(t)}
	a, b := start(t, t.TempDir(), environ...), start(t, t.TempDir(), environ...)
	d := b.device()
	get := func(path string) int { status, _ := d.do("GET", path, "", nil, nil); return status }
	create := func() int {
		contentType, body := form(t, [][]byte{[]byte(heart)}, "questions", "5")
		status, _ := d.do("POST", "/api/v1/quiz/create", contentType, body, nil)
		return status
	}
	require.Equal(t, http.StatusAccepted, create())
	for flag, closed := range map[string]func() bool{
		"MAINTENANCE_MODE":      func() bool { return get("/api/v1/credits") == 503 && get("/health/ready") == 200 },
		"READ_ONLY_MODE":        func() bool { return create() == 503 && get("/api/v1/credits") == 200 },
		"DISABLE_AI_GENERATION": func() bool { return create() == 503 },
		"DISABLE_REGISTRATION": func() bool {
			status, _ := device{s: b}.do("POST", "/api/v1/device/issue", "", nil, nil)
			return status == 503
		},
		"ENABLE_DEBUG_ENDPOINTS": func() bool {
			return b.operate("GET", "/debug/pprof/cmdline", nil, nil) == 404 && b.operate("GET", "/debug/pprof/goroutine", nil, nil) == 200
		},
	} {
		require.False(t, closed(), flag)
		require.Equal(t, 200, a.operate("PUT", "/flags/"+flag, map[string]any{"on": true, "why": "a drill", "for": "10m"}, nil))
		require.Eventually(t, closed, 10*time.Second, 20*time.Millisecond, flag)
		require.Equal(t, 200, a.operate("DELETE", "/flags/"+flag+"?why=over", nil, nil))
		require.Eventually(t, func() bool { return !closed() }, 10*time.Second, 20*time.Millisecond, flag)
	}
	require.Equal(t, 200, a.operate("PUT", "/flags/READ_ONLY_MODE", map[string]any{"on": true, "why": "a minute", "for": "200ms"}, nil))
	require.Eventually(t, func() bool { return get("/api/v1/credits") == 200 && create() != 503 }, 10*time.Second, 50*time.Millisecond, "it ends by itself")

	var audit struct {
		Entries []struct{ Who, What, Target, Why string }
	}
	require.Equal(t, 200, b.operate("GET", "/audit?limit=200", nil, &audit))
	require.Len(t, audit.Entries, 11)
	last := audit.Entries[len(audit.Entries)-1]
	require.Equal(t, "noor flag.put a drill", strings.Join([]string{last.Who, last.What, last.Why}, " "))
	var chain struct{ Intact bool }
	require.Equal(t, 200, b.operate("GET", "/audit/verify", nil, &chain))
	require.True(t, chain.Intact)

	for path, body := range map[string]map[string]any{
		"/flags/NO_SUCH_FLAG":   {"on": true, "why": "x"},
		"/flags/READ_ONLY_MODE": {"on": true},
		"/log-level":            {"level": "loud", "why": "x"},
	} {
		require.Contains(t, []int{400, 404}, a.operate("PUT", path, body, nil), path)
	}
}

func TestTheFlagsFileWorksWithTheDatabaseDown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flags")
	s := start(t, t.TempDir(), "FLAGS_FILE="+file)
	page := func() (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/", nil)
		require.NoError(t, err)
		req.Header.Set("Accept", "text/html")
		req.Header.Set("Accept-Language", "ar")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		var body bytes.Buffer
		_, err = body.ReadFrom(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, body.String()
	}
	status, _ := page()
	require.Equal(t, 200, status)
	require.NoError(t, os.WriteFile(file, []byte("MAINTENANCE_MODE=true\n"), 0o600))
	require.Eventually(t, func() bool { status, _ := page(); return status == 503 }, 10*time.Second, 50*time.Millisecond)
	_, body := page()
	require.Contains(t, body, `dir="rtl"`)
	require.Contains(t, body, "صيانة")
	var features struct {
		Flags []struct {
			Name, Source string
			On           bool
		}
	}
	status, _ = device{s: s}.do("GET", "/health/features", "", nil, &features)
	require.Equal(t, 200, status)
	require.Equal(t, "file", features.Flags[0].Source)
	require.NoError(t, os.Remove(file))
	require.Eventually(t, func() bool { status, _ := page(); return status == 200 }, 10*time.Second, 50*time.Millisecond)
}

func TestHealthTellsOfBudgetsAndMemory(t *testing.T) {
	s := start(t, t.TempDir(), "JWT_SECRET="+jwtSecret)
	d := s.device()
	c := d.create([][]byte{[]byte(heart)}, "questions", "5")
	d.watch(c.SessionID, "", 0)
	var budgets struct {
		Objectives []struct {
			Name        string
			Good, Total int64
		}
	}
	require.Eventually(t, func() bool {
		status, _ := d.do("GET", "/health/slo", "", nil, &budgets)
		require.Equal(t, 200, status)
		counted := map[string]int64{}
		for _, o := range budgets.Objectives {
			require.Equal(t, o.Good, o.Total)
			counted[o.Name] = o.Total
		}
		return counted["availability"] >= 3 && counted["quiz-latency-p95"] == 1
	}, 30*time.Second, 100*time.Millisecond)
	require.Len(t, budgets.Objectives, 6)
	var memory struct {
		State      string
		LimitBytes int64
	}
	status, _ := d.do("GET", "/health/memory", "", nil, &memory)
	require.Equal(t, 200, status)
	require.Equal(t, "ok", memory.State)
	require.Positive(t, memory.LimitBytes)
	var health struct {
		Status string
		Checks map[string]struct{ Status string }
	}
	status, _ = d.do("GET", "/health", "", nil, &health)
	require.Equal(t, 200, status)
	for _, name := range []string{"database", "queue", "memory", "ai"} {
		require.Equal(t, "ok", health.Checks[name].Status, name)
	}
	var level struct{ Level, Until string }
	require.Equal(t, 200, s.operate("PUT", "/log-level", map[string]any{"level": "debug", "why": "a look"}, &level))
	require.Equal(t, "DEBUG", level.Level)
	require.NotEmpty(t, level.Until)
	var snapshot struct{ Metrics []struct{ Name string } }
	require.Equal(t, 200, s.operate("GET", "/metrics", nil, &snapshot))
	require.NotEmpty(t, snapshot.Metrics)
}

// A job that fails for good is a dead letter, which an operator retries to success,
// or discards.
func TestADeadLetterIsRetriedToSuccess(t *testing.T) {
	if testing.Short() {
		t.Skip("a job fails three times before it is dead")
	}
	r := rand.New(rand.NewPCG(1, 1))
	rivers := newRivers(t, r, nil)
	var healthy atomic.Bool
	provider := aitest.NewServer(t, aitest.Chat, aitest.Answer(func(r aitest.Request) aitest.Step {
		if !healthy.Load() {
			return aitest.Fail(400, "this request is not understood")
		}
		return rivers.answer(aitest.Chat, 0, r)
	}))
	s := start(t, t.TempDir(), "JWT_SECRET="+jwtSecret, "PATH="+t.TempDir(), // without tesseract nothing else reads photos
		"FREE_PAGES_GUEST=10", "OPENAI_API_KEY=key", "OPENAI_BASE_URL="+provider.URL)
	d := s.device()
	retried := d.create([][]byte{photo(t, r), photo(t, r)}, "questions", "8").SessionID
	discarded := d.create([][]byte{photo(t, r), photo(t, r)}).SessionID
	type deadJob struct {
		ID                    int64
		Session, Owner, Cause string
		Errors                []struct{ Attempt int }
	}
	var dead struct {
		Jobs   []deadJob
		Causes map[string]int
	}
	require.Eventually(t, func() bool {
		return s.operate("GET", "/jobs/dead", nil, &dead) == 200 && len(dead.Jobs) == 2
	}, time.Minute, 100*time.Millisecond)
	require.Equal(t, map[string]int{"GENERATION_FAILED": 2}, dead.Causes)
	require.Equal(t, "failed", d.get(retried, "").Status)
	var credits struct{ PagesRemaining int }
	d.do("GET", "/api/v1/credits", "", nil, &credits)
	require.Equal(t, 10, credits.PagesRemaining)

	healthy.Store(true)
	for _, job := range dead.Jobs {
		require.Len(t, job.Errors, 3)
		require.NotEmpty(t, job.Owner)
		path, what := fmt.Sprintf("/jobs/dead/%d", job.ID), "/retry"
		if job.Session == discarded {
			what = "/discard"
		}
		require.Equal(t, 400, s.operate("POST", path+what, map[string]any{}, nil), "why?")
		require.Equal(t, 204, s.operate("POST", path+what, map[string]any{"why": "the provider is back"}, nil))
		require.Equal(t, 404, s.operate("POST", path+what, map[string]any{"why": "again"}, nil))
	}
	events := d.watch(retried, "", 0)
	require.Equal(t, "done", events[len(events)-1].kind)
	require.Equal(t, "ready", d.get(retried, "").Status)
	require.Equal(t, "failed", d.get(discarded, "").Status)
	d.do("GET", "/api/v1/credits", "", nil, &credits)
	require.Equal(t, 10, credits.PagesRemaining, "an operator's retry takes no pages")
}
