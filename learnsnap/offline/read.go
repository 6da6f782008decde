package offline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
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

var _ Reader = (*Tesseract)(nil)

// Read reads a page: it straightens the photo, and asks tesseract in the language
// hoped for. When that gives no readable text it tries the other language, and
// then a turned page, before it says that the page can't be read.
func (t *Tesseract) Read(ctx context.Context, m ai.Media, lang quiz.Language) (quiz.Page, error) {
	img, err := decode(m)
	if err != nil {
		return quiz.Page{}, err
	}
	if err := t.Check(ctx); err != nil {
		return quiz.Page{}, err
	}
	page := flat.Page(img)
	img = nil // it is large, and not needed any more
	best, err := t.first(ctx, page, lang)
	if err != nil {
		return quiz.Page{}, err
	}
	if !best.readable() {
		turned, err := t.turned(ctx, page)
		if err != nil {
			return quiz.Page{}, err
		}
		if turned.readable() {
			best = turned
		}
	}
	return best.page(), nil
}

// first reads the page upright: in the language that is hoped for, and in the
// other one when that fails; in both at once when none is hoped for.
func (t *Tesseract) first(ctx context.Context, page *flat.Gray, lang quiz.Language) (reading, error) {
	switch lang {
	case quiz.Mixed:
		return t.pass(ctx, page, quiz.Mixed)
	case quiz.Arabic, quiz.English:
		best, err := t.pass(ctx, page, lang)
		if err != nil || best.readable() {
			return best, err
		}
		other, err := t.pass(ctx, page, otherThan(lang))
		return better(best, other), err
	}
	type result struct {
		reading
		err error
	}
	arabic := make(chan result, 1)
	go func() {
		r, err := t.pass(ctx, page, quiz.Arabic)
		arabic <- result{r, err}
	}()
	english, err := t.pass(ctx, page, quiz.English)
	other := <-arabic
	return better(english, other.reading), errors.Join(err, other.err)
}

func otherThan(lang quiz.Language) quiz.Language {
	if lang == quiz.Arabic {
		return quiz.English
	}
	return quiz.Arabic
}

// turned asks tesseract for the page's orientation and script, and reads it that
// way. What it says of pages without text is wrong often, so only the reading
// counts.
func (t *Tesseract) turned(ctx context.Context, page *flat.Gray) (reading, error) {
	degrees, lang, err := t.orientation(ctx, page)
	if err != nil || lang == "" {
		return reading{}, err
	}
	return t.pass(ctx, page.Turned(degrees), lang)
}

// Bounds of a photo that is decoded here. The pages package makes smaller ones.
const (
	maxPhoto  = 32 << 20
	maxPixels = 60_000_000
)

// decode decodes a JPEG or a PNG.
func decode(m ai.Media) (image.Image, error) {
	f, err := m.Open()
	if err != nil {
		return nil, fmt.Errorf("open page: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPhoto))
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	read, config := jpeg.Decode, jpeg.DecodeConfig
	if bytes.HasPrefix(data, []byte("\x89PNG")) {
		read, config = png.Decode, png.DecodeConfig
	}
	size, err := config(bytes.NewReader(data))
	if err == nil && (size.Width <= 0 || size.Height <= 0 || size.Width > maxPixels/size.Height) {
		err = fmt.Errorf("%d × %d pixels", size.Width, size.Height)
	}
	if err != nil {
		return nil, fmt.Errorf("decode page (want a JPEG or a PNG): %w", err)
	}
	img, err := read(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decode page: %w", err)
	}
	return img, nil
}
