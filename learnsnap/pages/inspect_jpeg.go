package pages

import (
	"bytes"
	"encoding/binary"
)

// JPEG markers (ITU-T T.81, table B.1).
const (
	markerSOF0 = 0xc0
	markerSOF1 = 0xc1
	markerSOF2 = 0xc2 // progressive
	markerDHT  = 0xc4
	markerRST0 = 0xd0
	markerRST7 = 0xd7
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerDQT  = 0xdb
	markerDRI  = 0xdd
	markerAPP0 = 0xe0
	markerAPP1 = 0xe1
	markerAPPE = 0xee
	markerAPPF = 0xef
	markerCOM  = 0xfe
)

// maxScans bounds the passes over a progressive picture. Each costs time in
// proportion to the pixels and may be a few bytes long, so a small file with
// thousands of them would keep a core busy for minutes. Encoders write about ten.
const maxScans = 100

// jpegState is what the walk has seen so far.
type jpegState struct {
	frame, progressive, jfif, rgb, exif bool
	adobe                               int // colour transform that Adobe's segment names; −1 without one
	scans, colours                      int
	planes                              int64 // samples of all components
}

// walkJPEG goes from marker to marker until the end of the image, through the
// entropy-coded data as well. It finds a cut anywhere without decoding.
func (r *Reader) walkJPEG(s *stream, f *finding) error {
	st := jpegState{adobe: -1}
	if err := s.skip(2, nil); err != nil { // SOI
		return err
	}
	for {
		m, err := nextMarker(s)
		switch {
		case err != nil:
			return err
		case m == markerEOI:
			return st.finish(f)
		case markerRST0 <= m && m <= markerRST7:
			continue // a stray one after the last interval does no harm
		}
		if err := r.jpegSegment(s, f, &st, m); err != nil {
			return err
		}
	}
}

// nextMarker passes over what stands before the next marker: entropy-coded data,
// fill bytes, or the garbage that some cameras leave between segments.
func nextMarker(s *stream) (byte, error) {
	for {
		at := bytes.IndexByte(s.buf[s.i:s.j], 0xff)
		if at < 0 {
			s.i = s.j
			if err := s.must(); err != nil {
				return 0, err
			}
			continue
		}
		s.i += at + 1
		m := byte(0xff)
		for m == 0xff {
			var err error
			if m, err = s.octet(); err != nil {
				return 0, err
			}
		}
		if m != 0 { // FF 00 is a byte of data
			return m, nil
		}
	}
}

// jpegSegment reads one segment and, after a start of scan, stands in its data.
func (r *Reader) jpegSegment(s *stream, f *finding, st *jpegState, m byte) error {
	var head [2]byte
	if err := s.full(head[:]); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint16(head[:])) - 2
	if n < 0 {
		return damaged("a segment without length")
	}
	seg := s.seg[:n]
	switch {
	case m == markerSOF0 || m == markerSOF1 || m == markerSOF2:
		if err := s.full(seg); err != nil {
			return err
		}
		st.progressive = m == markerSOF2
		return r.jpegFrame(f, st, seg)
	case m == markerSOS:
		if st.scans++; st.scans > maxScans {
			return unsupported("the JPEG has hundreds of scans")
		}
		if !st.frame {
			return damaged("a scan without a frame")
		}
	case m == markerAPP0 || m == markerAPP1 || m == markerAPPE:
		if err := s.full(seg); err != nil {
			return err
		}
		st.appSegment(f, m, seg)
		return nil
	case m == markerDHT || m == markerDQT || m == markerDRI || m == markerCOM:
	case markerAPP0 < m && m <= markerAPPF:
	case m < markerSOF0 || m == 0xd8:
		return damaged("an unknown marker")
	default: // lossless, hierarchical, arithmetic coding, a height that comes later
		return unsupported("the JPEG is of a rare kind")
	}
	return s.skip(int64(n), nil)
}

// appSegment takes what matters out of a segment that applications write.
func (st *jpegState) appSegment(f *finding, m byte, seg []byte) {
	switch {
	case m == markerAPP0 && bytes.HasPrefix(seg, []byte("JFIF\x00")):
		st.jfif = true
	case m == markerAPPE && bytes.HasPrefix(seg, []byte("Adobe")) && len(seg) >= 12:
		st.adobe = int(seg[11])
	case m == markerAPP1 && bytes.HasPrefix(seg, []byte("Exif\x00\x00")) && !st.exif:
		st.exif = true
		f.turn = orientation(seg)
	}
}

// jpegFrame reads the frame header (T.81, B.2.2).
func (r *Reader) jpegFrame(f *finding, st *jpegState, seg []byte) error {
	if st.frame {
		return damaged("two frames")
	}
	st.frame = true
	if len(seg) < 6 || len(seg) != 6+3*int(seg[5]) {
		return damaged("a frame of the wrong length")
	}
	if seg[0] != 8 {
		return unsupported("the JPEG has more than 8 bits a colour")
	}
	h, w := int64(binary.BigEndian.Uint16(seg[1:])), int64(binary.BigEndian.Uint16(seg[3:]))
	if h == 0 {
		return unsupported("the JPEG does not say how high it is")
	}
	if err := r.measure(f, w, h); err != nil {
		return err
	}
	n := int(seg[5])
	st.colours = n
	if n != 1 && n != 3 && n != 4 {
		return unsupported("the JPEG has an odd number of colours")
	}
	f.gray = n == 1
	st.rgb = n == 3 && seg[6] == 'R' && seg[9] == 'G' && seg[12] == 'B'
	var most, area int64
	for c := range n {
		hv := seg[7+3*c]
		a := int64(hv>>4) * int64(hv&15)
		if a == 0 {
			return damaged("a colour without samples")
		}
		most, area = max(most, a), area+a
	}
	st.planes = f.pixels() * area / most
	if n == 1 {
		st.planes = f.pixels()
	}
	if n == 4 {
		f.cost = 4 * f.pixels() // the CMYK picture beside its planes
	}
	return nil
}

// finish says what a decoder will hold: a few rows of an ordinary photo. Otherwise
// the planes; of a progressive picture all coefficients, four bytes each; of one
// stored as RGB the picture put together.
func (st *jpegState) finish(f *finding) error {
	if !st.frame || st.scans == 0 {
		return damaged("a picture without data")
	}
	rgb := st.rgb || st.colours == 3 && st.adobe == 0
	if st.jfif {
		rgb = false
	}
	f.rows = st.scans == 1 && !st.progressive && !rgb && st.colours != 4
	f.cost += st.planes
	if st.progressive {
		f.cost += 4 * st.planes
	}
	if rgb {
		f.cost += 4 * f.pixels()
	}
	return nil
}
