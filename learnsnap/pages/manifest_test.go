package pages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "decode-heic" { // the child of TestHEICInAChildProcess
		if err := pages.DecodeHEIC(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

type photo struct{ File, Expect string }

// photos reads the folder of development photos, or skips where it is missing.
func photos(t testing.TB) (dir string, all []photo) {
	t.Helper()
	dir = os.Getenv("LEARNSNAP_PAGES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "pages")
	}
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Skipf("no photos of pages: %v (set LEARNSNAP_PAGES to their folder)", err)
	}
	var manifest struct{ Files []photo }
	require.NoError(t, json.Unmarshal(data, &manifest))
	return dir, manifest.Files
}

func read(t testing.TB, r *pages.Reader, file string) (ai.Media, error) {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	return r.Read(t.Context(), f)
}

func bytesOf(t testing.TB, m ai.Media) []byte {
	t.Helper()
	f, err := m.Open()
	require.NoError(t, err)
	defer f.Close()
	data, err := io.ReadAll(f)
	require.NoError(t, err)
	require.EqualValues(t, m.Size, len(data), "Size is a promise")
	return data
}

func TestEveryPhotoHasItsOutcome(t *testing.T) {
	dir, all := photos(t)
	codes := map[string]pages.Code{
		"corrupt": pages.Corrupt, "unsupported": pages.Unsupported, "empty": pages.Empty, "unsupported_or_ok": pages.Unsupported,
	}
	for _, p := range all {
		t.Run(p.File, func(t *testing.T) {
			m, err := read(t, pages.New(pages.Config{}), filepath.Join(dir, p.File))
			var e *pages.Error
			switch p.Expect {
			case "too_large":
				require.ErrorAs(t, err, &e)
				require.Contains(t, []pages.Code{pages.ImageTooLarge, pages.TooLarge}, e.Code)
				return
			case "corrupt", "unsupported", "empty", "unsupported_or_ok":
				require.ErrorAs(t, err, &e)
				if p.File != "fmt_page.bmp" { // larger than a page may be, as well
					require.Equal(t, codes[p.Expect], e.Code, err.Error())
				}
				return
			}
			require.NoError(t, err)
			require.Equal(t, "image/jpeg", m.Type)
			data := bytesOf(t, m)
			size, err := jpeg.DecodeConfig(bytes.NewReader(data))
			require.NoError(t, err)
			require.LessOrEqual(t, max(size.Width, size.Height), 1568)
			for _, tag := range []string{"Exif", "GPS", "PK\x03\x04", "http"} {
				require.NotContains(t, string(data), tag, "metadata and what hangs on a file are gone")
			}
		})
	}
}

func TestHEICInAChildProcess(t *testing.T) {
	dir, _ := photos(t)
	file := filepath.Join(dir, "en_fractions_photo.heic")
	here, err := read(t, pages.New(pages.Config{}), file)
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	there, err := read(t, pages.New(pages.Config{HEIC: []string{self, "decode-heic"}}), file)
	require.NoError(t, err)
	require.Equal(t, bytesOf(t, here), bytesOf(t, there))

	_, err = read(t, pages.New(pages.Config{NoHEIC: true}), file)
	var e *pages.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, pages.HEICUnavailable, e.Code)

	_, err = read(t, pages.New(pages.Config{HEIC: []string{"/bin/false"}}), file)
	require.Error(t, err)
}

func TestATruncatedPhotoIsFoundWithoutDecoding(t *testing.T) {
	dir, _ := photos(t)
	for _, name := range []string{"fmt_gray.jpg", "fmt_progressive.jpg", "en_water_cycle_clean.png", "ar_water_cycle_photo.webp", "ar_ibn_alhaytham_photo.heic"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		r := pages.New(pages.Config{})
		_, err = r.Inspect(t.Context(), bytes.NewReader(data))
		require.NoError(t, err, name)
		for n := 16; n < len(data); n += len(data)/50 + 1 {
			_, err := r.Inspect(t.Context(), bytes.NewReader(data[:n]))
			var e *pages.Error
			require.ErrorAs(t, err, &e, "%s cut at %d", name, n)
		}
	}
}

func BenchmarkInspect(b *testing.B) {
	dir, _ := photos(b)
	data, err := os.ReadFile(filepath.Join(dir, "big_12mp_gps.jpg"))
	require.NoError(b, err)
	r := pages.New(pages.Config{})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Inspect(b.Context(), bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrepare(b *testing.B) {
	dir, _ := photos(b)
	for _, name := range []string{"big_12mp_gps.jpg", "en_photosynthesis_clean.png"} {
		b.Run(name, func(b *testing.B) {
			data, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(b, err)
			m := ai.Media{Type: "image/jpeg", Size: int64(len(data)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
			r := pages.New(pages.Config{})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Prepare(b.Context(), m); err != nil {
					b.Fatal(err)
				}
			}
			_, _, err = image.DecodeConfig(bytes.NewReader(data))
			require.NoError(b, err)
		})
	}
}
