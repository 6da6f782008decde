package pages

// Inside the package, for the pixels are compared with those of another decoder
// before they are shrunk and encoded, and to know which decoder was at work.

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireAsStandard compares what our decoder makes of a file with the standard
// library, which rounds a little differently.
func requireAsStandard(t testing.TB, file []byte) {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	var want, got picture
	want.drawImage(img, -1)
	require.NoError(t, got.drawJPEG(bytes.NewReader(file), 1<<24, -1))
	require.Equal(t, want.gray, got.gray)
	near(t, want.y.pix, got.y.pix)
	if !got.gray {
		near(t, want.cb.pix, got.cb.pix)
		near(t, want.cr.pix, got.cr.pix)
	}
}

func TestJPEGsComeOutAsTheStandardLibraryReadsThem(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, size := range []image.Point{{8, 8}, {1, 1}, {16, 16}, {33, 17}, {100, 75}} {
		gray, colour := image.NewGray(image.Rectangle{Max: size}), image.NewNRGBA(image.Rectangle{Max: size})
		for y := range size.Y {
			for x := range size.X {
				v := uint8(rng.Uint32())
				if x < size.X/2 {
					v = uint8(x * y)
				}
				gray.SetGray(x, y, color.Gray{Y: v})
				colour.SetNRGBA(x, y, color.NRGBA{R: v, G: uint8(rng.Uint32()), B: uint8(x), A: 255})
			}
		}
		for _, quality := range []int{1, 30, 90, 100} {
			for name, img := range map[string]image.Image{"gray": gray, "colour": colour} {
				t.Run(fmt.Sprint(name, size, quality), func(t *testing.T) {
					var b bytes.Buffer
					require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}))
					requireAsStandard(t, b.Bytes())
				})
			}
		}
	}
}

func TestRealPhotosComeOutAsTheStandardLibraryReadsThem(t *testing.T) {
	dir := os.Getenv("LEARNSNAP_PAGES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "pages")
	}
	for _, name := range []string{"ar_photosynthesis_exif5.jpg", "fmt_gray.jpg", "unreadable_blur.jpg"} {
		file, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Skipf("no photos of pages: %v (set LEARNSNAP_PAGES to their folder)", err)
		}
		requireAsStandard(t, file)
	}
}

func TestWhatOurDecoderDoesNotKnowIsLeftToAnother(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil))
	good := b.Bytes()
	at := bytes.Index(good, []byte{0xff, markerSOS})
	for name, file := range map[string][]byte{
		"progressive":       bytes.Replace(good, []byte{0xff, markerSOF0}, []byte{0xff, markerSOF2}, 1),
		"cut in its header": good[:at-1],
		"cut in its data":   good[:at+12],
		"junk in between":   bytes.Replace(good, []byte{0xff, markerDHT}, []byte{0, 0xff, markerDHT}, 1),
		"no tables":         append(bytes.Clone(good[:2]), good[bytes.Index(good, []byte{0xff, markerSOF0}):]...),
		"nothing":           nil,
	} {
		var p picture
		require.Error(t, p.drawJPEG(bytes.NewReader(file), 1<<24, -1), name)
		require.NoError(t, p.drawJPEG(bytes.NewReader(good), 1<<24, -1), "the picture can be used again")
		require.Error(t, p.drawJPEG(bytes.NewReader(file), 1<<24, -1), name+", after another")
	}
	var p picture
	require.Error(t, p.drawJPEG(bytes.NewReader(good), 64*64-1, -1), "larger than was said")
}

// FuzzJPEG checks that no file makes our decoder fail in another way than with an
// error, that it ends, and that it says the size of a picture as the standard
// library does.
func FuzzJPEG(f *testing.F) {
	for _, img := range []image.Image{image.NewGray(image.Rect(0, 0, 24, 9)), image.NewNRGBA(image.Rect(0, 0, 17, 17))} {
		var b bytes.Buffer
		require.NoError(f, jpeg.Encode(&b, img, nil))
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err != nil || config.Width*config.Height > 1<<14 {
			return
		}
		var p picture
		ours := p.drawJPEG(bytes.NewReader(data), 1<<24, -1)
		img, err := jpeg.Decode(bytes.NewReader(data))
		if err == nil && ours == nil {
			require.Equal(t, image.Pt(p.w, p.h), img.Bounds().Size())
		}
	})
}
