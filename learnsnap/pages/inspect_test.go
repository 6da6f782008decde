package pages_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
)

var (
	littleEndian binary.AppendByteOrder = binary.LittleEndian
	bigEndian    binary.AppendByteOrder = binary.BigEndian
)

// patched is data with the bytes behind the first mark replaced.
func patched(t testing.TB, data []byte, mark string, skip int, with string) []byte {
	t.Helper()
	at := bytes.Index(data, []byte(mark))
	require.GreaterOrEqual(t, at, 0)
	out := bytes.Clone(data)
	copy(out[at+len(mark)+skip:], with)
	return out
}

func TestPagesAreKnownByTheirContent(t *testing.T) {
	gray := []byte{128}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"a photo", jpegOf(t, marked(64, 64)), "image/jpeg"},
		{"a photo with junk between its segments", bytes.Replace(jpegOf(t, marked(64, 64)), []byte("\xff\xc4"), []byte("\x00\x00\xff\xff\xc4"), 1), "image/jpeg"},
		{"a photo with a restart marker too many", append(bytes.TrimSuffix(jpegOf(t, marked(64, 64)), []byte("\xff\xd9")), 0xff, 0xd0, 0xff, 0xd9), "image/jpeg"},
		{"a progressive photo", flatJPEG{w: 16, h: 16, values: gray, sampling: []byte{0x11}, adobe: -1, progressive: true}.bytes(), "image/jpeg"},
		{"a scan", pngOf(t, marked(64, 64)), "image/png"},
		{"a WebP", webpOf(marked(64, 64), nil), "image/webp"},
		{"a WebP with metadata", webpOf(marked(64, 64), tiff(bigEndian, 3)), "image/webp"},
		{"a HEIC", heicOf("heic", "hvc1", 640, 480, make([]byte, 100)), "image/heic"},
		{"a HEIC by its second name", heicOf("mif1", "hvc1", 640, 480, make([]byte, 100)), "image/heic"},
		{"a HEIC and more", append(heicOf("heic", "hvc1", 640, 480, make([]byte, 100)), "PK\x03\x04"...), "image/heic"},
		{"a text", []byte("الماء سائل."), "text/plain"},
		{"a text in UTF-16", []byte("\xff\xfea\x00"), "text/plain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, wrap := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "error with data": iotest.DataErrReader} {
				src := bytes.NewReader(c.data)
				got, err := pages.New(pages.Config{}).Inspect(t.Context(), wrap(src))
				require.NoError(t, err, name)
				require.Equal(t, c.want, got)
				require.Zero(t, src.Len(), "all was read")
			}
		})
	}
}

func TestPagesThatAreRefused(t *testing.T) {
	photo, scan, web := jpegOf(t, marked(64, 64)), pngOf(t, marked(64, 64)), webpOf(marked(64, 64), nil)
	heic := heicOf("heic", "hvc1", 640, 480, make([]byte, 100))
	gray, one := []byte{128}, []byte{0x11}
	for _, c := range []struct {
		name string
		data []byte
		code pages.Code
	}{
		{"nothing", nil, pages.Empty},
		{"blanks", []byte(" \n\t "), pages.Empty},
		{"blanks that steer", []byte("\ufeff\u200f\u00a0"), pages.Empty},

		{"a web page", []byte("<!doctype html><p>x"), pages.Unsupported},
		{"a drawing", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), pages.Unsupported},
		{"a drawing behind a mark", []byte("\ufeff \n<?xml version='1.0'?><svg/>"), pages.Unsupported},
		{"a PDF", []byte("%PDF-1.7\n"), pages.Unsupported},
		{"an archive", []byte("PK\x03\x04abc"), pages.Unsupported},
		{"a program", []byte("\x7fELF\x02\x01"), pages.Unsupported},
		{"a script", []byte("#!/bin/sh\n"), pages.Unsupported},
		{"a GIF", []byte("GIF89a\x01\x00\x01\x00"), pages.Unsupported},
		{"a BMP", []byte("BM\x00\x01\x00\x00\x00\x00"), pages.Unsupported},
		{"a TIFF", []byte("II*\x00\x08\x00\x00\x00"), pages.Unsupported},
		{"a sound", []byte("RIFF\x10\x00\x00\x00WAVEfmt "), pages.Unsupported},
		{"a video", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), pages.Unsupported},
		{"bytes", []byte{1, 2, 0, 3, 4, 5, 6}, pages.Unsupported},
		{"an AVIF", []byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1"), pages.Unsupported},
		{"an AVIF that says HEIC", heicOf("mif1", "av01", 640, 480, nil), pages.Unsupported},
		{"a moving WebP", patched(t, webpOf(marked(64, 64), tiff(littleEndian, 1)), "VP8X", 4, "\x02"), pages.Unsupported},
		{"a lossless JPEG", bytes.Replace(photo, []byte("\xff\xc0"), []byte("\xff\xc3"), 1), pages.Unsupported},
		{"an arithmetic JPEG", bytes.Replace(photo, []byte("\xff\xc0"), []byte("\xff\xc9"), 1), pages.Unsupported},
		{"a JPEG of 12 bits", patched(t, photo, "\xff\xc0", 2, "\x0c"), pages.Unsupported},
		{"a JPEG of two colours", flatJPEG{w: 16, h: 16, values: []byte{1, 2}, sampling: []byte{0x11, 0x11}, adobe: -1}.bytes(), pages.Unsupported},
		{"a JPEG without a height", patched(t, photo, "\xff\xc0", 3, "\x00\x00"), pages.Unsupported},
		{"a JPEG of a thousand scans", flatJPEG{w: 16, h: 16, values: gray, sampling: one, adobe: -1, progressive: true, scans: 1000}.bytes(), pages.Unsupported},
		{"a dot", pngOf(t, marked(1, 1)), pages.Unsupported},

		{"text with a zero byte", append(bytes.Repeat([]byte("a"), 100), 0), pages.Corrupt},
		{"text in another encoding", append(bytes.Repeat([]byte("a"), 100), 0xe9, 'x'), pages.Corrupt},
		{"half a character of UTF-16", []byte("\xff\xfea"), pages.Corrupt},
		{"half a pair of UTF-16", []byte("\xff\xfe\x3d\xd8a\x00"), pages.Corrupt},
		{"a photo that is cut off", photo[:len(photo)-2], pages.Corrupt},
		{"a header alone", photo[:30], pages.Corrupt},
		{"a header before something else", append(photo[:20:20], strings.Repeat("<html>", 99)...), pages.Corrupt},
		{"a photo without data", []byte("\xff\xd8\xff\xd9"), pages.Corrupt},
		{"a photo with two frames", bytes.Replace(photo, []byte("\xff\xc0"), append(photo[bytes.Index(photo, []byte("\xff\xc0")):][:13:13], "\xff\xc0"...), 1), pages.Corrupt},
		{"a scan with a bit turned", patched(t, scan, "IDAT", 6, "\x55"), pages.Corrupt},
		{"a scan without data", append(scan[:33:33], chunk("IEND", nil)...), pages.Corrupt},
		{"a WebP without a picture", []byte("RIFF\x04\x00\x00\x00WEBP"), pages.Corrupt},
		{"a WebP of two sizes", patched(t, webpOf(marked(64, 64), tiff(littleEndian, 1)), "VP8X", 8, "\x70"), pages.Corrupt},
		{"a HEIC without a description", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic\x00\x00\x00\x08mdat"), pages.Corrupt},
		{"a HEIC whose picture is missing", heic[:len(heic)-108], pages.Corrupt},
		{"a HEIC of nothing", heicOf("heic", "hvc1", 0, 480, nil), pages.Corrupt},

		{"a bomb", patched(t, photo, "\xff\xc0", 3, "\xff\xdc\xff\xdc"), pages.ImageTooLarge},
		{"a bomb as PNG", rawPNG(60000, 60000, 1, 0, nil), pages.ImageTooLarge},
		{"a line", rawPNG(70000, 8, 1, 0, nil), pages.ImageTooLarge},
		{"a bomb as WebP", patched(t, web, "VP8L", 5, "\xff\xff\xff\x0f"), pages.ImageTooLarge},
		{"a bomb as HEIC", heicOf("heic", "hvc1", 30000, 30000, nil), pages.ImageTooLarge},
		{"a progressive bomb", patched(t, flatJPEG{w: 16, h: 16, values: []byte{1, 2, 3}, sampling: []byte{0x11, 0x11, 0x11}, adobe: -1, progressive: true}.bytes(), "\xff\xc2", 3, "\x1b\x58\x1b\x58"), pages.ImageTooLarge},

		{"a long text", bytes.Repeat([]byte("word "), 60_000), pages.TooLarge},
		{"7 MB", append(photo[:len(photo):len(photo)], make([]byte, 7<<20)...), pages.TooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := pages.New(pages.Config{})
			for name, src := range map[string]io.Reader{"whole": bytes.NewReader(c.data), "byte by byte": iotest.OneByteReader(bytes.NewReader(c.data))} {
				if len(c.data) > 1<<20 && name != "whole" {
					continue
				}
				_, err := r.Inspect(t.Context(), src)
				e := as(t, err)
				require.Equal(t, c.code, e.Code, err.Error())
				require.Equal(t, string(c.code), e.PageCode())
			}
		})
	}
}

func TestACutIsFoundWithoutDecoding(t *testing.T) {
	r := pages.New(pages.Config{})
	// As large as a photo, so that what is cut has every part of the file.
	noisy := marked(600, 400)
	for i := range noisy.Pix {
		noisy.Pix[i] = byte(i * i >> 5)
	}
	for name, c := range map[string]struct {
		data []byte
		step int
	}{
		"jpeg":                  {jpegOf(t, noisy), 1 << 10},
		"small jpeg":            {withEXIF(jpegOf(t, marked(16, 16)), tiff(littleEndian, 6)), 1},
		"png":                   {pngOf(t, noisy), 1 << 10},
		"small png":             {pngOf(t, marked(16, 16)), 1},
		"webp":                  {webpOf(noisy, nil), 1 << 10},
		"small webp with a tag": {webpOf(marked(16, 16), tiff(littleEndian, 1)), 1},
		"heic":                  {heicOf("heic", "hvc1", 640, 480, make([]byte, 100)), 1},
	} {
		_, err := r.Inspect(t.Context(), bytes.NewReader(c.data))
		require.NoError(t, err, name)
		for n := 16; n < len(c.data); n += c.step {
			_, err := r.Inspect(t.Context(), bytes.NewReader(c.data[:n]))
			require.Equal(t, pages.Corrupt, as(t, err).Code, "%s cut at %d of %d", name, n, len(c.data))
		}
	}
}

func TestLimitsAreTheCallers(t *testing.T) {
	photo := jpegOf(t, marked(100, 100))
	heic := heicOf("heic", "hvc1", 4000, 3000, make([]byte, 100))
	progressive := flatJPEG{w: 400, h: 400, values: []byte{9}, sampling: []byte{0x11}, adobe: -1, progressive: true}.bytes()
	for _, c := range []struct {
		name string
		c    pages.Config
		data []byte
		code pages.Code
	}{
		{"bytes", pages.Config{MaxBytes: int64(len(photo) - 1)}, photo, pages.TooLarge},
		{"pixels", pages.Config{MaxPixels: 9_999}, photo, pages.ImageTooLarge},
		{"memory", pages.Config{MaxMemory: 799_999}, progressive, pages.ImageTooLarge},
		{"text", pages.Config{MaxText: 3}, []byte("long"), pages.TooLarge},
		{"no HEIC", pages.Config{NoHEIC: true}, heic, pages.HEICUnavailable},
		{"memory for HEIC", pages.Config{HEICMemory: 300 << 20}, heic, pages.HEICUnavailable},
	} {
		_, err := pages.New(c.c).Inspect(t.Context(), bytes.NewReader(c.data))
		require.Equal(t, c.code, as(t, err).Code, c.name)
	}
	for _, c := range []struct {
		c    pages.Config
		data []byte
	}{
		{pages.Config{MaxBytes: int64(len(photo))}, photo}, {pages.Config{MaxPixels: 10_000}, photo},
		{pages.Config{MaxMemory: 800_000}, progressive}, {pages.Config{HEICMemory: 350 << 20}, heic},
		{pages.Config{MaxMemory: 300_000}, jpegOf(t, marked(4000, 3000))}, // is decoded row by row
		{pages.Config{MaxMemory: 300_000}, pngOf(t, marked(4000, 3000))},
	} {
		_, err := pages.New(c.c).Inspect(t.Context(), bytes.NewReader(c.data))
		require.NoError(t, err)
	}
}

func TestLookingAtAPageTakesNoMemory(t *testing.T) {
	r := pages.New(pages.Config{})
	small, large := jpegOf(t, marked(64, 64)), jpegOf(t, image.NewNRGBA(image.Rect(0, 0, 3000, 2000)))
	measure := func(data []byte) float64 {
		src := bytes.NewReader(data)
		return testing.AllocsPerRun(10, func() {
			src.Reset(data)
			_, err := r.Inspect(t.Context(), src)
			require.NoError(t, err)
		})
	}
	require.InDelta(t, measure(small), measure(large), 2)
}
