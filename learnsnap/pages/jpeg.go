package pages

import (
	"encoding/binary"
	"errors"
	"io"
)

// A jpegDecoder decodes the kind of JPEG that cameras write (sequential, one scan of
// gray or YCbCr) a few rows at a time (ITU-T T.81). It holds as many rows as one
// block is high, where the standard library's decoder holds the whole picture: 150 KB
// instead of 18 MB for 12 megapixels. Everything else, and every file that it does
// not understand, is left to the standard library.
type jpegDecoder struct {
	bits    bitReader
	w, h    int
	planes  [3]jpegPlane
	comps   []jpegPlane   // those of planes that the picture has
	restart int           // MCUs between two restart markers; 0 for none
	quant   [4][64]uint16 // in zigzag order
	known   [4]bool       // of quant: read for this picture
	tables  [2][4]huffman // DC and AC
	coef    [64]int32     // the block under way
	seg     [1 << 10]byte // a header that matters; they are short
}

// A jpegPlane is one component of the picture.
type jpegPlane struct {
	id, quant, dc, ac byte
	h, v              int // blocks of an MCU
	w, rows           int // of the plane
	stride            int
	pix               []byte // the rows of one row of MCUs
	before            int32  // DC of the block before
	left              int    // rows still to be handed on
}

// errOtherJPEG leaves a file to the standard library, which may find it damaged.
var errOtherJPEG = errors.New("not a sequential JPEG of one scan")

// drawJPEG decodes a JPEG of at most that many pixels into p.
func (p *picture) drawJPEG(r io.Reader, most int64, edge int) error {
	d := &p.jpeg
	d.bits.reset(r)
	// Nothing of the picture before may be left.
	d.restart, d.comps, d.known = 0, nil, [4]bool{}
	for i := range d.tables {
		for k := range d.tables[i] {
			d.tables[i][k].limit[0] = 0
		}
	}
	if err := d.headers(); err != nil {
		return err
	}
	if int64(d.w)*int64(d.h) > most {
		return errOtherJPEG
	}
	gray := len(d.comps) == 1
	cw, ch := 0, 0
	if !gray {
		cw, ch = d.comps[1].w, d.comps[1].rows
	}
	p.start(d.w, d.h, cw, ch, gray, edge)
	return d.scan([]*area{&p.y, &p.cb, &p.cr})
}

// headers reads everything up to the entropy-coded data.
func (d *jpegDecoder) headers() error {
	if m, err := d.bits.marker(); err != nil || m != 0xd8 {
		return errOtherJPEG
	}
	for {
		m, err := d.bits.marker()
		if err != nil {
			return err
		}
		if err := d.bits.full(d.seg[:2]); err != nil {
			return err
		}
		n := int(binary.BigEndian.Uint16(d.seg[:])) - 2
		switch {
		case n < 0:
			return errOtherJPEG
		case m >= markerAPP0 && m <= markerAPPF, m == markerCOM:
			err = d.bits.skip(n)
		case n > len(d.seg):
			return errOtherJPEG
		default:
			if err = d.bits.full(d.seg[:n]); err == nil {
				err = d.segment(m, d.seg[:n])
			}
		}
		if err != nil {
			return err
		}
		if m == markerSOS {
			return nil
		}
	}
}

func (d *jpegDecoder) segment(m byte, seg []byte) error {
	ok := false
	switch m {
	case markerDQT:
		ok = d.quantTables(seg)
	case markerDHT:
		ok = d.huffmanTables(seg)
	case markerDRI:
		if ok = len(seg) == 2; ok {
			d.restart = int(binary.BigEndian.Uint16(seg))
		}
	case markerSOF0, markerSOF1:
		ok = d.frame(seg)
	case markerSOS:
		ok = d.scanHeader(seg)
	}
	if !ok {
		return errOtherJPEG
	}
	return nil
}

// quantTables reads DQT (B.2.4.1).
func (d *jpegDecoder) quantTables(seg []byte) bool {
	for len(seg) > 0 {
		precision, id := int(seg[0]>>4), seg[0]&15
		seg = seg[1:]
		if precision > 1 || id > 3 || len(seg) < 64*(precision+1) {
			return false
		}
		for i := range 64 {
			if precision == 0 {
				d.quant[id][i] = uint16(seg[i])
			} else {
				d.quant[id][i] = binary.BigEndian.Uint16(seg[2*i:])
			}
		}
		d.known[id] = true
		seg = seg[64*(precision+1):]
	}
	return true
}

// huffmanTables reads DHT (B.2.4.2).
func (d *jpegDecoder) huffmanTables(seg []byte) bool {
	for len(seg) > 0 {
		if len(seg) < 17 {
			return false
		}
		class, id := seg[0]>>4, seg[0]&15
		n := 0
		for _, c := range seg[1:17] {
			n += int(c)
		}
		if class > 1 || id > 3 || n == 0 || n > 256 || len(seg) < 17+n {
			return false
		}
		if !d.tables[class][id].build(seg[1:17], seg[17:17+n]) {
			return false
		}
		seg = seg[17+n:]
	}
	return true
}

// frame reads SOF (B.2.2).
func (d *jpegDecoder) frame(seg []byte) bool {
	if len(d.comps) > 0 || len(seg) < 6 || len(seg) != 6+3*int(seg[5]) || seg[0] != 8 || seg[5] != 1 && seg[5] != 3 {
		return false
	}
	d.h, d.w = int(binary.BigEndian.Uint16(seg[1:])), int(binary.BigEndian.Uint16(seg[3:]))
	if d.w == 0 || d.h == 0 {
		return false
	}
	d.comps = d.planes[:seg[5]]
	for i := range d.comps {
		c := seg[6+3*i:]
		h, v := int(c[1]>>4), int(c[1]&15)
		if seg[5] == 1 {
			h, v = 1, 1 // of a single plane only the pixels count
		}
		if h < 1 || h == 3 || h > 4 || v < 1 || v > 2 || c[2] > 3 {
			return false
		}
		d.comps[i] = jpegPlane{id: c[0], quant: c[2], h: h, v: v, pix: d.comps[i].pix}
	}
	most := d.comps[0]
	for i := range d.comps {
		c := &d.comps[i]
		if most.h%c.h != 0 || most.v%c.v != 0 || i > 0 && (c.h != d.comps[1].h || c.v != d.comps[1].v) {
			return false
		}
		across, down := most.h/c.h, most.v/c.v
		c.w, c.rows = (d.w+across-1)/across, (d.h+down-1)/down
		c.stride = (d.w + 8*most.h - 1) / (8 * most.h) * 8 * c.h
		c.pix = resize(c.pix, c.stride*8*c.v)
		c.left = c.rows
	}
	return true
}

// scanHeader reads SOS (B.2.3): all planes in one scan.
func (d *jpegDecoder) scanHeader(seg []byte) bool {
	n := len(d.comps)
	if n == 0 || len(seg) != 4+2*n || int(seg[0]) != n {
		return false
	}
	for i := range d.comps {
		c := &d.comps[i]
		c.dc, c.ac = seg[2+2*i]>>4, seg[2+2*i]&15
		if seg[1+2*i] != c.id || !d.known[c.quant] || c.dc > 3 || c.ac > 3 || !d.tables[0][c.dc].built() || !d.tables[1][c.ac].built() {
			return false
		}
	}
	return true
}

// scan decodes the data and hands on the rows.
func (d *jpegDecoder) scan(planes []*area) error {
	most := d.comps[0]
	across, down := most.stride/(8*most.h), (d.h+8*most.v-1)/(8*most.v)
	unit := 0
	for range down {
		for mx := range across {
			if d.restart > 0 && unit > 0 && unit%d.restart == 0 {
				if err := d.bits.restart(markerRST0 | byte(unit/d.restart-1)&7); err != nil {
					return err
				}
				for i := range d.comps {
					d.comps[i].before = 0
				}
			}
			unit++
			if err := d.unit(mx); err != nil {
				return err
			}
		}
		if err := d.bits.spent(); err != nil {
			return err
		}
		d.handOn(planes)
	}
	return nil
}

// unit decodes one MCU.
func (d *jpegDecoder) unit(mx int) error {
	for i := range d.comps {
		c := &d.comps[i]
		for by := range c.v {
			for bx := range c.h {
				last, err := d.block(c)
				if err != nil {
					return err
				}
				dst := c.pix[by*8*c.stride+(mx*c.h+bx)*8:]
				if last == 0 {
					fillBlock(dst, c.stride, d.coef[0])
				} else {
					inverseDCT(&d.coef, dst, c.stride)
				}
			}
		}
	}
	return nil
}

// handOn gives the rows of a row of MCUs to the planes.
func (d *jpegDecoder) handOn(planes []*area) {
	for i := range d.comps {
		c := &d.comps[i]
		rows := min(8*c.v, c.left)
		for y := range rows {
			planes[i].add(c.pix[y*c.stride:][:c.w])
		}
		c.left -= rows
	}
}
