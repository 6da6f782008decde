package pages_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		if play, ok := children[os.Args[1]]; ok {
			os.Exit(play())
		}
	}
	goleak.VerifyTestMain(m)
}

// children are what this test program does where it is run as a HEIC decoder.
var children = map[string]func() int{
	"decode-heic": func() int {
		if err := pages.DecodeHEIC(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	},
	"writes-y4m": writesY4M,
	"writes-for-ever": func() int {
		fmt.Print("YUV4MPEG2 W64 H32 F1:1 Cmono\nFRAME\n")
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<20)); err != nil {
				return 0
			}
		}
	},
	"writes-too-much":  func() int { fmt.Print("YUV4MPEG2 W6400 H6400 F1:1 Cmono\nFRAME\n"); return 0 },
	"writes-junk":      func() int { fmt.Print("PNG, perhaps\n"); return 0 },
	"writes-nothing":   func() int { return 0 },
	"finds-it-damaged": func() int { return 1 },
	"has-no-memory":    func() int { return 2 },
	"prints-secrets": func() int {
		if os.Getenv("LEARNSNAP_TEST_SECRET") != "" {
			return 2
		}
		return writesY4M()
	},
	"hangs": func() int {
		_, _ = os.Stdin.Read(make([]byte, 1))
		select {}
	},
}

func writesY4M() int {
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Printf("YUV4MPEG2 W64 H32 F1:1 Cmono\nFRAME\n%s", bytes.Repeat([]byte{200}, 64*32))
	return 0
}

func child(t testing.TB, name string) []string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return []string{self, name}
}

func TestAHEICDecoderMayBeAnyProgram(t *testing.T) {
	t.Setenv("LEARNSNAP_TEST_SECRET", "x")
	photo := heicOf("heic", "hvc1", 64, 32, make([]byte, 100<<10))
	for _, c := range []struct {
		name string
		code pages.Code // "" for a page
	}{
		{"writes-y4m", ""}, {"writes-for-ever", ""}, {"prints-secrets", ""},
		{"finds-it-damaged", pages.Corrupt}, {"decode-heic", pages.Corrupt},
		{"writes-too-much", pages.HEICUnavailable}, {"writes-junk", pages.HEICUnavailable},
		{"writes-nothing", pages.HEICUnavailable}, {"has-no-memory", pages.HEICUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := pages.New(pages.Config{HEIC: child(t, c.name)}).Read(t.Context(), bytes.NewReader(photo))
			if c.code == "" {
				require.NoError(t, err)
				require.Equal(t, "image/jpeg", m.Type)
				return
			}
			require.Equal(t, c.code, as(t, err).Code, err.Error())
		})
	}
	_, err := pages.New(pages.Config{HEIC: []string{filepath.Join(t.TempDir(), "missing")}}).Read(t.Context(), bytes.NewReader(photo))
	require.Equal(t, pages.HEICUnavailable, as(t, err).Code)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestACancelledContextKillsTheHEICDecoder(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	photo := heicOf("heic", "hvc1", 64, 32, make([]byte, 1<<20))
	_, err := pages.New(pages.Config{HEIC: child(t, "hangs")}).Prepare(ctx, mediaOf(photo, func(n int, r io.Reader) io.Reader {
		if n == 2 {
			return io.MultiReader(io.LimitReader(r, 16<<10), &cancelling{Reader: r, cancel: cancel})
		}
		return r
	}))
	require.ErrorIs(t, err, context.Canceled)
}

// TestOneHEICComesOutTheSameInEveryWay decodes one real photo several times: each
// takes seconds.
func TestOneHEICComesOutTheSameInEveryWay(t *testing.T) {
	dir, _ := photos(t)
	data, err := os.ReadFile(filepath.Join(dir, "en_fractions_photo.heic"))
	require.NoError(t, err)
	prepare := func(c pages.Config, data []byte) []byte {
		c.LongEdge = 256
		m, err := pages.New(c).Read(t.Context(), bytes.NewReader(data))
		require.NoError(t, err)
		return bytesOf(t, m)
	}
	plain := prepare(pages.Config{}, data)
	require.Equal(t, plain, prepare(pages.Config{HEIC: child(t, "decode-heic")}, data), "in another process")
	require.Equal(t, plain, prepare(pages.Config{}, patched(t, data, "ftyp", 0, "mif1")), "some phones put the general brand first")

	// The decoder turns a photo; what EXIF says is then past.
	before, err := jpeg.DecodeConfig(bytes.NewReader(plain))
	require.NoError(t, err)
	after, err := jpeg.DecodeConfig(bytes.NewReader(prepare(pages.Config{}, withTurn(t, data))))
	require.NoError(t, err)
	require.Equal(t, [2]int{before.Width, before.Height}, [2]int{after.Height, after.Width})
}

// TestAHEICThatLiesIsRefused changes what a real photo says of its size.
func TestAHEICThatLiesIsRefused(t *testing.T) {
	dir, _ := photos(t)
	data, err := os.ReadFile(filepath.Join(dir, "en_fractions_photo.heic"))
	require.NoError(t, err)
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 64), 64)
	lie := patched(t, data, "ispe", 4, string(size))
	for name, c := range map[string]pages.Config{"here": {}, "in a child": {HEIC: child(t, "decode-heic")}} {
		_, err = pages.New(c).Read(t.Context(), bytes.NewReader(lie))
		require.Equal(t, pages.Corrupt, as(t, err).Code, name)
	}
}

// withTurn replaces the property that names the bits of a pixel, which no decoder
// needs, with a turn by 90 degrees.
func withTurn(t testing.TB, data []byte) []byte {
	t.Helper()
	at := bytes.Index(data, []byte("pixi"))
	require.Positive(t, at)
	out := bytes.Clone(data)
	n := int(binary.BigEndian.Uint32(out[at-4:]))
	copy(out[at-4:], box("irot", append([]byte{1}, make([]byte, n-9)...)))
	return out
}

// TestDrillMemoryOfAHEICDecoder shows that a child with less memory than a photo
// needs ends as one that can't decode, not as one that found damage.
func TestDrillMemoryOfAHEICDecoder(t *testing.T) {
	if os.Getenv("LEARNSNAP_DRILL") == "" {
		t.Skip("set LEARNSNAP_DRILL=1")
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	dir, _ := photos(t)
	decoder := child(t, "decode-heic")
	c := pages.Config{HEIC: []string{sh, "-c", "ulimit -d 200000; exec " + decoder[0] + " " + decoder[1]}}
	_, err = read(t, pages.New(c), filepath.Join(dir, "en_fractions_photo.heic"))
	require.Equal(t, pages.HEICUnavailable, as(t, err).Code, err.Error())
}
