// Package sse reads server-sent events (WHATWG HTML, section 9.2) as providers
// really send them: lines ended by LF, CRLF, CR or a mixture, a byte order mark,
// comments, several data lines, a last event without its blank line, and bare
// JSON where an event should stand.
package sse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrTooLong says that an event is longer than the reader's limit.
var ErrTooLong = errors.New("event too long")

// An Event is one event of a stream. Its bytes are valid until the next call of
// [Reader.Next].
type Event struct {
	Name string // of the event field; empty where there was none
	Data []byte // the data lines, joined by LF
	Bare bool   // Data is JSON that stood in the stream without a field name
	Last bool   // the stream has ended without the blank line behind it: Data may be cut
}

// A Reader reads events. Use New.
type Reader struct {
	src   io.Reader
	limit int

	buf        []byte // bytes read and not yet used are buf[start:end]
	start, end int
	err        error // of src
	skipLF     bool  // the last line ended in CR: a LF that follows belongs to it
	begun      bool

	data []byte // joined lines of an event that has more than one
}

// New returns a reader of events up to limit bytes each.
func New(src io.Reader, limit int) *Reader {
	return &Reader{src: src, limit: limit, buf: make([]byte, 4096)}
}

// Next returns the next event that carries data. It ends with io.EOF after the
// last one, with an error that wraps [ErrTooLong], or with the source's error; an
// event that a source error cuts off is not returned.
func (r *Reader) Next() (Event, error) {
	var e Event
	var lines int
	r.data = r.data[:0]
	for {
		line, err := r.line()
		if err == io.EOF && lines > 0 {
			e.Last = true // without its blank line it may still be whole
			return e, nil
		}
		if err != nil {
			return Event{}, err
		}
		switch {
		case len(line) == 0 && lines > 0:
			return e, nil
		case len(line) == 0:
			e.Name = ""
		case line[0] == ':':
		case line[0] == '{' && lines == 0:
			return r.bare(line)
		default:
			field, value, _ := bytes.Cut(line, []byte(":"))
			value = bytes.TrimPrefix(value, []byte(" "))
			switch string(field) {
			case "event":
				e.Name = intern(value)
			case "data":
				if e.Data, err = r.join(value, lines); err != nil {
					return Event{}, err
				}
				lines++
			}
		}
	}
}

// join adds a data line to those before it. Every line is copied, for reading
// the next one may move the buffer.
func (r *Reader) join(line []byte, before int) ([]byte, error) {
	if before > 0 {
		r.data = append(r.data, '\n')
	}
	r.data = append(r.data, line...)
	if len(r.data) > r.limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLong, r.limit)
	}
	return r.data, nil
}

// bare gathers JSON that stands in the stream without a field name, up to a blank
// line behind a line that closes it, or the end.
func (r *Reader) bare(line []byte) (Event, error) {
	r.data = append(r.data, line...)
	for {
		line, err := r.line()
		if err == io.EOF || err == nil && len(line) == 0 {
			return Event{Data: r.data, Bare: true, Last: err == io.EOF}, nil
		}
		if err != nil {
			return Event{}, err
		}
		r.data = append(append(r.data, '\n'), line...)
		if len(r.data) > r.limit {
			return Event{}, fmt.Errorf("%w: more than %d bytes", ErrTooLong, r.limit)
		}
	}
}

// line returns the next line without its end. A last line without an end is a
// line. The bytes are valid until the next call.
func (r *Reader) line() ([]byte, error) {
	scanned := 0
	for {
		if r.skipLF && r.start < r.end {
			if r.buf[r.start] == '\n' {
				r.start++
			}
			r.skipLF = false
		}
		pending := r.buf[r.start:r.end]
		if i := endOfLine(pending, scanned); i >= 0 {
			r.skipLF = pending[i] == '\r'
			r.start += i + 1
			return r.first(pending[:i]), nil
		}
		scanned = len(pending)
		if scanned > r.limit {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLong, r.limit)
		}
		if r.err != nil {
			if r.err == io.EOF && scanned > 0 {
				r.start = r.end
				return r.first(pending), nil
			}
			return nil, r.err
		}
		r.fill()
	}
}

// first takes the byte order mark off the first line.
func (r *Reader) first(line []byte) []byte {
	if !r.begun {
		r.begun = true
		return bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	return line
}

func endOfLine(b []byte, from int) int {
	lf := bytes.IndexByte(b[from:], '\n')
	rest := b[from:]
	if lf >= 0 {
		rest = rest[:lf]
	}
	if cr := bytes.IndexByte(rest, '\r'); cr >= 0 {
		return from + cr
	}
	if lf >= 0 {
		return from + lf
	}
	return -1
}

// fill reads more, after making room.
func (r *Reader) fill() {
	if r.start > 0 {
		copy(r.buf, r.buf[r.start:r.end])
		r.end -= r.start
		r.start = 0
	}
	if r.end == len(r.buf) {
		grown := make([]byte, 2*len(r.buf))
		copy(grown, r.buf[:r.end])
		r.buf = grown
	}
	n, err := r.src.Read(r.buf[r.end:])
	r.end += n
	r.err = err
}

// intern returns well-known names without an allocation.
func intern(name []byte) string {
	switch string(name) {
	case "content_block_delta":
		return "content_block_delta"
	case "response.output_text.delta":
		return "response.output_text.delta"
	}
	return string(name)
}
