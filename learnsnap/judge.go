package learnsnap

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A dropReason says why a piece of a reply was dropped where it is no question's
// [quiz.Reason]. The strings are values of a counter.
type dropReason string

func (r dropReason) Error() string { return string(r) }

const (
	notJSON       dropReason = "not_json"       // broken
	unknownKey    dropReason = "unknown_key"    // nothing that was asked for
	notAPage      dropReason = "not_a_page"     // no object of a page's shape
	pageNotAsked  dropReason = "page_not_asked" // read already, or not there
	pagesMissing  dropReason = "pages_missing"  // a lesson or a question before every page was read
	notALesson    dropReason = "not_a_lesson"   // without title, summary or key points, or too long
	lessonThere   dropReason = "lesson_there"   // a second one
	lessonOrders  dropReason = "lesson_orders"  // repeats an order that a page gives
	questionsFull dropReason = "questions_full" // more than were asked for
)

// reasonOf returns the word that a dropped piece is counted under.
func reasonOf(err error) string {
	if r := quiz.ReasonOf(err); r != "" {
		return string(r)
	}
	if r, ok := err.(dropReason); ok {
		return string(r)
	}
	return string(notJSON)
}

// The members of the object that is asked of a model.
const (
	pagesKey     = "pages"
	lessonKey    = "lesson"
	questionsKey = "questions"
)

func kindOfKey(key string) Kind {
	switch key {
	case pagesKey:
		return PageItem
	case lessonKey:
		return LessonItem
	case questionsKey:
		return QuestionItem
	}
	return ""
}

// accept judges a piece of a reply. It is a function of the request and of the
// items so far.
func (g *generation) accept(e ai.Element) (Item, error) {
	it := Item{Kind: kindOfKey(e.Key), Model: e.Model}
	var err error
	switch it.Kind {
	case PageItem:
		it.Page, err = g.acceptPage(e)
	case LessonItem:
		it.Lesson, err = g.acceptLesson(e)
	case QuestionItem:
		it.Question, err = g.acceptQuestion(e)
	default:
		err = unknownKey
	}
	return it, err
}

// maxReason bounds why a page can't be read, in bytes.
const maxReason = 200

// acceptPage takes the text of a page that was asked for and is not there yet; in
// any order, for a model may read the pages at once.
func (g *generation) acceptPage(e ai.Element) (*quiz.Page, error) {
	var w struct {
		quiz.Page
		Number json.RawMessage `json:"page"` // shadows Page.Page: some models write a text
	}
	if err := json.Unmarshal(e.JSON, &w); err != nil {
		return nil, notAPage
	}
	p := w.Page
	unread := g.unread()
	number, err := strconv.Atoi(strings.Trim(string(w.Number), `"`))
	if err != nil && len(unread) == 1 {
		number = unread[0] // it can only be this one
	}
	if !slices.Contains(unread, number) {
		return nil, pageNotAsked
	}
	p.Page = number
	p.Source = sourceOf(e.Model)
	if p.Source == "" {
		// A language model keeps the lines of the print; offsets it can't know.
		p.Text, p.Weak = unwrap(cleanText(p.Text)), nil
	}
	p.Confidence = clamp(p.Confidence)
	p.Unreadable = quiz.Clean(strings.ToValidUTF8(p.Unreadable, ""))
	if len(p.Unreadable) > maxReason {
		p.Unreadable = strings.ToValidUTF8(p.Unreadable[:maxReason], "")
	}
	settle(&p)
	return &p, validWeak(p)
}

// settle makes a page either one with a text or one that can't be read.
func settle(p *quiz.Page) {
	if p.Unreadable == "" && quiz.LanguageOf(p.Text) == "" {
		p.Unreadable = "no text"
	}
	if p.Unreadable != "" {
		p.Text, p.Weak, p.Language, p.Confidence = "", nil, "", 0
		return
	}
	switch p.Language {
	case quiz.Arabic, quiz.English, quiz.Mixed:
	default:
		p.Language = quiz.LanguageOf(p.Text)
	}
}

// validWeak reports offsets that are not those of the page's text.
func validWeak(p quiz.Page) error {
	end := 0
	for i, w := range p.Weak {
		if w.Start < end || w.End <= w.Start || w.End > len(p.Text) {
			return notAPage
		}
		end, p.Weak[i].Confidence = w.End, clamp(w.Confidence)
	}
	return nil
}

// The bounds of a lesson, in characters and in number.
const (
	maxTitle     = 300
	maxSummary   = 4000
	maxKeyPoints = 20
	maxKeyPoint  = 1000
	maxSteps     = 20
	maxContent   = 4000
	maxStepText  = 1000
)

// acceptLesson takes the lesson once every page is there. What is wrong with a
// part of it costs that part alone.
func (g *generation) acceptLesson(e ai.Element) (*quiz.Lesson, error) {
	switch {
	case g.tally.lesson:
		return nil, lessonThere
	case !g.allRead():
		return nil, pagesMissing
	}
	var l quiz.Lesson
	if err := json.Unmarshal(e.JSON, &l); err != nil {
		return nil, notALesson
	}
	l.Title, l.Summary, l.TargetAge = quiz.Clean(l.Title), strings.TrimSpace(cleanText(l.Summary)), quiz.Clean(l.TargetAge)
	l.KeyPoints = slices.DeleteFunc(l.KeyPoints, func(k string) bool {
		return strings.TrimSpace(k) == "" || tooLong(k, maxKeyPoint) || orders(k)
	})
	for i, k := range l.KeyPoints {
		l.KeyPoints[i] = quiz.Clean(k)
	}
	l.KeyPoints = l.KeyPoints[:min(len(l.KeyPoints), maxKeyPoints)]
	for i := range l.Steps {
		cleanStep(&l.Steps[i])
	}
	l.Steps = slices.DeleteFunc(l.Steps, badStep)
	l.Steps = l.Steps[:min(len(l.Steps), maxSteps)]
	switch {
	case l.Title == "", l.Summary == "", len(l.KeyPoints) == 0,
		tooLong(l.Title, maxTitle), tooLong(l.Summary, maxSummary), tooLong(l.TargetAge, maxTitle):
		return nil, notALesson
	case orders(l.Title), orders(l.Summary):
		return nil, lessonOrders
	}
	l.Source = sourceOf(e.Model)
	return &l, nil
}

func cleanStep(s *quiz.Step) {
	s.Content = strings.TrimSpace(cleanText(s.Content))
	s.Question, s.CorrectAnswer, s.Hint = quiz.Clean(s.Question), quiz.Clean(s.CorrectAnswer), quiz.Clean(s.Hint)
	for i, o := range s.Options {
		s.Options[i] = quiz.Clean(o)
	}
}

// badStep reports a step that is left out: of no known type, empty, too long, or
// repeating an order of a page (a practice step is one itself).
func badStep(s quiz.Step) bool {
	switch s.Type {
	case "explanation", "example":
		if orders(s.Content) {
			return true
		}
	case "practice":
	default:
		return true
	}
	return s.Content == "" || tooLong(s.Content, maxContent) ||
		tooLong(s.Question, maxStepText) || tooLong(s.CorrectAnswer, maxStepText) || tooLong(s.Hint, maxStepText) ||
		slices.ContainsFunc(s.Options, func(o string) bool { return tooLong(o, maxStepText) })
}

// acceptQuestion judges a question.
func (g *generation) acceptQuestion(e ai.Element) (*quiz.Question, error) {
	switch {
	case !g.allRead():
		return nil, pagesMissing
	case g.counted() >= g.request.Questions:
		return nil, questionsFull
	}
	if g.judge == nil {
		g.judge = quiz.NewJudge(g.ask().Texts, g.request.Types...)
	}
	q, err := quiz.Decode(e.JSON)
	if err == nil {
		q, err = g.judge.Accept(q, g.known())
	}
	if err != nil {
		return nil, err
	}
	q.Source = sourceOf(e.Model)
	return &q, nil
}

// questionID returns an id that no question has: its number, as a rule.
func (g *generation) questionID() string {
	for n := len(g.questions) + 1; ; n++ {
		id := quiz.QuestionID(n)
		if !slices.ContainsFunc(g.questions, func(q quiz.Question) bool { return q.ID == id }) {
			return id
		}
	}
}

// offlineProvider is the first half of the name of a model that works by rule.
const offlineProvider = "offline/"

// sourceOf returns the source of what a model wrote.
func sourceOf(model string) string {
	if strings.HasPrefix(model, offlineProvider) {
		return quiz.SourceOffline
	}
	return ""
}

// orders reports whether a sentence of text gives orders to its reader.
func orders(text string) bool {
	for _, sentence := range quiz.Sentences(text) {
		if quiz.GivesOrders(sentence) {
			return true
		}
	}
	return false
}

func tooLong(s string, characters int) bool {
	return len(s) > characters && utf8.RuneCountInString(s) > characters
}

func clamp(share float64) float64 { return min(max(share, 0), 1) }
