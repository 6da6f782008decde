package flat

import (
	"image"
	"slices"
)

// A Strip is a line of a page, and where it stands in a [Stack].
type Strip struct {
	page  image.Rectangle // on the page
	stack image.Rectangle // in the stack
	base  int             // of the picture: its baseline, from its top
	pix   *image.Gray
}

// Holds reports whether a point of the stack lies in the strip.
func (s Strip) Holds(p image.Point) bool { return p.In(s.stack) }

// OnPage returns where on the page a rectangle of the stack has come from.
func (s Strip) OnPage(r image.Rectangle) image.Rectangle {
	x := func(x int) int { return s.page.Min.X + (x-s.stack.Min.X)*s.page.Dx()/s.stack.Dx() }
	y := func(y int) int { return s.page.Min.Y + (y-s.stack.Min.Y)*s.page.Dy()/s.stack.Dy() }
	return image.Rect(x(r.Min.X), y(r.Min.Y), x(r.Max.X), y(r.Max.Y))
}

// Stack copies lines of a page below each other, from the right or from the left.
// A line that recognition has lost among others is found when it stands free and
// is set as they are: headings are brought to the size of the other lines, and
// short lines share a row, on one baseline. What is lost most often is a short last
// line, and alone it is lost again.
func Stack(page *image.Gray, lines []image.Rectangle, right bool) (*image.Gray, []Strip) {
	const gap, border = 10, 20
	strips := cut(page, lines)
	wide := 0
	for _, s := range strips {
		wide = max(wide, s.pix.Rect.Dx())
	}
	above, below := 0, 0
	for _, s := range strips {
		above, below = max(above, s.base), max(below, s.pix.Rect.Dy()-s.base)
	}
	pitch := above + below + gap
	line := border + above
	x := 0
	for i := range strips {
		s := &strips[i]
		w, h := size(s.pix)
		if x > 0 && x+w > wide {
			x = 0
			line += pitch
		}
		at := image.Pt(border+x, line-s.base)
		if right {
			at.X = border + wide - x - w
		}
		s.stack = image.Rect(0, 0, w, h).Add(at)
		x += w + 3*h
	}
	top := line + below
	out := blank(wide+2*border, top+border)
	for i := range out.Pix {
		out.Pix[i] = paper
	}
	for i := range strips {
		strips[i].draw(out)
	}
	return out, strips
}

// cut takes lines out of a page, with some paper around them.
func cut(page *image.Gray, lines []image.Rectangle) []Strip {
	const margin = 4
	heights := make([]int, len(lines))
	for i, l := range lines {
		heights[i] = l.Dy()
	}
	slices.Sort(heights)
	common := heights[len(heights)/2]
	other := 0.88
	if common < 20 {
		other = 1.12
	}
	strips := make([]Strip, len(lines))
	for i, l := range lines {
		s := &strips[i]
		s.page = l.Inset(-margin).Intersect(page.Rect)
		s.pix = page.SubImage(s.page).(*image.Gray)
		s.pix.Rect = image.Rect(0, 0, s.page.Dx(), s.page.Dy())
		f := other
		if 10*l.Dy() > 14*common && l.Dy() < 3*common {
			f *= float64(common) * 1.15 / float64(l.Dy())
		}
		s.pix = Scale(s.pix, f)
		s.base = baseline(s.pix)
	}
	return strips
}

func (s Strip) draw(on *image.Gray) {
	for y := range s.pix.Rect.Dy() {
		to := row(on, s.stack.Min.Y+y)[s.stack.Min.X:]
		for x, p := range row(s.pix, y) {
			to[x] = min(to[x], p)
		}
	}
}

// baseline is the row under which there is so much less ink than in it as under no
// other.
func baseline(g *image.Gray) int {
	before, most, at := 0, 0, g.Rect.Dy()
	for y := range g.Rect.Dy() {
		n := 0
		for _, p := range row(g, y) {
			if p < inkGrey {
				n++
			}
		}
		if before-n > most {
			most, at = before-n, y
		}
		before = n
	}
	return at
}
