package flat

import "math"

// steepest is the steepest slope of a line that is looked for: about 14 degrees.
const steepest = 0.26

// A sample is the slope of the lines of text in one tile of a picture. Its place
// is that of the tile's middle, from −1 to 1 on either axis.
type sample struct {
	x, y, slope, weight float64
}

// slopes measures tiles that overlap by half.
func slopes(k *ink) (samples []sample) {
	tw, th := k.w/5, k.h/8
	if tw < 20 || th < 20 {
		return nil
	}
	m := newMeter(tw, th)
	for top := 0; top+th <= k.h; top += th / 2 {
		for left := 0; left+tw <= k.w; left += tw / 2 {
			if s, ok := m.measure(k, left, top); ok {
				s.x = (2*float64(left)+float64(tw))/float64(k.w) - 1
				s.y = (2*float64(top)+float64(th))/float64(k.h) - 1
				samples = append(samples, s)
			}
		}
	}
	return samples
}

// A meter measures the slope of the lines in tiles of one size. A row of text
// seen edge on is dense, and the gap below it is empty: the slope is the one at
// which neighbouring rows differ most.
type meter struct {
	w, h    int
	columns [][]int32 // of each column, the rows with ink
	rows    []int32   // the ink of each row at some slope
	margin  int
}

func newMeter(w, h int) *meter {
	margin := int(steepest*float64(w)/2) + 2
	return &meter{w: w, h: h, columns: make([][]int32, w), rows: make([]int32, h+2*margin), margin: margin}
}

func (m *meter) measure(k *ink, left, top int) (sample, bool) {
	n := m.load(k, left, top)
	share := float64(n) / float64(m.w*m.h)
	if share < 0.01 || share > 0.40 {
		return sample{}, false
	}
	best, bestScore, sum, tried := 0.0, 0.0, 0.0, 0
	for i := -26; i <= 26; i++ {
		slope := float64(i) * 0.01
		score := m.score(slope)
		sum += score
		tried++
		if score > bestScore {
			best, bestScore = slope, score
		}
	}
	mean := sum / float64(tried)
	coarse := best
	for i := -3; i <= 3; i++ {
		slope := coarse + float64(i)*0.0025
		if score := m.score(slope); score > bestScore {
			best, bestScore = slope, score
		}
	}
	peak := bestScore/mean - 1
	return sample{slope: best, weight: peak * math.Sqrt(share)}, peak >= 0.3
}

// load takes over the ink of a tile and returns how many pixels it has.
func (m *meter) load(k *ink, left, top int) (n int) {
	for x := range m.columns {
		m.columns[x] = m.columns[x][:0]
	}
	from, to := int32(left), int32(left+m.w)
	for y := range m.h {
		for _, s := range k.at[top+y] {
			for x := max(s.from, from); x < min(s.to, to); x++ {
				m.columns[x-from] = append(m.columns[x-from], int32(y))
				n++
			}
		}
	}
	return n
}

// score tells how much neighbouring rows differ when the tile is sheared. Every
// other column will do.
func (m *meter) score(slope float64) float64 {
	clear(m.rows)
	for x := 0; x < m.w; x += 2 {
		shift := m.margin - int(math.Round(float64(x-m.w/2)*slope))
		rows := m.rows[shift:]
		for _, y := range m.columns[x] {
			rows[y]++
		}
	}
	var sum int64
	before := int32(0)
	for _, n := range m.rows {
		d := int64(n - before)
		sum += d * d
		before = n
	}
	return float64(sum)
}

// A field is the slope at every place of a picture: a polynomial whose terms are
// 1, x, y, x², xy, y², x³ and x²y, or the first three of these, or the first.
type field []float64

func terms(x, y float64) [8]float64 {
	return [8]float64{1, x, y, x * x, x * y, y * y, x * x * x, x * x * y}
}

// at returns the slope at a place, from −1 to 1 on either axis.
func (f field) at(x, y float64) float64 {
	t := terms(x, y)
	sum := 0.0
	for i, c := range f {
		sum += c * t[i]
	}
	return min(max(sum, -steepest), steepest)
}

// fit lays a field through the samples by least squares, in rounds that trust a
// sample less the further it lies off (Cauchy's weights): pictures and tables
// have slopes of their own. Nil means that there is nothing to go by.
func fit(samples []sample) field {
	const scale, rounds, ridge = 0.015, 6, 1e-3
	n := 8
	switch {
	case len(samples) == 0:
		return nil
	case len(samples) < 6:
		n = 1
	case len(samples) < 24:
		n = 3
	}
	var f field
	for range rounds {
		var a [8][9]float64 // the normal equations and, last, their right side
		for _, s := range samples {
			weight := s.weight
			if f != nil {
				off := (s.slope - f.at(s.x, s.y)) / scale
				weight /= 1 + off*off
			}
			t := terms(s.x, s.y)
			for i := range n {
				for j := range n {
					a[i][j] += weight * t[i] * t[j]
				}
				a[i][8] += weight * t[i] * s.slope
			}
		}
		trace := a[0][0]
		for i := range n {
			a[i][i] += ridge * trace
		}
		f = solve(&a, n)
	}
	return f
}

// solve solves n linear equations by elimination. The matrix is positive
// definite, so that no pivot is near zero unless nothing was measured.
func solve(a *[8][9]float64, n int) field {
	for i := range n {
		if a[i][i] < 1e-12 {
			continue
		}
		for k := range n {
			if k == i {
				continue
			}
			factor := a[k][i] / a[i][i]
			for j := i; j < 9; j++ {
				a[k][j] -= factor * a[i][j]
			}
		}
	}
	f := make(field, n)
	for i := range f {
		if a[i][i] >= 1e-12 {
			f[i] = a[i][8] / a[i][i]
		}
	}
	return f
}
