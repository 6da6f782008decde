package pages

import "encoding/binary"

// walkWebP goes through the chunks of the RIFF container (RFC 9649, §2).
func (r *Reader) walkWebP(s *stream, f *finding) error {
	var head [12]byte
	if err := s.full(head[:]); err != nil {
		return err
	}
	left := int64(binary.LittleEndian.Uint32(head[4:])) - 4
	picture, canvas := false, finding{}
	for left >= 8 {
		var chunk [8]byte
		if err := s.full(chunk[:]); err != nil {
			return err
		}
		kind, n := string(chunk[:4]), int64(binary.LittleEndian.Uint32(chunk[4:]))
		if left -= 8; n > left {
			return damaged("a chunk longer than the file")
		}
		b, err := s.peek(int(min(n, int64(len(s.buf)))))
		if err != nil {
			return err
		}
		switch kind {
		case "VP8X":
			err = r.webpCanvas(&canvas, b)
		case "VP8 ", "VP8L":
			if picture {
				return damaged("two pictures")
			}
			picture = true
			err = r.webpFrame(f, kind, b)
		case "ALPH":
			canvas.cost = 8
		case "EXIF":
			f.turn = orientation(b)
		}
		if err != nil {
			return err
		}
		pad := min(n&1, left-n)
		if err := s.skip(n+pad, nil); err != nil {
			return err
		}
		left -= n + pad
	}
	switch {
	case !picture:
		return damaged("a picture without data")
	case canvas.w != 0 && (canvas.w != f.w || canvas.h != f.h):
		return damaged("two sizes")
	}
	if canvas.cost > 0 { // a plane of transparency, decoded as a picture of its own
		f.cost += canvas.cost * f.pixels()
	}
	return s.skip(left, nil)
}

// webpCanvas reads the extended header.
func (r *Reader) webpCanvas(canvas *finding, b []byte) error {
	if len(b) < 10 {
		return damaged("a short chunk")
	}
	if animated := b[0]&2 != 0; animated {
		return unsupported("the WebP moves")
	}
	w := int64(b[4]) | int64(b[5])<<8 | int64(b[6])<<16
	h := int64(b[7]) | int64(b[8])<<8 | int64(b[9])<<16
	return r.measure(canvas, w+1, h+1)
}

// webpFrame reads the dimensions of the coded picture: lossy (RFC 6386, §9.1) or
// lossless (RFC 9649, §3.4).
func (r *Reader) webpFrame(f *finding, kind string, b []byte) error {
	if kind == "VP8L" {
		if len(b) < 5 || b[0] != 0x2f {
			return damaged("no lossless WebP")
		}
		v := binary.LittleEndian.Uint32(b[1:])
		if err := r.measure(f, int64(v&0x3fff)+1, int64(v>>14&0x3fff)+1); err != nil {
			return err
		}
		f.cost = 9 * f.pixels() // the picture, and once more while it is transformed
		return nil
	}
	if len(b) < 10 || b[0]&1 != 0 || b[3] != 0x9d || b[4] != 0x01 || b[5] != 0x2a {
		return damaged("no lossy WebP")
	}
	w, h := int64(binary.LittleEndian.Uint16(b[6:])&0x3fff), int64(binary.LittleEndian.Uint16(b[8:])&0x3fff)
	if err := r.measure(f, w, h); err != nil {
		return err
	}
	f.cost = 2 * f.pixels()
	return nil
}
