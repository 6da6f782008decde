package learnsnap

import (
	"context"
	"errors"
	"iter"
	"mime"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// The bounds of a quiz.
const (
	MaxPages     = 20
	MaxPageBytes = 6 << 20   // of one page as it was sent
	MaxTextBytes = 256 << 10 // of one page that was sent as text: a chapter and more

	MinQuestions     = 5 // fewer are no quiz
	MaxQuestions     = 50
	DefaultQuestions = 20
)

// DefaultTimeout bounds one generation where [Config] does not.
const DefaultTimeout = 10 * time.Minute

// A Config configures an [Engine].
type Config struct {
	// Model reads the pages and writes the questions; usually an [ai.Failover].
	// Required.
	Model ai.Model

	// Prepare brings a page to what models take, as pages.Reader does. It is called
	// for each page that still has to be read, up to GOMAXPROCS at a time. What an
	// error of it that has a PageCode() string method says becomes the [Error]'s
	// code. Nil leaves pages as they are.
	Prepare func(ctx context.Context, m ai.Media) (ai.Media, error)

	// MaxCostUSD bounds what the calls to models cost for one quiz, in US dollars, all
	// attempts together: [Item].SpentUSD remembers what was spent before. A model that
	// the rest does not pay for is left out, and a reply is broken off when the money
	// is spent; models that cost nothing go on (offline ones, and those with a price of
	// 0). With none of these the quiz ends with what it has or, where that is too
	// little, in [CostLimit]. Where a provider has not told what a call used it is
	// estimated, see [ai.Meter]; a call that failed before its first chunk counts as
	// nothing. 0 and −1 mean no bound.
	MaxCostUSD float64

	// Prices are those of the models, by the names that [ai.Models] gives them. A call
	// to a model without a price counts as nothing, and the Observer is told of it
	// once ([CostUnknown]). Nil means [ai.DefaultPrices].
	Prices ai.Prices

	// Verify answers the multiple-choice questions that language models have written,
	// without seeing their keys and several at a time, before they become items: best
	// a model of another maker than Model. Where it does not answer as the key says
	// Arbiter is asked, or Verify again, with the options in another order: two of
	// three decide. A question that is outvoted is dropped and another asked for; one
	// for which no vote can be had, in 30 seconds each, is kept. Questions that wait
	// for a verdict hold up those behind them. What came of it goes to the Observer
	// ([Verified]). Calls count against MaxCostUSD. Nil means no verification.
	Verify  ai.Model
	Arbiter ai.Model

	Timeout  time.Duration // of one generation; 0 means [DefaultTimeout], −1 none
	Observer Observer      // is told of accepted and dropped items; may be nil
}

// An Engine makes quizzes out of pages. It keeps nothing between two calls and is
// safe for concurrent use.
type Engine struct {
	config Config
}

// New returns an engine.
func New(c Config) (*Engine, error) {
	if c.Model == nil {
		return nil, errors.New("learnsnap: Config.Model is missing")
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Prices == nil {
		c.Prices = ai.DefaultPrices()
	}
	e := &Engine{config: c}
	e.tellUnpriced(c.Model, c.Verify, c.Arbiter)
	return e, nil
}

// bound returns the context of one generation.
func (e *Engine) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	if e.config.Timeout > 0 {
		return context.WithTimeout(ctx, e.config.Timeout)
	}
	return context.WithCancel(ctx)
}

// tellUnpriced tells of models whose calls can't be counted against MaxCostUSD.
func (e *Engine) tellUnpriced(models ...ai.Model) {
	if e.config.MaxCostUSD <= 0 {
		return
	}
	told := map[string]bool{}
	for _, m := range models {
		if m == nil {
			continue
		}
		for name := range ai.Models(m) {
			if _, known := e.config.Prices.Cost(name, ai.Usage{}); known || sourceOf(name) != "" || told[name] {
				continue
			}
			told[name] = true
			observe(context.Background(), e.config.Observer, Observation{Occasion: CostUnknown, Model: name})
		}
	}
}

// A Request asks an [Engine] for a quiz.
type Request struct {
	// Pages are 1 to [MaxPages] photos, or texts of type "text/plain" in UTF-8. None
	// are needed when Have holds every page. A page that Have holds is never opened.
	Pages []ai.Media

	Questions int           // [MinQuestions] to [MaxQuestions]; 0 means [DefaultQuestions]
	Language  quiz.Language // of the quiz; empty means that of the pages
	Types     []quiz.Type   // wanted; none means all

	// Have are the items of an earlier run, in order. They are final: not asked for,
	// judged or yielded again.
	Have []Item

	// ID is mixed into the positions of right answers, so that the same request
	// started again chooses the same. Whoever knows it can foresee them. It may be
	// empty.
	ID string

	// SkipUnreadable goes on with the pages that can be read. Otherwise one page that
	// can't ends the generation with [RecaptureRequired] before anything is asked.
	SkipUnreadable bool
}

// A Part is a new item and how far the quiz is with it.
type Part struct {
	Item     Item
	Progress Progress
}

// Stream makes a quiz and yields each item as soon as it is accepted: the pages,
// as they are read; then the lesson and the questions. An [*Error] is the last
// thing yielded; without one the quiz is ready, with [Request].Questions questions
// or, where the pages hold no more, at least [MinQuestions]. Breaking off the loop
// ends all work at once, calls of models included.
//
// Every item that was yielded is good: to go on after an error or in another
// process, ask again with all of them in [Request].Have.
//
// [RecaptureRequired] names all pages that can't be read. An error that says when
// to try again has a RetryAfter() [time.Duration] method in its chain.
func (e *Engine) Stream(ctx context.Context, r Request) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		g, err := e.begin(r)
		stopped := false
		if err == nil {
			err = g.run(ctx, func(p Part) bool {
				stopped = !yield(p, nil)
				return !stopped
			})
		}
		if err != nil && !stopped {
			yield(Part{}, err)
		}
	}
}

// Generate makes a quiz and returns it when it is ready. An error is an [*Error],
// see [Engine.Stream].
func (e *Engine) Generate(ctx context.Context, r Request) (*quiz.Quiz, error) {
	items := append([]Item(nil), r.Have...)
	for part, err := range e.Stream(ctx, r) {
		if err != nil {
			return nil, err
		}
		items = append(items, part.Item)
	}
	return assemble(items, r.Language), nil
}

// check reports what is wrong with a request, its pages' contents left aside, and
// fills in what was left out.
func (r *Request) check() *Error {
	if r.Questions == 0 {
		r.Questions = DefaultQuestions
	}
	if err := checkWanted(r.Questions, r.Language, r.Types); err != nil {
		return err
	}
	switch {
	case len(r.Pages) > MaxPages:
		return &Error{Code: TooManyPages}
	case len(r.Pages) == 0 && len(r.Have) == 0:
		return &Error{Code: NoPages}
	}
	for i, m := range r.Pages {
		switch {
		case m.Open == nil:
			return &Error{Code: InvalidRequest, Pages: []int{i + 1}, Err: errors.New("it can't be opened")}
		case m.Size > MaxPageBytes, isText(m.Type) && m.Size > MaxTextBytes:
			return &Error{Code: PageTooLarge, Pages: []int{i + 1}}
		}
	}
	return nil
}

// checkWanted checks what is wanted of a quiz.
func checkWanted(questions int, language quiz.Language, types []quiz.Type) *Error {
	if questions < MinQuestions || questions > MaxQuestions {
		return invalid("%d questions: want %d to %d", questions, MinQuestions, MaxQuestions)
	}
	switch language {
	case "", quiz.Arabic, quiz.English, quiz.Mixed:
	default:
		return invalid("a language that is not known: want ar, en or mixed")
	}
	for _, t := range types {
		if !knownType(t) {
			return invalid("a question type that is not known: want one of %v", quiz.Types())
		}
	}
	return nil
}

func knownType(t quiz.Type) bool {
	for _, known := range quiz.Types() {
		if t == known {
			return true
		}
	}
	return false
}

// isText reports whether a media type is that of a page that was sent as text.
func isText(mediaType string) bool {
	base, _, err := mime.ParseMediaType(mediaType)
	return err == nil && strings.HasPrefix(base, "text/")
}
