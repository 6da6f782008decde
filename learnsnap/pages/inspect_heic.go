package pages

import "encoding/binary"

// maxMeta bounds the box that describes the items of a HEIC file. A phone's has 4 to
// 20 KB.
const maxMeta = 256 << 10

// walkHEIC goes from box to box (ISO/IEC 14496-12) until the one that describes the
// pictures, and then only asks whether the file is long enough to hold all that this
// one names.
func (r *Reader) walkHEIC(s *stream, f *finding) error {
	if r.config.NoHEIC {
		return refuse(HEICUnavailable, "HEIC photos are not taken here: send the photo as JPEG")
	}
	var meta []byte
	for meta == nil {
		b, err := s.peek(16)
		switch {
		case err != nil:
			return err
		case len(b) == 0:
			return damaged("a HEIC file without pictures")
		case len(b) < 8:
			return cutOff()
		}
		n, header := int64(binary.BigEndian.Uint32(b)), int64(8)
		kind := string(b[4:8])
		if n == 1 && len(b) == 16 {
			n, header = int64(min(binary.BigEndian.Uint64(b[8:]), 1<<62)), 16
		}
		if n < header { // 0 is "to the end": no description comes after that
			return damaged("a broken box")
		}
		if err := s.skip(header, nil); err != nil {
			return err
		}
		if n -= header; kind != "meta" {
			if err := s.skip(n, nil); err != nil {
				return err
			}
			continue
		}
		if n > maxMeta || n < 4 {
			return damaged("a description of the wrong length")
		}
		meta = make([]byte, n)
		if err := s.full(meta); err != nil {
			return err
		}
	}
	h, err := parseHEIF(meta)
	if err != nil {
		return err
	}
	if err := r.heicLimits(f, h); err != nil {
		return err
	}
	if err := s.drain(); err != nil {
		return err
	}
	if s.n < h.end {
		return cutOff()
	}
	return nil
}

// heicLimits checks what the file says of its picture against the limits. The turn
// that the file asks for is done by the decoder.
func (r *Reader) heicLimits(f *finding, h *heif) error {
	for _, d := range h.sizes {
		if err := r.measure(f, int64(d[0]), int64(d[1])); err != nil {
			return err
		}
	}
	p := h.items[h.primary]
	switch {
	case p == nil:
		return damaged("no main picture")
	case p.kind == "av01":
		return unsupported("the page is an AVIF picture")
	case p.kind != "hvc1" && p.kind != "grid": // the two that cameras write
		return unsupported("the HEIC photo is of a rare kind")
	case p.w == 0:
		return damaged("a picture without size")
	}
	f.w, f.h = p.w, p.h
	if need := heicBytes(f.pixels()); r.config.HEICMemory > 0 && need > r.config.HEICMemory {
		return refuse(HEICUnavailable, "a HEIC photo of %d×%d pixels can't be opened here: send it smaller, or as JPEG", f.w, f.h)
	}
	return nil
}

// heicBytes is what decoding a HEIC picture takes in the decoder's process: 303 MiB
// were measured at 12 megapixels in a child, 327 where several photos follow each
// other in one process.
func heicBytes(pixels int64) int64 { return 32<<20 + 26*pixels }
