package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai/aitest"
)

func TestQuizzesSurviveProvidersThatAreCutOff(t *testing.T) { failOver(t, 5) }

func TestDrillQuizzesSurviveProvidersThatAreCutOff(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("a long drill: make drill")
	}
	failOver(t, 50)
}

const (
	riverPages     = 2
	riverQuestions = 8
	riversEach     = 10 // on a page
)

// failOver makes so many quizzes of photos through the server over HTTP, each with
// a watcher that loses its connection once. The first two providers are cut off at
// a random byte most of the time, but never so often in a row that their breakers
// open: they are to go on being cut.
func failOver(t *testing.T, quizzes int) {
	t.Helper()
	r := rand.New(rand.NewPCG(5, 2))
	rivers := newRivers(t, r, map[aitest.Provider]int{aitest.Gemini: 70, aitest.Chat: 50, aitest.Anthropic: 0})
	d := start(t, t.TempDir(), rivers.environ()...).device()
	asked := 0
	for range quizzes {
		c := d.create([][]byte{photo(t, r), photo(t, r)}, "questions", strconv.Itoa(riverQuestions))
		events := d.watch(c.SessionID, "", 1+r.IntN(9))
		if events[len(events)-1].kind != "done" {
			events = append(events, d.watch(c.SessionID, lastID(events), 0)...)
		}
		rivers.isWhole(events, d.get(c.SessionID, "?answers=true"))
	}
	for _, s := range rivers.servers {
		asked += len(s.Requests())
	}
	rivers.mu.Lock()
	defer rivers.mu.Unlock()
	require.Empty(t, rivers.wrong)
	t.Logf("%d quizzes, %d attempts, %d of them cut off: none lost, no item twice, no image sent again", quizzes, asked, rivers.cut)
}

// lastID is what a watcher that reconnects tells.
func lastID(events []event) (id string) {
	for _, e := range events {
		if e.id != "" {
			id = e.id
		}
	}
	return id
}

// rivers are three providers that know pages about rivers, and are cut off.
type rivers struct {
	t       *testing.T
	servers map[aitest.Provider]*aitest.Server
	every   time.Duration // between two pieces of a reply; 0 means none

	mu    sync.Mutex // guards what follows: the servers have goroutines of their own
	rand  *rand.Rand
	inRow map[aitest.Provider]int // cuts
	cut   int
	wrong []string
}

// newRivers starts the providers; each is cut off in so many of a hundred replies.
func newRivers(t *testing.T, r *rand.Rand, percent map[aitest.Provider]int) *rivers {
	v := &rivers{t: t, rand: rand.New(rand.NewPCG(r.Uint64(), r.Uint64())), servers: map[aitest.Provider]*aitest.Server{}, inRow: map[aitest.Provider]int{}}
	for p, n := range percent {
		v.servers[p] = aitest.NewServer(t, p, aitest.Answer(func(r aitest.Request) aitest.Step { return v.answer(p, n, r) }))
	}
	return v
}

// environ configures a server to ask them.
func (v *rivers) environ() []string {
	return []string{
		"FREE_PAGES_GUEST=-1", "GEMINI_API_KEY=key", "OPENAI_API_KEY=key", "ANTHROPIC_API_KEY=key",
		"GEMINI_BASE_URL=" + v.servers[aitest.Gemini].URL, "OPENAI_BASE_URL=" + v.servers[aitest.Chat].URL,
		"ANTHROPIC_BASE_URL=" + v.servers[aitest.Anthropic].URL,
	}
}

// answer writes what a prompt asks for, and cuts it off or not.
func (v *rivers) answer(p aitest.Provider, percent int, r aitest.Request) aitest.Step {
	v.mu.Lock()
	defer v.mu.Unlock()
	a := askIn(r.Text)
	if r.Images != len(a.pages) || slices.ContainsFunc(a.pages, func(n int) bool { return slices.Contains(a.read, n) }) {
		v.wrong = append(v.wrong, fmt.Sprintf("%d images for the pages %v, of which %v were read", r.Images, a.pages, a.read))
	}
	whole := aitest.Say(a.reply(v.t)).Pieces(1 + v.rand.IntN(100))
	if v.every > 0 {
		whole = whole.Every(v.every)
	}
	const breaker = 3 // failures in a row open it
	if v.rand.IntN(100) >= percent || v.inRow[p] == breaker-1 {
		v.inRow[p] = 0
		return whole
	}
	v.inRow[p]++
	v.cut++
	at := v.rand.IntN(whole.Len(p) * 9 / 10) // before the finish
	if v.rand.IntN(2) == 0 {
		return whole.EndAt(at)
	}
	return whole.CutAt(at)
}

// isWhole checks what a watcher saw, and that the quiz itself is the same: every
// item there, and once.
func (v *rivers) isWhole(events []event, quiz view) {
	t := v.t
	t.Helper()
	require.Equal(t, "done", events[len(events)-1].kind)
	kinds := map[string]int{}
	next := 1
	for _, e := range events {
		if e.id == "" {
			continue
		}
		require.Equal(t, strconv.Itoa(next), e.id, "each item once, and in order")
		next++
		kinds[e.kind]++
	}
	require.Equal(t, map[string]int{"page": riverPages, "lesson": 1, "question": riverQuestions}, kinds)
	require.Equal(t, "ready", quiz.Status)
	require.Len(t, quiz.Pages, riverPages)
	evidence := map[string]bool{}
	for _, q := range quiz.Questions {
		require.NotContains(t, q, "source", "by a provider")
		evidence[q["evidence"].(map[string]any)["text"].(string)] = true
	}
	require.Len(t, evidence, riverQuestions, "no question twice")
}

// photo is a photo of nothing, which only a fake provider can read.
func photo(t *testing.T, r *rand.Rand) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 120, 160))
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, nil))
	return b.Bytes()
}

// asked is what a prompt asks for, as a language model reads it.
type asked struct {
	pages, read []int // to be read, and read already
	lesson      bool
	questions   int
	text        string
}

var (
	imagesIn    = regexp.MustCompile(`(?m)^The images above are, in this order: (.*)\.$`)
	readIn      = regexp.MustCompile(`"page":(\d+),"text"`)
	lessonIn    = regexp.MustCompile(`(?m)^Write .*the lesson`)
	questionsIn = regexp.MustCompile(`(?m)^Write .*?(\d+) (?:more )?questions? \(`)
	numberIn    = regexp.MustCompile(`\d+`)
)

func askIn(text string) asked {
	a := asked{text: text, lesson: lessonIn.MatchString(text)}
	if m := imagesIn.FindStringSubmatch(text); m != nil {
		a.pages = numbers(numberIn.FindAllString(m[1], -1))
	}
	for _, m := range readIn.FindAllStringSubmatch(text, -1) {
		a.read = append(a.read, numbers(m[1:])...)
	}
	if m := questionsIn.FindStringSubmatch(text); m != nil {
		a.questions = numbers(m[1:])[0]
	}
	return a
}

func numbers(texts []string) (all []int) {
	for _, s := range texts {
		n, _ := strconv.Atoi(s) // of digits alone
		all = append(all, n)
	}
	return all
}

// reply writes all that is asked for, from the rivers that no question asks about
// yet.
func (a asked) reply(t *testing.T) string {
	var pages, questions []any
	for _, n := range a.pages {
		var text strings.Builder
		for i := range riversEach {
			text.WriteString(riverOf(n, i).sentence() + "\n")
		}
		pages = append(pages, map[string]any{"page": n, "text": text.String()})
	}
	for i := range riversEach {
		for n := 1; n <= riverPages; n++ {
			if r := riverOf(n, i); len(questions) < a.questions && !strings.Contains(a.text, r.question()) {
				questions = append(questions, map[string]any{
					"type": "multiple_choice", "question": r.question(), "explanation": "It was measured.", "correct": "A",
					"options":  []string{fmt.Sprint(r.length), fmt.Sprint(r.length + 11), fmt.Sprint(r.length + 22), fmt.Sprint(r.length + 33)},
					"evidence": map[string]any{"page": n, "text": r.sentence()},
				})
			}
		}
	}
	var b strings.Builder
	for _, member := range []struct {
		key   string
		value any
		there bool
	}{
		{"pages", pages, len(pages) > 0},
		{"lesson", map[string]any{"title": "Rivers", "summary": "Rivers differ in length.", "keyPoints": []string{"Each has its own."}}, a.lesson},
		{"questions", questions, len(questions) > 0},
	} {
		if !member.there {
			continue
		}
		value, err := json.Marshal(member.value)
		require.NoError(t, err)
		fmt.Fprintf(&b, "%s%q:%s", []string{"{", ","}[min(b.Len(), 1)], member.key, value)
	}
	return b.String() + "}"
}

// A river is a fact of a page. No two share their words.
type river struct {
	name   string
	length int
}

func riverOf(page, i int) river {
	n := page*riversEach + i
	first := []string{"Ba", "De", "Fi", "Go", "Ku", "La", "Me", "Ni", "Po", "Ru"}
	next := []string{"lam", "ren", "tis", "vor", "zun", "kal", "mid", "nos", "pur", "geb"}
	return river{first[n%10] + next[n/10%10] + next[(n*7+3)%10], 1000 + 7*n}
}

func (r river) sentence() string {
	return fmt.Sprintf("The river %s is %d metres long and flows through %sland.", r.name, r.length, strings.ToLower(r.name))
}

func (r river) question() string { return fmt.Sprintf("How long is the river %s in metres?", r.name) }

func TestAProviderThatIsKilledIsLeftAloneAndToldOf(t *testing.T) {
	if testing.Short() {
		t.Skip("the adapter's own retries take seconds")
	}
	r := rand.New(rand.NewPCG(1, 1))
	v := newRivers(t, r, map[aitest.Provider]int{aitest.Gemini: 0, aitest.Chat: 0, aitest.Anthropic: 0})
	dies := aitest.NewServer(t, aitest.Gemini, aitest.Answer(func(r aitest.Request) aitest.Step {
		s := aitest.Say(askIn(r.Text).reply(t))
		return s.StallAt(s.Len(aitest.Gemini) * 2 / 3)
	}))
	v.servers[aitest.Gemini] = dies
	s := start(t, t.TempDir(), v.environ()...)
	d := s.device()

	c := d.create([][]byte{photo(t, r), photo(t, r)}, "questions", strconv.Itoa(riverQuestions))
	require.Eventually(t, func() bool { return len(d.get(c.SessionID, "").Questions) > 0 }, time.Minute, time.Millisecond, "the quiz is under way")
	dies.Close()
	v.isWhole(d.watch(c.SessionID, "", 0), d.get(c.SessionID, "?answers=true"))
	for range 3 { // two that find it gone, and one that does not ask it any more
		c := d.create([][]byte{photo(t, r), photo(t, r)}, "questions", strconv.Itoa(riverQuestions))
		v.isWhole(d.watch(c.SessionID, "", 0), d.get(c.SessionID, "?answers=true"))
	}

	var health struct {
		Status string
		Models []struct{ Model, Status, Breaker string }
	}
	status, _ := d.do("GET", "/health/ai", "", nil, &health)
	require.Equal(t, http.StatusOK, status, "somebody answers")
	require.Equal(t, "ok", health.Status)
	gemini := health.Models[0]
	require.Equal(t, "down", gemini.Status)
	require.Equal(t, "OPEN", gemini.Breaker)
	require.Equal(t, "CLOSED", health.Models[1].Breaker)

	resp, err := http.Get(s.url + "/metrics")
	require.NoError(t, err)
	metrics, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	_, name, _ := strings.Cut(gemini.Model, "/")
	for _, line := range []string{
		`ai_requests_total{model="` + name + `",outcome="truncated",provider="gemini"} 1`,
		`ai_requests_total{model="` + name + `",outcome="unavailable",provider="gemini"} 2`,
		`ai_requests_total{model="` + name + `",outcome="rejected",provider="gemini"} 1`,
		`circuit_breaker_state{provider="` + gemini.Model + `",state="OPEN"} 1`,
	} {
		require.Contains(t, string(metrics), line)
	}
	require.Empty(t, v.servers[aitest.Anthropic].Requests(), "the second was enough")
	require.NoError(t, s.stop())
	require.Contains(t, s.log.String(), `"msg":"circuit breaker","model":"`+gemini.Model+`","from":"CLOSED","to":"OPEN"`)
}
