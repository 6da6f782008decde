package main_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
)

// bearer makes a request of a user's, with a device's token beside it if there is one.
func (d device) bearer(token, method, path string, into any) int {
	d.s.t.Helper()
	status, _ := d.do(method, path, "", nil, into, "Authorization", "Bearer "+token)
	return status
}

type balance struct{ PagesRemaining int }

func TestAUserGetsPagesAndThoseOfTheDeviceOnce(t *testing.T) {
	for name, database := range map[string]bool{"sqlite": false, "postgres": true} {
		t.Run(name, func(t *testing.T) {
			environ := []string{"JWT_SECRET=" + jwtSecret, "FREE_PAGES_GUEST=2", "FREE_PAGES_USER=3", "EARLY_ADOPTERS=1", "EARLY_ADOPTER_PAGES=50"}
			if database {
				environ = append(environ, "DATABASE_URL="+postgres.Database(t))
			}
			s := start(t, t.TempDir(), environ...)
			nobody := device{s: s}
			var b balance
			require.Equal(t, 200, nobody.bearer(token(t, "layla"), "GET", "/api/v1/credits", &b))
			require.Equal(t, 50, b.PagesRemaining, "the first user")
			require.Equal(t, 200, nobody.bearer(token(t, "omar"), "GET", "/api/v1/credits", &b))
			require.Equal(t, 3, b.PagesRemaining, "the second one")

			d := s.device()
			require.Equal(t, 200, d.bearer(token(t, "omar"), "GET", "/api/v1/credits", &b))
			require.Equal(t, 3, b.PagesRemaining, "a guest's free pages stay a guest's")
			status, _ := d.do("GET", "/api/v1/credits", "", nil, &b)
			require.Equal(t, 200, status)
			require.Equal(t, 2, b.PagesRemaining)

			for what, bad := range map[string]string{"garbage": "x.y.z", "empty": "", "another secret": otherToken(t)} {
				require.Equal(t, 401, d.bearer(bad, "GET", "/api/v1/credits", nil), "%s: never a silent guest", what)
			}
			require.Equal(t, 204, nobody.bearer(token(t, "layla"), "DELETE", "/api/v1/me", nil))
			require.Equal(t, 200, nobody.bearer(token(t, "layla"), "GET", "/api/v1/credits", &b))
			require.Equal(t, 3, b.PagesRemaining, "whoever comes back is a new user, and no early one")
		})
	}
}

func otherToken(t *testing.T) string {
	t.Helper()
	h, err := identity.NewHMAC(identity.HMACConfig{Secrets: []string{"another-secret-that-is-long-enough-too"}})
	require.NoError(t, err)
	signed, err := h.Sign(identity.Claims{Subject: "layla"}, time.Hour)
	require.NoError(t, err)
	return signed
}

// Of a thousand who log in at once, exactly so many are early ones.
func TestEarlyAdoptersAreCountedWithoutARace(t *testing.T) {
	const early = 30
	users := 1000
	if testing.Short() {
		users = 100
	}
	s := start(t, t.TempDir(), "JWT_SECRET="+jwtSecret, "DATABASE_URL="+postgres.Database(t))
	var lucky atomic.Int32
	var all sync.WaitGroup
	turns := make(chan struct{}, 64)
	for i := range users {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			for {
				var b balance
				status := device{s: s}.bearer(token(t, fmt.Sprint("user", i)), "GET", "/api/v1/credits", &b)
				if status == http.StatusServiceUnavailable {
					continue // turned away for now
				}
				if status != 200 || b.PagesRemaining != 2 && b.PagesRemaining != 50 {
					t.Errorf("status %d, %d pages", status, b.PagesRemaining)
				}
				if b.PagesRemaining == 50 {
					lucky.Add(1)
				}
				return
			}
		})
	}
	all.Wait()
	require.EqualValues(t, early, lucky.Load())
}

// Who may do what: every route with every identity.
func TestEveryRouteKnowsWhoAsks(t *testing.T) {
	s := start(t, t.TempDir(), "JWT_SECRET="+jwtSecret)
	owner, other := s.device(), s.device()
	id := owner.create([][]byte{[]byte(heart)}, "questions", "5").SessionID
	owner.watch(id, "", 0)
	userToken, otherUser, admin := token(t, "layla"), token(t, "omar"), token(t, "noor", "admin")
	as := map[string]func(method, path string) int{
		"none":         func(m, p string) int { status, _ := device{s: s}.do(m, p, "", nil, nil); return status },
		"device":       func(m, p string) int { status, _ := owner.do(m, p, "", nil, nil); return status },
		"other device": func(m, p string) int { status, _ := other.do(m, p, "", nil, nil); return status },
		"user":         func(m, p string) int { return device{s: s}.bearer(userToken, m, p, nil) },
		"other user":   func(m, p string) int { return device{s: s}.bearer(otherUser, m, p, nil) },
		"admin":        func(m, p string) int { return device{s: s}.bearer(admin, m, p, nil) },
		"garbage": func(m, p string) int {
			status, _ := device{s, "garbage"}.do(m, p, "", nil, nil, "Authorization", "Bearer garbage")
			return status
		},
		"garbage device": func(m, p string) int { status, _ := device{s, "garbage"}.do(m, p, "", nil, nil); return status },
	}
	columns := []string{"none", "device", "other device", "user", "other user", "admin", "garbage", "garbage device"}
	quiz := "/api/v1/quiz/" + id
	for _, row := range []struct {
		method, path string
		want         []int
	}{
		{"GET", quiz, []int{401, 200, 404, 404, 404, 404, 401, 401}},
		{"GET", quiz + "/events", []int{401, 200, 404, 404, 404, 404, 401, 401}},
		{"GET", quiz + "/result", []int{401, 409, 404, 404, 404, 404, 401, 401}},
		{"POST", quiz + "/submit", []int{401, 400, 400, 400, 400, 400, 401, 401}},
		{"POST", quiz + "/report-question", []int{401, 400, 400, 400, 400, 400, 401, 401}},
		{"GET", "/api/v1/credits", []int{401, 200, 200, 200, 200, 200, 401, 401}},
		{"GET", "/api/v1/credits/history", []int{401, 200, 200, 200, 200, 200, 401, 401}},
		{"POST", "/api/v1/quiz/create", []int{401, 415, 415, 415, 415, 415, 401, 401}},
		{"POST", "/api/v1/device/issue", []int{201, 201, 201, 201, 201, 201, 201, 201}},
		{"GET", "/api/v1/admin/flags", []int{401, 401, 401, 403, 403, 200, 401, 401}},
		{"GET", "/api/v1/admin/audit", []int{401, 401, 401, 403, 403, 200, 401, 401}},
		{"GET", "/api/v1/admin/jobs/dead", []int{401, 401, 401, 403, 403, 200, 401, 401}},
		{"POST", "/api/v1/admin/jobs/dead/1/retry", []int{401, 401, 401, 403, 403, 400, 401, 401}},
		{"POST", "/api/v1/admin/jobs/dead/1/discard", []int{401, 401, 401, 403, 403, 400, 401, 401}},
		{"POST", "/api/v1/admin/payments/x/recheck", []int{401, 401, 401, 403, 403, 503, 401, 401}},
		{"POST", "/api/v1/admin/payments/x/close", []int{401, 401, 401, 403, 403, 503, 401, 401}},
		{"DELETE", "/api/v1/admin/flags/READ_ONLY_MODE", []int{401, 401, 401, 403, 403, 400, 401, 401}},
		{"PUT", "/api/v1/admin/log-level", []int{401, 401, 401, 403, 403, 400, 401, 401}},
		{"GET", "/api/v1/admin/breakers", []int{401, 401, 401, 403, 403, 200, 401, 401}},
		{"GET", "/api/v1/admin/log-level", []int{401, 401, 401, 403, 403, 200, 401, 401}},
		{"GET", "/api/v1/admin/metrics", []int{401, 401, 401, 403, 403, 200, 401, 401}},
		{"GET", "/api/v1/admin/audit/verify", []int{401, 401, 401, 403, 403, 200, 401, 401}},
		{"GET", "/api/v1/admin/debug/pprof/heap", []int{401, 401, 401, 403, 403, 404, 401, 401}},
		{"PUT", "/api/v1/admin/flags/READ_ONLY_MODE", []int{401, 401, 401, 403, 403, 400, 401, 401}},
		{"GET", "/api/v1/billing/packs", []int{200, 200, 200, 200, 200, 200, 200, 200}},
		{"POST", "/api/v1/payment/create", []int{401, 503, 503, 503, 503, 503, 401, 401}},
		{"POST", "/api/v1/payment/verify", []int{401, 503, 503, 503, 503, 503, 401, 401}},
		{"POST", "/api/webhooks/paylink", []int{503, 503, 503, 503, 503, 503, 503, 503}},
		{"GET", "/api/v1/admin/payments/stuck", []int{401, 401, 401, 403, 403, 503, 401, 401}},
		{"GET", "/api/v1/admin/question-reports", []int{401, 401, 401, 403, 403, 200, 401, 401}},
		{"GET", "/api/v1/admin/owners/x/ledger", []int{401, 401, 401, 403, 403, 200, 401, 401}},
		{"POST", "/api/v1/admin/owners/x/adjust", []int{401, 401, 401, 403, 403, 400, 401, 401}},
		{"GET", "/health", []int{200, 200, 200, 200, 200, 200, 200, 200}},
		{"GET", "/metrics", []int{200, 200, 200, 200, 200, 200, 200, 200}},
		{"GET", "/", []int{200, 200, 200, 200, 200, 200, 200, 200}},
		{"GET", "/nowhere", []int{404, 404, 404, 404, 404, 404, 404, 404}},
		{"DELETE", quiz, []int{401, 204, 404, 404, 404, 404, 401, 401}},
		{"DELETE", "/api/v1/me", []int{401, 204, 204, 204, 204, 204, 401, 401}},
	} {
		for i, column := range columns {
			if row.method == "DELETE" && row.path == quiz && column == "device" {
				continue // the others' answers must not depend on that it is gone
			}
			require.Equal(t, row.want[i], as[column](row.method, row.path), "%s %s as %s", row.method, row.path, column)
		}
	}
}
