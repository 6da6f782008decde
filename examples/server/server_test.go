package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage/postgres/pgtest"
)

// binary is the real server, built once.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" { // in each of its workers, too: they need neither the binary nor a database
		os.Exit(m.Run())
	}
	if crowdMain() {
		return
	}
	dir, err := os.MkdirTemp("", "server")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "server")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build the server: %v\n%s", err, out))
	}
	code := pgtest.Main(m, &postgres)
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// postgres is for the tests that need one.
var postgres *pgtest.Server

// A running is a server process.
type running struct {
	t     *testing.T
	url   string
	dir   string
	cmd   *exec.Cmd
	ended chan error
	log   *bytes.Buffer // complete when ended has answered

	over   chan struct{} // closed behind that
	stderr bytes.Buffer

	mu    sync.Mutex // guards pages
	pages map[string]bool
}

var listening = regexp.MustCompile(`"msg":"listening","url":"([^"]+)"`)

// start starts the server on a free port and waits until it listens.
func start(t *testing.T, dir string, environ ...string) *running {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOST=127.0.0.1", "PORT=0", "DATA_DIR=" + dir, "FREE_PAGES_GUEST=2", "RATE_LIMITS=off"}, environ...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	s := &running{t: t, dir: dir, cmd: cmd, ended: make(chan error, 1), log: &bytes.Buffer{}, over: make(chan struct{}), pages: map[string]bool{}}
	cmd.Stderr = io.MultiWriter(os.Stderr, &s.stderr)
	require.NoError(t, cmd.Start())
	ready := make(chan string, 1)
	go func() {
		defer close(s.over)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			s.log.Write(append(lines.Bytes(), '\n'))
			if m := listening.FindSubmatch(lines.Bytes()); m != nil {
				ready <- string(m[1])
			}
		}
		s.ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended already
		<-s.over
		s.keepsQuiet(cmd.Env)
	})
	select {
	case s.url = <-ready:
	case err := <-s.ended:
		require.Fail(t, "the server has not started", "%v\n%s", err, s.log)
	case <-time.After(time.Minute):
		require.Fail(t, "the server does not listen")
	}
	return s
}

// stop asks the server to stop and waits for it.
func (s *running) stop() error {
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGTERM))
	return <-s.ended
}

// A device is a guest.
type device struct {
	s     *running
	token string
}

func (s *running) device() device {
	s.t.Helper()
	var body struct{ Token string }
	status, _ := device{s: s}.do("POST", "/api/v1/device/issue", "", nil, &body)
	require.Equal(s.t, http.StatusCreated, status)
	return device{s, body.Token}
}

// do makes a request and decodes the JSON of its answer.
func (d device) do(method, path, contentType string, body io.Reader, into any, header ...string) (status int, h http.Header) {
	t := d.s.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, d.s.url+path, body)
	require.NoError(t, err)
	if d.token != "" {
		req.Header.Set("X-Device-Token", d.token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NotEmpty(t, resp.Header.Get("X-Request-Id"))
	if into != nil {
		require.NoError(t, json.Unmarshal(data, into), string(data))
	}
	return resp.StatusCode, resp.Header
}

// form is a multipart body with these pages and fields.
func form(t *testing.T, pages [][]byte, fields ...string) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for i, page := range pages {
		part, err := w.CreateFormFile("pages", fmt.Sprintf("page%d", i))
		require.NoError(t, err)
		_, err = part.Write(page)
		require.NoError(t, err)
	}
	for i := 0; i+1 < len(fields); i += 2 {
		require.NoError(t, w.WriteField(fields[i], fields[i+1]))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), body
}

const heart = `The Heart
The heart is a muscle that pumps blood through the body.
Artery: a vessel that carries blood away from the heart.
Vein: a vessel that carries blood back to the heart.
Capillary: a very thin vessel that joins arteries and veins.
Plasma: the liquid part of the blood.
The human heart has four chambers. In 1628 the doctor William Harvey described how blood circulates in the body.
The left side of the heart is stronger than the right side of the heart.
`

type created struct {
	SessionID      string
	Status         string
	ImageCount     int
	PagesRemaining int
}

func (d device) create(pages [][]byte, fields ...string) created {
	d.s.t.Helper()
	d.s.sent(pages)
	contentType, body := form(d.s.t, pages, fields...)
	var c created
	status, _ := d.do("POST", "/api/v1/quiz/create", contentType, body, &c)
	require.Equal(d.s.t, http.StatusAccepted, status)
	return c
}

type event struct{ kind, id, data string }

// watch reads the events of a quiz from behind an item, at most n of them, or to
// the last.
func (d device) watch(id, after string, n int) (events []event) {
	t := d.s.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", d.s.url+"/api/v1/quiz/"+id+"/events", nil)
	require.NoError(t, err)
	req.Header.Set("X-Device-Token", d.token)
	if after != "" {
		req.Header.Set("Last-Event-ID", after)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	var e event
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case lines.Text() == "" && e.kind != "":
			events = append(events, e)
			if len(events) == n || e.kind == "done" || e.kind == "failed" {
				return events
			}
			e = event{}
		case field == "event":
			e.kind = value
		case field == "id":
			e.id = value
		case field == "data":
			e.data = value
		}
	}
	return events
}

type view struct {
	Status    string
	Questions []map[string]any
	Pages     []map[string]any
	Failure   *struct {
		Code   string
		Detail string
		Pages  []int
	}
}

func (d device) get(id, query string) (v view) {
	d.s.t.Helper()
	status, _ := d.do("GET", "/api/v1/quiz/"+id+query, "", nil, &v)
	require.Equal(d.s.t, http.StatusOK, status)
	return v
}

func TestAPageBecomesAQuizThatIsAnsweredAndGraded(t *testing.T) {
	s := start(t, t.TempDir())
	d := s.device()
	c := d.create([][]byte{[]byte(heart)}, "questions", "8")
	require.Equal(t, 1, c.ImageCount)
	require.Equal(t, 1, c.PagesRemaining)
	events := d.watch(c.SessionID, "", 0)
	require.Equal(t, "done", events[len(events)-1].kind)
	for _, e := range events {
		require.NotContains(t, e.data, `"correct"`, "keys are hidden")
		require.NotContains(t, e.data, `"evidence"`)
		require.Equal(t, e.kind == "page" || e.kind == "lesson" || e.kind == "question", e.id != "")
	}

	hidden, open := d.get(c.SessionID, ""), d.get(c.SessionID, "?answers=true")
	require.Equal(t, "ready", hidden.Status)
	require.GreaterOrEqual(t, len(hidden.Questions), 5)
	answers := map[string]any{}
	for i, q := range open.Questions {
		require.NotContains(t, hidden.Questions[i], "correct")
		answers[q["id"].(string)] = q["correct"]
		if q["type"] == "matching" {
			pairs := map[string]any{}
			for _, p := range q["pairs"].([]any) {
				pairs[p.(map[string]any)["left"].(string)] = p.(map[string]any)["right"]
			}
			answers[q["id"].(string)] = pairs
		}
	}
	body, err := json.Marshal(map[string]any{"answers": answers})
	require.NoError(t, err)
	var result struct{ Score, Total int }
	status, _ := d.do("POST", "/api/v1/quiz/"+c.SessionID+"/submit", "application/json", bytes.NewReader(body), &result)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, len(open.Questions), result.Score)
	require.Equal(t, result.Total, result.Score)

	var p struct{ Code string }
	status, _ = d.do("POST", "/api/v1/quiz/"+c.SessionID+"/submit", "application/json", bytes.NewReader(body), &p)
	require.Equal(t, http.StatusConflict, status)
	require.Equal(t, "ALREADY_SUBMITTED", p.Code)
	status, _ = d.do("GET", "/api/quiz/"+c.SessionID+"/result", "", nil, &result)
	require.Equal(t, http.StatusOK, status, "older clients leave v1 out")
	status, _ = d.do("POST", "/api/v1/quiz/"+c.SessionID+"/report-question", "application/json", strings.NewReader(`{"questionId":"q1","reason":"unclear"}`), nil)
	require.Equal(t, http.StatusCreated, status)
	status, _ = s.device().do("GET", "/api/v1/quiz/"+c.SessionID, "", nil, &p)
	require.Equal(t, http.StatusNotFound, status, "another device's session")
}

func TestWhatIsWrongIsToldAndCostsNothing(t *testing.T) {
	s := start(t, t.TempDir())
	d := s.device()
	photo := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00")
	many := make([][]byte, 21)
	for i := range many {
		many[i] = []byte(heart)
	}
	js := func(body string) func() (string, io.Reader) {
		return func() (string, io.Reader) { return "application/json", strings.NewReader(body) }
	}
	multi := func(pages [][]byte, fields ...string) func() (string, io.Reader) {
		return func() (string, io.Reader) { contentType, body := form(t, pages, fields...); return contentType, body }
	}
	for _, c := range []struct {
		name   string
		send   func() (contentType string, body io.Reader)
		status int
		code   string
	}{
		{"not an image", multi([][]byte{[]byte("<html>x</html>")}), 415, "UNSUPPORTED_PAGE"},
		{"a photo that is cut off", multi([][]byte{photo}), 400, "CORRUPT_PAGE"},
		{"an empty page", multi([][]byte{{}}), 400, "EMPTY_PAGE"},
		{"21 pages", multi(many), 400, "TOO_MANY_PAGES"},
		{"a page of 7 MB", multi([][]byte{bytes.Repeat([]byte("a"), 7<<20)}), 413, "PAGE_TOO_LARGE"},
		{"no pages", multi(nil, "questions", "5"), 400, "NO_PAGES"},
		{"a wrong field", multi([][]byte{[]byte(heart)}, "pagez", "5"), 400, "INVALID_REQUEST"},
		{"too many questions", multi([][]byte{[]byte(heart)}, "questions", "99"), 400, "INVALID_REQUEST"},
		{"three pages for two", multi([][]byte{[]byte(heart), []byte(heart + "a"), []byte(heart + "b")}), 402, "INSUFFICIENT_CREDITS"},
		{"junk JSON", js("{junk"), 400, "INVALID_REQUEST"},
		{"bad base64", js(`{"images":["!!!!"]}`), 400, "CORRUPT_PAGE"},
		{"no known type", func() (string, io.Reader) { return "text/csv", strings.NewReader("a,b") }, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"100 MB", func() (string, io.Reader) {
			return "application/json", io.MultiReader(strings.NewReader(`{"images":["`), io.LimitReader(letters{}, 100<<20))
		}, 413, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			contentType, body := c.send()
			var p struct{ Code, Detail, RequestID string }
			status, h := d.do("POST", "/api/v1/quiz/create", contentType, body, &p)
			require.Equal(t, c.status, status, "%+v", p)
			if c.code != "" {
				require.Equal(t, c.code, p.Code)
			}
			require.Equal(t, "application/problem+json", h.Get("Content-Type"))
			require.NotEmpty(t, p.Detail)
			require.NotEmpty(t, p.RequestID)
		})
	}
	var left struct{ PagesRemaining int }
	d.do("GET", "/api/v1/credits", "", nil, &left)
	require.Equal(t, 2, left.PagesRemaining, "no page of the allowance is lost")
	require.Empty(t, blobs(t, s.dir), "no file is left")
	var p struct{ Code, Detail string }
	status, _ := d.do("GET", "/api/v1/quiz/unknown", "", nil, &p, "Accept-Language", "ar-SA,en;q=0.5")
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, p.Detail, "الاختبار", "in the language of the client")
	for path, want := range map[string]int{"/nowhere": 404, "/api/v1/device/issue": 405} {
		status, _ := d.do("GET", path, "", nil, &p)
		require.Equal(t, want, status, path)
	}
	status, _ = device{s: s}.do("GET", "/api/v1/credits", "", nil, &p)
	require.Equal(t, "DEVICE_REQUIRED", p.Code)
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = device{s, d.token + "x"}.do("GET", "/api/v1/credits", "", nil, &p)
	require.Equal(t, "INVALID_TOKEN", p.Code)
	require.Equal(t, http.StatusUnauthorized, status)
	status, _ = device{s: s}.do("POST", "/api/v1/device/issue", "", nil, &p, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, status)
}

// letters is an endless text.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

// blobs lists the files that uploads have left.
func blobs(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	})
	require.NoError(t, err)
	return files
}

func TestAClientThatLeavesInTheMiddleOfAnUploadLeavesNoFile(t *testing.T) {
	s := start(t, t.TempDir())
	d := s.device()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, "POST", s.url+"/api/v1/quiz/create", r)
	require.NoError(t, err)
	req.Header.Set("X-Device-Token", d.token)
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	left := make(chan error, 1)
	go func() { _, err := http.DefaultClient.Do(req); left <- err }()
	_, err = io.WriteString(w, "--b\r\nContent-Disposition: form-data; name=\"pages\"; filename=\"a\"\r\n\r\n"+strings.Repeat(heart, 200))
	require.NoError(t, err)
	cancel()
	require.NoError(t, w.CloseWithError(context.Canceled)) // else the client may wait for more of the body before it leaves
	require.Error(t, <-left)
	require.NoError(t, s.stop(), "a stop waits for the request")
	require.Empty(t, blobs(t, s.dir))
}

func TestTheJSONFormTakesTextsAndBase64(t *testing.T) {
	d := start(t, t.TempDir()).device()
	var c created
	body := fmt.Sprintf(`{"questions":5,"images":["data:text/plain;base64,%s"],"texts":[]}`, base64.StdEncoding.EncodeToString([]byte(heart)))
	status, _ := d.do("POST", "/api/v1/quiz/create", "application/json", strings.NewReader(body), &c)
	require.Equal(t, http.StatusAccepted, status)
	events := d.watch(c.SessionID, "", 0)
	require.Equal(t, "done", events[len(events)-1].kind)
}

func TestAStreamThatIsCutAnywhereGivesEachItemOnce(t *testing.T) {
	d := start(t, t.TempDir()).device()
	c := d.create([][]byte{[]byte(heart)}, "questions", "8")
	var want []event
	for _, e := range d.watch(c.SessionID, "", 0) {
		if e.id != "" {
			want = append(want, e)
		}
	}
	require.Greater(t, len(want), 6)
	for cut := 1; cut <= 2*len(want); cut++ {
		var got []event
		last := ""
		for _, n := range []int{cut, 0} {
			for _, e := range d.watch(c.SessionID, last, n) {
				if e.id != "" {
					got, last = append(got, e), e.id
				}
			}
		}
		require.Equal(t, want, got, "cut after %d events", cut)
	}
}

func TestAKilledServerGoesOnWhereItWas(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	d := s.device()
	c := d.create([][]byte{[]byte(heart), []byte(strings.ReplaceAll(heart, "blood", "sap"))}, "questions", "8")
	first := d.watch(c.SessionID, "", 3)
	require.NoError(t, s.cmd.Process.Kill())
	<-s.ended

	s = start(t, dir)
	d = device{s, d.token} // the same secret: the device is still known
	last, seen := "", map[string]bool{}
	for _, e := range first {
		if e.id != "" {
			last, seen[e.id] = e.id, true
		}
	}
	rest := d.watch(c.SessionID, last, 0)
	require.Equal(t, "done", rest[len(rest)-1].kind)
	for _, e := range rest {
		if e.id != "" {
			require.False(t, seen[e.id], "each item once")
			seen[e.id] = true
		}
	}
	require.Empty(t, blobs(t, dir), "pages go once their texts are there")
	var left struct{ PagesRemaining int }
	d.do("GET", "/api/v1/credits", "", nil, &left)
	require.Equal(t, 0, left.PagesRemaining, "taken once")
	require.NoError(t, s.stop())
	require.Contains(t, s.log.String(), `"msg":"stopped"`)
}

func TestAPageThatCannotBeAQuizGivesItsPagesBack(t *testing.T) {
	d := start(t, t.TempDir()).device()
	c := d.create([][]byte{[]byte("Water is wet. It falls.")})
	events := d.watch(c.SessionID, "", 0)
	require.Equal(t, "failed", events[len(events)-1].kind)
	v := d.get(c.SessionID, "")
	require.Equal(t, "failed", v.Status)
	require.Equal(t, "TOO_FEW_QUESTIONS", v.Failure.Code)
	var left struct{ PagesRemaining int }
	d.do("GET", "/api/v1/credits", "", nil, &left)
	require.Equal(t, 2, left.PagesRemaining)
}

func TestPhotosBecomeQuizzes(t *testing.T) {
	dir := os.Getenv("LEARNSNAP_PAGES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "pages")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no photos of pages: %v (set LEARNSNAP_PAGES to their folder)", err)
	}
	if _, err := exec.LookPath("tesseract"); err != nil {
		t.Skip("tesseract is not installed: apt-get install tesseract-ocr tesseract-ocr-ara tesseract-ocr-eng tesseract-ocr-osd")
	}
	d := start(t, t.TempDir(), "FREE_PAGES_GUEST=-1").device()
	for file, want := range map[string]string{
		"en_fractions_photo.heic": "ready", "ar_photosynthesis_photo2.jpg": "ready", "unreadable_blur.jpg": "RECAPTURE_REQUIRED", "blank_page.jpg": "RECAPTURE_REQUIRED",
	} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		c := d.create([][]byte{data}, "questions", "8")
		d.watch(c.SessionID, "", 0)
		v := d.get(c.SessionID, "")
		if want == "ready" {
			require.Equal(t, want, v.Status, file)
			require.Len(t, v.Questions, 8)
			continue
		}
		require.Equal(t, want, v.Failure.Code, file)
		require.Equal(t, []int{1}, v.Failure.Pages)
	}
}

func TestTheServerSaysWhatIsWrongWithItsConfiguration(t *testing.T) {
	cmd := exec.Command(binary)
	cmd.Env = []string{"PORT=http", "LOG_LEVEL=loud", "DATABASE_URL=mysql://x", "SHUTDOWN_TIMEOUT=0", "AI_PROVIDERS=gemini", "DEVICE_TOKEN_SECRET=short-secret", "DATA_DIR=" + t.TempDir(),
		"AI_DAILY_USD=much", "AI_QUIZ_USD=0", "AI_PRICES={}x", "AI_VERIFY=openai"}
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, 10, string(out))
	for i, name := range []string{"PORT", "SHUTDOWN_TIMEOUT", "AI_DAILY_USD", "AI_QUIZ_USD", "LOG_LEVEL", "DATABASE_URL", "DEVICE_TOKEN_SECRET", "AI_PROVIDERS", "AI_VERIFY", "AI_PRICES"} {
		require.True(t, strings.HasPrefix(lines[i], name+": "), lines[i])
		require.Contains(t, lines[i], "want")
	}
	require.NotContains(t, string(out), "short-secret")
}

// fails runs a server that must not start and returns what it says.
func fails(t *testing.T, environ ...string) string {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Env = append([]string{"HOST=127.0.0.1", "PORT=0", "DATA_DIR=" + t.TempDir()}, environ...)
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	return string(out)
}

func TestTheProbesAndThePageAnswer(t *testing.T) {
	s := start(t, t.TempDir())
	for _, path := range []string{"/health", "/health/live", "/health/ready", "/health/ai", "/metrics", "/", "/app.js", "/app.css"} {
		resp, err := http.Get(s.url + path)
		require.NoError(t, err)
		data, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode, path)
		require.NotEmpty(t, data)
	}
	require.NoError(t, s.stop())
}
