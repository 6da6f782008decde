package learnsnap_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
	"github.com/learnsnap/learnsnap-go/ai/openai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/resilience"
)

func TestQuizzesSurviveProvidersThatBreakAnywhere(t *testing.T) {
	if testing.Short() {
		failOver(t, 15)
		return
	}
	failOver(t, 60)
}

func TestDrillQuizzesSurviveProvidersThatBreakAnywhere(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("a long drill: make drill")
	}
	failOver(t, 1000)
}

// failOver makes so many quizzes over providers that are limited, cut off and
// killed at random bytes of their replies. Ten quizzes share their providers and
// the breakers before them, so that what was killed stays away. The seeds are the
// numbers of the tens and of the quizzes.
func failOver(t *testing.T, quizzes int) {
	t.Helper()
	const together = 10
	var sum damage
	for first := 0; first < quizzes; first += together {
		t.Run(fmt.Sprint("from ", first), func(t *testing.T) {
			d := newDrill(t, uint64(first), &sum)
			for i := first; i < min(first+together, quizzes); i++ {
				d.quiz(uint64(i))
			}
		})
	}
	t.Logf("%d quizzes: %+v; none lost, doubled or asked for again", quizzes, sum)
}

// damage is what has happened in a drill.
type damage struct {
	Attempts, Refused, Cut, Failed, Garbled, Limited, Killed int // at the three providers
	Items, Repeated, OfflineNeeded                           int
}

// A drill is a chain of three providers and the offline model, and the quiz that
// is being made over it.
type drill struct {
	t       *testing.T
	engine  *learnsnap.Engine
	seen    *recorder
	killing sync.WaitGroup

	mu     sync.Mutex // guards what follows: the servers have goroutines of their own
	rand   *rand.Rand
	damage *damage          // of all drills: they come one after the other
	ask    quiz.Ask         // of the attempt under way
	items  []learnsnap.Item // of the quiz so far
	wanted int
	helped bool // the offline model was asked
	wrong  []string
	toKill aitest.Provider
	killAt int // at which of its requests
}

func newDrill(t *testing.T, seed uint64, sum *damage) *drill {
	d := &drill{t: t, damage: sum, seen: &recorder{}, rand: rand.New(rand.NewPCG(seed, 1))}
	t.Cleanup(d.killing.Wait)
	wires := []aitest.Provider{aitest.Gemini, []aitest.Provider{aitest.Chat, aitest.Responses}[d.rand.IntN(2)], aitest.Anthropic}
	d.toKill, d.killAt = wires[d.rand.IntN(len(wires))], d.rand.IntN(6)
	var models []ai.Model
	for _, p := range wires {
		models = append(models, d.provider(p))
	}
	models = append(models, ai.Traced(offline.New(offline.Config{Reader: d}), d))
	d.engine = newEngine(t, learnsnap.Config{Model: ai.Failover(models...), Observer: d.seen})
	return d
}

// provider is an adapter over a server of its own, behind a breaker.
func (d *drill) provider(p aitest.Provider) ai.Model {
	transport := &http.Transport{}
	d.t.Cleanup(transport.CloseIdleConnections)
	var server *aitest.Server
	requests := 0
	server = aitest.NewServer(d.t, p, aitest.Answer(func(r aitest.Request) aitest.Step {
		d.mu.Lock()
		defer d.mu.Unlock()
		if r.Images != len(d.ask.Pages) {
			d.wrong = append(d.wrong, fmt.Sprintf("%s was sent %d images for the pages %v", p, r.Images, d.ask.Pages))
		}
		requests++
		if p == d.toKill && requests > d.killAt {
			d.toKill = ""
			d.damage.Killed++
			d.killing.Go(func() { time.Sleep(2 * time.Millisecond); server.Close() })
			whole := d.reply()
			return whole.StallAt(d.rand.IntN(whole.Len(p)))
		}
		return d.step(p)
	}))
	client, url := &http.Client{Transport: transport}, server.URL
	var m ai.Model
	var err error
	switch p {
	case aitest.Gemini:
		m, err = gemini.New(gemini.Config{Key: "key", BaseURL: url, HTTP: client, Retries: -1})
	case aitest.Anthropic:
		m, err = anthropic.New(anthropic.Config{Key: "key", BaseURL: url, HTTP: client, Retries: -1})
	default:
		m, err = openai.New(openai.Config{Key: "key", BaseURL: url, HTTP: client, Retries: -1, Protocol: openai.Protocol(p)})
	}
	require.NoError(d.t, err)
	breaker := resilience.NewBreaker(resilience.BreakerConfig{Name: m.Name(), OpenFor: 20 * time.Millisecond})
	return ai.Traced(ai.Guard(&witnessed{m, d}, breaker), d)
}

// step is how a provider answers: well, every other time. The lock is held.
func (d *drill) step(p aitest.Provider) aitest.Step {
	whole := d.reply()
	at := d.rand.IntN(whole.Len(p))
	switch n := d.rand.IntN(100); {
	case n < 18:
		d.damage.Cut++
		return whole.CutAt(at)
	case n < 32:
		d.damage.Cut++
		return whole.EndAt(at)
	case n < 38:
		d.damage.Failed++
		return []aitest.Step{aitest.Fail(500, "oops"), aitest.Fail(503, "down"), aitest.Overload(), aitest.Fail(401, "no"), aitest.RateLimit(p, time.Minute)}[d.rand.IntN(5)]
	case n < 42:
		d.damage.Garbled++
		return aitest.Say("I am sorry, here it is: ```json" + strings.Repeat(`{"questions":[{"type":`, 9))
	case n < 50:
		d.damage.Limited++
		text := answerTo(d.ask).String()
		return aitest.Say(text[:d.rand.IntN(len(text))]).Length()
	}
	return whole
}

// reply is what is asked for; now and then from one that forgets what is there
// already, and says it again. The lock is held.
func (d *drill) reply() aitest.Step {
	ask := d.ask
	if d.rand.IntN(4) == 0 {
		d.damage.Repeated++
		ask.Have, ask.Questions, ask.Lesson = nil, d.wanted, true
	}
	return aitest.Say(answerTo(ask).String()).Pieces(1 + d.rand.IntN(200))
}

// Read is the offline model's reader: it sees which photo it is.
func (d *drill) Read(_ context.Context, m ai.Media, _ quiz.Language) (quiz.Page, error) {
	file, err := m.Open()
	if err != nil {
		return quiz.Page{}, err
	}
	defer file.Close()
	var page int
	if _, err := fmt.Fscanf(file, "\xFF\xD8\xFF photo %d", &page); err != nil {
		return quiz.Page{}, err
	}
	return quiz.Page{Text: pageText(page)}, nil
}

// Start implements [ai.Tracer].
func (d *drill) Start(ctx context.Context, _ string, _ *ai.Prompt) context.Context { return ctx }

// End implements [ai.Tracer].
func (d *drill) End(_ context.Context, a ai.Attempt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if strings.HasPrefix(a.Model, "offline/") {
		d.helped = true
		return
	}
	d.damage.Attempts++
	if a.Outcome() == "rejected" {
		d.damage.Refused++
	}
}

// A witnessed model tells its drill what it is asked, and checks that nothing of it
// is there already.
type witnessed struct {
	ai.Model
	drill *drill
}

func (w *witnessed) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	d := w.drill
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ask = askOf(p)
	pages, questions, lessons := 0, 0, 0
	for _, it := range d.items {
		switch {
		case it.Page != nil:
			pages++
			if slices.Contains(d.ask.Pages, it.Page.Page) {
				d.wrong = append(d.wrong, fmt.Sprintf("page %d was read and is asked for again", it.Page.Page))
			}
		case it.Question != nil:
			questions++
		default:
			lessons++
		}
	}
	if len(d.ask.Texts) != pages || len(d.ask.Have) != questions || d.ask.Questions != d.wanted-questions || d.ask.Lesson != (lessons == 0) {
		d.wrong = append(d.wrong, fmt.Sprintf("with %d pages, %d lessons and %d questions there, the ask is %+v", pages, lessons, questions, d.ask))
	}
	return w.Model.Stream(ctx, p)
}

// quiz makes one quiz and checks that it is whole.
func (d *drill) quiz(seed uint64) {
	t := d.t
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	pages, wanted := 1+r.IntN(3), learnsnap.MinQuestions+r.IntN(16)
	opened := make([]int, pages)
	photos := photos(pages)
	for i := range photos {
		open := photos[i].Open
		photos[i].Open = func() (io.ReadCloser, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			opened[i]++
			if slices.ContainsFunc(d.items, func(it learnsnap.Item) bool { return it.Page != nil && it.Page.Page == i+1 }) {
				d.wrong = append(d.wrong, fmt.Sprintf("photo %d is opened after it was read", i+1))
			}
			return open()
		}
	}
	d.mu.Lock()
	d.items, d.wanted, d.helped = nil, wanted, false
	d.mu.Unlock()
	before := len(d.seen.of(learnsnap.Accepted))
	for part, err := range d.engine.Stream(t.Context(), learnsnap.Request{Pages: photos, Questions: wanted, ID: fmt.Sprint(seed)}) {
		require.NoError(t, err, "quiz %d", seed)
		d.mu.Lock()
		d.items = append(d.items, part.Item)
		d.mu.Unlock()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	require.Empty(t, d.wrong, "quiz %d", seed)
	require.Len(t, d.items, len(d.seen.of(learnsnap.Accepted))-before, "quiz %d: each accepted item is shown", seed)
	d.isWhole(seed, pages)
}

// isWhole checks the quiz: all there, and nothing twice. The offline model alone
// may leave it short, for it makes no question that it can't make well.
func (d *drill) isWhole(seed uint64, pages int) {
	t := d.t
	seen := map[string]bool{}
	for i, it := range d.items {
		require.Equal(t, i+1, it.Seq, "quiz %d", seed)
		key := "lesson"
		switch {
		case it.Page != nil:
			key = fmt.Sprint("page ", it.Page.Page)
			require.Equal(t, pageText(it.Page.Page), it.Page.Text, "quiz %d", seed)
		case it.Question != nil:
			key = it.Question.Question
		}
		require.False(t, seen[key], "quiz %d: twice: %s", seed, key)
		seen[key] = true
	}
	require.Equal(t, pages, count(d.items, learnsnap.PageItem), "quiz %d", seed)
	questions := count(d.items, learnsnap.QuestionItem)
	if d.helped {
		d.damage.OfflineNeeded++
		require.GreaterOrEqual(t, questions, learnsnap.MinQuestions, "quiz %d", seed)
	} else {
		require.Equal(t, d.wanted, questions, "quiz %d", seed)
		require.True(t, seen["lesson"], "quiz %d", seed)
	}
	d.damage.Items += len(d.items)
}
