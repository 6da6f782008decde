package learnsnap

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A generation is one run of an engine: a request, and the fold of the items that
// were accepted for it.
type generation struct {
	engine  *Engine
	request Request
	total   int // pages

	items     []Item
	seq       int // of the last item
	tally     tally
	pages     map[int]quiz.Page
	questions []quiz.Question
	judge     *quiz.Judge      // once every page is there
	media     map[int]ai.Media // prepared pages that are still to be read
	purse     *purse           // nil when the cost has no bound
	verifier  *verifier        // nil when nothing is verified
	waiting   []*candidate     // in order; accepted, but not yet items
	weak      []quiz.Question  // that were outvoted: not to be asked again

	show    func(Part) bool
	unshown []Part
	left    bool // the consumer has broken off

	// What the last attempts say about why nothing more came.
	brought bool // the attempt under way: an item
	barren  bool // a reply was whole and held nothing good, since the last item
}

// begin checks a request and folds the items that it has already.
func (e *Engine) begin(r Request) (*generation, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	r.Types = wantedTypes(r.Types)
	g := &generation{engine: e, request: r, total: len(r.Pages), pages: map[int]quiz.Page{}, media: map[int]ai.Media{}}
	if g.total == 0 {
		for _, it := range r.Have {
			if it.Page != nil {
				g.total = max(g.total, it.Page.Page)
			}
		}
		if g.total > MaxPages {
			return nil, &Error{Code: TooManyPages}
		}
	}
	g.purse = newPurse(e.config, r.Have)
	g.verifier = newVerifier(e.config, g.purse)
	seen := map[string]bool{}
	for _, it := range r.Have {
		if err := g.checkHave(it, seen); err != nil {
			return nil, err
		}
		g.take(it)
	}
	if len(r.Pages) == 0 && !g.allRead() {
		return nil, &Error{Code: NoPages, Pages: g.unread()}
	}
	return g, nil
}

// checkHave checks an item that is to be taken without being judged again.
func (g *generation) checkHave(it Item, seen map[string]bool) *Error {
	if err := it.check(); err != nil {
		return invalid("Have: %w", err)
	}
	if it.Seq <= g.seq {
		return invalid("Have: item %d comes after item %d", it.Seq, g.seq)
	}
	switch {
	case it.Page != nil:
		_, again := g.pages[it.Page.Page]
		if again || it.Page.Page < 1 || it.Page.Page > g.total {
			return invalid("Have: item %d: page %d of %d, or a second time", it.Seq, it.Page.Page, g.total)
		}
		if (it.Page.Text == "") == (it.Page.Unreadable == "") {
			return invalid("Have: item %d: a page has a text or is unreadable", it.Seq)
		}
	case it.Lesson != nil && g.tally.lesson:
		return invalid("Have: item %d: a second lesson", it.Seq)
	case it.Question != nil:
		if it.Question.ID == "" || seen[it.Question.ID] || !knownType(it.Question.Type) {
			return invalid("Have: item %d: a question without an id of its own or a known type", it.Seq)
		}
		seen[it.Question.ID] = true
	}
	return nil
}

// take folds an accepted item in.
func (g *generation) take(it Item) {
	g.items = append(g.items, it)
	g.seq = it.Seq
	g.tally.add(it.Kind)
	switch {
	case it.Page != nil:
		g.pages[it.Page.Page] = *it.Page
		delete(g.media, it.Page.Page)
	case it.Question != nil:
		g.questions = append(g.questions, *it.Question)
	}
}

// finish makes an item final: it gets its number, and is to be shown next.
func (g *generation) finish(ctx context.Context, it Item) {
	it.Seq, it.SpentUSD = g.seq+1, g.purse.total()
	g.take(it)
	g.unshown = append(g.unshown, Part{it, g.tally.progress(g.total, g.request.Questions)})
	observe(ctx, g.engine.config.Observer, Observation{Occasion: Accepted, Kind: it.Kind, Model: it.Model})
}

// flush shows what is final. It reports false once the consumer wants no more.
func (g *generation) flush() bool {
	for len(g.unshown) > 0 && !g.left {
		next := g.unshown[0]
		g.unshown = g.unshown[1:]
		g.left = !g.show(next)
	}
	return !g.left
}

// run reads and asks until the quiz is ready, and shows each new item. The error
// is an [*Error].
func (g *generation) run(parent context.Context, show func(Part) bool) error {
	g.show = show
	ctx, cancel := g.engine.bound(parent)
	defer g.verifier.wait()
	defer cancel()

	err := g.takeTexts(ctx)
	if err == nil && !g.left {
		err = g.prepare(ctx)
	}
	if err == nil && !g.left {
		err = g.fill(parent, ctx)
	}
	if g.left {
		return nil
	}
	return g.verdict(parent, ctx, err)
}

// task is what is asked of the model, as a fold.
func (g *generation) task(ctx context.Context) ai.Task[Item] {
	return ai.Task[Item]{
		Prompt: func([]Item) ai.Prompt { return render(g.ask(), g.media) },
		Accept: func(e ai.Element, _ []Item) (Item, error) {
			it, err := g.accept(e)
			if err != nil {
				return Item{}, err
			}
			g.brought, g.barren = true, false
			if it.Question != nil {
				g.line(ctx, it)
			} else {
				g.finish(ctx, it)
			}
			return it, nil
		},
		Dropped: func(e ai.Element, why error) {
			observe(ctx, g.engine.config.Observer, Observation{
				Occasion: Dropped, Kind: kindOfKey(e.Key), Model: e.Model, Reason: reasonOf(why),
			})
		},
		Done:   func([]Item) bool { return g.left || g.recapture() != nil || g.complete() },
		Enough: func([]Item) bool { return g.enough() },
	}
}

// ask is what is still missing, as a value.
func (g *generation) ask() quiz.Ask {
	a := quiz.Ask{
		Pages:     g.unread(),
		Lesson:    !g.tally.lesson,
		Questions: max(g.request.Questions-g.counted(), 0),
		Language:  g.request.Language,
		Types:     slices.Clone(g.request.Types),
		Have:      slices.Clone(g.known()),
	}
	for n := 1; n <= g.total; n++ {
		if p := g.pages[n]; p.Text != "" {
			a.Texts = append(a.Texts, p)
		}
	}
	return a
}

// unread returns the pages that still have to be read.
func (g *generation) unread() []int {
	var numbers []int
	for n := 1; n <= g.total; n++ {
		if _, ok := g.pages[n]; !ok {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

func (g *generation) allRead() bool { return len(g.pages) == g.total }

func (g *generation) enough() bool {
	return g.allRead() && g.recapture() == nil && g.counted() >= MinQuestions
}

func (g *generation) complete() bool {
	return g.allRead() && g.tally.lesson && g.counted() >= g.request.Questions
}

// recapture returns the pages that must be taken again before anything can be
// asked, once all pages were looked at.
func (g *generation) recapture() []int {
	if !g.allRead() {
		return nil
	}
	var unreadable []int
	for n := 1; n <= g.total; n++ {
		if g.pages[n].Text == "" {
			unreadable = append(unreadable, n)
		}
	}
	if g.request.SkipUnreadable && len(unreadable) < g.total {
		return nil
	}
	return unreadable
}

// verdict says how the generation has ended, given the error that ended it.
func (g *generation) verdict(parent, ctx context.Context, err error) error {
	var coded *Error
	switch pages := g.recapture(); {
	case pages != nil:
		return &Error{Code: RecaptureRequired, Pages: pages}
	case err == nil && g.enough():
		return nil
	case err == nil: // too many were outvoted
		return &Error{Code: TooFewQuestions}
	case parent.Err() != nil:
		return interrupted(parent.Err())
	case ctx.Err() != nil && g.enough():
		return nil // the time is over, and what there is makes a quiz
	case ctx.Err() != nil:
		return &Error{Code: GenerationTimeout, Err: err}
	case errors.As(err, &coded):
		return coded
	case g.allRead() && g.barren:
		return &Error{Code: TooFewQuestions, Err: err}
	}
	return &Error{Code: modelCode(err), Err: err}
}

// A witness sees replies that are whole: what they did not bring, the pages do not
// hold. [ai.Run] does not tell that from a model that fails.
type witness struct {
	ai.Model
	g *generation
}

// Stream implements [ai.Model].
func (w witness) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		w.g.brought = false
		finished := false
		for chunk, err := range w.Model.Stream(ctx, p) {
			finished = finished || chunk.Finish == ai.FinishStop
			if !yield(chunk, err) {
				return
			}
		}
		if finished && !w.g.brought {
			w.g.barren = true
		}
	}
}

// wantedTypes returns the types without repetitions, in the order in which they
// are shown; all of them is none.
func wantedTypes(types []quiz.Type) []quiz.Type {
	var wanted []quiz.Type
	for _, t := range quiz.Types() {
		if slices.Contains(types, t) {
			wanted = append(wanted, t)
		}
	}
	if len(wanted) == len(quiz.Types()) {
		return nil
	}
	return wanted
}
