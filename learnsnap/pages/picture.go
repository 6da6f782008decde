package pages

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"slices"
)

// A picture is a page on its way to becoming a small JPEG: a plane of luminance
// and, unless it is gray, two of colour at half the size. Source rows go in, and
// only the small planes are held. It keeps its memory for the next page.
type picture struct {
	w, h      int // of the result, before it is turned
	gray      bool
	y, cb, cr area
	turned    []byte
	out       bytes.Buffer
	jpeg      jpegDecoder
}

// start makes the picture ready for a source of sw × sh pixels whose colour planes,
// where it has any, are cw × ch.
func (p *picture) start(sw, sh, cw, ch int, gray bool, edge int) {
	p.w, p.h, p.gray = sw, sh, gray
	if long := max(sw, sh); edge > 0 && long > edge {
		p.w = max(1, (sw*edge+long/2)/long)
		p.h = max(1, (sh*edge+long/2)/long)
	}
	p.y.start(sw, sh, p.w, p.h)
	if !gray {
		p.cb.start(cw, ch, (p.w+1)/2, (p.h+1)/2)
		p.cr.start(cw, ch, (p.w+1)/2, (p.h+1)/2)
	}
}

// encode turns the picture as an EXIF orientation asks and returns it as JPEG,
// which holds nothing but the picture.
func (p *picture) encode(turn, quality int) ([]byte, error) {
	p.out.Reset()
	if err := jpeg.Encode(&p.out, p.image(turn), &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode page: %w", err)
	}
	return slices.Clone(p.out.Bytes()), nil
}

// image returns the picture, turned, as the encoder takes it without converting.
func (p *picture) image(turn int) image.Image {
	y, cb, cr := p.y.pix, p.cb.pix, p.cr.pix
	w, h := p.w, p.h
	cw, ch := (w+1)/2, (h+1)/2
	if turn > 1 {
		p.turned = resize(p.turned, w*h+2*cw*ch)
		y = turnPlane(p.turned[:w*h], y, w, h, turn)
		if !p.gray {
			cb = turnPlane(p.turned[w*h:][:cw*ch], cb, cw, ch, turn)
			cr = turnPlane(p.turned[w*h+cw*ch:], cr, cw, ch, turn)
		}
	}
	if turn > 4 {
		w, h, cw = h, w, ch
	}
	if p.gray {
		return &image.Gray{Pix: y, Stride: w, Rect: image.Rect(0, 0, w, h)}
	}
	return &image.YCbCr{
		Y: y, Cb: cb, Cr: cr, YStride: w, CStride: cw,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: image.Rect(0, 0, w, h),
	}
}

// size is how many bytes of memory the picture keeps.
func (p *picture) size() int {
	return cap(p.y.pix) + cap(p.cb.pix) + cap(p.cr.pix) + cap(p.turned) + p.out.Cap()
}

// turnPlane copies a plane of w × h pixels to dst as an EXIF orientation asks:
// 2 mirrors, 3 turns by 180°, 4 flips, 6 and 8 turn clockwise by 90° and 270°,
// 5 and 7 do that and mirror. From 5 on the sides change places.
func turnPlane(dst, src []byte, w, h, turn int) []byte {
	// Where the first new pixel comes from, and where a step to the right and one
	// down lead in the source.
	at, right, down := 0, 1, w
	last, bottom := w-1, (h-1)*w
	switch turn {
	case 2:
		at, right = last, -1
	case 3:
		at, right, down = bottom+last, -1, -w
	case 4:
		at, down = bottom, -w
	case 5:
		right, down = w, 1
	case 6:
		at, right, down = bottom, -w, 1
	case 7:
		at, right, down = bottom+last, -w, -1
	case 8:
		at, right, down = last, w, -1
	}
	if turn > 4 {
		w, h = h, w
	}
	for y := range h {
		from := at + y*down
		row := dst[y*w:][:w]
		for x := range row {
			row[x] = src[from]
			from += right
		}
	}
	return dst
}
