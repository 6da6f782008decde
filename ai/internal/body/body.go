// Package body writes request bodies that carry images: literal JSON and files,
// the latter encoded in base64 on their way from disk to socket. A body's length
// is known before its first byte is read, and it never holds more than one small
// block, however large the images are.
package body

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/learnsnap/learnsnap-go/ai"
)

// ErrChanged says that a media part did not yield as many bytes as its Size
// promised.
var ErrChanged = errors.New("media is not as long as its size says")

// A Body is a sequence of literal bytes and media. Build it with Text and Media;
// it is read as often as needed through [Body.Reader].
type Body struct {
	segments []segment
	length   int64
	pairs    *pairs
}

// A segment is literal text, or a media part.
type segment struct {
	text  []byte
	media *ai.Media
}

// Text adds literal bytes, which must not be changed afterwards.
func (b *Body) Text(text []byte) {
	b.length += int64(len(text))
	b.segments = append(b.segments, segment{text: text})
}

// Media adds the base64 form of a media part.
func (b *Body) Media(m *ai.Media) {
	if b.pairs == nil {
		b.pairs = newPairs()
	}
	b.length += EncodedLen(m.Size)
	b.segments = append(b.segments, segment{media: m})
}

// EncodedLen returns the length of the base64 form of n bytes.
func EncodedLen(n int64) int64 { return (n + 2) / 3 * 4 }

// Len returns the length of the body in bytes.
func (b *Body) Len() int64 { return b.length }

// Reader returns the body from its beginning. Files are opened when their first
// byte is asked for and closed after their last one, on an error, and by Close.
func (b *Body) Reader() *Reader { return &Reader{body: b, rest: b.segments} }

// block is how much of a file is read at once: a multiple of 3, so that blocks
// encode one by one.
const block = 48 << 10

// A Reader reads a [Body]. Close and Err may be called while a Read is under way,
// as net/http does when a call is cancelled.
type Reader struct {
	body *Body

	mu   sync.Mutex // guards what follows
	rest []segment  // what is not finished; the first one is under way
	at   int        // bytes of the first segment's text that were read
	err  error

	file  io.ReadCloser // of the first segment
	total int64         // bytes of it that were read
	raw   []byte        // a block of it
	src   []byte        // of that block: not yet encoded

	carry   [4]byte // encoded characters that did not fit into p
	carried []byte  // of these: not yet given out
}

// Len returns the length of the whole body. It is what
// github.com/hashicorp/go-retryablehttp asks for.
func (r *Reader) Len() int { return int(r.body.length) }

// Read reads the next bytes.
func (r *Reader) Read(p []byte) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) && r.err == nil {
		switch {
		case len(r.carried) > 0:
			c := copy(p[n:], r.carried)
			r.carried = r.carried[c:]
			n += c
		case len(r.src) > 0:
			n += r.encode(p[n:])
		case len(r.rest) == 0:
			r.err = io.EOF
		case r.rest[0].media == nil:
			n += r.text(p[n:])
		default:
			if r.src, err = r.next(); err != nil {
				r.err = err
				_ = r.close() // the first error is the one that counts
			}
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// text copies from the literal segment under way.
func (r *Reader) text(p []byte) int {
	text := r.rest[0].text
	n := copy(p, text[r.at:])
	if r.at += n; r.at == len(text) {
		r.rest, r.at = r.rest[1:], 0
	}
	return n
}

// encode encodes as much of the block as fits into p, or four characters that
// don't fit as a whole.
func (r *Reader) encode(p []byte) int {
	if len(p) < 4 {
		three := r.src[:min(3, len(r.src))]
		r.body.pairs.encode(r.carry[:], three)
		r.src, r.carried = r.src[len(three):], r.carry[:]
		return 0
	}
	src := r.src[:min(len(r.src), len(p)/4*3)]
	r.src = r.src[len(src):]
	n := base64.StdEncoding.EncodedLen(len(src))
	r.body.pairs.encode(p[:n], src)
	return n
}

// next reads a block of the file, opening it first and closing it at its end.
func (r *Reader) next() ([]byte, error) {
	m := r.rest[0].media
	if r.file == nil {
		file, err := m.Open()
		if err != nil {
			return nil, fmt.Errorf("open media: %w", err)
		}
		r.file, r.total = file, 0
	}
	if r.raw == nil {
		r.raw = make([]byte, block)
	}
	n, err := io.ReadFull(r.file, r.raw)
	r.total += int64(n)
	switch {
	case r.total > m.Size:
		return nil, ErrChanged
	case err == nil && r.total < m.Size:
		return r.raw[:n], nil
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return nil, fmt.Errorf("read media: %w", err)
	case r.total < m.Size:
		return nil, ErrChanged
	}
	if err == nil && more(r.file) {
		return nil, ErrChanged
	}
	err = r.file.Close()
	r.file, r.rest = nil, r.rest[1:]
	if err != nil {
		return nil, fmt.Errorf("close media: %w", err)
	}
	return r.raw[:n], nil
}

// more reports whether the file goes on behind its promised end.
func more(file io.Reader) bool {
	var one [1]byte
	n, _ := io.ReadFull(file, one[:])
	return n > 0
}

// Close closes the file that is open, if any. Reading on is an error.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.close()
}

func (r *Reader) close() error {
	if r.err == nil {
		r.err = io.ErrClosedPipe
	}
	if r.file == nil {
		return nil
	}
	file := r.file
	r.file = nil
	return file.Close()
}

// Err returns the error of the body itself (a media part that could not be read
// or has changed), and nil for a body that was read to its end or given up.
func (r *Reader) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil || r.err == io.EOF || r.err == io.ErrClosedPipe {
		return nil
	}
	return r.err
}
