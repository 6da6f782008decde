package pages

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const bom = "\ufeff"

// readText reads a text page: UTF-8, or UTF-16 that says so with a byte order mark.
// Line ends become "\n", other control characters blanks. The result is UTF-8
// without a mark.
func readText(s *stream, limit int64) ([]byte, error) {
	data := make([]byte, 0, 4<<10)
	for {
		data = append(data, s.buf[s.i:s.j]...)
		s.i = s.j
		if int64(len(data)) > limit {
			return nil, refuse(TooLarge, "the text has more than %s: divide it into several pages", size(limit))
		}
		if err := s.more(); err == io.EOF {
			return cleanText(data)
		} else if err != nil {
			return nil, err
		}
	}
}

func cleanText(data []byte) ([]byte, error) {
	if order := wideText(data); order != nil {
		var err error
		if data, err = narrow(data[2:], order); err != nil {
			return nil, err
		}
	}
	data = bytes.TrimPrefix(data, []byte(bom))
	switch {
	case !utf8.Valid(data):
		return nil, refuse(Corrupt, "the text is not UTF-8: save it as UTF-8 and send it again")
	case bytes.IndexByte(data, 0) >= 0:
		return nil, refuse(Corrupt, "the text holds a NUL character: save it as plain text in UTF-8 and send it again")
	case len(bytes.TrimFunc(data, invisible)) == 0:
		return nil, refuse(Empty, "the text is empty: write something, or leave the page out")
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r', r == '\f', r == '\v', r == '\u2028', r == '\u2029', r == '\u0085':
			return '\n'
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, data), nil
}

// invisible reports whether a character leaves no mark on paper: blanks, controls,
// and the marks that steer the direction of writing.
func invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf)
}

// wideText returns the byte order of a text in UTF-16, nil for any other.
func wideText(data []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return binary.BigEndian
	}
	return nil
}

// narrow turns UTF-16 into UTF-8.
func narrow(data []byte, order binary.ByteOrder) ([]byte, error) {
	if len(data)%2 != 0 {
		return nil, refuse(Corrupt, "the text is cut off: send it again")
	}
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); i += 2 {
		r := rune(order.Uint16(data[i:]))
		if utf16.IsSurrogate(r) {
			second := rune(unicode.ReplacementChar)
			if i += 2; i < len(data) {
				second = rune(order.Uint16(data[i:]))
			}
			if r = utf16.DecodeRune(r, second); r == unicode.ReplacementChar {
				return nil, refuse(Corrupt, "the text is damaged (not UTF-16): save it as UTF-8 and send it again")
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}
