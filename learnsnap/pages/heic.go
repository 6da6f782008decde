package pages

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os/exec"
	"time"

	"github.com/gen2brain/heic"
)

// heicTime bounds the decoding of one photo; 12 megapixels take some 2 seconds.
const heicTime = 30 * time.Second

// decodeHEIC decodes a HEIC photo, one at a time: it takes over 300 MB.
func (r *Reader) decodeHEIC(ctx context.Context, data []byte) (image.Image, error) {
	select {
	case r.heic <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-r.heic }()
	if len(r.config.HEIC) == 0 {
		return heic.Decode(bytes.NewReader(data))
	}
	ctx, cancel := context.WithTimeout(ctx, heicTime)
	defer cancel()
	child := exec.CommandContext(ctx, r.config.HEIC[0], r.config.HEIC[1:]...)
	child.Stdin = bytes.NewReader(data)
	child.WaitDelay = time.Second
	out, err := child.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the HEIC decoder: %w", err)
	}
	if err := child.Start(); err != nil {
		return nil, fmt.Errorf("start the HEIC decoder: %w", err)
	}
	img, err := readPlanes(out, r.config.MaxPixels)
	if err != nil {
		cancel() // what it still writes is not wanted
	}
	if ended := child.Wait(); err == nil && ended != nil {
		err = fmt.Errorf("the HEIC decoder: %w", ended)
	}
	return img, err
}

// DecodeHEIC reads a HEIC photo and writes its planes: the side of the child
// process that [Config].HEIC names. It decodes in WebAssembly, without any library
// of the machine where the program was built with the tag nodynamic.
func DecodeHEIC(ctx context.Context, in io.Reader, out io.Writer) error {
	img, err := heic.Decode(io.LimitReader(in, 64<<20))
	if err != nil {
		return fmt.Errorf("decode HEIC: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return writePlanes(out, scaled(img, -1))
}

const planesHeader = "planes %d %d %d %d\n"

// writePlanes writes a picture as a line with its sizes and the bytes of its
// planes.
func writePlanes(out io.Writer, p picture) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, planesHeader, p.y.w, p.y.h, p.cb.w, p.cb.h)
	for _, plane := range []plane{p.y, p.cb, p.cr} {
		if _, err := w.Write(plane.pix); err != nil {
			return fmt.Errorf("write planes: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write planes: %w", err)
	}
	return nil
}

// readPlanes reads what writePlanes wrote, of at most that many pixels.
func readPlanes(in io.Reader, maxPixels int) (image.Image, error) {
	r := bufio.NewReader(in)
	var w, h, cw, ch int
	if _, err := fmt.Fscanf(r, planesHeader, &w, &h, &cw, &ch); err != nil {
		return nil, errors.New("the HEIC decoder gave no picture")
	}
	if w <= 0 || h <= 0 || w > maxPixels/h || cw != 0 && (cw != (w+1)/2 || ch != (h+1)/2) {
		return nil, errors.New("the HEIC decoder gave no sensible size")
	}
	p := picture{y: plane{make([]byte, w*h), w, h}}
	if cw > 0 {
		p.cb, p.cr = plane{make([]byte, cw*ch), cw, ch}, plane{make([]byte, cw*ch), cw, ch}
	}
	for _, plane := range []plane{p.y, p.cb, p.cr} {
		if _, err := io.ReadFull(r, plane.pix); err != nil {
			return nil, fmt.Errorf("read planes: %w", err)
		}
	}
	return p.image(), nil
}
