package pages

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/learnsnap/learnsnap-go/ai"
)

// A Config configures a [Reader]. The zero value is ready to use.
type Config struct {
	LongEdge  int   // pixels of the longer side after preparation; 0 means 1568, −1 as it is
	MaxBytes  int64 // of a page as it was sent; 0 means 6 MiB
	MaxPixels int   // of a photo before it is scaled down; 0 means 50 million
	MaxText   int64 // bytes of a text page; 0 means 200 KiB, some 30 printed pages
	Quality   int   // of the JPEG that comes out, 1 to 100; 0 means 90, from where OCR reads no better

	// MaxMemory is how many bytes the photos that are being decoded may take
	// together. A photo that needs more than all of it is refused with
	// [ImageTooLarge]; others wait for their turn. It matters for what can't be
	// decoded row by row: progressive, RGB and CMYK JPEG (5 to 8 bytes a pixel),
	// interlaced PNG (6 or 12), WebP (2, lossless 9). 0 means 192 MiB. HEIC is not
	// counted.
	MaxMemory int64

	// HEIC is a command that reads a HEIC photo on its standard input and writes the
	// picture to its standard output as YUV4MPEG2, which is what [DecodeHEIC] does.
	// Decoding takes 26 bytes a pixel, 330 MB for 12 megapixels, which a child
	// process gives back. Nil means that HEIC is decoded in this process.
	HEIC []string

	// HEICMemory is how many bytes the decoding of a HEIC photo may take. A photo
	// that needs more is refused with [HEICUnavailable] before anything is decoded.
	// 0 means no bound beside MaxPixels.
	HEICMemory int64

	// NoHEIC refuses every HEIC photo with [HEICUnavailable].
	NoHEIC bool
}

// A Reader takes in pages. It is safe for concurrent use.
type Reader struct {
	config   Config
	decodes  gate // of memory; lets in at most GOMAXPROCS
	least    int64
	heic     gate // lets in one
	streams  sync.Pool
	pictures sync.Pool
}

// New returns a reader.
func New(c Config) *Reader {
	if c.LongEdge == 0 {
		c.LongEdge = 1568
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 6 << 20
	}
	if c.MaxPixels <= 0 {
		c.MaxPixels = 50_000_000
	}
	if c.MaxText <= 0 {
		c.MaxText = 200 << 10
	}
	if c.MaxMemory <= 0 {
		c.MaxMemory = 192 << 20
	}
	if c.Quality <= 0 || c.Quality > 100 {
		c.Quality = 90
	}
	return &Reader{
		config:   c,
		decodes:  gate{free: c.MaxMemory},
		least:    c.MaxMemory / int64(runtime.GOMAXPROCS(0)),
		heic:     gate{free: 1},
		streams:  sync.Pool{New: func() any { return new(stream) }},
		pictures: sync.Pool{New: func() any { return new(picture) }},
	}
}

// Inspect reads a page as it was sent and returns its MIME type: "image/jpeg",
// "image/png", "image/webp", "image/heic" or "text/plain". It checks limits and
// that the file is whole, without decoding it and in constant memory; when it
// returns no error it has read src to its end. An [*Error] says what is wrong with
// the page; an error of src is wrapped, and is not the page's fault.
func (r *Reader) Inspect(ctx context.Context, src io.Reader) (mediaType string, err error) {
	f, err := r.look(ctx, src)
	return f.kind, err
}

// Prepare brings a page to what models take. A photo is decoded, turned upright,
// scaled down, freed of metadata and encoded as JPEG, which the result holds in
// memory; a text page is checked and comes back as UTF-8 with plain line ends.
//
// m is opened twice, to inspect it and to decode it, and once more where the first
// decoder does not know this kind of JPEG. Its Type is not believed. A
// cancelled ctx ends the wait for a turn, and the decoding within its next few
// kilobytes; only HEIC in this process is decoded to its end.
func (r *Reader) Prepare(ctx context.Context, m ai.Media) (ai.Media, error) {
	src, err := m.Open()
	if err != nil {
		return ai.Media{}, fmt.Errorf("open page: %w", err)
	}
	f, err := r.look(ctx, src)
	_ = src.Close() // only read
	if err != nil {
		return ai.Media{}, err
	}
	if f.kind == typeText {
		return held(typeText, f.text), nil
	}
	out, err := r.shrink(ctx, m, f)
	if err != nil {
		return ai.Media{}, err
	}
	return held(typeJPEG, out), nil
}

// Read takes in a page from a stream: Inspect and Prepare in one. It holds the page
// as it was sent until it is prepared.
func (r *Reader) Read(ctx context.Context, src io.Reader) (ai.Media, error) {
	var data bytes.Buffer
	mediaType, err := r.Inspect(ctx, io.TeeReader(src, &data))
	if err != nil {
		return ai.Media{}, err
	}
	return r.Prepare(ctx, held(mediaType, data.Bytes()))
}

// look inspects a page with a buffer from the pool.
func (r *Reader) look(ctx context.Context, src io.Reader) (finding, error) {
	s := r.streams.Get().(*stream)
	defer r.streams.Put(s)
	s.reset(ctx, src, r.config.MaxBytes)
	f, err := r.inspect(s)
	s.reset(context.Background(), nil, 0) // a pool must not keep what is not its own
	return f, err
}

// held is a page that is held as bytes.
func held(mediaType string, data []byte) ai.Media {
	return ai.Media{Type: mediaType, Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}
