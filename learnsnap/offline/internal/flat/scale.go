package flat

import (
	"image"
	"math"
)

// Fit scales a picture so that its longer side has edge pixels: by area average
// when it gets smaller, by Catmull-Rom interpolation when it gets larger. A side
// that is within a fifteenth of edge is left alone, for scaling costs sharpness.
func Fit(g *image.Gray, edge int) *image.Gray {
	w, h := size(g)
	long := max(w, h)
	if slack := edge / 2000; long >= edge-slack && long <= edge+slack {
		return g
	}
	f := float64(edge) / float64(long)
	return Scale(g, f)
}

// Scale scales a picture by a factor.
func Scale(g *image.Gray, factor float64) *image.Gray {
	w, h := size(g)
	nw, nh := max(1, int(math.Round(float64(w)*factor))), max(1, int(math.Round(float64(h)*factor)))
	if nw <= w && nh <= h {
		return shrink(g, nw, nh)
	}
	return enlarge(g, nw, nh)
}

// A share is the part of the source that one pixel of a smaller picture covers:
// from pixel first to last, the outer two in part.
type share struct {
	first, last int
	head, tail  float32 // weight of the first and the last; 1 for those between
}

func shares(from, to int) []share {
	step := float64(from) / float64(to)
	out := make([]share, to)
	for i := range out {
		a, b := float64(i)*step, float64(i+1)*step
		first, last := int(a), min(int(math.Ceil(b)), from)-1
		s := share{first: first, last: max(first, last), head: float32(float64(first+1) - a)}
		s.tail = float32(b - float64(s.last))
		if s.first == s.last {
			s.head, s.tail = float32(b-a), 0
		}
		out[i] = s
	}
	return out
}

// shrink averages the pixels under each new one. It holds one row of sums.
func shrink(g *image.Gray, w, h int) *image.Gray {
	fw, fh := size(g)
	out := blank(w, h)
	columns, rows := shares(fw, w), shares(fh, h)
	sums := make([]float32, w)
	area := float32(float64(fw) * float64(fh) / float64(w) / float64(h))
	for y, s := range rows {
		clear(sums)
		for from := s.first; from <= s.last; from++ {
			weight := float32(1)
			if from == s.first {
				weight = s.head
			} else if from == s.last {
				weight = s.tail
			}
			addRow(sums, row(g, from), columns, weight)
		}
		to := row(out, y)
		for x, v := range sums {
			to[x] = uint8(min(v/area+0.5, 255))
		}
	}
	return out
}

// addRow adds the averages of a row to sums.
func addRow(sums []float32, pix []uint8, columns []share, weight float32) {
	for x, c := range columns {
		v := float32(pix[c.first]) * c.head
		if c.last > c.first {
			var whole uint32
			for _, p := range pix[c.first+1 : c.last] {
				whole += uint32(p)
			}
			v += float32(whole) + float32(pix[c.last])*c.tail
		}
		sums[x] += v * weight
	}
}

// A tap is where one pixel of a larger picture comes from: four pixels from at on,
// each with its weight.
type tap struct {
	at     [4]int
	weight [4]float32
}

// taps follows R. Keys, Cubic convolution interpolation (1981), with a = −1/2.
func taps(from, to int) []tap {
	step := float64(from) / float64(to)
	out := make([]tap, to)
	for i := range out {
		pos := (float64(i)+0.5)*step - 0.5
		base := math.Floor(pos)
		t := pos - base
		weights := [4]float64{
			((-t+2)*t - 1) * t / 2,
			((3*t-5)*t*t + 2) / 2,
			((-3*t+4)*t + 1) * t / 2,
			(t - 1) * t * t / 2,
		}
		for k := range 4 {
			out[i].at[k] = min(max(int(base)-1+k, 0), from-1)
			out[i].weight[k] = float32(weights[k])
		}
	}
	return out
}

// enlarge interpolates. It holds the rows of the new width that the next row of
// the result needs: four.
func enlarge(g *image.Gray, w, h int) *image.Gray {
	fw, fh := size(g)
	out := blank(w, h)
	columns, rows := taps(fw, w), taps(fh, h)
	var lines [4][]float32
	held := [4]int{-1, -1, -1, -1}
	for k := range lines {
		lines[k] = make([]float32, w)
	}
	for y, v := range rows {
		for _, from := range v.at {
			if k := from % 4; held[k] != from {
				widen(lines[k], row(g, from), columns)
				held[k] = from
			}
		}
		a, b, c, d := lines[v.at[0]%4], lines[v.at[1]%4], lines[v.at[2]%4], lines[v.at[3]%4]
		to := row(out, y)
		for x := range to {
			s := a[x]*v.weight[0] + b[x]*v.weight[1] + c[x]*v.weight[2] + d[x]*v.weight[3]
			to[x] = uint8(min(max(s+0.5, 0), 255))
		}
	}
	return out
}

// widen interpolates along a row.
func widen(to []float32, pix []uint8, columns []tap) {
	for x := range columns {
		t := &columns[x]
		to[x] = float32(pix[t.at[0]])*t.weight[0] + float32(pix[t.at[1]])*t.weight[1] +
			float32(pix[t.at[2]])*t.weight[2] + float32(pix[t.at[3]])*t.weight[3]
	}
}
