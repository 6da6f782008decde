package pages

import (
	"encoding/binary"
	"hash/crc32"
)

// PNG colour types (PNG, third edition, §11.2.1).
const (
	pngGray      = 0
	pngRGB       = 2
	pngPalette   = 3
	pngGrayAlpha = 4
	pngRGBA      = 6
)

// pngHeader is the IHDR chunk.
type pngHeader struct {
	w, h       int64
	depth      int
	colour     int
	interlaced bool
}

// channels is the number of samples a pixel has.
func (p pngHeader) channels() int {
	return [...]int{pngGray: 1, pngRGB: 3, pngPalette: 1, pngGrayAlpha: 2, pngRGBA: 4}[p.colour]
}

// parseIHDR reads the 13 bytes of the header.
func parseIHDR(b []byte) (pngHeader, error) {
	p := pngHeader{
		w: int64(binary.BigEndian.Uint32(b)), h: int64(binary.BigEndian.Uint32(b[4:])),
		depth: int(b[8]), colour: int(b[9]), interlaced: b[12] == 1,
	}
	var ok bool
	switch p.colour {
	case pngGray:
		ok = p.depth == 1 || p.depth == 2 || p.depth == 4 || p.depth == 8 || p.depth == 16
	case pngPalette:
		ok = p.depth == 1 || p.depth == 2 || p.depth == 4 || p.depth == 8
	case pngRGB, pngGrayAlpha, pngRGBA:
		ok = p.depth == 8 || p.depth == 16
	}
	if !ok || b[10] != 0 || b[11] != 0 || b[12] > 1 {
		return p, damaged("a header that PNG does not know")
	}
	return p, nil
}

// walkPNG goes from chunk to chunk to IEND and checks the checksums of all that the
// picture is made of.
func (r *Reader) walkPNG(s *stream, f *finding) error {
	if err := s.skip(int64(len(pngSignature)), nil); err != nil {
		return err
	}
	data := false
	for first := true; ; first = false {
		var head [8]byte
		if err := s.full(head[:]); err != nil {
			return err
		}
		n, kind := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		switch {
		case n > 1<<31-1 || !isLetter(kind[0]):
			return damaged("a broken chunk")
		case first && kind == "CgBI":
			return unsupported("the PNG is of Apple's own kind")
		case first != (kind == "IHDR"):
			return damaged("no header at its place")
		case first:
			if err := r.pngStart(s, f, n); err != nil {
				return err
			}
			continue
		case kind == "eXIf":
			b, err := s.peek(int(min(n, int64(len(s.buf)))))
			if err != nil {
				return err
			}
			f.turn = orientation(b)
		}
		if err := pngChunk(s, kind, n); err != nil {
			return err
		}
		switch kind {
		case "IDAT":
			data = true
		case "IEND":
			if !data {
				return damaged("a picture without data")
			}
			return nil
		}
	}
}

// pngStart reads IHDR.
func (r *Reader) pngStart(s *stream, f *finding, n int64) error {
	if n != 13 {
		return damaged("a header of the wrong length")
	}
	b, err := s.peek(13)
	if err != nil {
		return err
	}
	if len(b) < 13 {
		return cutOff()
	}
	p, err := parseIHDR(b)
	if err != nil {
		return err
	}
	if err := r.measure(f, p.w, p.h); err != nil {
		return err
	}
	f.rows = !p.interlaced
	f.gray = p.colour == pngGray || p.colour == pngGrayAlpha
	// Interlaced: the whole picture at up to four or eight bytes a pixel, and half of
	// it once more as the last pass.
	f.cost = f.pixels() * int64(max(p.depth, 8)/8) * 4 * 3 / 2
	return pngChunk(s, "IHDR", n)
}

// pngChunk passes over a chunk's data and its checksum, which must be right where
// the chunk's first letter says that the picture needs it.
func pngChunk(s *stream, kind string, n int64) error {
	sum := crc32.NewIEEE()
	_, _ = sum.Write([]byte(kind))
	if err := s.skip(n, sum); err != nil {
		return err
	}
	var want [4]byte
	if err := s.full(want[:]); err != nil {
		return err
	}
	if critical := kind[0]&0x20 == 0; critical && binary.BigEndian.Uint32(want[:]) != sum.Sum32() {
		return damaged("a wrong checksum")
	}
	return nil
}
