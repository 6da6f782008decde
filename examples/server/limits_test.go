package main_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/limit/redistest"
)

// Two servers share one limit, in whatever keeps it.
func TestLimitsHoldForAllReplicasTogether(t *testing.T) {
	report := func(d device) (int, http.Header) {
		return d.do("POST", "/api/v1/quiz/nothing/report-question", "", nil, nil)
	}
	for name, environ := range map[string]func(t *testing.T) []string{
		"postgres": func(t *testing.T) []string { return []string{"DATABASE_URL=" + postgres.Database(t)} },
		"redis": func(t *testing.T) []string {
			return []string{"REDIS_URL=" + redistest.New(t).URL(), "DATABASE_URL=" + postgres.Database(t)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			environ := append(environ(t), "RATE_LIMITS=on")
			a, b := start(t, t.TempDir(), environ...), start(t, t.TempDir(), environ...)
			d := a.device()
			for i := range 10 { // as many as an hour has
				status, h := report(device{[]*running{a, b}[i%2], d.token})
				require.Equal(t, 400, status)
				require.NotEmpty(t, h.Get("RateLimit"))
				require.NotEmpty(t, h.Get("RateLimit-Policy"))
			}
			for _, s := range []*running{a, b} {
				status, h := report(device{s, d.token})
				require.Equal(t, 429, status)
				require.NotEmpty(t, h.Get("Retry-After"))
			}
			status, _ := report(a.device())
			require.Equal(t, 400, status, "another device is another caller")
		})
	}
}

func TestRequestsGoOnWithoutRedis(t *testing.T) {
	redis := redistest.New(t)
	s := start(t, t.TempDir(), "REDIS_URL="+redis.URL(), "RATE_LIMITS=on")
	d := s.device()
	require.NoError(t, redis.Kill())
	for range 10 {
		status, _ := d.do("POST", "/api/v1/quiz/nothing/report-question", "", nil, nil)
		require.Equal(t, 400, status)
	}
	status, _ := d.do("POST", "/api/v1/quiz/nothing/report-question", "", nil, nil)
	require.Equal(t, 429, status, "away is not open")
	var health struct {
		Status string
		Checks map[string]struct{ Status string }
	}
	status, _ = d.do("GET", "/health", "", nil, &health)
	require.Equal(t, 200, status)
	require.Equal(t, "degraded", health.Checks["redis"].Status)
}

func TestRefusedTokensAreLimited(t *testing.T) {
	s := start(t, t.TempDir(), "RATE_LIMITS=on", "JWT_SECRET="+jwtSecret)
	d := device{s, "garbage"}
	seen := map[int]int{}
	for range 40 {
		status, _ := d.do("GET", "/api/v1/credits", "", nil, nil)
		seen[status]++
	}
	require.Positive(t, seen[401])
	require.Positive(t, seen[429])
	good := s.device()
	status, _ := good.do("GET", "/api/v1/credits", "", nil, nil)
	require.Equal(t, 200, status, "a good token is not looked at askance")
}
