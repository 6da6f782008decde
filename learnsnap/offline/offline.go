package offline

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"iter"
	"runtime"
	"slices"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// Config configures a [Model]. The zero value is ready to use.
type Config struct {
	Reader   Reader // reads photos; nil means a [Tesseract]
	Parallel int    // pages that are read at a time; 0 means one a core
}

// A Model reads pages and makes their quiz by rule. It is safe for concurrent
// use.
type Model struct {
	reader   Reader
	parallel int
}

var (
	_ ai.Model   = (*Model)(nil)
	_ ai.Checker = (*Model)(nil)
)

// New returns a Model.
func New(c Config) *Model {
	m := &Model{reader: c.Reader, parallel: c.Parallel}
	if m.reader == nil {
		m.reader = NewTesseract(TesseractConfig{})
	}
	if m.parallel <= 0 {
		m.parallel = runtime.GOMAXPROCS(0)
	}
	return m
}

// Name is "offline/rules".
func (m *Model) Name() string { return "offline/rules" }

// Check reports whether photos can be read: it asks the Reader, where that has a
// Check of its own. Texts need no Reader and work either way.
func (m *Model) Check(ctx context.Context) error {
	c, ok := m.reader.(ai.Checker)
	if !ok {
		return nil
	}
	if err := c.Check(ctx); err != nil {
		return m.failed(ctx, err)
	}
	return nil
}

// Stream answers the [quiz.Ask] in p.Data; any other Data is an [ai.BadRequest].
// Of the prompt's parts it reads the media alone, in order.
//
// The reply is what a language model is asked for, one JSON object
//
//	{"pages":[…],"lesson":{…},"questions":[…]}
//
// with each item in a chunk of its own, as soon as it is there: a page's text
// while the pages behind it are still being read, in the order of the Ask. Where
// the pages give less than was asked for, the reply ends early: a question that
// can't be made well is not made. The same Ask over the same texts gives the same
// reply, and Ask.Have is not repeated.
//
// What the Reader fails with comes as an [*ai.Error] that wraps it. When ctx ends,
// or the loop is left, every reading is stopped, and waited for.
func (m *Model) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		r := &reply{model: m.Name(), yield: yield}
		if err := m.answer(ctx, p, r); err != nil && !r.left {
			yield(ai.Chunk{}, err)
		}
	}
}

func (m *Model) answer(ctx context.Context, p ai.Prompt, r *reply) error {
	ask, ok := p.Data.(quiz.Ask)
	if !ok {
		return m.badRequest(fmt.Errorf("data is a %T, want a quiz.Ask", p.Data))
	}
	var media []ai.Media
	for _, part := range p.Parts {
		if part.Media != nil {
			media = append(media, *part.Media)
		}
	}
	if len(media) != len(ask.Pages) {
		return m.badRequest(fmt.Errorf("%d pages to read, but %d media parts", len(ask.Pages), len(media)))
	}
	pages, err := m.readAll(ctx, ask, media, func(p quiz.Page) bool { return r.item("pages", p) })
	if err != nil || r.left {
		return err
	}
	pages = append(pages, ask.Texts...)
	slices.SortStableFunc(pages, func(a, b quiz.Page) int { return a.Page - b.Page })
	if ask.Lesson || ask.Questions > 0 {
		if err := m.teach(ctx, ask, pages, r); err != nil || r.left {
			return err
		}
	}
	r.end()
	return nil
}

// teach writes the lesson and the questions.
func (m *Model) teach(ctx context.Context, ask quiz.Ask, pages []quiz.Page, r *reply) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	plan := planFor(ask, pages)
	if ask.Lesson {
		if l, ok := plan.lesson(); ok && !r.object("lesson", l) {
			return nil
		}
	}
	for _, c := range plan.chosen {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !r.item("questions", c.q) {
			return nil
		}
	}
	return ctx.Err()
}

func (m *Model) badRequest(err error) error {
	return &ai.Error{Kind: ai.BadRequest, Provider: "offline", Model: m.Name(), Err: err}
}

// failed says what kind of failure a Reader's error is.
func (m *Model) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	kind := ai.Unavailable
	var known *ai.Error
	var coded interface{ PageCode() string }
	switch {
	case errors.As(err, &known):
		kind = known.Kind
	case errors.As(err, &coded):
		if coded.PageCode() != "OCR_UNAVAILABLE" {
			kind = ai.BadRequest // it is the page
		}
	case isNoPhoto(err):
		kind = ai.BadRequest
	case errors.Is(err, context.DeadlineExceeded):
		kind = ai.Timeout
	}
	return &ai.Error{Kind: kind, Provider: "offline", Model: m.Name(), Err: err}
}

// isNoPhoto reports whether an error is what decoding a file gives that is no
// photo, or a piece of one.
func isNoPhoto(err error) bool {
	var (
		badJPEG jpeg.FormatError
		newJPEG jpeg.UnsupportedError
		badPNG  png.FormatError
		newPNG  png.UnsupportedError
	)
	return errors.Is(err, image.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &badJPEG) || errors.As(err, &newJPEG) ||
		errors.As(err, &badPNG) || errors.As(err, &newPNG)
}
