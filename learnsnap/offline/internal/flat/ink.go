package flat

import "image"

// ink is which pixels of a picture are print, as runs of columns in each row.
type ink struct {
	w, h int
	at   [][]span
}

// A span is a stretch of one row: from its first pixel to before its last.
type span struct{ from, to int32 }

// inkOf takes pixels for ink that are clearly darker than the mean around them
// (D. Bradley and G. Roth, Adaptive Thresholding Using the Integral Image, 2007).
// It serves measuring alone; what is read stays grey.
func inkOf(g *image.Gray) *ink {
	w, h := size(g)
	out := &ink{w: w, h: h, at: make([][]span, h)}
	const share = 85 // percent of the mean that ink is darker than
	half := max(w, h) / 32
	sums := make([]uint32, w) // of the columns, over the rows in reach
	for y := range min(half, h) {
		for x, p := range row(g, y) {
			sums[x] += uint32(p)
		}
	}
	upTo := make([]uint32, w+1) // of sums, from the left
	var spans []span            // of all rows; each row is a part of it
	for y := range h {
		if y+half < h {
			for x, p := range row(g, y+half) {
				sums[x] += uint32(p)
			}
		}
		if y-half > 0 {
			for x, p := range row(g, y-half-1) {
				sums[x] -= uint32(p)
			}
		}
		for x, s := range sums {
			upTo[x+1] = upTo[x] + s
		}
		high := uint32(min(y+half, h-1) - max(y-half, 0) + 1)
		start, began := len(spans), int32(-1)
		for x, p := range row(g, y) {
			left, right := max(x-half, 0), min(x+half+1, w)
			dark := uint64(p)*uint64(high)*uint64(right-left)*100 < uint64(upTo[right]-upTo[left])*share
			if dark && began < 0 {
				began = int32(x)
			} else if !dark && began >= 0 {
				spans = append(spans, span{began, int32(x)})
				began = -1
			}
		}
		if began >= 0 {
			spans = append(spans, span{began, int32(w)})
		}
		out.at[y] = spans[start:len(spans):len(spans)]
	}
	return out
}
