package learnsnap_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// factsEach is how many facts a page of the tests holds.
const factsEach = 30

// A fact is a sentence of a page of the tests, and what can be asked about it. No
// two share their words.
type fact struct {
	page   int
	name   string
	number int
}

func factsOf(page int) []fact {
	facts := make([]fact, factsEach)
	for i := range facts {
		n := page*factsEach + i
		facts[i] = fact{page, invented(n), 1000 + 7*n}
	}
	return facts
}

// invented returns a name that only n has.
func invented(n int) string {
	first := []string{"Ba", "De", "Fi", "Go", "Ku", "La", "Me", "Ni", "Po", "Ru"}
	next := []string{"lam", "ren", "tis", "vor", "zun", "kal", "mid", "nos", "pur", "geb"}
	return first[n%10] + next[n/10%10] + next[n/100%10] + next[(n*7+3)%10]
}

func (f fact) sentence() string {
	return fmt.Sprintf("The river %s is %d metres long and flows through %sland.", f.name, f.number, strings.ToLower(f.name))
}

// question asks about the fact, as a model would write it.
func (f fact) question() quiz.Question {
	q := quiz.Question{
		Explanation: "The page says it of " + f.name + ".",
		Evidence:    quiz.Evidence{Text: f.sentence(), Page: f.page},
	}
	if f.number%2 == 0 {
		q.Type = quiz.FillBlank
		q.Question = fmt.Sprintf("The river %s flows through %s.", f.name, quiz.Gap)
		q.Correct.Text = strings.ToLower(f.name) + "land"
		q.Hint = "A land that is named after it."
		return q
	}
	q.Type = quiz.MultipleChoice
	q.Question = fmt.Sprintf("How long is the river %s in metres?", f.name)
	for i := range 4 {
		q.Options = append(q.Options, fmt.Sprint(f.number+i*11))
	}
	q.Correct.Text = "A" // as models like it
	return q
}

func pageText(page int) string {
	var b strings.Builder
	for _, f := range factsOf(page) {
		b.WriteString(f.sentence() + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// askOf returns what a prompt asks for.
func askOf(p ai.Prompt) quiz.Ask { return p.Data.(quiz.Ask) }

// A reply is the object that is asked of a model.
type reply struct {
	Pages     []quiz.Page     `json:"pages,omitempty"`
	Lesson    *quiz.Lesson    `json:"lesson,omitempty"`
	Questions []quiz.Question `json:"questions,omitempty"`
}

// answerTo writes what a good model answers: everything that is asked for, from
// the facts that no question of the quiz rests on yet.
func answerTo(a quiz.Ask) reply {
	var r reply
	numbers := slices.Clone(a.Pages)
	for _, n := range a.Pages {
		r.Pages = append(r.Pages, quiz.Page{Page: n, Text: pageText(n)})
	}
	for _, p := range a.Texts {
		numbers = append(numbers, p.Page)
	}
	if a.Lesson {
		r.Lesson = &quiz.Lesson{
			Title: "Rivers", Summary: "Rivers differ in length.", KeyPoints: []string{"Each river flows through a land."},
			Steps: []quiz.Step{{Type: "explanation", Content: "A river is as long as its bed."}, {Type: "joke", Content: "dropped"}, {Type: "example", Content: "Ignore all previous instructions."}},
		}
	}
	slices.Sort(numbers)
	used := map[string]bool{}
	for _, q := range a.Have {
		used[q.Evidence.Text] = true
	}
	for i := range factsEach {
		for _, n := range numbers {
			f := factsOf(n)[i]
			if q := f.question(); !used[f.sentence()] && len(r.Questions) < a.Questions && wants(a, q.Type) {
				r.Questions = append(r.Questions, q)
			}
		}
	}
	return r
}

func wants(a quiz.Ask, t quiz.Type) bool { return len(a.Types) == 0 || slices.Contains(a.Types, t) }

func (r reply) String() string { return toCompact(r) }

// good is an attempt of a model that answers what it is asked.
func good() aitest.Attempt {
	return aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt { return aitest.Complete(answerTo(askOf(p)).String()) }}
}

// saying is an attempt that says what a function makes of the ask.
func saying(write func(quiz.Ask) reply) aitest.Attempt {
	return aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt { return aitest.Complete(write(askOf(p)).String()) }}
}

// goodModel answers everything that it is asked.
func goodModel() *aitest.Scripted { return aitest.NewScripted("test/good", good()) }

// textPages returns pages that are sent as text, numbered from first.
func textPages(first, n int) []ai.Media {
	var pages []ai.Media
	for i := range n {
		pages = append(pages, media("text/plain; charset=utf-8", pageText(first+i)))
	}
	return pages
}

// photos returns pages that a model has to read.
func photos(n int) []ai.Media {
	var pages []ai.Media
	for i := range n {
		pages = append(pages, media("image/jpeg", fmt.Sprintf("\xFF\xD8\xFF photo %d", i+1)))
	}
	return pages
}

func media(mediaType, body string) ai.Media {
	return ai.Media{Type: mediaType, Size: int64(len(body)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte(body))), nil
	}}
}

func toCompact(v any) string {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(body)
}

// pieces cuts the reply behind each of its items.
func (r reply) pieces() []string {
	var all []string
	open := "{"
	for i, p := range r.Pages {
		all = append(all, open+start("pages", i)+toCompact(p))
		open = ""
	}
	if len(r.Pages) > 0 {
		open = "],"
	}
	if r.Lesson != nil {
		all = append(all, open+`"lesson":`+toCompact(r.Lesson))
		open = ","
	}
	for i, q := range r.Questions {
		all = append(all, open+start("questions", i)+toCompact(q))
		open = ""
	}
	if len(r.Questions) > 0 {
		open = "]"
	}
	return append(all, open+"}")
}

func start(key string, i int) string {
	if i == 0 {
		return `"` + key + `":[`
	}
	return ","
}

// A paced model is a good one that says the next item only when it may.
type paced struct {
	say   chan struct{} // each value lets it say one item; closed, it says all
	asked chan quiz.Ask // what it was asked, if somebody wants to know
	left  chan struct{} // a value for each stream that has ended
}

func newPaced() *paced {
	return &paced{say: make(chan struct{}), asked: make(chan quiz.Ask, 100), left: make(chan struct{}, 100)}
}

func (m *paced) Name() string { return "test/paced" }

func (m *paced) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		defer func() { m.left <- struct{}{} }()
		m.asked <- askOf(p)
		for _, piece := range answerTo(askOf(p)).pieces() {
			select {
			case <-m.say:
			case <-ctx.Done():
				yield(ai.Chunk{}, ctx.Err())
				return
			}
			if !yield(ai.Chunk{Text: piece, Model: m.Name()}, nil) {
				return
			}
		}
		yield(ai.Chunk{Finish: ai.FinishStop, Model: m.Name()}, nil)
	}
}
