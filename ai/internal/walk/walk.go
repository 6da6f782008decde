// Package walk goes through one JSON value without building it: a caller looks at
// the members it knows, in place, and the rest is checked and passed over. A
// streamed reply is hundreds of small values of which one string matters;
// decoding each into structs costs several times more.
//
// What it accepts is what encoding/json accepts, except that nesting is bounded.
package walk

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"
)

// ErrSyntax says that the bytes are not one JSON value.
var ErrSyntax = errors.New("invalid JSON")

const maxDepth = 200

// Value checks that data is one JSON value, alone but for white space, in valid
// UTF-8, and returns it without the white space.
func Value(data []byte) ([]byte, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("invalid UTF-8")
	}
	start := space(data, 0)
	end, err := value(data, start, 0)
	if err != nil {
		return nil, err
	}
	if space(data, end) != len(data) {
		return nil, ErrSyntax
	}
	return data[start:end], nil
}

// Members calls see for each member of an object that [Value] has checked, in
// order, until see returns false. The key is as written, without quotes. Members
// of anything but an object are none.
func Members(object []byte, see func(key, value []byte) bool) {
	if len(object) == 0 || object[0] != '{' {
		return
	}
	for i := space(object, 1); i < len(object) && object[i] == '"'; {
		keyEnd, _ := text(object, i)
		start := space(object, space(object, keyEnd)+1)
		end, _ := value(object, start, 0)
		if !see(object[i+1:keyEnd-1], object[start:end]) {
			return
		}
		i = next(object, end)
	}
}

// Elements calls see for each element of an array that [Value] has checked, until
// see returns false. Elements of anything but an array are none.
func Elements(array []byte, see func(value []byte) bool) {
	if len(array) == 0 || array[0] != '[' {
		return
	}
	for i := space(array, 1); i < len(array) && array[i] != ']'; {
		end, _ := value(array, i, 0)
		if !see(array[i:end]) {
			return
		}
		i = next(array, end)
	}
}

// next returns where the next member begins, behind the comma.
func next(data []byte, end int) int {
	i := space(data, end)
	if i < len(data) && data[i] == ',' {
		i = space(data, i+1)
	}
	return i
}

// Find returns the member of that name, the last one where there are several, or
// nil.
func Find(object []byte, name string) (found []byte) {
	Members(object, func(key, value []byte) bool {
		if string(key) == name {
			found = value
		}
		return true
	})
	return found
}

// Text returns the string that value is; anything else is "".
func Text(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

// Is reports whether value is the string s, written without escapes.
func Is(value []byte, s string) bool {
	return len(value) == len(s)+2 && value[0] == '"' && string(value[1:len(value)-1]) == s
}

// Int returns the integer that value is; anything else is 0. A fraction is cut
// off.
func Int(value []byte) int {
	if n, err := strconv.Atoi(string(value)); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil || f < -1<<53 || f > 1<<53 {
		return 0
	}
	return int(f)
}

// Null reports whether value is missing or null.
func Null(value []byte) bool { return len(value) == 0 || value[0] == 'n' }

func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// value returns the end of the value that begins at i.
func value(b []byte, i, depth int) (int, error) {
	if i >= len(b) || depth > maxDepth {
		return i, ErrSyntax
	}
	switch b[i] {
	case '"':
		return text(b, i)
	case '{':
		return composite(b, i, depth, '}')
	case '[':
		return composite(b, i, depth, ']')
	case 't':
		return literal(b, i, "true")
	case 'f':
		return literal(b, i, "false")
	case 'n':
		return literal(b, i, "null")
	}
	return number(b, i)
}

// composite returns the end of the object or array that begins at i.
func composite(b []byte, i, depth int, closing byte) (end int, err error) {
	i = space(b, i+1)
	if i < len(b) && b[i] == closing {
		return i + 1, nil
	}
	for {
		if closing == '}' {
			if i >= len(b) || b[i] != '"' {
				return i, ErrSyntax
			}
			if i, err = text(b, i); err != nil {
				return i, err
			}
			if i = space(b, i); i >= len(b) || b[i] != ':' {
				return i, ErrSyntax
			}
			i = space(b, i+1)
		}
		if i, err = value(b, i, depth+1); err != nil {
			return i, err
		}
		i = space(b, i)
		if i >= len(b) {
			return i, ErrSyntax
		}
		switch b[i] {
		case closing:
			return i + 1, nil
		case ',':
			i = space(b, i+1)
		default:
			return i, ErrSyntax
		}
	}
}

// text returns the end of the string that begins at i.
func text(b []byte, i int) (int, error) {
	for i++; ; i++ {
		for i+8 <= len(b) && !special(binary.LittleEndian.Uint64(b[i:])) {
			i += 8
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
			i++
		}
		if i >= len(b) || b[i] < ' ' {
			return i, ErrSyntax
		}
		if b[i] == '"' {
			return i + 1, nil
		}
		if i++; i >= len(b) {
			return i, ErrSyntax
		}
		switch b[i] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		case 'u':
			if !hex4(b[i+1:]) {
				return i, ErrSyntax
			}
			i += 4
		default:
			return i, ErrSyntax
		}
	}
}

// special reports whether one of eight bytes may be a quote, a backslash or a
// control character (the zero-byte test of Mycroft, 1987; it never misses one).
func special(v uint64) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	quote, backslash := v^('"'*ones), v^('\\'*ones)
	return ((quote-ones)&^quote|(backslash-ones)&^backslash|(v-' '*ones)&^v)&highs != 0
}

func hex4(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	for _, c := range b[:4] {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

func literal(b []byte, i int, want string) (int, error) {
	if !bytes.HasPrefix(b[i:], []byte(want)) {
		return i, ErrSyntax
	}
	return i + len(want), nil
}

// number returns the end of the number that begins at i.
func number(b []byte, i int) (int, error) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch start := i; {
	case i < len(b) && b[i] == '0':
		i++
	default:
		if i = digits(b, i); i == start {
			return i, ErrSyntax
		}
	}
	if i < len(b) && b[i] == '.' {
		start := i + 1
		if i = digits(b, start); i == start {
			return i, ErrSyntax
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		start := i
		if i = digits(b, start); i == start {
			return i, ErrSyntax
		}
	}
	return i, nil
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}
