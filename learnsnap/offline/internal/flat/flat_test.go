package flat_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/offline/internal/flat"
)

// printed is a page of thirty lines of short dark strokes, shifted down at each
// place by what shift says.
func printed(w, h int, shift func(x, y float64) float64) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 250
	}
	pitch := float64(h) / 32
	for line := 1; line < 31; line++ {
		for x := w / 10; x < w*9/10; x++ {
			if x/4%3 == 2 || x/40%5 == 4 { // gaps between letters and words
				continue
			}
			top := float64(line)*pitch + shift(float64(x), float64(line)*pitch)
			for dy := 0.0; dy < pitch/3; dy++ {
				img.SetGray(x, int(top+dy), color.Gray{Y: 30})
			}
		}
	}
	return img
}

// unevenness tells how far the lines of a page are from level: the share of rows
// that are neither white nor full of ink.
func unevenness(g *flat.Gray) float64 {
	between, text := 0, 0
	for y := range g.H {
		ink := 0
		for _, v := range g.Pix[y*g.W : (y+1)*g.W] {
			if v < 128 {
				ink++
			}
		}
		switch {
		case ink > g.W*35/100:
			text++
		case ink > g.W/50:
			between++
		}
	}
	return float64(between) / float64(between+text+1)
}

func TestLinesComeOutLevel(t *testing.T) {
	w, h := 1100.0, 1500.0
	for name, shift := range map[string]func(x, y float64) float64{
		"level":       func(x, y float64) float64 { return 0 },
		"skewed":      func(x, y float64) float64 { return 0.1 * (x - w/2) },
		"skewed back": func(x, y float64) float64 { return -0.2 * (x - w/2) },
		"perspective": func(x, y float64) float64 { return 0.12 * (x - w/2) * (y/h - 0.5) },
		"curled":      func(x, y float64) float64 { return 60 * math.Cos((x/w-0.5)*2) },
	} {
		t.Run(name, func(t *testing.T) {
			require.Less(t, unevenness(flat.Page(printed(int(w), int(h), shift))), 0.35)
		})
	}
}

func TestShadowAndTableAreTakenOut(t *testing.T) {
	img := printed(1100, 1500, func(x, y float64) float64 { return 0 })
	for y := range 1500 {
		for x := range 1100 {
			v := float64(img.GrayAt(x, y).Y)
			switch {
			case x < 60 || y < 60 || x > 1040 || y > 1440:
				v = 40 // the table
			case x+y > 1700:
				v *= 0.55 // a shadow
			}
			img.SetGray(x, y, color.Gray{Y: uint8(v)})
		}
	}
	g := flat.Page(img)
	for _, at := range []image.Point{{20, 20}, {20, g.H / 2}, {g.W - 10, g.H - 10}, {g.W - 80, g.H - 200}} {
		require.Greater(t, g.Pix[at.Y*g.W+at.X], uint8(220), "%v is paper", at)
	}
	dark := 0
	for _, v := range g.Pix {
		if v < 100 {
			dark++
		}
	}
	require.Greater(t, dark, len(g.Pix)/20, "and the letters are still there")
}

func TestRulesAreTakenOut(t *testing.T) {
	img := printed(1100, 1500, func(x, y float64) float64 { return 0 })
	for x := 100; x < 900; x++ {
		for y := 70; y < 73; y++ {
			img.SetGray(x, y, color.Gray{Y: 20})
		}
	}
	g := flat.Page(img)
	for x := 150; x < 850; x += 50 {
		require.Greater(t, g.Pix[71*g.W+x], uint8(200))
	}
}

func TestPagesAreBroughtToOneSize(t *testing.T) {
	for _, size := range []image.Point{{400, 500}, {1100, 1500}, {3000, 4000}, {4000, 3000}} {
		g := flat.Page(printed(size.X, size.Y, func(x, y float64) float64 { return 0 }))
		require.InDelta(t, 1500, max(g.W, g.H), 20, "%v", size)
	}
	require.NotPanics(t, func() {
		for _, size := range []image.Point{{1, 1}, {1, 4000}, {4000, 1}, {31, 31}, {33, 33}} {
			flat.Page(image.NewGray(image.Rectangle{Max: size}))
		}
	})
}

func TestTurned(t *testing.T) {
	g := &flat.Gray{Pix: []byte{1, 2, 3, 4, 5, 6}, W: 3, H: 2}
	require.Equal(t, &flat.Gray{Pix: []byte{4, 1, 5, 2, 6, 3}, W: 2, H: 3}, g.Turned(90))
	require.Equal(t, &flat.Gray{Pix: []byte{6, 5, 4, 3, 2, 1}, W: 3, H: 2}, g.Turned(180))
	require.Equal(t, &flat.Gray{Pix: []byte{3, 6, 2, 5, 1, 4}, W: 2, H: 3}, g.Turned(-90))
	require.Equal(t, g, g.Turned(0))
}

func FuzzPage(f *testing.F) {
	f.Add(uint16(40), uint16(60), []byte{0, 255, 128})
	f.Fuzz(func(t *testing.T, w, h uint16, pix []byte) {
		img := image.NewGray(image.Rect(0, 0, int(w)%300+1, int(h)%300+1))
		for i := range img.Pix {
			if len(pix) > 0 {
				img.Pix[i] = pix[i%len(pix)]
			}
		}
		g := flat.Page(img)
		require.Len(t, g.Pix, g.W*g.H)
	})
}

func BenchmarkPage(b *testing.B) {
	img := printed(1176, 1568, func(x, y float64) float64 { return 0.1 * (x - 588) })
	b.ReportAllocs()
	for b.Loop() {
		flat.Page(img)
	}
}
