package pages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/gen2brain/heic"
)

// heicTime bounds a child process that decodes one photo; 12 megapixels take about
// two seconds.
const heicTime = 60 * time.Second

// drawHEIC decodes a HEIC photo into p, in this process or in a child.
func (r *Reader) drawHEIC(ctx context.Context, p *picture, src io.Reader, f finding) error {
	if len(r.config.HEIC) > 0 {
		return r.drawInChild(ctx, p, src, f)
	}
	data, err := io.ReadAll(src)
	if err != nil {
		return err
	}
	img, err := decodeHEIC(data)
	if err != nil {
		return err
	}
	p.drawImage(img, r.config.LongEdge)
	return nil
}

// decodeHEIC decodes a photo as it is meant to be seen: the decoder turns it as the
// file asks, and its EXIF orientation, which says the same once more, does not
// count. The result lies in the memory of the decoder, ten times its size.
func decodeHEIC(data []byte) (image.Image, error) {
	h, err := metaOf(data)
	if err != nil {
		return nil, err
	}
	if err := h.plausible(data); err != nil {
		return nil, err
	}
	// The decoder goes by the first of the brands alone and knows two; some phones
	// put the general one first.
	if len(data) > 12 && string(data[8:12]) != "heix" {
		copy(data[8:], "heic")
	}
	img, err := guarded(bytes.NewReader(data), heic.Decode)
	if err != nil {
		return nil, undecodable(err)
	}
	return img, nil
}

// metaOf finds the description of the pictures in a whole file.
func metaOf(data []byte) (*heif, error) {
	for kind, body := range boxes(data) {
		if kind == "meta" && len(body) >= 4 && len(body) <= maxMeta {
			return parseHEIF(body)
		}
	}
	return nil, damaged("a HEIC file without pictures")
}

// drawInChild lets the configured command decode. The child gets nothing of this
// process's environment but the paths: it works on what strangers send.
func (r *Reader) drawInChild(ctx context.Context, p *picture, src io.Reader, f finding) error {
	limited, cancel := context.WithTimeout(ctx, heicTime)
	defer cancel()
	child := exec.CommandContext(limited, r.config.HEIC[0], r.config.HEIC[1:]...)
	child.Stdin = src
	child.WaitDelay = 5 * time.Second
	child.Env = []string{}
	for _, name := range []string{"PATH", "TMPDIR", "SystemRoot"} {
		if v, ok := os.LookupEnv(name); ok {
			child.Env = append(child.Env, name+"="+v)
		}
	}
	out, err := child.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start HEIC decoder: %w", err)
	}
	if err := child.Start(); err != nil {
		return heicFails(fmt.Errorf("start its decoder: %w", err))
	}
	drawn := p.drawY4M(out, f.pixels(), r.config.LongEdge)
	if drawn == nil || errors.Is(drawn, errY4M) {
		cancel() // all is there, or nothing good will come: what it still does is not wanted
	}
	ended := child.Wait()
	switch {
	case drawn == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(drawn, errY4M):
		return heicFails(drawn)
	case limited.Err() != nil:
		return heicFails(fmt.Errorf("its decoder took more than %v", heicTime))
	}
	return childFailure(ended, drawn)
}

// childFailure tells a damaged photo, which DecodeHEIC's caller reports by exit
// status 1, from a decoder that is misconfigured or was killed.
func childFailure(ended, drawn error) error {
	var exit *exec.ExitError
	if errors.As(ended, &exit) && exit.ExitCode() == 1 {
		return damaged("it can't be decoded")
	}
	if ended == nil {
		ended = drawn
	}
	return heicFails(fmt.Errorf("its decoder: %w", ended))
}

func heicFails(why error) error {
	return refuse(HEICUnavailable, "the HEIC photo can't be opened here (%w): send it as JPEG", why)
}

// DecodeHEIC is the child's side of Config.HEIC: it reads a HEIC photo from in and
// writes the picture to out as YUV4MPEG2. A program that decodes its own photos
// names itself as the command and begins its main with
//
//	if len(os.Args) == 2 && os.Args[1] == "decode-heic" {
//		if err := pages.DecodeHEIC(ctx, os.Stdin, os.Stdout); err != nil {
//			os.Exit(1)
//		}
//		return
//	}
//
// An exit status of 1 stands for a photo that can't be decoded. DecodeHEIC is meant
// for a process of its own: on Linux it lowers the process's limit of memory to what
// an honest photo of that size needs, so that any other ends here.
func DecodeHEIC(ctx context.Context, in io.Reader, out io.Writer) error {
	data, err := io.ReadAll(io.LimitReader(in, 64<<20))
	if err != nil {
		return fmt.Errorf("read HEIC: %w", err)
	}
	h, err := metaOf(data)
	if err != nil {
		return err
	}
	if p := h.items[h.primary]; p != nil {
		limitMemory(heicBytes(int64(p.w)*int64(p.h)) + int64(len(data)))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	img, err := decodeHEIC(data)
	if err != nil {
		return err
	}
	return writeY4M(out, img)
}
