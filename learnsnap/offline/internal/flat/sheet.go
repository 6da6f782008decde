package flat

import "image"

// cellsAcross is how many cells the longer side of a picture is divided into for
// judging light: small enough to follow a shadow's edge, large enough that text
// does not fill one.
const cellsAcross = 80

// cells is a picture in coarse squares.
type cells struct {
	w, h int // cells
	side int // pixels of a cell
}

func cellsOf(g *image.Gray) cells {
	w, h := size(g)
	side := max(4, (max(w, h)+cellsAcross-1)/cellsAcross)
	return cells{w: (w + side - 1) / side, h: (h + side - 1) / side, side: side}
}

// levels returns the 75th percentile of the pixels in each cell, which is the paper
// between the letters, and whether there are letters.
func (c cells) levels(g *image.Gray) (bright []uint8, print []bool) {
	w, h := size(g)
	bright, print = make([]uint8, c.w*c.h), make([]bool, c.w*c.h)
	counts := make([][256]uint16, c.w)
	for cy := range c.h {
		clear(counts)
		top, bottom := cy*c.side, min((cy+1)*c.side, h)
		for y := top; y < bottom; y++ {
			pix := row(g, y)
			for cx := range counts {
				count := &counts[cx]
				for _, p := range pix[cx*c.side : min((cx+1)*c.side, w)] {
					count[p]++
				}
			}
		}
		for cx := range counts {
			n := (bottom - top) * (min((cx+1)*c.side, w) - cx*c.side)
			i := cy*c.w + cx
			bright[i] = percentile(&counts[cx], n*3/4)
			ink := 0
			for _, k := range counts[cx][:max(0, min(int(bright[i])*7/10, int(bright[i])-35))] {
				ink += int(k)
			}
			print[i] = ink*100 > n*3 && ink*100 < n*60
		}
	}
	return bright, print
}

// percentile returns the value at place n of those that were counted.
func percentile(count *[256]uint16, n int) uint8 {
	seen := 0
	for v := range 255 {
		seen += int(count[v])
		if seen > n {
			return uint8(v)
		}
	}
	return 255
}

// sheet tells the cells of the sheet from those of the table. Nil means that there
// is no table to be seen.
//
// A table is dark, hangs together with the border, and has nothing printed on it.
// A shadow that reaches the border is dark too, but it lies on print: then the
// dark cells are divided once more, into the shadow and what is darker still.
func (c cells) sheet(bright []uint8, print []bool) []bool {
	values := bright
	for _, least := range []float64{45, 30, 30} {
		limit, apart := otsu(values)
		if apart < least {
			return nil
		}
		table := c.fromBorder(func(i int) bool { return bright[i] <= limit })
		dark, printed := c.judge(table, print)
		if dark*100 < c.w*c.h {
			return nil
		}
		if dark*100 <= c.w*c.h*60 && printed <= 4+dark/50 {
			sheet := make([]bool, len(table))
			for i, t := range table {
				sheet[i] = !t
			}
			c.fill(sheet)
			return c.shaved(sheet)
		}
		var darker []uint8
		for i, t := range table {
			if t {
				darker = append(darker, bright[i])
			}
		}
		values = darker
	}
	return nil
}

// judge counts the marked cells, and those of them that are printed on. Cells at
// the edge of the marked ones do not count as printed: half of each is another
// thing.
func (c cells) judge(marked, print []bool) (all, printed int) {
	for i, m := range marked {
		if !m {
			continue
		}
		all++
		x, y := i%c.w, i/c.w
		if print[i] && x > 0 && x < c.w-1 && y > 0 && y < c.h-1 &&
			marked[i-1] && marked[i+1] && marked[i-c.w] && marked[i+c.w] {
			printed++
		}
	}
	return all, printed
}

// otsu divides values in two so that the two differ most (N. Otsu, 1979), and
// returns the last value of the lower part and how far the means are apart.
func otsu(values []uint8) (limit uint8, apart float64) {
	var count [256]int
	total := 0
	for _, v := range values {
		count[v]++
		total += int(v)
	}
	below, sum := 0, 0
	best := 0.0
	for v := range 255 {
		below += count[v]
		sum += v * count[v]
		above := len(values) - below
		if below == 0 || above == 0 {
			continue
		}
		d := float64(total-sum)/float64(above) - float64(sum)/float64(below)
		if between := d * d * float64(below) * float64(above); between > best {
			best, limit, apart = between, uint8(v), d
		}
	}
	return limit, apart
}

// fromBorder marks the cells that satisfy want and hang together with the border
// through such cells.
func (c cells) fromBorder(want func(i int) bool) []bool {
	marked := make([]bool, c.w*c.h)
	var todo []int
	visit := func(x, y int) {
		if x < 0 || y < 0 || x >= c.w || y >= c.h {
			return
		}
		if i := y*c.w + x; !marked[i] && want(i) {
			marked[i] = true
			todo = append(todo, i)
		}
	}
	for x := range c.w {
		visit(x, 0)
		visit(x, c.h-1)
	}
	for y := range c.h {
		visit(0, y)
		visit(c.w-1, y)
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		x, y := i%c.w, i/c.w
		visit(x-1, y)
		visit(x+1, y)
		visit(x, y-1)
		visit(x, y+1)
	}
	return marked
}

// fill closes each row and column between its outer cells: a sheet is convex, so
// what lies between two of its cells is sheet too, even in a hard shadow.
func (c cells) fill(sheet []bool) {
	run := func(start, step, n int) {
		first, last := -1, -1
		for k := range n {
			if sheet[start+k*step] {
				if first < 0 {
					first = k
				}
				last = k
			}
		}
		for k := first; k >= 0 && k <= last; k++ {
			sheet[start+k*step] = true
		}
	}
	for range 2 {
		for y := range c.h {
			run(y*c.w, 1, c.w)
		}
		for x := range c.w {
			run(x, c.w, c.h)
		}
	}
}

// shaved returns the sheet without the cells at its edge, which the table's
// darkness reaches into.
func (c cells) shaved(sheet []bool) []bool {
	out := make([]bool, len(sheet))
	in := func(x, y int) bool {
		return x < 0 || y < 0 || x >= c.w || y >= c.h || sheet[y*c.w+x]
	}
	for y := range c.h {
		for x := range c.w {
			out[y*c.w+x] = in(x, y) && in(x-1, y) && in(x+1, y) && in(x, y-1) && in(x, y+1)
		}
	}
	return out
}
