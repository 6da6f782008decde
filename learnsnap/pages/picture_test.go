package pages_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
)

func prepared(t testing.TB, c pages.Config, data []byte) image.Image {
	t.Helper()
	m, err := pages.New(c).Prepare(t.Context(), mediaOf(data, func(_ int, r io.Reader) io.Reader { return r }))
	require.NoError(t, err)
	require.Equal(t, "image/jpeg", m.Type)
	img, err := jpeg.Decode(bytes.NewReader(bytesOf(t, m)))
	require.NoError(t, err)
	return img
}

// corner says in which corner of a picture the mark is.
func corner(img image.Image) (name string) {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	for corner, at := range map[string]image.Point{"top left": {4, 4}, "top right": {w - 5, 4}, "bottom left": {4, h - 5}, "bottom right": {w - 5, h - 5}} {
		if y := color.GrayModel.Convert(img.At(at.X, at.Y)).(color.Gray).Y; y < 128 {
			name += corner
		}
	}
	return name
}

func TestPhotosAreTurnedUpright(t *testing.T) {
	// Where the mark of the stored picture is meant to be, by orientation.
	corners := []string{1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left", 5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left"}
	coloured := image.NewNRGBA(image.Rect(0, 0, 161, 81)) // odd sides, with colour planes
	for y := range 81 {
		for x := range 161 {
			coloured.Set(x, y, color.NRGBA{R: 255, G: 255, B: 200, A: 255})
			if x < 40 && y < 20 {
				coloured.Set(x, y, color.NRGBA{B: 90, A: 255})
			}
		}
	}
	png := pngOf(t, marked(160, 80))
	for turn := uint16(1); turn <= 8; turn++ {
		for name, data := range map[string][]byte{
			"gray JPEG":      withEXIF(jpegOf(t, marked(160, 80)), tiff(littleEndian, turn)),
			"JPEG in colour": withEXIF(jpegOf(t, coloured), tiff(bigEndian, turn)),
			"PNG":            append(append(png[:33:33], chunk("eXIf", tiff(bigEndian, turn))...), png[33:]...),
			"WebP":           webpOf(marked(160, 80), tiff(littleEndian, turn)),
			"WebP, old":      webpOf(marked(160, 80), append([]byte("Exif\x00\x00"), tiff(littleEndian, turn)...)),
		} {
			for _, edge := range []int{0, 100} {
				img := prepared(t, pages.Config{LongEdge: edge}, data)
				require.Equal(t, turn >= 5, img.Bounds().Dx() < img.Bounds().Dy(), "%s, orientation %d: sides", name, turn)
				require.Equal(t, corners[turn], corner(img), "%s, orientation %d", name, turn)
			}
		}
	}
}

func TestColoursTurnWithThePhoto(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 64, 32))
	for y := range 32 {
		for x := range 64 {
			img.Set(x, y, color.NRGBA{R: uint8(x / 32 * 255), B: uint8(255 - x/32*255), A: 255}) // blue, then red
		}
	}
	upright := prepared(t, pages.Config{}, withEXIF(jpegOf(t, img), tiff(littleEndian, 6)))
	top, bottom := color.NRGBAModel.Convert(upright.At(16, 10)).(color.NRGBA), color.NRGBAModel.Convert(upright.At(16, 54)).(color.NRGBA)
	require.Greater(t, top.B, top.R)
	require.Greater(t, bottom.R, bottom.B)
}

func TestPhotosAreScaledDownAndNeverUp(t *testing.T) {
	for _, c := range []struct{ w, h, edge, wantW, wantH int }{
		{3000, 2000, 0, 1568, 1045}, {2000, 3000, 0, 1045, 1568}, {400, 300, 0, 400, 300}, {3000, 30, 0, 1568, 16},
		{3000, 2000, -1, 3000, 2000}, {1000, 999, 100, 100, 100}, {16000, 8, 0, 1568, 1}, {1569, 1568, 0, 1568, 1567},
	} {
		img := prepared(t, pages.Config{LongEdge: c.edge}, jpegOf(t, marked(c.w, c.h)))
		require.Equal(t, image.Pt(c.wantW, c.wantH), img.Bounds().Size())
		y := color.GrayModel.Convert(img.At(c.wantW-1, c.wantH-1)).(color.Gray).Y
		require.Greater(t, y, uint8(250), "white stays white to the last pixel")
	}
}

func TestASmallPictureIsTheMeanOfTheLargeOne(t *testing.T) {
	const w, h, edge = 300, 211, 64
	large := image.NewGray(image.Rect(0, 0, w, h))
	for i := range large.Pix {
		large.Pix[i] = byte(i*7919>>3) | byte(i/w)
	}
	small := prepared(t, pages.Config{LongEdge: edge, Quality: 100}, pngOf(t, large)).(*image.Gray)
	dw, dh := small.Rect.Dx(), small.Rect.Dy()
	require.Equal(t, 45, dh)
	for y := range dh {
		for x := range dw {
			want := mean(large, float64(x)*w/float64(dw), float64(x+1)*w/float64(dw), float64(y)*h/float64(dh), float64(y+1)*h/float64(dh))
			require.InDelta(t, want, small.GrayAt(x, y).Y, 3, "at %d, %d", x, y)
		}
	}
}

// mean is the average of a rectangle, pixels on its border counted by their share.
func mean(img *image.Gray, left, right, top, bottom float64) float64 {
	share := func(i int, from, to float64) float64 {
		return max(0, min(float64(i+1), to)-max(float64(i), from))
	}
	sum, area := 0.0, 0.0
	for y := int(top); y < img.Rect.Dy() && float64(y) < bottom; y++ {
		for x := int(left); x < img.Rect.Dx() && float64(x) < right; x++ {
			a := share(x, left, right) * share(y, top, bottom)
			sum, area = sum+a*float64(img.GrayAt(x, y).Y), area+a
		}
	}
	return sum / area
}

func TestEveryKindOfJPEGComesOutAsItLooks(t *testing.T) {
	for _, c := range []struct {
		name string
		f    flatJPEG
		want color.NRGBA
	}{
		{"gray", flatJPEG{values: []byte{200}, sampling: []byte{0x11}, adobe: -1}, color.NRGBA{200, 200, 200, 255}},
		{"gray that says 2×2", flatJPEG{values: []byte{200}, sampling: []byte{0x22}, adobe: -1}, color.NRGBA{200, 200, 200, 255}},
		{"4:4:4", flatJPEG{values: []byte{150, 100, 160}, sampling: []byte{0x11, 0x11, 0x11}, adobe: -1}, color.NRGBA{194, 137, 100, 255}},
		{"4:2:0", flatJPEG{values: []byte{150, 100, 160}, sampling: []byte{0x22, 0x11, 0x11}, adobe: -1}, color.NRGBA{194, 137, 100, 255}},
		{"4:2:2", flatJPEG{values: []byte{150, 100, 160}, sampling: []byte{0x21, 0x11, 0x11}, adobe: -1}, color.NRGBA{194, 137, 100, 255}},
		{"4:4:0", flatJPEG{values: []byte{150, 100, 160}, sampling: []byte{0x12, 0x11, 0x11}, adobe: -1}, color.NRGBA{194, 137, 100, 255}},
		{"4:1:1", flatJPEG{values: []byte{150, 100, 160}, sampling: []byte{0x41, 0x11, 0x11}, adobe: -1}, color.NRGBA{194, 137, 100, 255}},
		{"4:1:0", flatJPEG{values: []byte{150, 100, 160}, sampling: []byte{0x42, 0x11, 0x11}, adobe: -1}, color.NRGBA{194, 137, 100, 255}},
		{"progressive", flatJPEG{values: []byte{150, 100, 160}, sampling: []byte{0x22, 0x11, 0x11}, adobe: -1, progressive: true}, color.NRGBA{194, 137, 100, 255}},
		{"with restart markers", flatJPEG{values: []byte{150, 100, 160}, sampling: []byte{0x11, 0x11, 0x11}, adobe: -1, restart: 1}, color.NRGBA{194, 137, 100, 255}},
		{"with rarer restart markers", flatJPEG{values: []byte{150, 100, 160}, sampling: []byte{0x21, 0x11, 0x11}, adobe: -1, restart: 4}, color.NRGBA{194, 137, 100, 255}},
		{"the same scan twice", flatJPEG{values: []byte{200}, sampling: []byte{0x11}, adobe: -1, scans: 2}, color.NRGBA{200, 200, 200, 255}},
		{"RGB, as Adobe says it", flatJPEG{values: []byte{200, 30, 60}, sampling: []byte{0x11, 0x11, 0x11}, adobe: 0}, color.NRGBA{200, 30, 60, 255}},
		{"RGB, by its names", flatJPEG{values: []byte{200, 30, 60}, sampling: []byte{0x11, 0x11, 0x11}, adobe: -1, ids: "RGB"}, color.NRGBA{200, 30, 60, 255}},
		{"CMYK", flatJPEG{values: []byte{200, 30, 60, 255}, sampling: []byte{0x11, 0x11, 0x11, 0x11}, adobe: 0}, color.NRGBA{200, 30, 60, 255}},
		{"YCCK", flatJPEG{values: []byte{150, 100, 160, 255}, sampling: []byte{0x22, 0x11, 0x11, 0x22}, adobe: 2}, color.NRGBA{61, 118, 155, 255}},
	} {
		for _, size := range []image.Point{{40, 24}, {37, 19}} {
			c.f.w, c.f.h = size.X, size.Y
			for _, edge := range []int{0, 20} {
				t.Run(fmt.Sprint(c.name, size, edge), func(t *testing.T) {
					img := prepared(t, pages.Config{LongEdge: edge}, c.f.bytes())
					for _, at := range []image.Point{{}, img.Bounds().Max.Sub(image.Pt(1, 1))} {
						requireColour(t, c.want, img.At(at.X, at.Y))
					}
				})
			}
		}
	}
}

func requireColour(t *testing.T, want color.NRGBA, got color.Color) {
	t.Helper()
	c := color.NRGBAModel.Convert(got).(color.NRGBA)
	for _, d := range []int{int(c.R) - int(want.R), int(c.G) - int(want.G), int(c.B) - int(want.B)} {
		require.InDelta(t, 0, d, 6, "got %v, want %v", c, want)
	}
}

func TestWhatIsTransparentLiesOnWhitePaper(t *testing.T) {
	size := image.Rect(0, 0, 64, 64)
	colours := []color.Color{color.NRGBA{R: 200, G: 30, B: 30, A: 255}, color.NRGBA{}, color.NRGBA{B: 255, A: 128}}
	seen := []color.NRGBA{{200, 30, 30, 255}, {255, 255, 255, 255}, {127, 127, 255, 255}}
	for name, img := range map[string]interface {
		image.Image
		Set(x, y int, c color.Color)
	}{
		"nrgba": image.NewNRGBA(size), "nrgba64": image.NewNRGBA64(size), "rgba": image.NewRGBA(size),
		"paletted": image.NewPaletted(size, colours),
	} {
		for i, c := range colours {
			for y := range 64 {
				for x := range 64 {
					img.Set(x, y, c)
				}
			}
			t.Run(fmt.Sprint(name, i), func(t *testing.T) {
				requireColour(t, seen[i], prepared(t, pages.Config{}, pngOf(t, img)).At(32, 32))
			})
		}
	}
}

func TestGrayStaysGray(t *testing.T) {
	palette := image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{color.White, color.Black})
	for name, data := range map[string][]byte{
		"JPEG": jpegOf(t, marked(64, 64)), "PNG": pngOf(t, marked(64, 64)), "PNG with a palette": pngOf(t, palette),
	} {
		require.IsType(t, &image.Gray{}, prepared(t, pages.Config{}, data), name)
	}
}
