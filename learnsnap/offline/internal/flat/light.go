package flat

import "image"

// paper is the grey that paper gets. It is below white, so that noise on the paper
// is not cut off at the top.
const paper = 245

// Flatten divides every pixel by the light that falls on it, so that paper is
// equally bright all over and a shadow disappears, and paints the table around the
// sheet with the colour of paper.
func Flatten(g *image.Gray) *image.Gray {
	c := cellsOf(g)
	bright, print := c.levels(g)
	sheet := c.sheet(bright, print)
	return divide(g, lightOf(g), c, sheet)
}

// lightOf returns the light on a picture, in a third of its size: what remains
// when dark strokes are closed. A closing (the greatest value around each pixel,
// then the least of those) fills what is narrower than its window and leaves the
// edge of anything wider where it is, which a mean would not: beside a hard shadow
// letters would get a dark halo.
func lightOf(g *image.Gray) *image.Gray {
	w, h := size(g)
	small := shrink(g, max(1, (w+2)/3), max(1, (h+2)/3))
	const reach = 3 // pixels of the small picture: closes strokes of up to 18
	closed := spread(small, reach, func(a, b uint8) uint8 { return max(a, b) })
	closed = spread(closed, reach, func(a, b uint8) uint8 { return min(a, b) })
	return soften(closed)
}

// spread gives every pixel the extreme of those within reach, in a square.
func spread(g *image.Gray, reach int, more func(a, b uint8) uint8) *image.Gray {
	w, h := size(g)
	across, out := blank(w, h), blank(w, h)
	for y := range h {
		from, to := row(g, y), row(across, y)
		for x := range to {
			v := from[x]
			for k := max(x-reach, 0); k <= min(x+reach, w-1); k++ {
				v = more(v, from[k])
			}
			to[x] = v
		}
	}
	for y := range h {
		to := row(out, y)
		copy(to, row(across, y))
		for k := max(y-reach, 0); k <= min(y+reach, h-1); k++ {
			for x, v := range row(across, k) {
				to[x] = more(to[x], v)
			}
		}
	}
	return out
}

// soften is the mean of each pixel and those around it.
func soften(g *image.Gray) *image.Gray {
	w, h := size(g)
	out := blank(w, h)
	for y := range h {
		above, here, below := row(g, max(y-1, 0)), row(g, y), row(g, min(y+1, h-1))
		to := row(out, y)
		for x := range to {
			l, r := max(x-1, 0), min(x+1, w-1)
			sum := int(above[l]) + int(above[x]) + int(above[r]) + int(here[l]) + int(here[x]) + int(here[r]) +
				int(below[l]) + int(below[x]) + int(below[r])
			to[x] = uint8(sum / 9)
		}
	}
	return out
}

// divide divides a picture by the light on it, interpolated, and paints what is
// not on the sheet.
func divide(g, light *image.Gray, c cells, sheet []bool) *image.Gray {
	w, h := size(g)
	lw, lh := size(light)
	out := blank(w, h)
	columns := steps(w, lw)
	here := make([]float32, lw) // the light, interpolated to this row
	for y, v := range steps(h, lh) {
		upper, lower := row(light, v.at), row(light, v.next)
		for x := range here {
			here[x] = float32(upper[x]) + (float32(lower[x])-float32(upper[x]))*v.part
		}
		from, to := row(g, y), row(out, y)
		for x := range to {
			k := &columns[x]
			bg := max(here[k.at]+(here[k.next]-here[k.at])*k.part, 30)
			to[x] = uint8(min(float32(from[x])*paper/bg, 255))
		}
		if sheet == nil {
			continue
		}
		on := sheet[y/c.side*c.w:]
		for cx := range c.w {
			if on[cx] {
				continue
			}
			for x := cx * c.side; x < min((cx+1)*c.side, w); x++ {
				to[x] = paper
			}
		}
	}
	return out
}

// A step lies between two pixels of a smaller picture.
type step struct {
	at, next int
	part     float32 // of the way from at to next
}

// steps finds for each of n pixels the two, of fewer, that it lies between.
func steps(n, fewer int) []step {
	out := make([]step, n)
	scale := float32(fewer) / float32(n)
	for i := range out {
		pos := max((float32(i)+0.5)*scale-0.5, 0)
		at := min(int(pos), fewer-1)
		out[i] = step{at: at, next: min(at+1, fewer-1), part: min(pos-float32(at), 1)}
	}
	return out
}
