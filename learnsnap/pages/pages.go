package pages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/learnsnap/learnsnap-go/ai"
)

// A Config configures a [Reader]. The zero value is ready to use.
type Config struct {
	LongEdge  int   // pixels of the longer side after preparation; 0 means 1568, −1 as it is
	MaxBytes  int64 // of a page as it was sent; 0 means 6 MiB
	MaxPixels int   // of a photo before it is scaled down; 0 means 50 million
	Quality   int   // of the JPEG that comes out, 1 to 100; 0 means 90

	// HEIC is a command that reads a HEIC photo on its standard input and writes what
	// [DecodeHEIC] writes to its standard output: decoding takes over 300 MB, which a
	// child process gives back. Nil means that HEIC is decoded in this process.
	HEIC []string

	// NoHEIC refuses HEIC with [HEICUnavailable], where memory does not allow it.
	NoHEIC bool
}

// A Reader takes in pages. It is safe for concurrent use.
type Reader struct {
	config  Config
	decodes chan struct{} // a place for each photo that may be decoded at a time
	heic    chan struct{} // one place
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
	if c.Quality <= 0 || c.Quality > 100 {
		c.Quality = 90
	}
	return &Reader{config: c, decodes: make(chan struct{}, runtime.GOMAXPROCS(0)), heic: make(chan struct{}, 1)}
}

// A Code says what is wrong with a page.
type Code string

// What can be wrong with a page.
const (
	Empty           Code = "EMPTY_PAGE"       // no bytes, or no text
	TooLarge        Code = "PAGE_TOO_LARGE"   // more bytes than are taken
	ImageTooLarge   Code = "IMAGE_TOO_LARGE"  // more pixels than are taken
	Unsupported     Code = "UNSUPPORTED_PAGE" // not a format that is taken
	Corrupt         Code = "CORRUPT_PAGE"     // cut off or broken
	HEICUnavailable Code = "HEIC_UNAVAILABLE" // no HEIC here
)

// An Error says what is wrong with a page, in a sentence that tells what to do.
type Error struct {
	Code Code
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// PageCode returns the code as a string.
func (e *Error) PageCode() string { return string(e.Code) }

func refuse(code Code, format string, args ...any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// Inspect reads a page as it was sent and returns its MIME type: "image/jpeg",
// "image/png", "image/webp", "image/heic" or "text/plain". It checks limits and
// that the file is whole, without decoding it and in constant memory. An [*Error]
// says what is wrong; an error of r is returned as it is.
func (r *Reader) Inspect(ctx context.Context, src io.Reader) (mediaType string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s := newScan(src, r.config.MaxBytes)
	found, err := s.inspect(r.config)
	switch {
	case s.failed != nil:
		return "", s.failed
	case errors.Is(err, errOver):
		return "", refuse(TooLarge, "the page is larger than %d MB: send a smaller photo", r.config.MaxBytes>>20)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "", refuse(Corrupt, "the photo is cut off: send it again")
	case err != nil:
		return "", err
	}
	return found.mediaType, nil
}

// Prepare brings a page to what models take. A photo is decoded, turned upright,
// scaled down, freed of metadata and encoded as JPEG, which the result holds in
// memory; a text page is checked and comes back as UTF-8 with plain line ends.
func (r *Reader) Prepare(ctx context.Context, m ai.Media) (ai.Media, error) {
	data, err := load(m, r.config.MaxBytes)
	if err != nil {
		return ai.Media{}, err
	}
	found, err := newScan(bytes.NewReader(data), r.config.MaxBytes).inspect(r.config)
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = refuse(Corrupt, "the photo is cut off: send it again")
		}
		return ai.Media{}, err
	}
	if found.mediaType == textPlain {
		text, err := decodeText(data)
		return inMemory(textPlain, text), err
	}
	out, err := r.photo(ctx, data, found)
	if err != nil {
		return ai.Media{}, err
	}
	return inMemory("image/jpeg", out), nil
}

// Read takes in a page from a stream: Inspect and Prepare in one.
func (r *Reader) Read(ctx context.Context, src io.Reader) (ai.Media, error) {
	var data bytes.Buffer
	mediaType, err := r.Inspect(ctx, io.TeeReader(src, &data))
	if err != nil {
		return ai.Media{}, err
	}
	return r.Prepare(ctx, inMemory(mediaType, data.Bytes()))
}

// load reads a page into memory, at most max bytes of it.
func load(m ai.Media, max int64) ([]byte, error) {
	f, err := m.Open()
	if err != nil {
		return nil, fmt.Errorf("open page: %w", err)
	}
	defer f.Close()
	data := bytes.NewBuffer(make([]byte, 0, min(m.Size, max)+bytes.MinRead))
	n, err := io.Copy(data, io.LimitReader(f, max+1))
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	if n > max {
		return nil, refuse(TooLarge, "the page is larger than %d MB: send a smaller photo", max>>20)
	}
	return data.Bytes(), nil
}

// inMemory is a page that is held as bytes.
func inMemory(mediaType string, data []byte) ai.Media {
	return ai.Media{Type: mediaType, Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}
