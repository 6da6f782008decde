// Package elements takes the items out of a reply while it arrives. A reply is
// one JSON object. An element is an object that is the value of one of its
// members, or that stands in an array which is: {"lesson":{…},"questions":[{…},{…}]}
// holds three. It is handed over with its closing brace, without waiting for what
// follows, for the brace alone says that it is whole. Whatever else stands in the
// reply (numbers, strings, arrays in arrays) is passed over: a scalar has no end
// of its own, and no item is one.
//
// Models write more than they are asked for. So the scanner looks for structure
// and forgives the rest: text and fences around the object, several objects, words
// and stray commas between members, unknown keys. About an element itself it is
// strict: it is one valid JSON value, or it is told as broken.
package elements

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/ai/internal/walk"
)

// ErrTooLarge says that one element is larger than the scanner's limit.
var ErrTooLarge = errors.New("element too large")

// A Scanner finds elements in a text that comes in pieces, cut anywhere: inside a
// rune, an escape, a number. Its work is linear in the text and its memory bounded
// by the largest element. The zero value with a Limit is ready to use.
type Scanner struct {
	Limit int // bytes of one element; 0 means no bound

	place   place
	begun   bool // an object has begun
	depth   int  // of the value that is passed over or captured
	quoted  bool // inside a string
	escaped bool // behind a backslash in it
	raw     []byte
	key     string
	element []byte // captured so far
}

// place is where the scanner stands.
type place uint8

const (
	outside  place = iota // before, behind or between objects
	members               // in the object: a key, or a comma or the end
	inKey                 // inside a key's quotes
	colon                 // behind a key
	value                 // behind a colon
	scalar                // inside a value that is neither object nor array
	array                 // in one of the object's arrays
	skipped               // inside an array that is a member of such an array
	captured              // inside an element of the object
	member                // inside an element of an array
)

// Write takes the next piece of the text and calls found for each element that
// ends in it: its key, its bytes (valid during the call), and an error when they
// are not one JSON value in valid UTF-8. It passes over the rest of the piece when
// found returns false. It returns an error that wraps [ErrTooLarge] when an
// element passes the limit; the scanner is of no use then.
func (s *Scanner) Write(piece []byte, found func(key string, element []byte, err error) bool) error {
	for i := 0; i < len(piece); {
		switch s.place {
		case captured, member:
			n, whole := s.value(piece[i:])
			if s.Limit > 0 && len(s.element)+n > s.Limit {
				return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, s.Limit)
			}
			s.element = append(s.element, piece[i:i+n]...)
			i += n
			if whole && !s.hand(found) {
				return nil
			}
		case skipped:
			n, whole := s.value(piece[i:])
			i += n
			if whole {
				s.place = array
			}
		case scalar, array:
			if s.quoted {
				i += s.text(piece[i:], true)
				continue
			}
			i += s.step(piece[i])
		default:
			i += s.step(piece[i])
		}
	}
	return nil
}

// Whole reports whether the text so far holds an object and ends behind its brace.
func (s *Scanner) Whole() bool { return s.begun && s.place == outside }

// hand gives the captured element to found.
func (s *Scanner) hand(found func(string, []byte, error) bool) bool {
	if s.place == member {
		s.place = array
	} else {
		s.place = members
	}
	element := s.element
	s.element = s.element[:0]
	_, err := walk.Value(element)
	return found(s.key, element, err)
}

// value passes over bytes of an object or array and reports how many belong to it
// and whether it has ended. Brackets of one kind close those of the other: what
// does not match is no JSON and found out when the value is whole.
func (s *Scanner) value(b []byte) (n int, whole bool) {
	for i := 0; i < len(b); i++ {
		if s.quoted {
			if i += s.text(b[i:], false); s.quoted {
				return len(b), false
			}
			if i == len(b) {
				break
			}
		}
		switch b[i] {
		case '"':
			s.quoted = true
		case '{', '[':
			s.depth++
		case '}', ']':
			if s.depth--; s.depth == 0 {
				return i + 1, true
			}
		}
	}
	return len(b), false
}

// text passes over the rest of a string, its closing quote included, and returns
// how many bytes that were. It looks for quotes, which are rare, and only then for
// the backslashes before them.
//
// Outside of elements a line's end ends a string, too (inLine): JSON has none
// inside of strings, so the quote was a stray one, and what follows is worth
// looking at.
func (s *Scanner) text(b []byte, inLine bool) int {
	i := 0
	if s.escaped {
		s.escaped = false
		if !inLine || b[0] != '\n' {
			i = 1
		}
	}
	for {
		n := bytes.IndexByte(b[i:], '"')
		rest := b[i:]
		if n >= 0 {
			rest = b[i : i+n]
		}
		if inLine {
			if end := bytes.IndexByte(rest, '\n'); end >= 0 {
				s.quoted = false
				return i + end + 1
			}
		}
		escaped := escapes(rest)
		switch {
		case n < 0:
			s.escaped = escaped
			return len(b)
		case !escaped:
			s.quoted = false
			return i + n + 1
		}
		i += n + 1
	}
}

// escapes reports whether the byte behind b is escaped: b ends in an odd number of
// backslashes.
func escapes(b []byte) bool {
	n := 0
	for n < len(b) && b[len(b)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// step takes one byte outside of values and returns 1, or 0 when the byte begins
// a value that is to be taken as a whole.
func (s *Scanner) step(c byte) int {
	switch s.place {
	case outside:
		if c == '{' {
			s.place, s.begun = members, true
		}
	case members:
		switch c {
		case '"':
			s.place, s.raw = inKey, s.raw[:0]
		case '}':
			s.place = outside
		}
	case inKey:
		s.inKey(c)
	case colon:
		switch c {
		case ':':
			s.place = value
		case '"': // a string without a colon was no key
			s.place, s.raw = inKey, s.raw[:0]
		case '}':
			s.place = outside
		}
	case value:
		return s.begin(c)
	case scalar:
		return s.inScalar(c)
	case array:
		return s.inArray(c)
	}
	return 1
}

const maxKey = 256 // bytes of a key that are kept

func (s *Scanner) inKey(c byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case c == '\\':
		s.escaped = true
	case c == '"':
		s.place, s.key = colon, name(s.raw)
		return
	case c == '\n': // no key goes over a line's end: the quote was a stray one
		s.place = members
		return
	}
	if len(s.raw) < maxKey {
		s.raw = append(s.raw, c)
	}
}

// name returns the key that was written.
func name(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	var key string
	if json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &key) != nil {
		return string(raw)
	}
	return key
}

// begin takes the first byte of a member's value.
func (s *Scanner) begin(c byte) int {
	switch c {
	case ' ', '\t', '\r', '\n':
	case '{':
		s.place, s.depth = captured, 0
		return 0
	case '[':
		s.place = array
	case '"':
		s.place, s.quoted = scalar, true
	default:
		s.place = scalar
		return s.inScalar(c)
	}
	return 1
}

// inScalar takes a byte of a value that is not an element. An object or array in
// its middle is one all the same: models put words before values.
func (s *Scanner) inScalar(c byte) int {
	switch c {
	case '"':
		s.quoted = true
	case '{', '[':
		return s.begin(c)
	case ',':
		s.place = members
	case '}':
		s.place = outside
	}
	return 1
}

// inArray takes a byte between the members of an array.
func (s *Scanner) inArray(c byte) int {
	switch c {
	case '"':
		s.quoted = true
	case '{':
		s.place, s.depth = member, 0
		return 0
	case '[':
		s.place, s.depth = skipped, 0
		return 0
	case ']':
		s.place = members
	}
	return 1
}
