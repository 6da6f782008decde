package pages

import (
	"image"
	"image/color"
)

// drawImage feeds a decoded picture into p, plane by plane where it has planes. Only
// what a decoder has put together from all colours, a PNG stored in passes or a JPEG
// for print, goes pixel by pixel. What is transparent lies on white paper.
func (p *picture) drawImage(img image.Image, edge int) {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	switch m := img.(type) {
	case *image.Gray:
		p.start(w, h, 0, 0, true, edge)
		addPlane(&p.y, m.Pix, m.Stride)
		return
	case *image.YCbCr:
		// Decoders return pictures that begin at the origin, so the planes do too.
		cw, ch := chromaSize(w, h, m.SubsampleRatio)
		p.start(w, h, cw, ch, false, edge)
		addPlane(&p.y, m.Y, m.YStride)
		addPlane(&p.cb, m.Cb, m.CStride)
		addPlane(&p.cr, m.Cr, m.CStride)
		return
	}
	p.start(w, h, w, h, false, edge)
	at := pixelReader(img)
	y, cb, cr := make([]byte, w), make([]byte, w), make([]byte, w)
	for j := range h {
		for i := range w {
			c := at(b.Min.X+i, b.Min.Y+j)
			paper := 0xffff - c.A
			y[i], cb[i], cr[i] = color.RGBToYCbCr(uint8((c.R+paper)>>8), uint8((c.G+paper)>>8), uint8((c.B+paper)>>8))
		}
		p.addRow(y, cb, cr)
	}
}

// addRow takes a row of a picture whose planes have one size.
func (p *picture) addRow(y, cb, cr []byte) {
	p.y.add(y)
	if !p.gray {
		p.cb.add(cb)
		p.cr.add(cr)
	}
}

func addPlane(a *area, pix []byte, stride int) {
	for y := range a.sh {
		a.add(pix[y*stride:][:a.sw])
	}
}

// pixelReader returns how to read pixels; all pictures of the standard library do
// it without an allocation for each.
func pixelReader(img image.Image) func(x, y int) color.RGBA64 {
	if m, ok := img.(image.RGBA64Image); ok {
		return m.RGBA64At
	}
	return func(x, y int) color.RGBA64 {
		return color.RGBA64Model.Convert(img.At(x, y)).(color.RGBA64)
	}
}

// chromaSize is the size of the colour planes of a picture of w × h pixels.
func chromaSize(w, h int, ratio image.YCbCrSubsampleRatio) (cw, ch int) {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return (w + 1) / 2, h
	case image.YCbCrSubsampleRatio420:
		return (w + 1) / 2, (h + 1) / 2
	case image.YCbCrSubsampleRatio440:
		return w, (h + 1) / 2
	case image.YCbCrSubsampleRatio411:
		return (w + 3) / 4, h
	case image.YCbCrSubsampleRatio410:
		return (w + 3) / 4, (h + 1) / 2
	}
	return w, h
}
