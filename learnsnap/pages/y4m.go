package pages

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"strconv"
	"strings"
)

// YUV4MPEG2 is a line with the size, a line that begins a frame, and the planes one
// after the other. Many programs write it, and it is read row by row.

var errY4M = errors.New("its decoder wrote no YUV4MPEG2 picture")

// chromas are the samplings that are read, by their names in the format.
var chromas = map[string]image.YCbCrSubsampleRatio{
	"444":      image.YCbCrSubsampleRatio444,
	"422":      image.YCbCrSubsampleRatio422,
	"420":      image.YCbCrSubsampleRatio420,
	"420jpeg":  image.YCbCrSubsampleRatio420,
	"420mpeg2": image.YCbCrSubsampleRatio420,
	"420paldv": image.YCbCrSubsampleRatio420,
}

// drawY4M reads one picture of at most that many pixels and feeds it into p. An
// early end of the input is returned as it is; [errY4M] says that something else
// was written.
func (p *picture) drawY4M(in io.Reader, most int64, edge int) error {
	r := bufio.NewReaderSize(in, 64<<10)
	w, h, sampling, err := y4mHeader(r)
	if err != nil {
		return err
	}
	if w < 1 || h < 1 || w > maxSide || h > maxSide || int64(w)*int64(h) > most {
		return errY4M
	}
	cw, ch := 0, 0
	if sampling != "mono" {
		ratio, ok := chromas[sampling]
		if !ok {
			return errY4M
		}
		cw, ch = chromaSize(w, h, ratio)
	}
	p.start(w, h, cw, ch, cw == 0, edge)
	row := make([]byte, w)
	planes := []*area{&p.y, &p.cb, &p.cr}
	if p.gray {
		planes = planes[:1]
	}
	for _, a := range planes {
		for range a.sh {
			if _, err := io.ReadFull(r, row[:a.sw]); err != nil {
				return fmt.Errorf("read picture: %w", err)
			}
			a.add(row[:a.sw])
		}
	}
	return nil
}

// y4mHeader reads the two lines before the picture.
func y4mHeader(r *bufio.Reader) (w, h int, sampling string, err error) {
	line, err := y4mLine(r)
	if err != nil {
		return 0, 0, "", err
	}
	fields := strings.Fields(line)
	if len(fields) == 0 || fields[0] != "YUV4MPEG2" {
		return 0, 0, "", errY4M
	}
	sampling = "420"
	for _, f := range fields[1:] {
		switch v := f[1:]; f[0] {
		case 'W':
			w, err = strconv.Atoi(v)
		case 'H':
			h, err = strconv.Atoi(v)
		case 'C':
			sampling = v
		}
		if err != nil {
			return 0, 0, "", errY4M
		}
	}
	if line, err = y4mLine(r); err == nil && !strings.HasPrefix(line, "FRAME") {
		err = errY4M
	}
	return w, h, sampling, err
}

// y4mLine reads a line, which is short.
func y4mLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case err == nil && len(line) < 1<<10:
		return string(line[:len(line)-1]), nil
	case err == nil, errors.Is(err, bufio.ErrBufferFull):
		return "", errY4M
	}
	return "", fmt.Errorf("read picture: %w", err)
}

// writeY4M writes a picture.
func writeY4M(out io.Writer, img image.Image) error {
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	b := bufio.NewWriterSize(out, 64<<10)
	head := func(sampling string) { fmt.Fprintf(b, "YUV4MPEG2 W%d H%d F1:1 C%s\nFRAME\n", w, h, sampling) }
	switch m := img.(type) {
	case *image.Gray:
		head("mono")
		writePlane(b, m.Pix, m.Stride, w, h)
	case *image.YCbCr:
		sampling := map[image.YCbCrSubsampleRatio]string{
			image.YCbCrSubsampleRatio420: "420jpeg", image.YCbCrSubsampleRatio422: "422", image.YCbCrSubsampleRatio444: "444",
		}[m.SubsampleRatio]
		if sampling == "" {
			return fmt.Errorf("write picture: no name for sampling %v", m.SubsampleRatio)
		}
		head(sampling)
		cw, ch := chromaSize(w, h, m.SubsampleRatio)
		writePlane(b, m.Y, m.YStride, w, h)
		writePlane(b, m.Cb, m.CStride, cw, ch)
		writePlane(b, m.Cr, m.CStride, cw, ch)
	default:
		head("444")
		at := pixelReader(img)
		for plane := range 3 {
			for y := range h {
				for x := range w {
					c := at(img.Bounds().Min.X+x, img.Bounds().Min.Y+y)
					paper := 0xffff - c.A
					var v [3]uint8
					v[0], v[1], v[2] = color.RGBToYCbCr(uint8((c.R+paper)>>8), uint8((c.G+paper)>>8), uint8((c.B+paper)>>8))
					_ = b.WriteByte(v[plane]) // the writer keeps its first error for Flush
				}
			}
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	return nil
}

func writePlane(b *bufio.Writer, pix []byte, stride, w, h int) {
	for y := range h {
		_, _ = b.Write(pix[y*stride:][:w]) // the writer keeps its first error for Flush
	}
}
