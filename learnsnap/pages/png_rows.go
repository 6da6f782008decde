package pages

import (
	"encoding/binary"
	"image/color"
)

// A rowConverter turns a row of a PNG into luminance and colour, as it looks on
// white paper.
type rowConverter func(row, y, cb, cr []byte)

// converter returns how rows of the picture are read.
func (d *pngDecoder) converter() rowConverter {
	switch {
	case d.depth <= 8 && d.channels() == 1:
		return d.indexed()
	case d.colour == pngRGB && d.depth == 8 && len(d.clear) == 0:
		return func(row, y, cb, cr []byte) {
			for i := range y {
				c := row[3*i : 3*i+3 : 3*i+3]
				y[i], cb[i], cr[i] = color.RGBToYCbCr(c[0], c[1], c[2])
			}
		}
	}
	return d.sampled()
}

// indexed reads samples of up to 8 bits through a table, which holds the palette or
// the shades of gray.
func (d *pngDecoder) indexed() rowConverter {
	var table [256][3]byte
	top := 1<<d.depth - 1
	for i := range top + 1 {
		c := color.NRGBA{A: 255}
		if d.colour == pngPalette {
			if i < len(d.palette) {
				c = d.palette[i]
			}
		} else {
			v := uint8(i * 255 / top)
			c = color.NRGBA{v, v, v, 255}
			if d.transparent(uint16(i)) {
				c.A = 0
			}
		}
		y, cb, cr := color.RGBToYCbCr(onPaper(c.R, c.A), onPaper(c.G, c.A), onPaper(c.B, c.A))
		table[i] = [3]byte{y, cb, cr}
	}
	return func(row, y, cb, cr []byte) {
		for i := range y {
			bit := i * d.depth
			v := int(row[bit>>3]>>(8-d.depth-bit&7)) & top
			y[i], cb[i], cr[i] = table[v][0], table[v][1], table[v][2]
		}
	}
}

// sampled reads everything else, one sample after the other.
func (d *pngDecoder) sampled() rowConverter {
	channels, alpha := d.channels(), d.colour == pngGrayAlpha || d.colour == pngRGBA
	return func(row, y, cb, cr []byte) {
		var s [4]uint16
		for i := range y {
			for k := range channels {
				if d.depth == 16 {
					s[k] = binary.BigEndian.Uint16(row[2*(i*channels+k):])
				} else {
					s[k] = uint16(row[i*channels+k])
				}
			}
			colours, opacity := s[:channels], uint8(255)
			if alpha {
				opacity = d.eight(s[channels-1])
				colours = s[:channels-1]
			} else if d.transparent(colours...) {
				opacity = 0
			}
			r := onPaper(d.eight(s[0]), opacity)
			if len(colours) == 1 {
				y[i], cb[i], cr[i] = r, 128, 128
				continue
			}
			y[i], cb[i], cr[i] = color.RGBToYCbCr(r, onPaper(d.eight(s[1]), opacity), onPaper(d.eight(s[2]), opacity))
		}
	}
}

// eight cuts a sample to 8 bits.
func (d *pngDecoder) eight(v uint16) uint8 {
	if d.depth == 16 {
		return uint8(v >> 8)
	}
	return uint8(v)
}

// onPaper is a colour of some opacity as it looks on white.
func onPaper(v, opacity uint8) uint8 {
	return uint8((int(v)*int(opacity) + 255*(255-int(opacity)) + 127) / 255)
}
