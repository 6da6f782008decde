package main_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/storage/postgres/pgtest"
)

// Of two servers on one Postgres one is killed with twenty quizzes under way: the
// other finishes all of them, and who watched goes on there.
func TestAnotherReplicaFinishesWhatAKilledOneBegan(t *testing.T) {
	const quizzes = 20
	r := rand.New(rand.NewPCG(3, 9))
	rivers := newRivers(t, r, map[aitest.Provider]int{aitest.Gemini: 0, aitest.Chat: 0, aitest.Anthropic: 0})
	rivers.every = 5 * time.Millisecond
	environ := append(rivers.environ(), "DATABASE_URL="+postgres.Database(t))
	first, second := start(t, t.TempDir(), environ...), start(t, t.TempDir(), environ...)
	d := first.device()
	elsewhere := device{second, d.token} // both know the device: they share a secret

	ids := make([]string, quizzes)
	for i := range ids {
		ids[i] = d.create([][]byte{photo(t, r), photo(t, r)}, "questions", strconv.Itoa(riverQuestions)).SessionID
	}
	seen := make([][]event, quizzes)
	seen[0] = d.watch(ids[0], "", 1) // it is under way
	var watching sync.WaitGroup
	watching.Go(func() { seen[0] = append(seen[0], d.watch(ids[0], lastID(seen[0]), 0)...) })
	seen[1] = d.watch(ids[1], "", 2)
	require.NoError(t, first.cmd.Process.Kill())
	watching.Wait() // its connection is cut
	for i, id := range ids {
		events := seen[i]
		if len(events) == 0 || events[len(events)-1].kind != "done" {
			events = append(events, elsewhere.watch(id, lastID(events), 0)...)
		}
		rivers.isWhole(events, elsewhere.get(id, "?answers=true"))
	}
	require.NoError(t, second.stop())
}

func TestACreationIsRepeatedOverHTTP(t *testing.T) {
	for name, environ := range map[string][]string{"sqlite": nil, "postgres": {"DATABASE_URL"}} {
		t.Run(name, func(t *testing.T) {
			if len(environ) > 0 {
				environ = []string{"DATABASE_URL=" + postgres.Database(t)}
			}
			d := start(t, t.TempDir(), append(environ, "FREE_PAGES_GUEST=3")...).device()
			contentType, body := form(t, [][]byte{[]byte(heart)}, "questions", "5")
			sent := body.Bytes()
			var first, again created
			status, h := d.do("POST", "/api/v1/quiz/create", contentType, bytes.NewReader(sent), &first, "Idempotency-Key", "k-1")
			require.Equal(t, http.StatusAccepted, status)
			require.Empty(t, h.Get("Idempotency-Replayed"))
			// Another boundary, and so other bytes, of the same pages and fields.
			contentType, body = form(t, [][]byte{[]byte(heart)}, "questions", "5")
			status, h = d.do("POST", "/api/v1/quiz/create", contentType, body, &again, "Idempotency-Key", "k-1")
			require.Equal(t, http.StatusAccepted, status)
			require.Equal(t, "true", h.Get("Idempotency-Replayed"))
			require.Equal(t, first, again)
			contentType, body = form(t, [][]byte{[]byte(heart)}, "questions", "6")
			var problem struct{ Code string }
			status, _ = d.do("POST", "/api/v1/quiz/create", contentType, body, &problem, "Idempotency-Key", "k-1")
			require.Equal(t, http.StatusUnprocessableEntity, status)
			require.Equal(t, "IDEMPOTENCY_KEY_REUSED", problem.Code)

			d.watch(first.SessionID, "", 0)
			var history struct {
				Entries []struct {
					Action string
					Pages  int
				}
				Next string
			}
			status, _ = d.do("GET", "/api/v1/credits/history?limit=2", "", nil, &history)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, "[{capture 0} {hold -1}]", fmt.Sprint(history.Entries))
			status, _ = d.do("GET", "/api/v1/credits/history?limit=2&cursor="+history.Next, "", nil, &history)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, "[{grant 3}]", fmt.Sprint(history.Entries))
			for _, query := range []string{"limit=0", "limit=x", "limit=1000", "cursor=-1", "cursor=1e3"} {
				status, _ = d.do("GET", "/api/v1/credits/history?"+query, "", nil, nil)
				require.Equal(t, http.StatusBadRequest, status, query)
			}

			status, _ = d.do("DELETE", "/api/v1/quiz/"+first.SessionID, "", nil, nil)
			require.Equal(t, http.StatusNoContent, status)
			status, _ = d.do("GET", "/api/v1/quiz/"+first.SessionID, "", nil, nil)
			require.Equal(t, http.StatusNotFound, status)
		})
	}
}

// A database that goes away turns ready red and costs nothing that was accepted;
// the process heals by itself.
func TestADatabaseThatGoesAwayIsToldAndForgiven(t *testing.T) {
	if testing.Short() {
		t.Skip("it stops and starts a database")
	}
	postgres := pgtest.New(t)
	s := start(t, t.TempDir(), "DATABASE_URL="+postgres.Database(t))
	d := s.device()
	c := d.create([][]byte{[]byte(heart)}, "questions", "5")
	d.watch(c.SessionID, "", 0)
	require.NoError(t, postgres.Stop())
	status, _ := d.do("GET", "/health/live", "", nil, nil)
	require.Equal(t, http.StatusOK, status)
	status, _ = d.do("GET", "/health/ready", "", nil, nil)
	require.Equal(t, http.StatusServiceUnavailable, status)
	contentType, body := form(t, [][]byte{[]byte(heart)})
	status, h := d.do("POST", "/api/v1/quiz/create", contentType, body, nil)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotEmpty(t, h.Get("Retry-After"))
	require.NoError(t, postgres.Resume())
	require.Eventually(t, func() bool {
		status, _ := d.do("GET", "/health/ready", "", nil, nil)
		return status == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, "ready", d.get(c.SessionID, "").Status)
	require.NoError(t, s.stop())
}

func TestTheDatabasesPasswordIsNotTold(t *testing.T) {
	out := fails(t, "DATABASE_URL=postgres://amal:sesame-opens@127.0.0.1:1/x?connect_timeout=1")
	require.Contains(t, out, "DATABASE_URL")
	require.NotContains(t, out, "sesame")
	require.Contains(t, fails(t, "DATABASE_URL=mysql://x"), "want postgres://")
}
