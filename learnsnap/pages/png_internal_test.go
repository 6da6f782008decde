package pages

// Inside the package, for the pixels are compared with those of another decoder
// before they are encoded, and the encoding loses some.

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// pngFile is a PNG of given rows, each with its filter type before it.
func pngFile(w, h int, depth, colour byte, rows []byte, extra []byte) []byte {
	part := func(kind string, data []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		b = append(append(b, kind...), data...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(w))
	head = binary.BigEndian.AppendUint32(head, uint32(h))
	out := append([]byte(pngSignature), part("IHDR", append(head, depth, colour, 0, 0, 0))...)
	if colour == pngPalette {
		var palette []byte
		for i := range 1 << depth {
			palette = append(palette, byte(i*37), byte(i*91), byte(255-i))
		}
		out = append(out, part("PLTE", palette)...)
	}
	if extra != nil {
		out = append(out, part("tRNS", extra)...)
	}
	var z bytes.Buffer
	zw := zlib.NewWriter(&z)
	_, _ = zw.Write(rows)
	_ = zw.Close()
	for b := z.Bytes(); len(b) > 0; { // cut into small chunks, as the format allows
		n := min(len(b), 100)
		out = append(out, part("IDAT", b[:n])...)
		b = b[n:]
	}
	return append(out, part("IEND", nil)...)
}

// onWhite is an image as it looks on white paper, in the planes of a picture.
func onWhite(img image.Image) (y, cb, cr []byte) {
	b := img.Bounds()
	for j := range b.Dy() {
		for i := range b.Dx() {
			c := color.NRGBAModel.Convert(img.At(b.Min.X+i, b.Min.Y+j)).(color.NRGBA)
			yy, u, v := color.RGBToYCbCr(onPaper(c.R, c.A), onPaper(c.G, c.A), onPaper(c.B, c.A))
			y, cb, cr = append(y, yy), append(cb, u), append(cr, v)
		}
	}
	return y, cb, cr
}

// requireSame compares what our decoder makes of a file with the standard library.
func requireSame(t testing.TB, file []byte) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	var p picture
	require.NoError(t, p.drawPNG(bytes.NewReader(file), 1<<20, -1))
	y, cb, cr := onWhite(img)
	near(t, y, p.y.pix)
	if p.gray {
		near(t, bytes.Repeat([]byte{128}, len(y)), cb)
		return
	}
	near(t, halved(cb, p.w, p.h), p.cb.pix)
	near(t, halved(cr, p.w, p.h), p.cr.pix)
}

func near(t testing.TB, want, got []byte) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.InDelta(t, want[i], got[i], 1, "byte %d of %d", i, len(want)) // 16 bits are cut, not rounded
	}
}

// halved shrinks a plane to half its sides.
func halved(pix []byte, w, h int) []byte {
	var a area
	a.start(w, h, (w+1)/2, (h+1)/2)
	for y := range h {
		a.add(pix[y*w:][:w])
	}
	return a.pix
}

func TestPNGsComeOutAsTheStandardLibraryReadsThem(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		colour, depth byte
		clear         []byte
	}{
		{pngGray, 1, nil}, {pngGray, 2, nil}, {pngGray, 4, nil}, {pngGray, 8, nil}, {pngGray, 16, nil},
		{pngGray, 1, []byte{0, 1}}, {pngGray, 8, []byte{0, 77}}, {pngGray, 16, []byte{7, 77}},
		{pngRGB, 8, nil}, {pngRGB, 16, nil}, {pngRGB, 8, []byte{0, 1, 0, 2, 0, 3}}, {pngRGB, 16, []byte{1, 1, 2, 2, 3, 3}},
		{pngPalette, 1, nil}, {pngPalette, 2, nil}, {pngPalette, 4, nil}, {pngPalette, 8, nil}, {pngPalette, 8, []byte{0, 100, 255, 3}},
		{pngGrayAlpha, 8, nil}, {pngGrayAlpha, 16, nil}, {pngRGBA, 8, nil}, {pngRGBA, 16, nil},
	} {
		for _, w := range []int{1, 7, 33} {
			t.Run(fmt.Sprintf("colour type %d, %d bits, %d wide, clear %v", c.colour, c.depth, w, c.clear), func(t *testing.T) {
				p := pngHeader{depth: int(c.depth), colour: int(c.colour)}
				const h = 12
				var rows []byte
				for y := range h {
					rows = append(rows, byte(y%5)) // every filter
					for range (w*p.channels()*p.depth + 7) / 8 {
						rows = append(rows, byte(rng.Uint32()))
					}
				}
				requireSame(t, pngFile(w, h, c.depth, c.colour, rows, c.clear))
			})
		}
	}
}

// FuzzPNG checks that our decoder takes what the standard library takes and makes
// the same of it.
func FuzzPNG(f *testing.F) {
	f.Add([]byte{3, 0, 10, 20, 30, 1, 1, 1, 1}, byte(pngGray), byte(8), byte(3), []byte(nil))
	f.Add([]byte{4, 200, 100, 50, 2, 9, 9, 9}, byte(pngPalette), byte(4), byte(6), []byte{1, 2})
	f.Add([]byte{2, 1, 2, 3, 4, 5, 6}, byte(pngRGB), byte(16), byte(1), []byte{1, 2, 3, 4, 5, 6})
	f.Fuzz(func(t *testing.T, rows []byte, colour, depth, w byte, clear []byte) {
		if w == 0 || len(rows) > 4<<10 {
			return
		}
		head := append(make([]byte, 8), depth, colour, 0, 0, 0)
		p, err := parseIHDR(head)
		if err != nil {
			return
		}
		stride := 1 + (int(w)*p.channels()*p.depth+7)/8
		h := max(1, len(rows)/stride)
		if len(clear) == 0 || colour == pngGrayAlpha || colour == pngRGBA {
			clear = nil
		}
		file := pngFile(int(w), h, depth, colour, rows, clear)
		img, theirs := png.Decode(bytes.NewReader(file))
		var ours picture
		err = ours.drawPNG(bytes.NewReader(file), 1<<20, -1)
		if theirs == nil {
			require.NoError(t, err)
			require.Equal(t, img.Bounds().Dx(), ours.w)
			requireSame(t, file)
		}
	})
}
