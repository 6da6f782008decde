package flat

import "math"

// scaled returns a picture with the long side at which letters are read best. It
// averages on the way down and interpolates (Catmull-Rom) on the way up.
func scaled(g *Gray) *Gray {
	long := max(g.W, g.H)
	if long >= shortest && long <= longest || long == 0 {
		return g
	}
	return resized(g, float64(longSide)/float64(long))
}

// resized returns a picture that is larger or smaller by a factor.
func resized(g *Gray, factor float64) *Gray {
	w, h := max(1, int(float64(g.W)*factor+0.5)), max(1, int(float64(g.H)*factor+0.5))
	return resample(resample(g, w).transposed(), h).transposed()
}

// A tap is what one new pixel takes from the old ones.
type tap struct {
	from    int
	weights []float32
}

// taps returns, for each of n new pixels, its share of the m old ones.
func taps(n, m int) []tap {
	scale := float64(m) / float64(n)
	out := make([]tap, n)
	for i := range out {
		if scale > 1 {
			out[i] = averageTap(float64(i)*scale, float64(i+1)*scale, m)
		} else {
			out[i] = cubicTap((float64(i)+0.5)*scale-0.5, m)
		}
	}
	return out
}

func averageTap(begin, end float64, m int) tap {
	from, to := int(begin), min(int(math.Ceil(end)), m)
	t := tap{from: from}
	for x := from; x < to; x++ {
		share := math.Min(end, float64(x+1)) - math.Max(begin, float64(x))
		t.weights = append(t.weights, float32(share/(end-begin)))
	}
	return t
}

func cubicTap(centre float64, m int) tap {
	base := int(math.Floor(centre)) - 1
	from, to := max(base, 0), min(base+4, m)
	t := tap{from: from, weights: make([]float32, to-from)}
	for x := base; x < base+4; x++ {
		at := min(max(x, 0), m-1) // pixels outside repeat those at the border
		t.weights[at-from] += float32(cubic(math.Abs(centre - float64(x))))
	}
	return t
}

func cubic(d float64) float64 {
	switch {
	case d < 1:
		return 1 - 2.5*d*d + 1.5*d*d*d
	case d < 2:
		return 2 - 4*d + 2.5*d*d - 0.5*d*d*d
	}
	return 0
}

// resample changes the width.
func resample(g *Gray, w int) *Gray {
	out := newGray(w, g.H)
	all := taps(w, g.W)
	for y := range g.H {
		src, dst := g.row(y), out.row(y)
		for x := range dst {
			t := &all[x]
			var sum float32
			for i, v := range src[t.from : t.from+len(t.weights)] {
				sum += t.weights[i] * float32(v)
			}
			dst[x] = uint8(min(max(sum+0.5, 0), 255))
		}
	}
	return out
}

// transposed exchanges rows and columns, block by block for the cache's sake.
func (g *Gray) transposed() *Gray {
	const block = 32
	out := newGray(g.H, g.W)
	for top := 0; top < g.H; top += block {
		for left := 0; left < g.W; left += block {
			for y := top; y < min(top+block, g.H); y++ {
				for x := left; x < min(left+block, g.W); x++ {
					out.Pix[x*g.H+y] = g.Pix[y*g.W+x]
				}
			}
		}
	}
	return out
}
