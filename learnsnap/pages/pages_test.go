package pages_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
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

// withEXIF puts an orientation into a JPEG file.
func withEXIF(data []byte, order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	tiff := []byte(mark)
	tiff = order.AppendUint16(tiff, 42)
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 1)
	tiff = order.AppendUint16(tiff, 0x0112)
	tiff = order.AppendUint16(tiff, 3)
	tiff = order.AppendUint32(tiff, 1)
	tiff = order.AppendUint16(tiff, orientation)
	tiff = order.AppendUint16(tiff, 0)
	tiff = order.AppendUint32(tiff, 0)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{}, data[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(segment)+2))
	return append(append(out, segment...), data[2:]...)
}

func prepared(t testing.TB, c pages.Config, data []byte) image.Image {
	t.Helper()
	m, err := pages.New(c).Read(t.Context(), bytes.NewReader(data))
	require.NoError(t, err)
	img, err := jpeg.Decode(bytes.NewReader(bytesOf(t, m)))
	require.NoError(t, err)
	return img
}

func TestPhotosAreTurnedUpright(t *testing.T) {
	// Where the black corner of the stored picture is meant to be, by orientation.
	corners := map[uint16]string{1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left", 5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left"}
	plain := jpegOf(t, marked(160, 80))
	for orientation, want := range corners {
		for mark, order := range map[string]binary.AppendByteOrder{"II": binary.LittleEndian, "MM": binary.BigEndian} {
			img := prepared(t, pages.Config{}, withEXIF(plain, order, mark, orientation))
			w, h := img.Bounds().Dx(), img.Bounds().Dy()
			require.Equal(t, orientation >= 5, w < h, "orientation %d: sides", orientation)
			got := ""
			for name, at := range map[string]image.Point{"top left": {4, 4}, "top right": {w - 5, 4}, "bottom left": {4, h - 5}, "bottom right": {w - 5, h - 5}} {
				if y := color.GrayModel.Convert(img.At(at.X, at.Y)).(color.Gray).Y; y < 128 {
					got += name
				}
			}
			require.Equal(t, want, got, "orientation %d", orientation)
		}
	}
}

func TestPhotosAreScaledDownAndNeverUp(t *testing.T) {
	for _, c := range []struct{ w, h, edge, wantW, wantH int }{
		{3000, 2000, 0, 1568, 1045}, {2000, 3000, 0, 1045, 1568}, {400, 300, 0, 400, 300}, {3000, 30, 0, 1568, 16}, {3000, 2000, -1, 3000, 2000}, {1000, 999, 100, 100, 100},
	} {
		img := prepared(t, pages.Config{LongEdge: c.edge}, jpegOf(t, marked(c.w, c.h)))
		require.Equal(t, image.Pt(c.wantW, c.wantH), img.Bounds().Size())
		y := color.GrayModel.Convert(img.At(c.wantW-1, c.wantH-1)).(color.Gray).Y
		require.Greater(t, y, uint8(250), "white stays white to the last pixel")
	}
}

func TestEveryKindOfPNGComesOutAsItLooks(t *testing.T) {
	size := image.Rect(0, 0, 64, 64)
	colours := []color.Color{color.NRGBA{R: 200, G: 30, B: 30, A: 255}, color.NRGBA{}, color.NRGBA{B: 255, A: 128}}
	seen := []color.NRGBA{{200, 30, 30, 255}, {255, 255, 255, 255}, {127, 127, 255, 255}} // over white paper
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
			var b bytes.Buffer
			require.NoError(t, png.Encode(&b, img))
			got := color.NRGBAModel.Convert(prepared(t, pages.Config{}, b.Bytes()).At(32, 32)).(color.NRGBA)
			for _, d := range []int{int(got.R) - int(seen[i].R), int(got.G) - int(seen[i].G), int(got.B) - int(seen[i].B)} {
				require.InDelta(t, 0, d, 6, "%s: %v", name, c)
			}
		}
	}
}

func TestPagesThatAreRefused(t *testing.T) {
	photo := jpegOf(t, marked(64, 64))
	bomb := jpegOf(t, marked(16, 16))
	at := bytes.Index(bomb, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(bomb[at+5:], 65500)
	binary.BigEndian.PutUint16(bomb[at+7:], 65500)
	for _, c := range []struct {
		name string
		data []byte
		code pages.Code
	}{
		{"nothing", nil, pages.Empty},
		{"blanks", []byte(" \n\t "), pages.Empty},
		{"a web page", []byte("<!doctype html><p>x"), pages.Unsupported},
		{"a drawing", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), pages.Unsupported},
		{"a PDF", []byte("%PDF-1.7\n"), pages.Unsupported},
		{"an archive", []byte("PK\x03\x04abc"), pages.Unsupported},
		{"a program", []byte("\x7fELF\x02\x01"), pages.Unsupported},
		{"a script", []byte("#!/bin/sh\n"), pages.Unsupported},
		{"bytes", []byte{1, 2, 0, 3}, pages.Unsupported},
		{"an AVIF", []byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1"), pages.Unsupported},
		{"UTF-16", []byte("\xff\xfea\x00"), pages.Corrupt},
		{"text with a zero byte", append(bytes.Repeat([]byte("a"), 100), 0), pages.Corrupt},
		{"text in another encoding", append(bytes.Repeat([]byte("a"), 100), 0xe9, 'x'), pages.Corrupt},
		{"a long text", bytes.Repeat([]byte("word "), 60_000), pages.TooLarge},
		{"a photo that is cut off", photo[:len(photo)-2], pages.Corrupt},
		{"a header alone", photo[:30], pages.Corrupt},
		{"a bomb", bomb, pages.ImageTooLarge},
		{"7 MB", append(photo, make([]byte, 7<<20)...), pages.TooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := pages.New(pages.Config{})
			for name, src := range map[string]io.Reader{"whole": bytes.NewReader(c.data), "byte by byte": iotest.OneByteReader(bytes.NewReader(c.data))} {
				if len(c.data) > 1<<20 && name != "whole" {
					continue
				}
				_, err := r.Inspect(t.Context(), src)
				var e *pages.Error
				require.ErrorAs(t, err, &e, name)
				require.Equal(t, c.code, e.Code, err.Error())
				require.Equal(t, string(c.code), e.PageCode())
			}
		})
	}
}

func TestWhatFollowsAPhotoIsDropped(t *testing.T) {
	data := append(jpegOf(t, marked(64, 64)), "PK\x03\x04 an archive"...)
	m, err := pages.New(pages.Config{}).Read(t.Context(), bytes.NewReader(data))
	require.NoError(t, err)
	require.NotContains(t, string(bytesOf(t, m)), "archive")
}

func TestTextPagesComeOutAsPlainUTF8(t *testing.T) {
	r := pages.New(pages.Config{})
	m, err := r.Read(t.Context(), strings.NewReader("\ufeffالماء سائل.\r\nWater is a liquid.\rThe end."))
	require.NoError(t, err)
	require.Equal(t, "text/plain", m.Type)
	require.Equal(t, "الماء سائل.\nWater is a liquid.\nThe end.", string(bytesOf(t, m)))
}

func TestErrorsOfTheSourceAreNotThePages(t *testing.T) {
	errGone := errors.New("the client has gone")
	_, err := pages.New(pages.Config{}).Inspect(t.Context(), io.MultiReader(bytes.NewReader(jpegOf(t, marked(64, 64))[:100]), iotest.ErrReader(errGone)))
	require.Equal(t, errGone, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = pages.New(pages.Config{}).Read(ctx, strings.NewReader("text"))
	require.ErrorIs(t, err, context.Canceled)
}

// FuzzInspect checks that nothing makes the inspection fail in another way than it
// should, and that what it lets through is prepared or found broken.
func FuzzInspect(f *testing.F) {
	plain := jpegOf(f, marked(32, 16))
	var small bytes.Buffer
	require.NoError(f, png.Encode(&small, marked(8, 8)))
	f.Add(plain)
	f.Add(withEXIF(plain, binary.LittleEndian, "II", 6))
	f.Add(small.Bytes())
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	f.Add([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic\x00\x00\x00\x08mdat"))
	f.Add([]byte("text"))
	r := pages.New(pages.Config{MaxBytes: 1 << 16, MaxPixels: 1 << 16, NoHEIC: true})
	f.Fuzz(func(t *testing.T, data []byte) {
		mediaType, err := r.Inspect(t.Context(), bytes.NewReader(data))
		again, errAgain := r.Inspect(t.Context(), iotest.OneByteReader(bytes.NewReader(data)))
		require.Equal(t, mediaType, again)
		require.Equal(t, fmt.Sprint(err), fmt.Sprint(errAgain))
		var e *pages.Error
		if err != nil {
			require.ErrorAs(t, err, &e)
			return
		}
		m, err := r.Read(t.Context(), bytes.NewReader(data))
		if err != nil {
			require.ErrorAs(t, err, &e)
			require.Equal(t, pages.Corrupt, e.Code)
			return
		}
		require.NotZero(t, m.Size)
	})
}

// FuzzEXIF checks that no EXIF data makes a good photo a bad one.
func FuzzEXIF(f *testing.F) {
	plain := jpegOf(f, marked(16, 8))
	f.Add([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"))
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\xff\xff"))
	f.Fuzz(func(t *testing.T, exif []byte) {
		if len(exif) > 60_000 {
			return
		}
		segment := append([]byte("Exif\x00\x00"), exif...)
		data := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2))...)
		data = append(append(data, segment...), plain[2:]...)
		size := prepared(t, pages.Config{}, data).Bounds().Size()
		require.Contains(t, []image.Point{{16, 8}, {8, 16}}, size)
	})
}

func ExampleReader_Inspect() {
	r := pages.New(pages.Config{})
	for _, sent := range []string{"The Sun is a star.", "<html>not a page</html>"} {
		mediaType, err := r.Inspect(context.Background(), strings.NewReader(sent))
		fmt.Println(mediaType, err)
	}
	// Output:
	// text/plain <nil>
	//  the page is neither a photo (JPEG, PNG, WebP, HEIC) nor plain text: send a photo
}
