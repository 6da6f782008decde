package intake

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// chars reads the content of a JSON string whose opening quote was read, without
// escapes; at the closing quote it ends.
type chars struct {
	in      *bufio.Reader
	pending []byte // of an escape that did not fit
	ended   bool
	err     error
}

func (c *chars) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		switch {
		case len(c.pending) > 0:
			k := copy(p[n:], c.pending)
			c.pending = c.pending[k:]
			n += k
			continue
		case c.err != nil:
			return n, c.err
		case c.ended:
			return n, ended(n)
		}
		k, err := c.plain(p[n:])
		n += k
		if err != nil {
			c.err = err
			return n, err
		}
		if k == 0 {
			c.err = c.special()
		} else if n > 0 && c.in.Buffered() == 0 {
			return n, nil // give what is there before waiting for more
		}
	}
	return n, nil
}

// ended is what Read answers at the closing quote.
func ended(n int) error {
	if n > 0 {
		return nil
	}
	return io.EOF
}

// plain copies characters that stand for themselves.
func (c *chars) plain(p []byte) (int, error) {
	if c.in.Buffered() == 0 {
		if _, err := c.in.Peek(1); err != nil {
			return 0, malformed(err, "")
		}
	}
	view, err := c.in.Peek(min(len(p), c.in.Buffered()))
	if err != nil {
		return 0, malformed(err, "")
	}
	n := 0
	for n < len(view) && view[n] != '"' && view[n] != '\\' && view[n] >= ' ' {
		n++
	}
	copy(p, view[:n])
	_, err = c.in.Discard(n)
	return n, err
}

// special reads a closing quote or an escape.
func (c *chars) special() error {
	b, err := c.in.ReadByte()
	switch {
	case err != nil:
		return malformed(err, "")
	case b == '"':
		c.ended = true
		return nil
	case b != '\\':
		return malformed(nil, "a control character in a string")
	}
	if b, err = c.in.ReadByte(); err != nil {
		return malformed(err, "")
	}
	if b == 'u' {
		return c.unicode()
	}
	const escapes, meant = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	for i := range len(escapes) {
		if escapes[i] == b {
			c.pending = append(c.pending[:0], meant[i])
			return nil
		}
	}
	return malformed(nil, "an unknown escape")
}

// unicode reads what follows \u, and the second half of a pair; half a pair alone
// is U+FFFD.
func (c *chars) unicode() error {
	r, err := c.hex()
	if err != nil {
		return err
	}
	if utf16.IsSurrogate(r) {
		next, err := c.in.Peek(6)
		if err != nil && err != io.EOF {
			return malformed(err, "")
		}
		second, ok := escaped(next)
		if pair := utf16.DecodeRune(r, second); ok && pair != utf8.RuneError {
			r = pair
			if _, err := c.in.Discard(6); err != nil {
				return malformed(err, "")
			}
		} else {
			r = utf8.RuneError
		}
	}
	c.pending = utf8.AppendRune(c.pending[:0], r)
	return nil
}

func (c *chars) hex() (rune, error) {
	var digits [4]byte
	if _, err := io.ReadFull(c.in, digits[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		return 0, malformed(err, "")
	}
	r, ok := parseHex(digits[:])
	if !ok {
		return 0, malformed(nil, "a broken escape")
	}
	return r, nil
}

// escaped returns the code unit of a text that begins with \uXXXX.
func escaped(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	return parseHex(b[2:6])
}

func parseHex(b []byte) (rune, bool) {
	for _, d := range b {
		if !(d >= '0' && d <= '9' || d >= 'a' && d <= 'f' || d >= 'A' && d <= 'F') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(string(b), 16, 16)
	return rune(n), err == nil
}
