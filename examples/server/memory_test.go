package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A server whose memory runs out warns, then refuses new work, and where that does not
// help ends in good order and begins anew. What it has accepted is there afterwards.
// Photos of many megapixels arrive all the while; what takes the memory, and is nothing
// that could be refused, is a crowd of watchers.
func TestDrillMemoryRunsOut(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("it fills a server's memory with watchers; set LEARNSNAP_DRILL=1")
	}
	const step, most = 500, 22_000
	gate := newGate(t)
	dir, port := t.TempDir(), freePort(t)
	environ := []string{"FREE_PAGES_GUEST=-1", "MEMORY_LIMIT_MB=256", "PORT=" + port, "OPENAI_API_KEY=key", "OPENAI_BASE_URL=" + gate.url}
	s := start(t, dir, environ...)
	d := s.device()
	load := &uploads{t: t, d: d, photo: bigPhoto(t)}
	crowd := startCrowd(t, s.url, d.token)
	crowd.tell("create", 10)

	watchers := 0
	until := func(state string) memoryView {
		t.Helper()
		var m memoryView
		for ; watchers <= most; watchers += step {
			d.do("GET", "/health/memory", "", nil, &m)
			if m.State == state {
				return m
			}
			crowd.tell("watch", watchers+step)
			load.send()
		}
		require.Fail(t, "the memory is enough", "%d watchers: %+v", watchers, m)
		return m
	}
	t.Logf("idle: %d MB", s.memory("VmRSS")>>20)
	m := until("warn")
	t.Logf("warn: %d watchers, %d MB counted of %d MB", watchers, m.UsedBytes>>20, m.LimitBytes>>20)
	load.send()
	m = until("shed")
	t.Logf("shed: %d watchers, %d MB counted, %d creations taken", watchers, m.UsedBytes>>20, len(load.accepted))
	before := load.refused
	load.send()
	require.Greater(t, load.refused, before, "new work is refused")
	status, _ := d.do("GET", "/api/v1/quiz/"+load.accepted[0], "", nil, nil)
	require.Equal(t, http.StatusOK, status, "what is there can be seen")
	// More come while the share is not above the last threshold for good, for some of what
	// is counted is garbage. Nobody waits until they have joined: the end may be near.
	ended, patience := false, time.After(5*time.Minute)
	for look := time.NewTicker(2 * time.Second); !ended; {
		select {
		case err := <-s.ended:
			require.Error(t, err, "it exits as failed, so that it is started anew")
			ended = true
		case <-patience:
			require.Fail(t, "it has not ended by itself", "%d watchers, %+v", watchers, m)
		case <-look.C:
			if now, ok := memoryOf(s.url); ok {
				m = now
			}
			if m.Share < 0.85 && watchers < most {
				watchers += step
				_, err := fmt.Fprintf(crowd.in, "watch %d\n", watchers)
				require.NoError(t, err)
			}
		}
	}
	t.Logf("nothing helped: %d watchers, %d MB counted", watchers, m.UsedBytes>>20)
	require.NoError(t, crowd.cmd.Process.Kill()) // the watchers go elsewhere
	log := s.log.String()
	for _, line := range []string{
		`"msg":"memory","from":"ok","to":"warn"`, `"to":"shed"`, `"to":"restart"`,
		`"msg":"stopping","why":"memory near its limit"`,
	} {
		require.Contains(t, log, line)
	}

	gate.open()
	s = start(t, dir, environ...)
	d.s = s
	for _, id := range load.accepted {
		events := d.watch(id, "", 0)
		v := d.get(id, "")
		require.Contains(t, []string{"done", "failed"}, events[len(events)-1].kind)
		if v.Status != "ready" { // a photo that can't be read is told so
			require.NotNil(t, v.Failure)
			require.Contains(t, []string{"RECAPTURE_REQUIRED", "TOO_FEW_QUESTIONS"}, v.Failure.Code)
		}
	}
	t.Logf("%d of %d accepted quizzes were made after the restart, %d creations had been refused", len(load.accepted), len(load.accepted), load.refused)
	require.NoError(t, s.stop())
}

type memoryView struct {
	State                 string
	Share                 float64
	UsedBytes, LimitBytes int64
}

// memoryOf asks a server that may be ending.
func memoryOf(url string) (m memoryView, ok bool) {
	resp, err := http.Get(url + "/health/memory")
	if err != nil {
		return m, false
	}
	defer resp.Body.Close()
	return m, json.NewDecoder(resp.Body).Decode(&m) == nil && m.LimitBytes > 0
}

// uploads are creations, and what became of them.
type uploads struct {
	t        *testing.T
	d        device
	photo    []byte
	photos   int
	accepted []string
	refused  int
}

// send makes a quiz of a text, and some of photos as long as they are few: each is read
// in the end.
func (u *uploads) send() {
	u.t.Helper()
	const photosMost, pages = 8, 2
	u.create([]byte(heart + strconv.Itoa(len(u.accepted)))) // pages differ
	if u.photos < photosMost {
		u.photos++
		u.create(u.photo, append(bytes.Clone(u.photo), byte(u.photos)))
	}
}

func (u *uploads) create(pages ...[]byte) {
	u.t.Helper()
	contentType, body := form(u.t, pages, "questions", "5")
	var answer struct{ SessionID, Code string }
	status, h := u.d.do("POST", "/api/v1/quiz/create", contentType, body, &answer)
	if status == http.StatusServiceUnavailable {
		require.Equal(u.t, "OVERLOADED", answer.Code)
		after, err := strconv.Atoi(h.Get("Retry-After"))
		require.NoError(u.t, err)
		require.Positive(u.t, after)
		u.refused++
		return
	}
	require.Equal(u.t, http.StatusAccepted, status)
	u.accepted = append(u.accepted, answer.SessionID)
}

// bigPhoto is a photo of twelve megapixels: a real one, or one of nothing.
func bigPhoto(t *testing.T) []byte {
	t.Helper()
	if photo, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "pages", "big_12mp_gps.jpg")); err == nil {
		return photo
	}
	m, r := image.NewGray(image.Rect(0, 0, 3000, 4000)), rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(200 + r.IntN(50))
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, nil))
	return b.Bytes()
}
