package pages

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"github.com/learnsnap/learnsnap-go/ai"
)

// shrink decodes a photo that was inspected and returns it upright and small.
func (r *Reader) shrink(ctx context.Context, m ai.Media, f finding) ([]byte, error) {
	out, err := r.shrinkOnce(ctx, m, f)
	if errors.Is(err, errOtherJPEG) {
		// Rare, or damaged. The standard library knows more kinds and forgives more,
		// and holds the whole picture.
		if f.rows = false; f.weight() > r.config.MaxMemory {
			return nil, undecodable(err)
		}
		out, err = r.shrinkOnce(ctx, m, f)
	}
	return out, err
}

func (r *Reader) shrinkOnce(ctx context.Context, m ai.Media, f finding) ([]byte, error) {
	gate, weight := &r.decodes, max(f.weight(), r.least)
	if f.kind == typeHEIC {
		gate, weight = &r.heic, 1
	}
	leave, err := gate.enter(ctx, weight)
	if err != nil {
		return nil, err
	}
	defer leave()
	p := r.pictures.Get().(*picture)
	defer func() {
		// A pool of what an unusual setting made large would keep it for nothing.
		if p.size() <= maxPooled {
			r.pictures.Put(p)
		}
	}()
	if err := r.draw(ctx, p, m, f); err != nil {
		return nil, err
	}
	return p.encode(f.turn, r.config.Quality)
}

const maxPooled = 16 << 20

// draw decodes a photo into p. The large picture is garbage when it returns.
func (r *Reader) draw(ctx context.Context, p *picture, m ai.Media, f finding) error {
	file, err := m.Open()
	if err != nil {
		return fmt.Errorf("open page: %w", err)
	}
	defer file.Close()
	src := &source{ctx: ctx, r: file, left: r.config.MaxBytes}
	err = r.decode(ctx, p, src, f)
	var e *Error
	switch {
	case err == nil || errors.As(err, &e):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case src.err != nil:
		return fmt.Errorf("read page: %w", src.err)
	case f.kind == typeJPEG && f.rows:
		return errOtherJPEG
	}
	return undecodable(err)
}

func (r *Reader) decode(ctx context.Context, p *picture, src *source, f finding) error {
	var img image.Image
	var err error
	switch {
	case f.kind == typeHEIC:
		return r.drawHEIC(ctx, p, src, f)
	case f.kind == typeJPEG && f.rows:
		return p.drawJPEG(src, f.pixels(), r.config.LongEdge)
	case f.kind == typePNG && f.rows:
		return p.drawPNG(bufio.NewReader(src), f.pixels(), r.config.LongEdge)
	case f.kind == typePNG:
		img, err = png.Decode(src)
	case f.kind == typeWebP:
		img, err = guarded(src, webp.Decode)
	default:
		img, err = jpeg.Decode(src)
	}
	if err != nil {
		var rare jpeg.UnsupportedError
		if errors.As(err, &rare) {
			return unsupported("the JPEG is of a rare kind")
		}
		return err
	}
	if img.Bounds().Dx() != f.w || img.Bounds().Dy() != f.h {
		return damaged("two sizes")
	}
	p.drawImage(img, r.config.LongEdge)
	return nil
}

// guarded calls a decoder of other people, which reads what strangers send: a panic
// in it is a damaged page, not the end of the process.
func guarded(r io.Reader, decode func(io.Reader) (image.Image, error)) (img image.Image, err error) {
	defer func() {
		if v := recover(); v != nil {
			img, err = nil, fmt.Errorf("its decoder gave up: %v", v)
		}
	}()
	return decode(r)
}

// A source is a page that is being decoded. It ends with the context, and remembers
// an error of its own, which is not the page's fault.
type source struct {
	ctx  context.Context
	r    io.Reader
	left int64
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if s.left <= 0 {
		return 0, io.EOF
	}
	n, err := s.r.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}
