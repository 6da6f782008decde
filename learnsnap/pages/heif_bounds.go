package pages

// plausible checks that decoding the main picture costs about what the file claims.
// The decoder believes other places than the size property: the grid's own header
// and the parameter sets of the video format. A small file in which they name 32768
// × 32768 pixels would take gigabytes.
//
// What can't be understood here passes: the decoder will refuse it.
func (h *heif) plausible(file []byte) error {
	p := h.items[h.primary]
	if p == nil {
		return damaged("no main picture")
	}
	claim := int64(p.w) * int64(p.h)
	coded := []*heifItem{p}
	if p.kind == "grid" {
		if w, ht := gridSize(h.bytesOf(p, file)); w*ht > claim {
			return damaged("a grid larger than the picture")
		}
		coded = coded[:0]
		for _, id := range p.tiles {
			if t := h.items[id]; t != nil {
				coded = append(coded, t)
			}
		}
	}
	var pixels, length int64
	for _, t := range coded {
		for _, e := range t.extents {
			length += e.n
		}
		if length > 2*int64(len(file)) { // the same bytes again and again
			return damaged("tiles that share their bytes")
		}
		pixels += t.codedPixels(h.bytesOf(t, file))
		// Tiles stick out over the edge of a picture, and small ones by much.
		if pixels > 2*claim+4<<20 {
			return damaged("a coded picture larger than the picture")
		}
	}
	return nil
}

// gridSize reads the header of a grid (ISO/IEC 23008-12, §6.6.2.3).
func gridSize(b []byte) (w, h int64) {
	c := cursor{b: b}
	n := 2
	if c.u(2)&1 != 0 {
		n = 4
	}
	c.u(2) // rows and columns
	return int64(c.u(n)), int64(c.u(n))
}

const hevcSPS = 33 // NAL unit type of a sequence parameter set

// codedPixels is the largest picture that the parameter sets of an item name: those
// of its configuration, and any that hide among its data.
func (t *heifItem) codedPixels(data []byte) int64 {
	c := cursor{b: t.config}
	c.take(21)
	lengthSize := int(c.u(1)&3) + 1
	most := int64(0)
	for range c.u(1) {
		c.u(1)
		for range c.u(2) {
			nal := c.take(int(c.u(2)))
			if c.short {
				break
			}
			most = max(most, spsPixels(nal))
		}
	}
	for d := (cursor{b: data}); len(d.b) > lengthSize; {
		most = max(most, spsPixels(d.take(int(d.u(lengthSize)))))
	}
	return most
}

// spsPixels reads the picture size out of a sequence parameter set (ITU-T H.265,
// §7.3.2.2); 0 where the NAL unit is another or can't be read.
func spsPixels(nal []byte) int64 {
	if len(nal) < 3 || nal[0]>>1&0x3f != hevcSPS {
		return 0
	}
	r := bits{b: unescape(nal[2:min(len(nal), 256)])}
	r.u(4)
	layers := int(r.u(3))
	r.u(1 + 96) // nesting flag; general profile, tier and level
	var present [8]uint64
	for i := range layers {
		present[i] = r.u(2)
	}
	if layers > 0 {
		r.u(2 * (8 - layers))
	}
	for i := range layers {
		r.u(int(present[i]>>1) * 88)
		r.u(int(present[i]&1) * 8)
	}
	r.ue() // id
	if r.ue() == 3 {
		r.u(1)
	}
	w, h := r.ue(), r.ue()
	if r.short {
		return 0
	}
	const most = 1 << 20 // of a side; keeps the product in bounds
	return int64(min(w, most) * min(h, most))
}

// unescape takes the emulation prevention bytes out (H.265, §7.4.2).
func unescape(b []byte) []byte {
	out := make([]byte, 0, len(b))
	zeros := 0
	for _, c := range b {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if zeros++; c != 0 {
			zeros = 0
		}
		out = append(out, c)
	}
	return out
}

// bits reads numbers bit by bit, zeros behind the end.
type bits struct {
	b     []byte
	at    int
	short bool
}

// u reads n bits and returns the last 64 of them.
func (r *bits) u(n int) (v uint64) {
	for range n {
		i := r.at >> 3
		if i >= len(r.b) {
			r.short = true
			return 0
		}
		v = v<<1 | uint64(r.b[i]>>(7-r.at&7)&1)
		r.at++
	}
	return v
}

// ue reads an Exp-Golomb number (H.265, §9.2).
func (r *bits) ue() uint64 {
	zeros := 0
	for r.u(1) == 0 && !r.short {
		if zeros++; zeros > 32 {
			r.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.u(zeros)
}
