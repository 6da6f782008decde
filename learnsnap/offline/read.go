package offline

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline/internal/flat"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// A Reader reads one page. The default is [Tesseract]; an OCR server or a local
// vision model can take its place.
type Reader interface {
	// Read returns what stands on a page, in the language that is hoped for; empty
	// means not known. A page that can't be read is no error: its Unreadable says
	// why. The page's number is set by the caller. An error means that reading did
	// not work here and now: no program, no memory, a file that is no photo.
	Read(ctx context.Context, m ai.Media, lang quiz.Language) (quiz.Page, error)
}

// Why a page can't be read, as [quiz.Page].Unreadable says it.
const (
	NoText  = "no text was found on the page"
	Blurred = "the page can't be read: take the photo again, sharp and in good light"
)

// A PhotoError says that a page is no photo that can be read: not JPEG or PNG, cut
// off, or too large.
type PhotoError struct {
	Code string // "UNSUPPORTED_PAGE", "CORRUPT_PAGE", "IMAGE_TOO_LARGE", "PAGE_TOO_LARGE" or "EMPTY_PAGE"
	Err  error
}

func (e *PhotoError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *PhotoError) Unwrap() error { return e.Err }

// PageCode returns Code.
func (e *PhotoError) PageCode() string { return e.Code }

var (
	_ Reader     = (*Tesseract)(nil)
	_ ai.Checker = (*Tesseract)(nil)
)

// Read reads the photo of a page, a JPEG or a PNG. It is made flat and straight
// first; a photo is expected upright, but one that stands on its side or its head
// is read too. An error is an [*UnavailableError], a [*PhotoError], one of m, or
// that of ctx.
func (t *Tesseract) Read(ctx context.Context, m ai.Media, lang quiz.Language) (quiz.Page, error) {
	if err := t.Check(ctx); err != nil {
		return quiz.Page{}, err
	}
	best, err := t.readPhoto(ctx, m, lang)
	if err != nil {
		return quiz.Page{}, err
	}
	if !best.readable() {
		return best.unreadable(), nil
	}
	return best.page(), nil
}

// readPhoto holds a place of the reader while it works, so that no more pictures
// are in memory than processes work on them.
func (t *Tesseract) readPhoto(ctx context.Context, m ai.Media, lang quiz.Language) (reading, error) {
	select {
	case t.places <- struct{}{}:
		defer func() { <-t.places }()
	case <-ctx.Done():
		return reading{}, ctx.Err()
	}
	even, err := flatten(m)
	if err != nil {
		return reading{}, err
	}
	return t.readFlat(ctx, even, lang)
}

// readFlat tries the likely ways to read a page until one of them gives text: as
// it stands in the likely language, then as the program's own look at script and
// orientation says, then in the other language.
func (t *Tesseract) readFlat(ctx context.Context, even *image.Gray, lang quiz.Language) (reading, error) {
	page := flat.Page(even)
	if lang == "" {
		lang = quiz.English
		if flat.Joined(page) {
			lang = quiz.Arabic
		}
	}
	var best reading
	if sideways := flat.Sideways(page); !sideways {
		var err error
		if best, err = t.readPage(ctx, page, lang); err != nil || best.readable() {
			return best, err
		}
	}
	turn, found, err := t.orientation(ctx, even)
	if err != nil {
		return reading{}, err
	}
	if found != "" && (turn != 0 || found != lang) {
		turned := page
		if turn != 0 {
			turned = flat.Page(flat.Turn(even, turn))
		}
		other, err := t.readPage(ctx, turned, found)
		if err != nil || other.readable() {
			return other, err
		}
	}
	if best.counted == 0 || found == otherThan(lang) && turn == 0 {
		return best, nil // an empty page is empty in any language
	}
	other, err := t.readPage(ctx, page, otherThan(lang))
	if err != nil || other.readable() {
		return other, err
	}
	return best, nil
}

// otherThan is what else a page may be in.
func otherThan(lang quiz.Language) quiz.Language {
	if lang == quiz.English {
		return quiz.Arabic
	}
	return quiz.English
}

// readPage reads a straight page in one language, and looks a second time at the
// lines that this left out or left in doubt.
func (t *Tesseract) readPage(ctx context.Context, page *image.Gray, lang quiz.Language) (reading, error) {
	seen := flat.Lines(page)
	mode := oneColumn
	if flat.Columns(seen) {
		mode = anyLayout
	}
	words, err := t.recognise(ctx, page, lang, mode)
	if err != nil {
		return reading{}, err
	}
	first := newReading(linesOf(words), lang)
	if !first.readable() {
		return first, nil
	}
	return t.lookAgain(ctx, page, first, seen)
}

// maxPhoto bounds the bytes of a photo. [quiz] pages are smaller.
const maxPhoto = 32 << 20

// flatten decodes a photo and brings it to one size, evenly lit.
func flatten(m ai.Media) (*image.Gray, error) {
	f, err := m.Open()
	if err != nil {
		return nil, fmt.Errorf("open page: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPhoto+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read page: %w", err)
	case len(data) == 0:
		return nil, &PhotoError{"EMPTY_PAGE", errors.New("the page is empty")}
	case len(data) > maxPhoto:
		return nil, &PhotoError{"PAGE_TOO_LARGE", fmt.Errorf("the page has more than %d MB", maxPhoto>>20)}
	}
	photo, err := flat.Decode(data)
	if err != nil {
		code := "CORRUPT_PAGE"
		switch {
		case errors.Is(err, flat.ErrUnsupported):
			code = "UNSUPPORTED_PAGE"
		case errors.Is(err, flat.ErrTooLarge):
			code = "IMAGE_TOO_LARGE"
		}
		return nil, &PhotoError{code, fmt.Errorf("decode page: %w", err)}
	}
	return flat.Flatten(flat.Fit(photo, flat.Edge)), nil
}
