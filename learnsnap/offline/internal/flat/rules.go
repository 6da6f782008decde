package flat

import "image"

// Unrule whitens the rules on a page, in place: dark runs that are longer than a
// sixth of its width, and what is within three pixels of them. Left alone they
// are read as dashes, or join the line above them.
func Unrule(g *image.Gray) {
	const dark, near = 140, 3
	w, h := size(g)
	type run struct{ y, from, to int }
	var runs []run
	for y := range h {
		from := -1
		for x, p := range row(g, y) {
			switch {
			case p < dark && from < 0:
				from = x
			case p >= dark && from >= 0:
				if x-from > w/6 {
					runs = append(runs, run{y, from, x})
				}
				from = -1
			}
		}
		if from >= 0 && w-from > w/6 {
			runs = append(runs, run{y, from, w})
		}
	}
	for _, r := range runs {
		for y := max(r.y-near, 0); y <= min(r.y+near, h-1); y++ {
			pix := row(g, y)
			for x := max(r.from-near, 0); x < min(r.to+near, w); x++ {
				pix[x] = max(pix[x], paper)
			}
		}
	}
}
