package flat

import (
	"image"
	"math"
)

// measured is the longer side of the copy in which slopes are measured.
const measured = 1200

// Straighten makes lines of text level. Their slope differs over a photo, by
// perspective and by the curl of the page: it is measured tile by tile, a smooth
// field is laid through what was measured, and every column is moved up or down
// along that field. One step undoes skew, perspective and curl, up to about 14
// degrees. The result is as wide as the picture and may be higher; what was not in
// the picture is paper.
func Straighten(g *image.Gray) *image.Gray {
	small := g
	w, h := size(g)
	if long := max(w, h); long > measured {
		small = Scale(g, float64(measured)/float64(long))
	}
	f := fit(slopes(inkOf(small)))
	if f == nil {
		return g
	}
	return level(g, f)
}

// pitch is the distance of the points at which a field is traced.
const pitch = 16

// level moves columns so that the lines of a field become level. The middle one
// stays.
func level(g *image.Gray, f field) *image.Gray {
	w, h := size(g)
	moves, most := trace(f, w, h)
	if most < 0.75 {
		return g
	}
	pad := min(int(most)+1, h/4)
	across := w/pitch + 2
	out := blank(w, h+2*pad)
	now := make([]float32, across) // the moves at the row at hand
	for y := range h + 2*pad {
		at := float64(y-pad)/pitch + padded
		r := min(max(int(at), 0), len(moves)/across-2)
		part := float32(min(max(at-float64(r), 0), 1))
		upper, lower := moves[r*across:], moves[(r+1)*across:]
		for c := range now {
			now[c] = upper[c] + (lower[c]-upper[c])*part
		}
		moveRow(row(out, y), g, y-pad, now)
	}
	return out
}

// padded is how many points of the grid lie above the picture, and below it.
const padded = 6

// trace follows the lines of a field from the middle column to both sides. It
// returns, for every point of a grid, by how many pixels the line that crosses the
// middle at the point's height is lower there, and the greatest such move at the
// corners of the picture.
func trace(f field, w, h int) (moves []float32, most float64) {
	across, down := w/pitch+2, h/pitch+2+2*padded
	moves = make([]float32, across*down)
	middle := across / 2
	slope := func(c int, y float64) float64 {
		x := 2*float64(c*pitch)/float64(w) - 1
		return f.at(min(max(x, -1), 1), min(max(2*y/float64(h)-1, -1), 1))
	}
	for r := range down {
		start := float64((r - padded) * pitch)
		for _, way := range []int{1, -1} {
			y := start
			for c := middle + way; c >= 0 && c < across; c += way {
				first := slope(c-way, y)
				step := float64(way * pitch)
				y += step * (first + slope(c, y+step*first)) / 2
				moves[r*across+c] = float32(y - start)
				if start >= 0 && start <= float64(h) {
					most = max(most, math.Abs(y-start))
				}
			}
		}
	}
	return moves, most
}

// moveRow fills a row with the pixels that lie by moves lower than y in g.
func moveRow(to []uint8, g *image.Gray, y int, moves []float32) {
	h := g.Rect.Dy()
	for c := 0; c*pitch < len(to); c++ {
		move, slope := moves[c], (moves[c+1]-moves[c])/pitch
		start := c * pitch
		for i := range to[start:min(start+pitch, len(to))] {
			at := float32(y) + move + slope*float32(i)
			top := int(at+1024) - 1024 // rounds down below zero too
			if top < 0 || top+1 >= h {
				to[start+i] = paper
				continue
			}
			p := top*g.Stride + start + i
			share := int((at - float32(top)) * 256)
			a, b := int(g.Pix[p]), int(g.Pix[p+g.Stride])
			to[start+i] = uint8((a*256 + (b-a)*share) >> 8)
		}
	}
}
