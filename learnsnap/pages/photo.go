package pages

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// photo decodes a photo and returns it upright, scaled down, as JPEG.
func (r *Reader) photo(ctx context.Context, data []byte, f found) ([]byte, error) {
	select {
	case r.decodes <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-r.decodes }()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	img, err := r.decode(ctx, data, f)
	if err != nil {
		return nil, err
	}
	picture := scaled(img, r.config.LongEdge).turned(f.exif)
	var out bytes.Buffer
	out.Grow(512 << 10)
	if err := jpeg.Encode(&out, picture.image(), &jpeg.Options{Quality: r.config.Quality}); err != nil {
		return nil, fmt.Errorf("encode page: %w", err)
	}
	return out.Bytes(), nil
}

// decode decodes a photo whose size was checked. The pixels that come out are
// checked against what the header said, for a file may hold more than one header.
func (r *Reader) decode(ctx context.Context, data []byte, f found) (img image.Image, err error) {
	switch f.mediaType {
	case jpegType:
		img, err = jpeg.Decode(bytes.NewReader(data))
	case pngType:
		img, err = png.Decode(bytes.NewReader(data))
	case webpType:
		img, err = webp.Decode(bytes.NewReader(data))
	case heicType:
		img, err = r.decodeHEIC(ctx, data)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, &Error{Code: Corrupt, Err: fmt.Errorf("the photo is broken, send it again: %w", err)}
	}
	if size := img.Bounds(); size.Empty() {
		return nil, refuse(Corrupt, "the photo is empty: send it again")
	}
	return img, nil
}

// A picture is what a page is worked on as: a plane of luminance, and two of
// colour at half the size, or none.
type picture struct {
	y      plane
	cb, cr plane // empty for grey
}

// A plane is one component of a picture, row by row without gaps.
type plane struct {
	pix  []byte
	w, h int
}

// image returns the picture as the standard library knows it, without a copy.
func (p picture) image() image.Image {
	rect := image.Rect(0, 0, p.y.w, p.y.h)
	if p.cb.pix == nil {
		return &image.Gray{Pix: p.y.pix, Stride: p.y.w, Rect: rect}
	}
	return &image.YCbCr{
		Y: p.y.pix, Cb: p.cb.pix, Cr: p.cr.pix, YStride: p.y.w, CStride: p.cb.w,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: rect,
	}
}

// turned returns the picture as an EXIF orientation says that it is meant.
func (p picture) turned(orientation int) picture {
	if orientation < 2 || orientation > 8 {
		return p
	}
	return picture{p.y.turned(orientation), p.cb.turned(orientation), p.cr.turned(orientation)}
}

// turned returns a turned copy of a plane. Orientations 5 to 8 exchange the sides.
func (p plane) turned(orientation int) plane {
	if p.pix == nil {
		return p
	}
	out := plane{pix: make([]byte, len(p.pix)), w: p.w, h: p.h}
	if orientation >= 5 {
		out.w, out.h = p.h, p.w
	}
	// A step right and a step down in the result are these steps in the source.
	var start, right, down int
	last, bottom := p.w-1, (p.h-1)*p.w
	switch orientation {
	case 2: // mirrored
		start, right, down = last, -1, p.w
	case 3: // upside down
		start, right, down = bottom+last, -1, -p.w
	case 4: // upside down and mirrored
		start, right, down = bottom, 1, -p.w
	case 5: // on its side and mirrored
		start, right, down = 0, p.w, 1
	case 6: // lies on its left side
		start, right, down = bottom, -p.w, 1
	case 7: // on its other side and mirrored
		start, right, down = bottom+last, -p.w, -1
	case 8: // lies on its right side
		start, right, down = last, p.w, -1
	}
	for y, i := 0, 0; y < out.h; y++ {
		at := start + y*down
		for range out.w {
			out.pix[i] = p.pix[at]
			at += right
			i++
		}
	}
	return out
}
