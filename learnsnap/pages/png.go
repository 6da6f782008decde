package pages

import (
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image/color"
	"io"
)

// drawPNG reads a PNG of at most that many pixels row by row and feeds it into p. It holds two rows where the
// standard library's decoder holds the whole picture at up to eight bytes a pixel.
// The file has been inspected, its chunks are whole; it is not interlaced.
func (p *picture) drawPNG(r io.Reader, most int64, edge int) error {
	d := pngDecoder{r: r}
	if err := d.header(); err != nil {
		return err
	}
	if d.w > most || d.h > most || d.w*d.h > most {
		return errPNG
	}
	z, err := zlib.NewReader(&d)
	if err != nil {
		return err
	}
	defer z.Close()
	w, h := int(d.w), int(d.h)
	p.start(w, h, w, h, d.gray(), edge)
	stride := (w*d.channels()*d.depth + 7) / 8
	near := max(1, d.channels()*d.depth/8) // bytes to the pixel on the left
	row, above := make([]byte, 1+stride), make([]byte, 1+stride)
	y, cb, cr := make([]byte, w), make([]byte, w), make([]byte, w)
	convert := d.converter()
	for range h {
		if _, err := io.ReadFull(z, row); err != nil {
			return err
		}
		if err := unfilter(row[0], row[1:], above[1:], near); err != nil {
			return err
		}
		convert(row[1:], y, cb, cr)
		p.addRow(y, cb, cr)
		row, above = above, row
	}
	return nil
}

// A pngDecoder reads the chunks up to the picture's data and is then an io.Reader
// of that data.
type pngDecoder struct {
	pngHeader
	r       io.Reader
	left    int64 // of the IDAT chunk under way
	palette []color.NRGBA
	clear   []byte // tRNS: opacities of the palette, or the one colour that is clear
}

var errPNG = errors.New("png: not what was inspected")

// header reads up to the first byte of data.
func (d *pngDecoder) header() error {
	if _, err := io.CopyN(io.Discard, d.r, int64(len(pngSignature))); err != nil {
		return err
	}
	for {
		kind, n, err := d.chunk()
		if err != nil {
			return err
		}
		if kind == "IDAT" {
			d.left = n
			return d.check()
		}
		var body []byte
		switch kind {
		case "IHDR", "PLTE", "tRNS":
			body = make([]byte, min(n, 3*256))
			if _, err := io.ReadFull(d.r, body); err != nil {
				return err
			}
			n -= int64(len(body))
		}
		if _, err := io.CopyN(io.Discard, d.r, n+4); err != nil { // with its checksum
			return err
		}
		switch kind {
		case "IHDR":
			if len(body) != 13 {
				return errPNG
			}
			if d.pngHeader, err = parseIHDR(body); err != nil {
				return err
			}
		case "PLTE":
			for ; len(body) >= 3; body = body[3:] {
				d.palette = append(d.palette, color.NRGBA{body[0], body[1], body[2], 255})
			}
		case "tRNS":
			d.clear = body
		}
	}
}

// chunk reads the head of a chunk.
func (d *pngDecoder) chunk() (kind string, n int64, err error) {
	var head [8]byte
	_, err = io.ReadFull(d.r, head[:])
	return string(head[4:]), int64(binary.BigEndian.Uint32(head[:])), err
}

// check makes sure that what stood before the data suffices to understand it.
func (d *pngDecoder) check() error {
	if d.w == 0 || d.interlaced || d.colour == pngPalette && len(d.palette) == 0 {
		return errPNG
	}
	if d.colour == pngPalette {
		for i, a := range d.clear[:min(len(d.clear), len(d.palette))] {
			d.palette[i].A = a
		}
	}
	return nil
}

// gray reports whether the picture has no colours.
func (d *pngDecoder) gray() bool {
	for _, c := range d.palette {
		if c.R != c.G || c.G != c.B {
			return false
		}
	}
	return d.colour == pngGray || d.colour == pngGrayAlpha || d.colour == pngPalette
}

// Read returns the data of the IDAT chunks, which is one stream cut anywhere.
func (d *pngDecoder) Read(p []byte) (int, error) {
	for d.left == 0 {
		if _, err := io.CopyN(io.Discard, d.r, 4); err != nil {
			return 0, err
		}
		kind, n, err := d.chunk()
		if err != nil {
			return 0, err
		}
		if kind != "IDAT" {
			return 0, io.ErrUnexpectedEOF
		}
		d.left = n
	}
	n, err := d.r.Read(p[:min(int64(len(p)), d.left)])
	d.left -= int64(n)
	return n, err
}

// unfilter undoes a row's filter (PNG, third edition, §9). near is the distance to
// the byte on the left.
func unfilter(filter byte, row, above []byte, near int) error {
	above = above[:len(row)]
	switch filter {
	case 0:
	case 1: // Sub
		for i := near; i < len(row); i++ {
			row[i] += row[i-near]
		}
	case 2: // Up
		for i := range row {
			row[i] += above[i]
		}
	case 3: // Average
		for i := range min(near, len(row)) {
			row[i] += above[i] / 2
		}
		for i := near; i < len(row); i++ {
			row[i] += byte((int(row[i-near]) + int(above[i])) / 2)
		}
	case 4: // Paeth
		for i := range min(near, len(row)) {
			row[i] += above[i]
		}
		for i := near; i < len(row); i++ {
			row[i] += paeth(row[i-near], above[i], above[i-near])
		}
	default:
		return errors.New("png: unknown filter")
	}
	return nil
}

// paeth returns that of a, b and c which is closest to a+b−c.
func paeth(a, b, c byte) byte {
	da, db := int(b)-int(c), int(a)-int(c) // distances of a+b−c to a and to b
	dc := da + db
	da, db, dc = max(da, -da), max(db, -db), max(dc, -dc)
	switch {
	case da <= db && da <= dc:
		return a
	case db <= dc:
		return b
	}
	return c
}

// transparent reports whether samples are the one colour that tRNS makes clear,
// which has 16 bits for each. Of those only the lower 8 count in a picture of up to
// 8 bits; the others should be 0.
func (d *pngDecoder) transparent(samples ...uint16) bool {
	if len(d.clear) != 2*len(samples) {
		return false
	}
	for i, s := range samples {
		v := binary.BigEndian.Uint16(d.clear[2*i:])
		if d.depth < 16 {
			v &= 0xff
		}
		if v != s {
			return false
		}
	}
	return true
}
