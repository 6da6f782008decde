package pages

import (
	"bytes"
	"io"
	"unicode/utf8"
)

const maxText = 256 << 10 // bytes of a text page: some 40 printed pages

var (
	byteOrderMark = []byte("\ufeff")
	utf16Marks    = [][]byte{{0xff, 0xfe}, {0xfe, 0xff}}
)

// looksLikeText tells text from everything else by its first bytes. Markup,
// documents and programs are no text pages, even where they are text.
func looksLikeText(head []byte) bool {
	for _, mark := range utf16Marks {
		if bytes.HasPrefix(head, mark) {
			return true // refused later, with a reason
		}
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), " \t\r\n")
	for _, magic := range []string{"%PDF", "%!PS", "PK\x03\x04", "\x7fELF", "GIF8", "BM", "II*\x00", "MM\x00*", "#!", "{\\rtf"} {
		if bytes.HasPrefix(head, []byte(magic)) && (magic != "BM" || bytes.IndexByte(head, 0) >= 0) {
			return false
		}
	}
	if len(head) > 1 && head[0] == '<' && (head[1] == '!' || head[1] == '?' || head[1]|0x20 >= 'a' && head[1]|0x20 <= 'z') {
		return false
	}
	return bytes.IndexByte(head, 0) < 0 && validStart(head)
}

// validStart reports whether b is UTF-8 that may be cut inside its last rune.
func validStart(b []byte) bool {
	for range utf8.UTFMax {
		if utf8.Valid(b) {
			return true
		}
		if len(b) == 0 {
			return false
		}
		b = b[:len(b)-1]
	}
	return false
}

// text reads a text page to its end.
func (s *scan) text() (f found, err error) {
	data, err := io.ReadAll(io.LimitReader(s.Reader, maxText+1))
	if err != nil {
		return f, err
	}
	if len(data) > maxText {
		return f, refuse(TooLarge, "the text is longer than %d KB: send it as several pages", maxText>>10)
	}
	if _, err := decodeText(data); err != nil {
		return f, err
	}
	return found{mediaType: textPlain}, nil
}

// decodeText returns a text page as plain UTF-8: no byte order mark, lines ended
// by LF.
func decodeText(data []byte) ([]byte, error) {
	for _, mark := range utf16Marks {
		if bytes.HasPrefix(data, mark) {
			return nil, refuse(Corrupt, "the text is in UTF-16: save it as UTF-8 and send it again")
		}
	}
	data = bytes.TrimPrefix(data, byteOrderMark)
	if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) {
		return nil, refuse(Corrupt, "the text is not in UTF-8: save it as UTF-8 and send it again")
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, refuse(Empty, "the page is empty: send its text")
	}
	return data, nil
}
