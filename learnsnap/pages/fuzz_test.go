package pages_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
)

// seeds are small files of every kind.
func seeds(t testing.TB) [][]byte {
	three := []byte{0x22, 0x11, 0x11}
	return [][]byte{
		nil, []byte("text"), []byte("\xff\xfea\x00"), []byte("<svg/>"),
		jpegOf(t, marked(32, 16)),
		withEXIF(jpegOf(t, marked(16, 16)), tiff(littleEndian, 6)),
		jpegOf(t, image.NewNRGBA(image.Rect(0, 0, 17, 9))),
		flatJPEG{w: 16, h: 16, values: []byte{150, 100, 160}, sampling: three, adobe: -1, progressive: true, scans: 2}.bytes(),
		flatJPEG{w: 9, h: 9, values: []byte{1, 2, 3, 4}, sampling: []byte{0x11, 0x11, 0x11, 0x11}, adobe: 0}.bytes(),
		pngOf(t, marked(16, 16)),
		pngOf(t, image.NewNRGBA64(image.Rect(0, 0, 9, 9))),
		append(pngOf(t, marked(9, 9)), "PK\x03\x04"...),
		webpOf(marked(16, 16), nil),
		webpOf(marked(16, 16), tiff(bigEndian, 3)),
		heicOf("heic", "hvc1", 64, 48, make([]byte, 40)),
		heicOf("mif1", "grid", 64, 48, make([]byte, 8)),
	}
}

// FuzzInspect checks that looking at a page ends in a type or in an [pages.Error],
// in the same one however the bytes arrive.
func FuzzInspect(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	r := pages.New(pages.Config{MaxBytes: 1 << 16, MaxText: 1 << 10})
	f.Fuzz(func(t *testing.T, data []byte) {
		mediaType, err := r.Inspect(t.Context(), bytes.NewReader(data))
		again, errAgain := r.Inspect(t.Context(), iotest.OneByteReader(bytes.NewReader(data)))
		require.Equal(t, mediaType, again)
		require.Equal(t, fmt.Sprint(err), fmt.Sprint(errAgain))
		if err != nil {
			require.Empty(t, mediaType)
			require.NotEmpty(t, as(t, err).Code)
			return
		}
		require.Contains(t, []string{"image/jpeg", "image/png", "image/webp", "image/heic", "text/plain"}, mediaType)
	})
}

// FuzzPrepare checks that a page which passed the inspection becomes a JPEG within
// the limits or is found damaged, and the same each time.
func FuzzPrepare(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	r := pages.New(pages.Config{MaxBytes: 1 << 14, MaxPixels: 1 << 14, LongEdge: 24, NoHEIC: true})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := r.Read(t.Context(), bytes.NewReader(data))
		if err != nil {
			e := as(t, err)
			if _, passed := r.Inspect(t.Context(), bytes.NewReader(data)); passed == nil {
				require.Contains(t, []pages.Code{pages.Corrupt, pages.Unsupported}, e.Code, err.Error())
			}
			return
		}
		out := bytesOf(t, m)
		if m.Type == "image/jpeg" {
			size, err := jpeg.DecodeConfig(bytes.NewReader(out))
			require.NoError(t, err)
			require.LessOrEqual(t, max(size.Width, size.Height), 24)
		}
		m, err = r.Read(t.Context(), bytes.NewReader(data))
		require.NoError(t, err)
		require.Equal(t, out, bytesOf(t, m))
		m, err = r.Read(t.Context(), bytes.NewReader(out))
		var e *pages.Error
		if !errors.As(err, &e) || e.Code != pages.Unsupported { // a picture that became too small
			require.NoError(t, err, "what comes out can go in")
			require.NotZero(t, m.Size)
		}
	})
}

// FuzzEXIF checks that no EXIF data makes a good photo a bad one.
func FuzzEXIF(f *testing.F) {
	plain := jpegOf(f, marked(16, 8))
	for turn := range uint16(10) {
		f.Add(tiff(littleEndian, turn))
		f.Add(tiff(bigEndian, turn))
	}
	f.Add([]byte("MM\x00*\x00\x00\x00\x08\xff\xff"))
	f.Add([]byte("II*\x00\xff\xff\xff\xff\x01\x00"))
	r := pages.New(pages.Config{})
	f.Fuzz(func(t *testing.T, exif []byte) {
		if len(exif) > 60_000 {
			return
		}
		m, err := r.Read(t.Context(), bytes.NewReader(withEXIF(plain, exif)))
		require.NoError(t, err)
		size, err := jpeg.DecodeConfig(bytes.NewReader(bytesOf(t, m)))
		require.NoError(t, err)
		turned := size.Height == 16 && size.Width == 8
		require.True(t, turned || size.Width == 16 && size.Height == 8)
		if turned {
			require.True(t, bytes.Contains(exif, binary.LittleEndian.AppendUint16(nil, 0x0112)) || bytes.Contains(exif, binary.BigEndian.AppendUint16(nil, 0x0112)))
		}
	})
}
