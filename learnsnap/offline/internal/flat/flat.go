// Package flat turns the photo of a page into a picture that text recognition
// reads well: grey, of one size, evenly lit, with straight lines.
//
// Recognition programs are made for flatbed scans. What a phone takes has the
// table around the sheet, a shadow across it, and lines that lean and curl; read
// as it comes, every fourth word is wrong or in the wrong place. The steps are
//
//	photo, err := flat.Decode(data)                       // the grey picture in a file
//	even := flat.Flatten(flat.Fit(photo, flat.Edge))      // one size, evenly lit
//	page := flat.Page(even)                               // straight: what is read
//
// A page that stands on its side or its head is turned ([Turn]) between the last
// two steps. Everything works on 8-bit grey, one byte a pixel, with no copy in colour;
// nothing is thresholded, for recognition does that better itself.
package flat

import (
	"bytes"
	"image"
	"io"
	"strconv"
	"strings"
)

// blank returns a picture of w×h pixels.
func blank(w, h int) *image.Gray {
	return image.NewGray(image.Rect(0, 0, w, h))
}

// size returns the width and the height of a picture.
func size(g *image.Gray) (w, h int) { return g.Rect.Dx(), g.Rect.Dy() }

// row returns the pixels of row y, counted from the top edge.
func row(g *image.Gray, y int) []uint8 {
	at := y * g.Stride
	return g.Pix[at : at+g.Rect.Dx() : at+g.Rect.Dx()]
}

// PGM is a picture in the simplest form there is: a binary PGM (Netpbm P5), twenty
// bytes of header and then the pixels. It shares them with the picture.
func PGM(g *image.Gray) io.Reader {
	w, h := size(g)
	header := strings.NewReader("P5\n" + strconv.Itoa(w) + " " + strconv.Itoa(h) + "\n255\n")
	if g.Stride == w {
		return io.MultiReader(header, bytes.NewReader(g.Pix[:w*h]))
	}
	rows := make([]io.Reader, 1, h+1)
	rows[0] = header
	for y := range h {
		rows = append(rows, bytes.NewReader(row(g, y)))
	}
	return io.MultiReader(rows...)
}

// Turn returns a picture turned clockwise by 90, 180 or 270 degrees, or as it is.
func Turn(g *image.Gray, degrees int) *image.Gray {
	w, h := size(g)
	switch degrees {
	case 90:
		out := blank(h, w)
		for y := range h {
			for x, p := range row(g, y) {
				out.Pix[x*out.Stride+h-1-y] = p
			}
		}
		return out
	case 180:
		out := blank(w, h)
		for y := range h {
			to := row(out, h-1-y)
			for x, p := range row(g, y) {
				to[w-1-x] = p
			}
		}
		return out
	case 270:
		out := blank(h, w)
		for y := range h {
			for x, p := range row(g, y) {
				out.Pix[(w-1-x)*out.Stride+y] = p
			}
		}
		return out
	}
	return g
}
