package flat

import "math"

// straighten makes the lines of text level. The slope of a line differs over a
// photo (perspective, a curled page): it is measured in tiles, a smooth field is
// laid through the tiles, and every column is shifted along it. That mends skew,
// perspective and curl in one step, up to about 14 degrees.
func straighten(g *Gray) *Gray {
	const measured = 1200
	ink := g
	if long := max(g.W, g.H); long > measured {
		ink = resized(g, float64(measured)/float64(long))
	}
	field, ok := fitSlopes(slopes(binarised(ink)))
	if !ok {
		return g
	}
	return level(g, field)
}

// binarised marks ink: pixels clearly darker than the mean around them (Bradley
// and Roth, 2007).
func binarised(g *Gray) inkRows {
	w, h := g.W, g.H
	sums := make([]uint32, (w+1)*(h+1))
	for y := range h {
		var row uint32
		for x, v := range g.row(y) {
			row += uint32(v)
			sums[(y+1)*(w+1)+x+1] = sums[y*(w+1)+x+1] + row
		}
	}
	ink := inkRows{w: w, rows: make([][]int, h)}
	reach := max(w, h) / 32
	for y := range h {
		top, bottom := max(0, y-reach), min(h, y+reach+1)
		for x, v := range g.row(y) {
			left, right := max(0, x-reach), min(w, x+reach+1)
			sum := sums[bottom*(w+1)+right] - sums[top*(w+1)+right] - sums[bottom*(w+1)+left] + sums[top*(w+1)+left]
			if n := uint32((bottom - top) * (right - left)); uint32(v)*n*100 < sum*85 {
				ink.rows[y] = append(ink.rows[y], x)
			}
		}
	}
	return ink
}

// inkRows are the columns of the ink in each row of a picture.
type inkRows struct {
	w    int
	rows [][]int
}

// A sample is the slope of the lines in one tile.
type sample struct {
	x, y   float64 // the tile's centre, −1 to 1
	slope  float64
	weight float64
}

// slopes measures the slope of the text in overlapping tiles.
func slopes(ink inkRows) (samples []sample) {
	w, h := ink.w, len(ink.rows)
	tw, th := w/5, h/8
	if tw < 20 || th < 20 {
		return nil
	}
	for top := 0; top+th <= h; top += th / 2 {
		for left := 0; left+tw <= w; left += tw / 2 {
			if s, ok := tileSlope(ink.rows[top:top+th], left, left+tw); ok {
				s.x = 2*(float64(left)+float64(tw)/2)/float64(w) - 1
				s.y = 2*(float64(top)+float64(th)/2)/float64(h) - 1
				samples = append(samples, s)
			}
		}
	}
	return samples
}

const steepest = 0.26 // about 14.5 degrees

// tileSlope finds the slope at which the rows of a tile differ most: that at
// which lines of text and the white between them are seen edge on.
func tileSlope(rows [][]int, left, right int) (sample, bool) {
	width := right - left
	var points [][2]int32
	for y, row := range rows {
		for i, x := range row {
			if x >= left && x < right && i&1 == 0 { // every other one says the same
				points = append(points, [2]int32{int32(x - left - width/2), int32(y)})
			}
		}
	}
	area := width * len(rows)
	if len(points)*200 < area || len(points)*200 > 40*area {
		return sample{}, false
	}
	margin := int(steepest*float64(width)/2) + 2
	bins := make([]int32, len(rows)+2*margin)
	score := func(slope float64) float64 {
		clear(bins)
		step := int32(math.Round(slope * 4096))
		for _, p := range points {
			bins[int(p[1]-(p[0]*step)>>12)+margin]++
		}
		sum := 0.0
		for i := 1; i < len(bins); i++ {
			d := float64(bins[i] - bins[i-1])
			sum += d * d
		}
		return sum
	}
	best, bestScore, total, n := 0.0, 0.0, 0.0, 0
	for s := -steepest; s <= steepest+1e-9; s += 0.01 {
		v := score(s)
		total += v
		n++
		if v > bestScore {
			best, bestScore = s, v
		}
	}
	mean := total / float64(n)
	for s := best - 0.0075; s <= best+0.0076; s += 0.0025 {
		if v := score(s); v > bestScore {
			best, bestScore = s, v
		}
	}
	weight := (bestScore/mean - 1) * math.Sqrt(2*float64(len(points))/float64(area))
	return sample{slope: best, weight: weight}, weight >= 0.1
}

// A field gives the slope at each place, as a polynomial.
type field []float64

// terms are the polynomial's terms, as many as there are coefficients.
func terms(x, y float64, n int) [8]float64 {
	all := [8]float64{1, x, y, x * x, x * y, y * y, x * x * x, x * x * y}
	for i := n; i < len(all); i++ {
		all[i] = 0
	}
	return all
}

func (f field) at(x, y float64) float64 {
	sum := 0.0
	for i, t := range terms(x, y, len(f)) {
		if i < len(f) {
			sum += f[i] * t
		}
	}
	return min(max(sum, -steepest), steepest)
}

// fitSlopes lays a field through the samples by least squares, in rounds that
// trust samples less the further they lie off it (Cauchy weights).
func fitSlopes(samples []sample) (field, bool) {
	n := 8
	switch {
	case len(samples) < 2:
		return nil, false
	case len(samples) < 6:
		n = 1
	case len(samples) < 24:
		n = 3
	}
	const scale, ridge = 0.015, 1e-3
	f := make(field, n)
	for round := range 6 {
		var a [8][9]float64
		for _, s := range samples {
			weight := s.weight
			if round > 0 {
				off := (s.slope - f.at(s.x, s.y)) / scale
				weight /= 1 + off*off
			}
			t := terms(s.x, s.y, n)
			for i := range n {
				for j := range n {
					a[i][j] += weight * t[i] * t[j]
				}
				a[i][8] += weight * t[i] * s.slope
			}
		}
		for i := range n {
			a[i][i] += ridge * a[0][0]
		}
		f = solve(&a, n)
	}
	return f, true
}

// solve solves n linear equations, whose matrix is positive definite.
func solve(a *[8][9]float64, n int) field {
	for i := range n {
		pivot := a[i][i]
		if math.Abs(pivot) < 1e-12 {
			continue
		}
		for k := range n {
			if k == i {
				continue
			}
			factor := a[k][i] / pivot
			for j := i; j < 9; j++ {
				a[k][j] -= factor * a[i][j]
			}
		}
	}
	f := make(field, n)
	for i := range n {
		if math.Abs(a[i][i]) >= 1e-12 {
			f[i] = a[i][8] / a[i][i]
		}
	}
	return f
}

// level shifts every column so that lines along the field become level. The middle
// column stays where it is; what comes from outside of the picture is paper.
func level(g *Gray, f field) *Gray {
	const grid = 16
	cols, rows := g.W/grid+2, g.H/grid+2
	shift := make([]float64, cols*rows) // from a row of the result to the source
	steepestShift := 0.0
	for r := range rows {
		for _, direction := range []int{1, -1} {
			y := float64(r * grid)
			middle := cols / 2
			for c := middle; c >= 0 && c < cols; c += direction {
				shift[r*cols+c] = y - float64(r*grid)
				steepestShift = max(steepestShift, math.Abs(shift[r*cols+c]))
				x := 2*float64(c*grid)/float64(g.W) - 1
				y += float64(direction*grid) * f.at(x, min(max(2*y/float64(g.H)-1, -1), 1))
			}
		}
	}
	if steepestShift < 1 {
		return g
	}
	margin := min(int(steepestShift)+1, g.H/4)
	out := newGray(g.W, g.H+2*margin)
	for y := range out.H {
		at := y - margin
		r := min(max(at, 0)/grid, rows-2)
		wr := min(float64(max(at, 0)-r*grid)/grid, 1)
		row := out.row(y)
		for x := range row {
			c := x / grid
			wc := float64(x%grid) / grid
			upper := shift[r*cols+c]*(1-wc) + shift[r*cols+c+1]*wc
			lower := shift[(r+1)*cols+c]*(1-wc) + shift[(r+1)*cols+c+1]*wc
			row[x] = sampled(g, x, float64(at)+upper*(1-wr)+lower*wr)
		}
	}
	return out
}

// sampled returns the brightness between two pixels of a column.
func sampled(g *Gray, x int, y float64) uint8 {
	top := int(math.Floor(y))
	if top < 0 || top+1 >= g.H {
		return paper
	}
	share := int((y - float64(top)) * 256)
	return uint8((int(g.Pix[top*g.W+x])*(256-share) + int(g.Pix[(top+1)*g.W+x])*share) >> 8)
}
