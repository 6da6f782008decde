package flat

// cells is a coarse view of a picture: one value for each square of pixels.
type cells struct {
	size, w, h int
	v          []uint8
}

func newCells(size, w, h int) cells { return cells{size: size, w: w, h: h, v: make([]uint8, w*h)} }

// percentile returns the brightness below which a share of each cell's pixels lies.
func percentile(g *Gray, size int, share float64) cells {
	c := newCells(size, (g.W+size-1)/size, (g.H+size-1)/size)
	for cy := range c.h {
		for cx := range c.w {
			var histogram [256]int
			n := 0
			for y := cy * size; y < min((cy+1)*size, g.H); y++ {
				for _, v := range g.row(y)[cx*size : min((cx+1)*size, g.W)] {
					histogram[v]++
					n++
				}
			}
			rank, v := int(share*float64(n)), 0
			for sum := histogram[0]; sum <= rank && v < 255; sum += histogram[v] {
				v++
			}
			c.v[cy*c.w+cx] = uint8(v)
		}
	}
	return c
}

// flatten evens out the light on a page: every pixel is divided by the paper
// around it, and what lies around the sheet is painted as paper.
func flatten(g *Gray) {
	size := max(8, max(g.W, g.H)/80)
	table := aroundSheet(percentile(g, size, 0.75))
	light := percentile(g, size, 0.80)
	if table != nil {
		fillFrom(&light, table)
	}
	light = smoothed(light)
	half := size / 2
	for y := range g.H {
		row := g.row(y)
		// The light between cell centres is interpolated.
		fy := max(0, y-half)
		cy, wy := min(fy/size, light.h-1), fy%size
		next := min(cy+1, light.h-1)
		for x := range row {
			if table != nil && table[y/size*light.w+x/size] {
				row[x] = paper
				continue
			}
			fx := max(0, x-half)
			cx, wx := min(fx/size, light.w-1), fx%size
			right := min(cx+1, light.w-1)
			top := int(light.v[cy*light.w+cx])*(size-wx) + int(light.v[cy*light.w+right])*wx
			bottom := int(light.v[next*light.w+cx])*(size-wx) + int(light.v[next*light.w+right])*wx
			background := max((top*(size-wy)+bottom*wy)/(size*size), 30)
			row[x] = uint8(min(int(row[x])*paper/background, 255))
		}
	}
}

// aroundSheet tells which cells show the table that a bright sheet lies on: dark
// ones that hang together with the border. It is nil where there is no clear
// table. The sheet is convex, so that a shadow at its edge is no table.
func aroundSheet(c cells) []bool {
	threshold, dark, bright := otsu(c.v)
	if bright-dark < 45 {
		return nil
	}
	table := make([]bool, len(c.v))
	var queue []int
	visit := func(x, y int) {
		if x < 0 || y < 0 || x >= c.w || y >= c.h {
			return
		}
		if i := y*c.w + x; !table[i] && c.v[i] <= threshold {
			table[i] = true
			queue = append(queue, i)
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
	for len(queue) > 0 {
		i := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		x, y := i%c.w, i/c.w
		visit(x-1, y)
		visit(x+1, y)
		visit(x, y-1)
		visit(x, y+1)
	}
	count := 0
	for _, is := range table {
		if is {
			count++
		}
	}
	if count*100 < len(table) || count*100 > 60*len(table) {
		return nil
	}
	fillSheet(table, c.w, c.h)
	return grown(table, c.w, c.h)
}

// fillSheet takes cells between two cells of the sheet, in a row or a column, as
// sheet.
func fillSheet(table []bool, w, h int) {
	line := func(start, step, n int) {
		first, last := -1, -1
		for i := range n {
			if !table[start+i*step] {
				if first < 0 {
					first = i
				}
				last = i
			}
		}
		for i := first; first >= 0 && i < last; i++ {
			table[start+i*step] = false
		}
	}
	for y := range h {
		line(y*w, 1, w)
	}
	for x := range w {
		line(x, w, h)
	}
}

// grown takes one more cell off the sheet's edge, which is half table.
func grown(table []bool, w, h int) []bool {
	out := make([]bool, len(table))
	for i, is := range table {
		x, y := i%w, i/w
		out[i] = is || x > 0 && table[i-1] || x+1 < w && table[i+1] || y > 0 && table[i-w] || y+1 < h && table[i+w]
	}
	return out
}

// otsu returns the brightness that best parts the values in two, and the mean of
// each part (Otsu, 1979).
func otsu(values []uint8) (threshold uint8, dark, bright float64) {
	var histogram [256]float64
	var sum float64
	for _, v := range values {
		histogram[v]++
		sum += float64(v)
	}
	n := float64(len(values))
	var below, sumBelow, best float64
	for t, count := range histogram {
		below += count
		sumBelow += count * float64(t)
		if below == 0 || below == n {
			continue
		}
		d, b := sumBelow/below, (sum-sumBelow)/(n-below)
		if between := below * (n - below) * (b - d) * (b - d); between > best {
			best, threshold, dark, bright = between, uint8(t), d, b
		}
	}
	return threshold, dark, bright
}

// fillFrom gives cells of the table the mean of the sheet's cells next to them,
// ring by ring.
func fillFrom(c *cells, table []bool) {
	known := make([]bool, len(table))
	for i, is := range table {
		known[i] = !is
	}
	for changed := true; changed; {
		changed = false
		var found []int
		for i := range known {
			if known[i] {
				continue
			}
			sum, n := 0, 0
			around(i, c.w, c.h, func(j int) {
				if known[j] {
					sum += int(c.v[j])
					n++
				}
			})
			if n > 0 {
				c.v[i] = uint8(sum / n)
				found = append(found, i)
			}
		}
		for _, i := range found {
			known[i], changed = true, true
		}
	}
}

// around calls f for the cells next to the i-th, corners included.
func around(i, w, h int, f func(j int)) {
	x, y := i%w, i/w
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if nx, ny := x+dx, y+dy; (dx != 0 || dy != 0) && nx >= 0 && ny >= 0 && nx < w && ny < h {
				f(ny*w + nx)
			}
		}
	}
}

// smoothed returns the means of three by three cells.
func smoothed(c cells) cells {
	out := newCells(c.size, c.w, c.h)
	for i := range c.v {
		sum, n := int(c.v[i]), 1
		around(i, c.w, c.h, func(j int) {
			sum += int(c.v[j])
			n++
		})
		out.v[i] = uint8(sum / n)
	}
	return out
}

// removeRules whitens lines drawn across the page: dark runs that are longer than
// any letter.
func removeRules(g *Gray) {
	const dark, around = 140, 3
	long := g.W / 6
	var rules [][3]int // row, from, to
	for y := range g.H {
		row := g.row(y)
		for x := 0; x < len(row); x++ {
			start := x
			for x < len(row) && row[x] < dark {
				x++
			}
			if x-start > long {
				rules = append(rules, [3]int{y, start, x})
			}
		}
	}
	for _, r := range rules {
		for y := max(0, r[0]-around); y <= min(g.H-1, r[0]+around); y++ {
			row := g.row(y)
			for x := max(0, r[1]-around); x < min(len(row), r[2]+around); x++ {
				row[x] = max(row[x], paper)
			}
		}
	}
}
