package pages

import (
	"encoding/binary"
	"io"
)

// A bitReader reads the entropy-coded data of a JPEG, highest bit first.
type bitReader struct {
	r     io.Reader
	i, j  int // buf[i:j] is read and not yet used
	ended bool
	acc   uint64 // the next bits, from the top
	n     int    // how many of them are sure
	over  int    // of those, zeros put behind the end of the data
	buf   [32 << 10]byte
}

func (b *bitReader) reset(r io.Reader) {
	b.r, b.i, b.j, b.ended = r, 0, 0, false
	b.acc, b.n, b.over = 0, 0, 0
}

// fill reads on until at least n bytes are there, or the end.
func (b *bitReader) fill(n int) error {
	for empty := 0; b.j-b.i < n && !b.ended && empty < 100; empty++ {
		if b.i > 0 {
			b.j = copy(b.buf[:], b.buf[b.i:b.j])
			b.i = 0
		}
		k, err := b.r.Read(b.buf[b.j:])
		if b.j += k; k > 0 {
			empty = 0
		}
		if err == io.EOF {
			b.ended = true
		} else if err != nil {
			b.ended = true
			return err
		}
	}
	if b.j-b.i < n {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// full fills p.
func (b *bitReader) full(p []byte) error {
	if err := b.fill(len(p)); err != nil {
		return err
	}
	b.i += copy(p, b.buf[b.i:])
	return nil
}

// skip passes over n bytes.
func (b *bitReader) skip(n int) error {
	for n > 0 {
		if err := b.fill(1); err != nil {
			return err
		}
		k := min(n, b.j-b.i)
		b.i += k
		n -= k
	}
	return nil
}

// marker reads the next marker, which must stand here.
func (b *bitReader) marker() (byte, error) {
	if err := b.fill(2); err != nil {
		return 0, err
	}
	if b.buf[b.i] != 0xff {
		return 0, errOtherJPEG
	}
	for b.buf[b.i] == 0xff {
		b.i++
		if err := b.fill(1); err != nil {
			return 0, err
		}
	}
	b.i++
	return b.buf[b.i-1], nil
}

// need makes sure of 32 bits: a code and the value behind it. Where the data ends, at
// a marker, zeros follow; spent finds out whether they were used.
func (b *bitReader) need() {
	if b.n < 32 {
		b.refill()
	}
}

func (b *bitReader) refill() {
	if b.j-b.i < 16 && !b.ended {
		_ = b.fill(16) // what is missing shows as zeros, and the source keeps its error
	}
	if b.j-b.i >= 8 {
		v := binary.BigEndian.Uint64(b.buf[b.i:])
		if ff := ^v - 0x0101010101010101; ff&v&0x8080808080808080 == 0 { // no byte is FF
			b.acc |= v >> b.n
			k := (64 - b.n) >> 3
			b.i += k
			b.n += k << 3
			return
		}
	}
	for b.n <= 56 {
		c := byte(0)
		switch left := b.j - b.i; {
		case left > 0 && b.buf[b.i] != 0xff:
			c = b.buf[b.i]
			b.i++
		case left > 1 && b.buf[b.i+1] == 0:
			c = 0xff
			b.i += 2
		default:
			b.over += 8
		}
		b.acc |= uint64(c) << (56 - b.n)
		b.n += 8
	}
}

func (b *bitReader) use(n uint) {
	b.acc <<= n
	b.n -= int(n)
}

// extend reads a value of that many bits (F.2.2.1).
func (b *bitReader) extend(size uint) int32 {
	if size == 0 {
		return 0
	}
	v := int32(b.acc >> (64 - size))
	b.use(size)
	if v < 1<<(size-1) {
		v += -1<<size + 1
	}
	return v
}

// symbol reads a code and leaves at least 16 bits.
func (b *bitReader) symbol(h *huffman) (byte, bool) {
	b.need()
	if e := h.short[b.acc>>(64-fastBits)]; e != 0 {
		b.use(uint(e >> 8))
		return byte(e), true
	}
	code := int32(b.acc >> 48)
	for n := uint(fastBits + 1); n <= 16; n++ {
		if v := code >> (16 - n); v < h.limit[n] {
			b.use(n)
			return h.values[h.first[n]+v], true
		}
	}
	return 0, false
}

// spent fails when more bits were used than there are.
func (b *bitReader) spent() error {
	if b.n < b.over {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// restart passes over a restart marker, which must stand right behind the bits that
// were used.
func (b *bitReader) restart(want byte) error {
	if b.n-b.over >= 8 || b.n < b.over {
		return errOtherJPEG
	}
	b.acc, b.n, b.over = 0, 0, 0
	m, err := b.marker()
	if err == nil && m != want {
		err = errOtherJPEG
	}
	return err
}
