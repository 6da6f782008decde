package pages

// An area shrinks one plane of a picture while its rows come by. Each new pixel is
// the mean of the old pixels that it covers, those on its border by their share: of
// a letter only that is lost which the smaller size can't hold. One row of sums is
// kept, so that the large picture never has to be there as a whole.
//
// Along each side an old pixel is as long as the new side has pixels, and a new
// pixel as long as the old side has: both sides then have the same length, and all
// shares are whole numbers. A side that grows repeats its pixels.
type area struct {
	sw, sh, dw, dh int
	pix            []byte // what has been made: dw × dh
	made           int    // new rows that are complete
	missing        int    // of the length of the one under way
	sums           []uint32
	spans          []span
	mean           float64 // 1 / (sw·sh)
}

// A span is what a new pixel covers of a row: a share of the first old pixel, whole
// ones, and a share of the last. Where there is only one it is the last.
type span struct {
	first, last int32
	left, right uint32
}

// start makes the area ready for a plane. It keeps the memory of the one before.
func (a *area) start(sw, sh, dw, dh int) {
	a.sw, a.sh, a.dw, a.dh = sw, sh, dw, dh
	a.pix = resize(a.pix, dw*dh)
	a.made, a.missing = 0, sh
	if a.same() {
		return
	}
	a.mean = 1 / (float64(sw) * float64(sh))
	a.sums = resize(a.sums, sw)
	clear(a.sums)
	a.spans = resize(a.spans, dw)
	for i := range a.spans {
		from, to := i*sw, (i+1)*sw
		s := span{first: int32(from / dw), last: int32((to - 1) / dw)}
		if s.first == s.last {
			s.right = uint32(sw)
		} else {
			s.left, s.right = uint32((int(s.first)+1)*dw-from), uint32(to-int(s.last)*dw)
		}
		a.spans[i] = s
	}
}

func (a *area) same() bool { return a.sw == a.dw && a.sh == a.dh }

// add takes the next old row, of sw bytes. Rows after the last are ignored.
func (a *area) add(row []byte) {
	if a.same() {
		if a.made < a.dh {
			copy(a.pix[a.made*a.dw:], row[:a.dw])
			a.made++
		}
		return
	}
	for left := a.dh; left > 0 && a.made < a.dh; {
		share := min(left, a.missing)
		// At most 255·65535 comes together here.
		sums := a.sums[:len(row)]
		for i, v := range row {
			sums[i] += uint32(v) * uint32(share)
		}
		left -= share
		if a.missing -= share; a.missing == 0 {
			a.finishRow()
		}
	}
}

// finishRow makes a new row of the sums.
func (a *area) finishRow() {
	row := a.pix[a.made*a.dw:][:len(a.spans)]
	full := uint64(a.dw)
	for i, s := range a.spans {
		sum := uint64(a.sums[s.last]) * uint64(s.right)
		if s.first < s.last {
			old := a.sums[s.first:s.last]
			sum += uint64(old[0]) * uint64(s.left)
			inner := uint64(0)
			for _, v := range old[1:] {
				inner += uint64(v)
			}
			sum += inner * full
		}
		row[i] = uint8(float64(sum)*a.mean + 0.5)
	}
	clear(a.sums)
	a.made++
	a.missing = a.sh
}

// resize returns a slice of length n, in s's memory where it has enough.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
