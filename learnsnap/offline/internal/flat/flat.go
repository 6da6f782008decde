// Package flat makes a flat, evenly lit page out of a photo of one, for a reader
// (OCR) that wants straight lines of dark letters on white. It works on eight-bit
// grey alone.
//
// The steps are those that were measured to pay: the size at which letters are
// read best, the shadow and the table taken out, the lines straightened. There is
// no threshold: readers do better on grey.
package flat

import (
	"image"
	"image/color"
)

// A Gray is a grey picture, row by row without gaps; 0 is black.
type Gray struct {
	Pix  []byte
	W, H int
}

func newGray(w, h int) *Gray { return &Gray{Pix: make([]byte, w*h), W: w, H: h} }

func (g *Gray) row(y int) []byte { return g.Pix[y*g.W : (y+1)*g.W] }

// The long side at which letters of a printed page are read best; a picture that
// has it but for a few pixels is left alone.
const (
	longSide  = 1500
	shortest  = 1490
	longest   = 1510
	paper     = 245 // what white paper is brought to
	minLength = 32  // pixels of a side below which there is nothing to read
)

// Page brings a photo of a page to a flat page. A picture too small to hold text
// comes back as it is, in grey.
func Page(img image.Image) *Gray {
	g := scaled(grey(img))
	if min(g.W, g.H) < minLength {
		return g
	}
	flatten(g)
	g = straighten(g)
	removeRules(g)
	return g
}

// Turned returns the page turned clockwise by a multiple of 90 degrees.
func (g *Gray) Turned(degrees int) *Gray {
	out := newGray(g.W, g.H)
	switch degrees = ((degrees % 360) + 360) % 360; degrees {
	case 90, 270:
		out.W, out.H = g.H, g.W
	case 0:
		copy(out.Pix, g.Pix)
		return out
	}
	for y := range g.H {
		for x, v := range g.row(y) {
			switch degrees {
			case 90:
				out.Pix[x*out.W+out.W-1-y] = v
			case 180:
				out.Pix[len(out.Pix)-1-(y*g.W+x)] = v
			case 270:
				out.Pix[(out.H-1-x)*out.W+y] = v
			}
		}
	}
	return out
}

// grey returns the luminance of an image. Of a JPEG it is the Y plane as it is.
func grey(img image.Image) *Gray {
	r := img.Bounds()
	g := newGray(r.Dx(), r.Dy())
	switch img := img.(type) {
	case *image.YCbCr:
		for y := range g.H {
			copy(g.row(y), img.Y[img.YOffset(r.Min.X, r.Min.Y+y):])
		}
	case *image.Gray:
		for y := range g.H {
			copy(g.row(y), img.Pix[img.PixOffset(r.Min.X, r.Min.Y+y):])
		}
	default:
		for y := range g.H {
			row := g.row(y)
			for x := range row {
				row[x] = color.GrayModel.Convert(img.At(r.Min.X+x, r.Min.Y+y)).(color.Gray).Y
			}
		}
	}
	return g
}
