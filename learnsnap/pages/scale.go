package pages

import (
	"image"
	"image/color"
)

// scaled returns an image as a picture whose longer side is at most edge pixels
// (−1 for no bound). It averages the pixels under each new one, and reads the
// image row by row, in its own form: a photo never becomes RGBA.
func scaled(img image.Image, edge int) picture {
	size := img.Bounds()
	w, h := fit(size.Dx(), size.Dy(), edge)
	switch img := img.(type) {
	case *image.Gray:
		return picture{y: shrink(img.Pix, img.Stride, size.Dx(), size.Dy(), w, h)}
	case *image.YCbCr:
		cw, ch := chromaSize(img)
		at := img.COffset(size.Min.X, size.Min.Y)
		return picture{
			y:  shrink(img.Y[img.YOffset(size.Min.X, size.Min.Y):], img.YStride, size.Dx(), size.Dy(), w, h),
			cb: shrink(img.Cb[at:], img.CStride, cw, ch, (w+1)/2, (h+1)/2),
			cr: shrink(img.Cr[at:], img.CStride, cw, ch, (w+1)/2, (h+1)/2),
		}
	}
	return convert(img, w, h)
}

// fit returns a size with the same shape whose longer side is at most edge.
func fit(w, h, edge int) (int, int) {
	long := max(w, h)
	if edge <= 0 || long <= edge {
		return w, h
	}
	return max(1, (w*edge+long/2)/long), max(1, (h*edge+long/2)/long)
}

// chromaSize returns the size of the colour planes of an image.
func chromaSize(img *image.YCbCr) (w, h int) {
	r := img.Rect
	halves := func(from, to, by int) int { return (to+by-1)/by - from/by }
	switch img.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		return halves(r.Min.X, r.Max.X, 2), r.Dy()
	case image.YCbCrSubsampleRatio420:
		return halves(r.Min.X, r.Max.X, 2), halves(r.Min.Y, r.Max.Y, 2)
	case image.YCbCrSubsampleRatio440:
		return r.Dx(), halves(r.Min.Y, r.Max.Y, 2)
	case image.YCbCrSubsampleRatio411:
		return halves(r.Min.X, r.Max.X, 4), r.Dy()
	case image.YCbCrSubsampleRatio410:
		return halves(r.Min.X, r.Max.X, 4), halves(r.Min.Y, r.Max.Y, 2)
	}
	return r.Dx(), r.Dy()
}

// shrink scales a plane.
func shrink(pix []byte, stride, w, h, toW, toH int) plane {
	s := newShrinker(w, h, toW, toH)
	for y := range h {
		s.row(pix[y*stride : y*stride+w])
	}
	return s.out
}

// convert scales any other image (PNG in its many forms, CMYK) by way of its
// rows; what is transparent is taken to lie on white paper.
func convert(img image.Image, w, h int) picture {
	size := img.Bounds()
	sw, sh := size.Dx(), size.Dy()
	planes := [3]*shrinker{newShrinker(sw, sh, w, h), newShrinker(sw, sh, (w+1)/2, (h+1)/2), newShrinker(sw, sh, (w+1)/2, (h+1)/2)}
	var rows [3][]byte
	for i := range rows {
		rows[i] = make([]byte, sw)
	}
	at := pixels(img)
	for y := range sh {
		for x := range sw {
			c := at(size.Min.X+x, size.Min.Y+y)
			paper := 0xffff - c.A
			rows[0][x], rows[1][x], rows[2][x] = color.RGBToYCbCr(uint8((c.R+paper)>>8), uint8((c.G+paper)>>8), uint8((c.B+paper)>>8))
		}
		for i, s := range planes {
			s.row(rows[i])
		}
	}
	return picture{planes[0].out, planes[1].out, planes[2].out}
}

// pixels returns how to read an image's pixels, without an allocation for each
// where the image can do that, as all of the standard library can.
func pixels(img image.Image) func(x, y int) color.RGBA64 {
	if fast, ok := img.(image.RGBA64Image); ok {
		return fast.RGBA64At
	}
	return func(x, y int) color.RGBA64 {
		r, g, b, a := img.At(x, y).RGBA()
		return color.RGBA64{R: uint16(r), G: uint16(g), B: uint16(b), A: uint16(a)}
	}
}

// A shrinker scales a plane row by row by area average: each new pixel is the mean
// of the old ones that it covers, those at its border by their share. A size that
// grows repeats pixels.
type shrinker struct {
	across, along weights
	sums          []uint32 // the row under way, across only
	acc, next     []uint64 // the new rows under way
	in, made      int      // rows taken and made
	out           plane
}

// weights say how old pixels fall on new ones along one direction, in 1/256.
type weights struct {
	cell  []int32  // of each old pixel: the first new one that it falls on
	first []uint32 // and its share there; the rest falls on the next
	total []float64
	same  bool
}

func newWeights(from, to int) weights {
	w := weights{cell: make([]int32, from), first: make([]uint32, from), total: make([]float64, to+1), same: from == to}
	for i := range from {
		begin, end := float64(i)*float64(to)/float64(from), float64(i+1)*float64(to)/float64(from)
		cell := min(int(begin), to-1)
		share := uint32(256)
		if border := float64(cell + 1); end > border && cell+1 < to {
			share = uint32(256*(border-begin)/(end-begin) + 0.5)
		}
		w.cell[i], w.first[i] = int32(cell), share
		w.total[cell] += float64(share)
		w.total[cell+1] += float64(256 - share)
	}
	return w
}

func newShrinker(w, h, toW, toH int) *shrinker {
	return &shrinker{
		across: newWeights(w, toW), along: newWeights(h, toH),
		sums: make([]uint32, toW+1), acc: make([]uint64, toW), next: make([]uint64, toW),
		out: plane{pix: make([]byte, toW*toH), w: toW, h: toH},
	}
}

// row takes the next old row.
func (s *shrinker) row(pix []byte) {
	if s.across.same && s.along.same {
		copy(s.out.pix[s.in*s.out.w:], pix)
		s.in++
		return
	}
	clear(s.sums)
	first := s.across.first[:len(pix)]
	for x, cell := range s.across.cell[:len(pix)] {
		v, share := uint32(pix[x]), first[x]
		s.sums[cell] += v * share
		s.sums[cell+1] += v * (256 - share)
	}
	cell, share := int(s.along.cell[s.in]), uint64(s.along.first[s.in])
	s.in++
	for cell > s.made {
		s.flush()
	}
	for x := range s.acc {
		s.acc[x] += uint64(s.sums[x]) * share
	}
	if share < 256 {
		for x := range s.next {
			s.next[x] += uint64(s.sums[x]) * (256 - share)
		}
	}
	if s.in == len(s.along.cell) {
		s.flush()
	}
}

// flush writes the new row that is complete.
func (s *shrinker) flush() {
	if s.made >= s.out.h {
		return
	}
	row := s.out.pix[s.made*s.out.w:]
	for x, sum := range s.acc {
		row[x] = uint8(min(float64(sum)/(s.across.total[x]*s.along.total[s.made])+0.5, 255))
	}
	s.made++
	s.acc, s.next = s.next, s.acc
	clear(s.next)
}
