package flat

import (
	"cmp"
	"image"
	"slices"
)

// Lines finds what looks like lines of text on a straight page, from top to
// bottom. A rectangle may hold two lines that touch. It is for finding out what
// recognition has left out, not for the order of reading.
func Lines(g *image.Gray) []image.Rectangle {
	pieces := piecesOf(g)
	high := lineHeight(pieces)
	if high < 6 {
		return nil
	}
	pieces = slices.DeleteFunc(pieces, func(b blob) bool { return b.Dy() > 5*high })
	lines := joined(pieces, high)
	return slices.DeleteFunc(lines, func(r image.Rectangle) bool {
		return r.Dy() < high/2 || r.Dx() < high/2
	})
}

// LineHeight is the height of a common line of text on a straight page, from the
// top of its high letters to the bottom of its low ones; 0 where there is none.
func LineHeight(g *image.Gray) int { return lineHeight(piecesOf(g)) }

// piecesOf are the words on a page, or stretches of lines where words stand close.
func piecesOf(g *image.Gray) []blob {
	k := inkBelow(g, inkGrey)
	k.smear(10)
	return blobsOf(k)
}

// smear joins runs of ink with less than gap between them.
func (k *ink) smear(gap int32) {
	for y, spans := range k.at {
		out := spans[:0]
		for _, s := range spans {
			if n := len(out); n > 0 && s.from-out[n-1].to < gap {
				out[n-1].to = s.to
			} else {
				out = append(out, s)
			}
		}
		k.at[y] = out
	}
}

// inkGrey is the grey below which a pixel of a flat page is ink.
const inkGrey = 185

// inkBelow takes pixels darker than a grey for ink.
func inkBelow(g *image.Gray, grey uint8) *ink {
	w, h := size(g)
	out := &ink{w: w, h: h, at: make([][]span, h)}
	var spans []span
	for y := range h {
		start, began := len(spans), int32(-1)
		for x, p := range row(g, y) {
			if p < grey && began < 0 {
				began = int32(x)
			} else if p >= grey && began >= 0 {
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

// A blob is ink that hangs together: a letter, a part of one, or letters that
// touch.
type blob struct {
	image.Rectangle
	area int
}

// blobsOf joins runs that touch from row to row, corners included.
func blobsOf(k *ink) []blob {
	var all []blob
	var root []int32 // of each run, the run that stands for its blob
	find := func(i int32) int32 {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	first, last := 0, 0 // the runs of the row above
	for y, spans := range k.at {
		begin := len(root)
		above := first
		for _, s := range spans {
			i := int32(len(root))
			root = append(root, i)
			all = append(all, blob{image.Rect(int(s.from), y, int(s.to), y+1), int(s.to - s.from)})
			for above < last && k.at[y-1][above-first].to < s.from {
				above++
			}
			for j := above; j < last && k.at[y-1][j-first].from <= s.to; j++ {
				if a, b := find(int32(j)), find(i); a != b {
					root[b] = a
					all[a].Rectangle = all[a].Union(all[b].Rectangle)
					all[a].area += all[b].area
				}
			}
		}
		first, last = begin, len(root)
	}
	out := all[:0]
	for i := range all {
		if root[i] == int32(i) && all[i].area > 3 {
			out = append(out, all[i])
		}
	}
	return out
}

// lineHeight is the median of the pieces' heights, by width. What is too high for a
// line, or wide and flat, is left out of account.
func lineHeight(pieces []blob) int {
	byHeight := slices.DeleteFunc(slices.Clone(pieces), func(b blob) bool {
		return b.Dy() > 150 || b.Dy() < 5 || b.Dx() > 30*b.Dy()
	})
	slices.SortFunc(byHeight, func(a, b blob) int { return cmp.Compare(a.Dy(), b.Dy()) })
	total, sum := 0, 0
	for _, b := range byHeight {
		total += b.Dx()
	}
	for _, b := range byHeight {
		if sum += b.Dx(); 2*sum >= total {
			return b.Dy()
		}
	}
	return 0
}

// joined puts letters together that stand beside each other, and then the dots
// and marks above and below them.
func joined(letters []blob, high int) []image.Rectangle {
	slices.SortFunc(letters, func(a, b blob) int { return cmp.Compare(a.Min.X, b.Min.X) })
	var lines []image.Rectangle
	var small []image.Rectangle
	for _, l := range letters {
		if l.Dy() < high/2 {
			small = append(small, l.Rectangle)
			continue
		}
		lines = addTo(lines, l.Rectangle, func(line image.Rectangle) int {
			over := min(line.Max.Y, l.Max.Y) - max(line.Min.Y, l.Min.Y)
			if l.Min.X-line.Max.X > 5*high/2 || 2*over < min(line.Dy(), l.Dy()) || line.Union(l.Rectangle).Dy() > 3*high {
				return 0
			}
			return over
		})
	}
	for _, s := range small {
		lines = addTo(lines, s, func(line image.Rectangle) int {
			gap := max(line.Min.Y-s.Max.Y, s.Min.Y-line.Max.Y, 0)
			if s.Max.X < line.Min.X-high/2 || s.Min.X > line.Max.X+high/2 || gap > high/2 {
				return 0
			}
			return high - gap
		})
	}
	lines = merged(lines)
	slices.SortFunc(lines, func(a, b image.Rectangle) int { return cmp.Compare(a.Min.Y, b.Min.Y) })
	return lines
}

// addTo adds a piece to the line that fits best, or as a line of its own.
func addTo(lines []image.Rectangle, piece image.Rectangle, fit func(line image.Rectangle) int) []image.Rectangle {
	best, at := 0, -1
	for i, line := range lines {
		if f := fit(line); f > best {
			best, at = f, i
		}
	}
	if at < 0 {
		return append(lines, piece)
	}
	lines[at] = lines[at].Union(piece)
	return lines
}

// merged joins lines of which one covers most of the other.
func merged(lines []image.Rectangle) []image.Rectangle {
	for i := 0; i < len(lines); i++ {
		for j := i + 1; j < len(lines); j++ {
			common := lines[i].Intersect(lines[j])
			if 2*area(common) > min(area(lines[i]), area(lines[j])) {
				lines[i] = lines[i].Union(lines[j])
				lines = slices.Delete(lines, j, j+1)
				j = i
			}
		}
	}
	return lines
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }
