package pages

import (
	"encoding/binary"
	"iter"
)

// boxes goes through the boxes in b and ends at the first that is not whole.
func boxes(b []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for len(b) >= 8 {
			n, header := uint64(binary.BigEndian.Uint32(b)), uint64(8)
			if n == 1 && len(b) >= 16 {
				n, header = binary.BigEndian.Uint64(b[8:]), 16
			}
			if n == 0 {
				n = uint64(len(b))
			}
			if n < header || n > uint64(len(b)) || !yield(string(b[4:8]), b[header:n]) {
				return
			}
			b = b[n:]
		}
	}
}

// A cursor reads numbers from the front of b. Behind the end it reads zeros and
// says so in short.
type cursor struct {
	b     []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.b) {
		c.short, c.b = true, nil
		return nil
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

// u reads a number of n bytes.
func (c *cursor) u(n int) (v uint64) {
	for _, b := range c.take(n) {
		v = v<<8 | uint64(b)
	}
	return v
}

// version reads the head of a full box.
func (c *cursor) version() int { return int(c.u(4) >> 24) }

// id reads an item's number, which has two or four bytes.
func (c *cursor) id(wide bool) uint32 {
	if wide {
		return uint32(c.u(4))
	}
	return uint32(c.u(2))
}
