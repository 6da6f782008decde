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
// Light changes smoothly over one thing and sharply at its edge. So the cells are
// divided into regions without a sharp step inside; what reaches the border of the
// picture and has nothing printed on it is table. A hard shadow is a region too, but
// there is print in it; where there is none, nothing is lost.
func (c cells) sheet(bright []uint8, print []bool) []bool {
	region, regions := c.regions(bright)
	isTable := make([]bool, len(regions))
	dark := 0
	for i, r := range regions {
		if r.border && c.printed(region, print, i) <= 2+r.cells/100 {
			isTable[i] = true
			dark += r.cells
		}
	}
	if dark*100 < c.w*c.h || dark*100 > c.w*c.h*85 {
		return nil
	}
	sheet := make([]bool, len(region))
	for i, r := range region {
		sheet[i] = !isTable[r]
	}
	c.fill(sheet)
	return c.shaved(sheet)
}

// A region is cells that hang together.
type region struct {
	cells  int
	border bool // it reaches the border of the picture
}

// regions divides cells where neighbours differ sharply, and returns the number of
// the region of each cell.
func (c cells) regions(bright []uint8) (of []int, all []region) {
	of = make([]int, len(bright))
	for i := range of {
		of[i] = -1
	}
	var todo []int
	for start := range of {
		if of[start] >= 0 {
			continue
		}
		n := len(all)
		all = append(all, region{})
		of[start] = n
		todo = append(todo[:0], start)
		for len(todo) > 0 {
			i := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			x, y := i%c.w, i/c.w
			all[n].cells++
			all[n].border = all[n].border || x == 0 || y == 0 || x == c.w-1 || y == c.h-1
			for _, d := range [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				nx, ny := x+d[0], y+d[1]
				if nx < 0 || ny < 0 || nx >= c.w || ny >= c.h {
					continue
				}
				if j := ny*c.w + nx; of[j] < 0 && alike(bright[i], bright[j]) {
					of[j] = n
					todo = append(todo, j)
				}
			}
		}
	}
	return of, all
}

// alike reports whether two cells may be of one thing in changing light.
func alike(a, b uint8) bool {
	light, dark := int(max(a, b)), int(min(a, b))
	return light-dark <= max(6, light/8)
}

// printed counts the cells of a region that are printed on. Those at its edge do
// not count: half of each is another thing.
func (c cells) printed(of []int, print []bool, n int) (printed int) {
	for i, p := range print {
		if !p || of[i] != n {
			continue
		}
		x, y := i%c.w, i/c.w
		if x > 0 && x < c.w-1 && y > 0 && y < c.h-1 && of[i-1] == n && of[i+1] == n && of[i-c.w] == n && of[i+c.w] == n {
			printed++
		}
	}
	return printed
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
