package flat

import "image"

// Edge is the length that [Fit] gives the longer side of a photo of a page: with
// it, common print has the size that text recognition reads best.
const Edge = 1500

// Page makes of a flat picture what is read: lines are straight, rules are gone,
// and print that is small or large for its page has been brought to a common size.
func Page(flat *image.Gray) *image.Gray {
	page := Straighten(flat)
	if page == flat { // it may be turned and straightened again later
		page = Turn(Turn(flat, 180), 180)
	}
	Unrule(page)
	if f := resize(LineHeight(page), Joined(page)); f != 1 {
		page = Scale(page, f)
	}
	return page
}

// resize tells by which factor lines of a height are to be scaled. Most are read as
// they are; scaling would only blur them. Arabic letters are the smaller part of
// their lines, and need more.
func resize(high int, arabic bool) float64 {
	least, good, most := 16, 20, 36
	if arabic {
		least, good = 19, 24
	}
	switch {
	case high > 0 && high < least:
		return min(float64(good)/float64(high), 2)
	case high > most:
		return max(float64(good+4)/float64(high), 0.5)
	}
	return 1
}

// Joined reports whether the letters on a page hang together, as those of the
// Arabic script do and printed Latin ones do not.
func Joined(page *image.Gray) bool {
	high := LineHeight(page)
	wide, all := 0, 0
	for _, b := range blobsOf(inkBelow(page, 150)) {
		if 4*b.Dy() < high || b.Dy() > 2*high {
			continue
		}
		all += b.area
		if 2*b.Dx() > 3*b.Dy() {
			wide += b.area
		}
	}
	return 4*wide > all
}

// Columns reports whether lines stand beside each other, as in columns or tables.
func Columns(lines []image.Rectangle) bool {
	beside, all := 0, 0
	for i, a := range lines {
		all += a.Dx()
		for j, b := range lines {
			over := min(a.Max.Y, b.Max.Y) - max(a.Min.Y, b.Min.Y)
			apart := max(a.Min.X-b.Max.X, b.Min.X-a.Max.X)
			if i != j && 4*over > min(a.Dy(), b.Dy()) && apart > 0 && 3*b.Dx() > a.Dx() {
				beside += a.Dx()
				break
			}
		}
	}
	return 10*beside > 3*all
}

// Sideways reports whether the lines on a page run up or down: what stands beside
// each other then is in pieces, none of them long.
func Sideways(page *image.Gray) bool {
	lines := Lines(page)
	long := 0
	for _, l := range lines {
		if l.Dx() > 3*l.Dy() {
			long++
		}
	}
	return len(lines) >= 40 && 5*long < len(lines)
}
