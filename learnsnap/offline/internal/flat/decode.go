package flat

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
)

// What [Decode] refuses.
var (
	ErrUnsupported = errors.New("neither JPEG nor PNG")
	ErrTooLarge    = errors.New("too many pixels")
	ErrCorrupt     = errors.New("broken image")
)

// The most pixels that are decoded. A JPEG takes one and a half bytes for each, a
// PNG up to eight.
const (
	maxJPEG = 50_000_000
	maxPNG  = 25_000_000
)

// Decode returns the grey picture in a JPEG or PNG file. That of a JPEG in colour
// is its luminance plane as it stands in the file; transparent parts of a PNG are
// white. The error wraps [ErrUnsupported], [ErrTooLarge] or [ErrCorrupt].
func Decode(data []byte) (*image.Gray, error) {
	var img image.Image
	var err error
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		config, bad := jpeg.DecodeConfig(bytes.NewReader(data))
		if err := fits(config, bad, maxJPEG); err != nil {
			return nil, err
		}
		img, err = jpeg.Decode(bytes.NewReader(data))
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		config, bad := png.DecodeConfig(bytes.NewReader(data))
		if err := fits(config, bad, maxPNG); err != nil {
			return nil, err
		}
		img, err = png.Decode(bytes.NewReader(data))
	default:
		return nil, ErrUnsupported
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return grey(img), nil
}

// fits judges the size that an image's header tells.
func fits(c image.Config, err error, most int) error {
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	case c.Width <= 0 || c.Height <= 0:
		return ErrCorrupt
	case c.Width > most/c.Height:
		return fmt.Errorf("%w: %d×%d", ErrTooLarge, c.Width, c.Height)
	}
	return nil
}

// grey returns an image in grey, sharing its pixels where it can.
func grey(img image.Image) *image.Gray {
	b := img.Bounds()
	switch img := img.(type) {
	case *image.YCbCr:
		at := img.YOffset(b.Min.X, b.Min.Y)
		return &image.Gray{Pix: img.Y[at:], Stride: img.YStride, Rect: image.Rect(0, 0, b.Dx(), b.Dy())}
	case *image.Gray:
		at := img.PixOffset(b.Min.X, b.Min.Y)
		return &image.Gray{Pix: img.Pix[at:], Stride: img.Stride, Rect: image.Rect(0, 0, b.Dx(), b.Dy())}
	case *image.RGBA:
		return greyRows(b, func(y int) []uint8 { return img.Pix[img.PixOffset(b.Min.X, y):] }, true)
	case *image.NRGBA:
		return greyRows(b, func(y int) []uint8 { return img.Pix[img.PixOffset(b.Min.X, y):] }, false)
	}
	out := blank(b.Dx(), b.Dy())
	for y := range b.Dy() {
		to := row(out, y)
		for x := range to {
			c := color.RGBA64Model.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.RGBA64)
			paper := 0xffff - uint32(c.A)
			luma := (19595*uint32(c.R)+38470*uint32(c.G)+7471*uint32(c.B)+1<<15)>>16 + paper
			to[x] = uint8(min(luma, 0xffff) >> 8)
		}
	}
	return out
}

// greyRows mixes rows of four-byte pixels to grey, over white where they are
// transparent. Premultiplied says whether colours carry their alpha already.
func greyRows(b image.Rectangle, pixels func(y int) []uint8, premultiplied bool) *image.Gray {
	out := blank(b.Dx(), b.Dy())
	for y := range b.Dy() {
		from := pixels(b.Min.Y + y)
		to := row(out, y)
		for x := range to {
			p := from[4*x : 4*x+4 : 4*x+4]
			luma := (19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16
			alpha := uint32(p[3])
			if !premultiplied {
				luma = luma * alpha / 255
			}
			to[x] = uint8(min(luma+255-alpha, 255))
		}
	}
	return out
}
