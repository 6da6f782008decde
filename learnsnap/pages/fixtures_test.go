package pages_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"
)

// marked is a small picture, white with a black corner at the top left.
func marked(w, h int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for y := range h / 4 {
		for x := range w / 4 {
			img.SetGray(x, y, color.Gray{Y: 0})
		}
	}
	return img
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}))
	return b.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

// tiff is an EXIF block with one tag, the orientation.
func tiff(order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte("II")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM")
	}
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0x0112)
	b = order.AppendUint16(b, 3)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, orientation)
	b = order.AppendUint16(b, 0)
	return order.AppendUint32(b, 8) // the next directory: this one again
}

// withEXIF puts an EXIF block into a JPEG file.
func withEXIF(data, exif []byte) []byte {
	segment := append([]byte("Exif\x00\x00"), exif...)
	out := append([]byte{}, data[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(segment)+2))
	return append(append(out, segment...), data[2:]...)
}

// chunk is a chunk of a PNG file.
func chunk(kind string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, kind...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// rawPNG is a PNG of rows that are already as the format wants them, each with its
// filter type before it.
func rawPNG(w, h int, depth, colour byte, rows []byte, extra ...[]byte) []byte {
	head := binary.BigEndian.AppendUint32(nil, uint32(w))
	head = binary.BigEndian.AppendUint32(head, uint32(h))
	head = append(head, depth, colour, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head)...)
	for _, e := range extra {
		out = append(out, e...)
	}
	var z bytes.Buffer
	zw := zlib.NewWriter(&z)
	_, _ = zw.Write(rows)
	_ = zw.Close()
	half := z.Len() / 2 // the data may be cut into chunks anywhere
	out = append(out, chunk("IDAT", z.Bytes()[:half])...)
	out = append(out, chunk("IDAT", z.Bytes()[half:])...)
	return append(out, chunk("IEND", nil)...)
}

// webpOf is a lossless WebP of a picture in black and white, with an EXIF block
// where there is one.
func webpOf(img *image.Gray, exif []byte) []byte {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	var b bitWriter
	b.add(uint32(w-1), 14)
	b.add(uint32(h-1), 14)
	b.add(0, 1+3)   // no alpha, version 0
	b.add(0, 1+1+1) // no transform, no colour cache, one group of codes
	for range 3 {   // green, red, blue: two symbols of one bit each, 0 and 255
		b.add(1, 1)
		b.add(1, 1)
		b.add(0, 1)
		b.add(0, 1)
		b.add(255, 8)
	}
	b.add(1, 1) // alpha: one symbol, 255
	b.add(0, 1)
	b.add(1, 1)
	b.add(255, 8)
	b.add(1, 1) // distance: one symbol, 0
	b.add(0, 2)
	b.add(0, 1)
	for _, v := range img.Pix {
		b.add(uint32(v>>7)*7, 3)
	}
	body := riff("VP8L", append([]byte{0x2f}, b.bytes()...))
	if exif != nil {
		canvas := []byte{8, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), 0, byte(h - 1), byte((h - 1) >> 8), 0}
		body = append(append(riff("VP8X", canvas), body...), riff("EXIF", exif)...)
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4)), append([]byte("WEBP"), body...)...)
}

func riff(kind string, data []byte) []byte {
	b := append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data))), data...)
	if len(data)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// bitWriter packs numbers, lowest bit first.
type bitWriter struct {
	b []byte
	n int
}

func (w *bitWriter) add(v uint32, n int) {
	for i := range n {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

func (w *bitWriter) bytes() []byte { return w.b }

// flatJPEG is a JPEG of one colour, made by hand for what the standard library does
// not write: any number of components with any sampling, Adobe's kinds, progressive.
type flatJPEG struct {
	w, h        int
	values      []byte // of each component
	sampling    []byte // of each component, horizontal and vertical in 4 bits each
	adobe       int    // colour transform; −1 for no such segment
	progressive bool
	ids         string // component names; "" for 1, 2, 3, 4
	scans       int    // of the same data; 0 means 1
	restart     int    // MCUs between two restart markers; 0 for none
}

func (f flatJPEG) bytes() []byte {
	out := []byte{0xff, 0xd8}
	segment := func(m byte, data []byte) {
		out = append(out, 0xff, m)
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(data)+2)), data...)
	}
	if f.adobe >= 0 {
		segment(0xee, []byte{'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, byte(f.adobe)})
	}
	segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...))
	// DC: categories 0 to 15 in four bits each, save the last. AC: an end of block in one bit.
	segment(0xc4, append([]byte{0x00, 0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14))
	segment(0xc4, append([]byte{0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0))
	frame, scan := []byte{8, byte(f.h >> 8), byte(f.h), byte(f.w >> 8), byte(f.w), byte(len(f.values))}, []byte{byte(len(f.values))}
	for i := range f.values {
		id := byte(i + 1)
		if f.ids != "" {
			id = f.ids[i]
		}
		frame, scan = append(frame, id, f.sampling[i], 0), append(scan, id, 0)
	}
	if f.restart > 0 {
		segment(0xdd, binary.BigEndian.AppendUint16(nil, uint16(f.restart)))
	}
	sof := byte(0xc0)
	if f.progressive {
		sof = 0xc2
		scan = append(scan, 0, 0, 0)
	} else {
		scan = append(scan, 0, 63, 0)
	}
	segment(sof, frame)
	for range max(f.scans, 1) {
		segment(0xda, scan)
		out = append(out, f.data()...)
	}
	return append(out, 0xff, 0xd9)
}

// data is the entropy-coded data: in each component the first block says the value
// and all others that it stays.
func (f flatJPEG) data() (out []byte) {
	h, v := 1, 1
	for _, s := range f.sampling {
		h, v = max(h, int(s>>4)), max(v, int(s&15))
	}
	if len(f.values) == 1 {
		h, v = 1, 1
	}
	units := ((f.w + 8*h - 1) / (8 * h)) * ((f.h + 8*v - 1) / (8 * v))
	interval := units
	if f.restart > 0 {
		interval = f.restart
	}
	for n := 0; units > 0; n++ {
		if n > 0 {
			out = append(out, 0xff, 0xd0+byte((n-1)%8))
		}
		out = append(out, f.interval(min(units, interval))...)
		units -= interval
	}
	return out
}

// interval is the data of so many MCUs up to a restart marker or the end.
func (f flatJPEG) interval(units int) []byte {
	var bits []byte
	put := func(v, n int) {
		for i := n - 1; i >= 0; i-- {
			bits = append(bits, byte(v>>i&1))
		}
	}
	for unit := range units {
		for i, s := range f.sampling {
			blocks := int(s>>4) * int(s&15)
			if len(f.values) == 1 {
				blocks = 1
			}
			for block := range blocks {
				diff, size := 0, 0
				if unit == 0 && block == 0 {
					diff = 8 * (int(f.values[i]) - 128)
				}
				for abs := max(diff, -diff); abs > 0; abs >>= 1 {
					size++
				}
				put(size, 4)
				if diff < 0 {
					diff += 1<<size - 1
				}
				put(diff, size)
				if !f.progressive {
					put(0, 1)
				}
			}
		}
	}
	for len(bits)%8 != 0 {
		bits = append(bits, 1)
	}
	var out []byte
	for i := 0; i < len(bits); i += 8 {
		var b byte
		for _, bit := range bits[i : i+8] {
			b = b<<1 | bit
		}
		if out = append(out, b); b == 0xff {
			out = append(out, 0)
		}
	}
	return out
}

// box is a box of an ISO media file.
func box(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8)), kind...), body...)
}

// heicOf is the frame of a HEIC file of that size: all that tells about the picture,
// and bytes in place of the picture.
func heicOf(brand, kind string, w, h uint32, data []byte) []byte {
	ftyp := box("ftyp", []byte(brand), make([]byte, 4), []byte("mif1heic"))
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(make([]byte, 4), w), h)
	meta := func(at int) []byte {
		where := binary.BigEndian.AppendUint32([]byte{0, 0, 0, 0, 0x44, 0, 0, 1, 0, 1, 0, 0, 0, 1}, uint32(at))
		return box("meta", make([]byte, 4),
			box("pitm", []byte{0, 0, 0, 0, 0, 1}),
			box("iinf", []byte{0, 0, 0, 0, 0, 1}, box("infe", []byte{2, 0, 0, 0, 0, 1, 0, 0}, []byte(kind), []byte{0})),
			box("iloc", binary.BigEndian.AppendUint32(where, uint32(len(data)))),
			box("iprp", box("ipco", box("ispe", size)), box("ipma", []byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1})))
	}
	head := len(ftyp) + len(meta(0)) + 8
	return bytes.Join([][]byte{ftyp, meta(head), box("mdat", data)}, nil)
}
