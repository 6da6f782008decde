package pages_test

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
)

type photo struct {
	File, Expect string
	Orientation  int
}

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
	refused := map[string]pages.Code{
		"corrupt": pages.Corrupt, "unsupported": pages.Unsupported, "unsupported_or_ok": pages.Unsupported,
		"empty": pages.Empty, "too_large": pages.ImageTooLarge,
	}
	r := pages.New(pages.Config{})
	for _, p := range all {
		t.Run(p.File, func(t *testing.T) {
			file := filepath.Join(dir, p.File)
			m, err := read(t, r, file)
			if code, ok := refused[p.Expect]; ok {
				require.Equal(t, code, as(t, err).Code, err.Error())
				f, err := os.Open(file)
				require.NoError(t, err)
				defer f.Close()
				_, err = r.Inspect(t.Context(), f)
				require.Equal(t, code, as(t, err).Code, "found without decoding")
				return
			}
			// Whether what is on it can be read is another's question.
			require.NoError(t, err)
			require.Equal(t, "image/jpeg", m.Type)
			data := bytesOf(t, m)
			size, err := jpeg.DecodeConfig(bytes.NewReader(data))
			require.NoError(t, err)
			require.LessOrEqual(t, max(size.Width, size.Height), 1568)
			if p.Orientation > 0 {
				require.Greater(t, size.Height, size.Width, "all pages stand upright")
			}
			for _, tag := range []string{"Exif", "GPS", "PK\x03\x04", "http", "ICC_PROFILE"} {
				require.NotContains(t, string(data), tag, "metadata and what hangs on a file are gone")
			}
		})
	}
}

func BenchmarkInspect(b *testing.B) {
	dir, _ := photos(b)
	data, err := os.ReadFile(filepath.Join(dir, "big_12mp_gps.jpg"))
	require.NoError(b, err)
	r := pages.New(pages.Config{})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	src := bytes.NewReader(data)
	for b.Loop() {
		src.Reset(data)
		if _, err := r.Inspect(b.Context(), src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrepare(b *testing.B) {
	dir, _ := photos(b)
	for _, name := range []string{"big_12mp_gps.jpg", "en_photosynthesis_clean.png", "ar_water_cycle_photo.webp"} {
		b.Run(name, func(b *testing.B) {
			data, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(b, err)
			m := ai.Media{Size: int64(len(data)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
			r := pages.New(pages.Config{})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Prepare(b.Context(), m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecodeAlone is the floor of BenchmarkPrepare: what the standard library
// takes for the same photo.
func BenchmarkDecodeAlone(b *testing.B) {
	dir, _ := photos(b)
	data, err := os.ReadFile(filepath.Join(dir, "big_12mp_gps.jpg"))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
