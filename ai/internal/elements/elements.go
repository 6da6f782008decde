// Package elements takes the items out of a reply while it arrives. A reply is
// one JSON object; an element is each object that is a member of one of its
// arrays, and each object that is one of its values. An element is handed over
// with its closing brace, without waiting for what follows.
package elements

import (
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/ai/internal/walk"
)

// ErrTooLarge says that one element is larger than the scanner's limit.
var ErrTooLarge = errors.New("element too large")

// A Scanner finds elements in a text that comes in pieces, cut anywhere: inside a
// rune, an escape, a number. It is lenient about what stands around the object
// and between elements, for models write fences and remarks there, and strict
// about elements: each is one valid JSON value in valid UTF-8.
//
// Its work is linear in the text and its memory bounded by the largest element.
// The zero value with a Limit is ready to use.
type Scanner struct {
	Limit int // bytes of one element; 0 means no bound

	place   place
	depth   int  // of the value that is passed over or captured
	quoted  bool // inside a string
	escaped bool // behind a backslash in it
	key     []byte
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
// are no JSON after all. It stops early when found returns false. It returns an
// error that wraps [ErrTooLarge] when an element passes the limit.
func (s *Scanner) Write(piece []byte, found func(key string, element []byte, err error) bool) error {
	for i := 0; i < len(piece); {
		switch s.place {
		case captured, member:
			n, whole := s.value(piece[i:])
			s.element = append(s.element, piece[i:i+n]...)
			i += n
			if s.Limit > 0 && len(s.element) > s.Limit {
				return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, s.Limit)
			}
			if whole && !s.hand(found) {
				return nil
			}
		case skipped:
			n, whole := s.value(piece[i:])
			i += n
			if whole {
				s.place = array
			}
		default:
			i += s.step(piece[i])
		}
	}
	return nil
}

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
	return found(string(s.key), element, err)
}

// value passes over bytes of an object or array and reports how many belong to it
// and whether it has ended.
func (s *Scanner) value(b []byte) (n int, whole bool) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if s.quoted {
			switch {
			case s.escaped:
				s.escaped = false
			case c == '\\':
				s.escaped = true
			case c == '"':
				s.quoted = false
			}
			continue
		}
		switch c {
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

// step takes one byte outside of values and returns 1, or 0 when the byte begins
// a value that is to be taken as a whole.
func (s *Scanner) step(c byte) int {
	switch s.place {
	case outside:
		if c == '{' {
			s.place = members
		}
	case members:
		switch c {
		case '"':
			s.place, s.key = inKey, s.key[:0]
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
			s.place, s.key = inKey, s.key[:0]
		case '}':
			s.place = outside
		}
	case value:
		return s.begin(c)
	case scalar:
		s.inScalar(c)
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
		s.place = colon
		return
	}
	if len(s.key) < maxKey {
		s.key = append(s.key, c)
	}
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
		s.inScalar(c)
	}
	return 1
}

func (s *Scanner) inScalar(c byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case s.quoted && c == '\\':
		s.escaped = true
	case c == '"':
		s.quoted = !s.quoted
	case s.quoted:
	case c == ',':
		s.place = members
	case c == '}':
		s.place = outside
	}
}

// inArray takes a byte between the members of an array.
func (s *Scanner) inArray(c byte) int {
	switch {
	case s.escaped:
		s.escaped = false
	case s.quoted && c == '\\':
		s.escaped = true
	case c == '"':
		s.quoted = !s.quoted
	case s.quoted:
	case c == '{':
		s.place, s.depth = member, 0
		return 0
	case c == '[':
		s.place, s.depth = skipped, 0
		return 0
	case c == ']':
		s.place = members
	}
	return 1
}
