package flat

import "image"

// A Strip is a part of a page, and where it stands in a [Stack].
type Strip struct {
	Page image.Rectangle // on the page
	At   image.Point     // its top left corner in the stack
}

// Stack copies lines of a page below each other, from the right or from the left.
// A line that recognition has lost among others is found when it stands free.
// Short lines share a row, on one baseline: what is lost most often is a short
// last line, and alone it is lost again.
func Stack(page *image.Gray, lines []image.Rectangle, right bool) (*image.Gray, []Strip) {
	const margin, gap, border = 4, 10, 20
	strips := make([]Strip, len(lines))
	wide := 0
	for i, l := range lines {
		strips[i].Page = l.Inset(-margin).Intersect(page.Rect)
		wide = max(wide, strips[i].Page.Dx())
	}
	top := border
	for i := 0; i < len(strips); {
		// Which strips fit into this row, and how far they reach above and below
		// the baseline.
		n, used, above, below := 0, 0, 0, 0
		for ; i+n < len(strips); n++ {
			s := strips[i+n].Page
			between := 3 * s.Dy()
			if n > 0 && used+between+s.Dx() > wide {
				break
			}
			if n > 0 {
				used += between
			}
			used += s.Dx()
			base := baseline(page, s)
			above, below = max(above, base), max(below, s.Dy()-base)
		}
		x := 0
		for k := range n {
			s := &strips[i+k]
			if k > 0 {
				x += 3 * s.Page.Dy()
			}
			s.At = image.Pt(border+x, top+above-baseline(page, s.Page))
			x += s.Page.Dx()
			if right {
				s.At.X = border + wide - x
			}
		}
		top += above + below + gap
		i += n
	}
	out := blank(wide+2*border, top+border)
	for i := range out.Pix {
		out.Pix[i] = paper
	}
	for _, s := range strips {
		for y := range s.Page.Dy() {
			from := row(page, s.Page.Min.Y+y)[s.Page.Min.X:s.Page.Max.X]
			to := row(out, s.At.Y+y)[s.At.X:]
			for x, p := range from {
				to[x] = min(to[x], p)
			}
		}
	}
	return out, strips
}

// baseline is the row of a strip, from its top, under which there is so much less
// ink than in it as under no other.
func baseline(page *image.Gray, r image.Rectangle) int {
	before, most, at := 0, 0, r.Dy()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		n := 0
		for _, p := range row(page, y)[r.Min.X:r.Max.X] {
			if p < inkGrey {
				n++
			}
		}
		if before-n > most {
			most, at = before-n, y-r.Min.Y
		}
		before = n
	}
	return at
}
