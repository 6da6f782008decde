package pages

// fastBits is how many bits are looked up at once.
const fastBits = 10

// A huffman is a table of codes (T.81, annex C).
type huffman struct {
	short  [1 << fastBits]uint16    // length of the code and its symbol, for short codes
	fast   [1 << fastBits]fastValue // where the value behind the code fits in as well
	limit  [17]int32                // of each length: one more than the last code; limit[0] counts all
	first  [17]int32                // what to add to a code for its place in values
	values [256]byte
}

type fastValue struct {
	value     int16
	run, used uint8
}

// build makes the table of the number of codes of each length and the symbols in
// order.
func (h *huffman) build(counts, values []byte) bool {
	clear(h.short[:])
	clear(h.fast[:])
	copy(h.values[:], values)
	h.limit[0] = int32(len(values))
	code, at := int32(0), int32(0)
	for n := uint(1); n <= 16; n++ {
		count := int32(counts[n-1])
		if code+count > 1<<n {
			return false
		}
		h.first[n] = at - code
		for range count {
			if n <= fastBits {
				h.addShort(code, n, values[at])
			}
			code++
			at++
		}
		h.limit[n] = code
		if count == 0 {
			h.limit[n] = 0
		}
		code <<= 1
	}
	return true
}

// built reports whether the table was read for this picture.
func (h *huffman) built() bool { return h.limit[0] > 0 }

// addShort fills in all lookups that begin with a code.
func (h *huffman) addShort(code int32, n uint, symbol byte) {
	rest := fastBits - n
	for i := range int32(1) << rest {
		at := code<<rest | i
		h.short[at] = uint16(n)<<8 | uint16(symbol)
		size := uint(symbol & 15)
		if size == 0 || size > rest {
			continue
		}
		v := i >> (rest - size)
		if v < 1<<(size-1) {
			v += -1<<size + 1
		}
		h.fast[at] = fastValue{value: int16(v), run: symbol >> 4, used: uint8(n + size)}
	}
}
