package intake

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// JSON reads an object
//
//	{"images": ["<base64>", …], "texts": ["…", …],
//	 "questions": 20, "language": "ar", "types": ["true_false"], "skipUnreadable": false}
//
// with all members optional and in any order; pages are numbered as they stand in
// it. An image may be in the standard or the URL alphabet, with or without
// padding, and may be a "data:" URL in base64. null means that a member is not
// there.
//
// An [*Error] says what is wrong with the body; errors of r and of page come back
// as they are.
func JSON(r io.Reader, page Page) (Options, error) {
	src := &source{r: r}
	o := &object{in: bufio.NewReaderSize(src, 32<<10), page: page}
	err := o.read()
	return o.options, src.blame(err)
}

type object struct {
	in      *bufio.Reader
	page    Page
	options Options
	pages   int
}

func (o *object) read() error {
	if err := o.expect('{'); err != nil {
		return err
	}
	empty, err := o.next('}')
	if err != nil {
		return err
	}
	for !empty {
		if err := o.member(); err != nil {
			return err
		}
		comma, err := o.next(',')
		if err != nil {
			return err
		}
		if !comma {
			if err := o.expect('}'); err != nil {
				return err
			}
			break
		}
	}
	if c, err := o.skipSpace(); err != io.EOF {
		return malformed(err, "%q behind the object", c)
	}
	return nil
}

func (o *object) member() error {
	name, err := o.text(maxName)
	if errors.Is(err, errLong) {
		return &Error{Fault: UnknownField, Field: clip(name)}
	}
	if err != nil {
		return err
	}
	if err := o.expect(':'); err != nil {
		return err
	}
	c, err := o.peek()
	if err != nil {
		return err
	}
	if c == 'n' {
		if err := o.literal("null"); err != nil {
			return err
		}
		if name != imagesField && name != textsField {
			return o.options.set(name, "")
		}
		return nil
	}
	switch name {
	case imagesField:
		return o.each(name, func() error { return o.readPage(newBase64) })
	case textsField:
		return o.each(name, func() error { return o.readPage(func(r io.Reader, _ int) io.Reader { return r }) })
	case typesField:
		return o.each(name, func() error {
			t, err := o.value(name)
			if err != nil {
				return err
			}
			return o.options.addType(t)
		})
	case questionsField, skipField:
		word, err := o.word()
		switch {
		case err != nil:
			return err
		case word == "", (name == skipField) != (word == "true" || word == "false"):
			return &Error{Fault: BadValue, Field: name}
		}
		return o.options.set(name, word)
	case languageField:
		text, err := o.value(name)
		if err != nil {
			return err
		}
		return o.options.set(name, text)
	}
	return &Error{Fault: UnknownField, Field: clip(name)}
}

// each reads an array; one reads an element.
func (o *object) each(name string, one func() error) error {
	if c, err := o.peek(); err != nil || c != '[' {
		return wrong(err, name)
	}
	if err := o.expect('['); err != nil {
		return err
	}
	if empty, err := o.next(']'); err != nil || empty {
		return err
	}
	for {
		if c, err := o.peek(); err != nil || c != '"' {
			return wrong(err, name)
		}
		if err := one(); err != nil {
			return err
		}
		comma, err := o.next(',')
		if err != nil {
			return err
		}
		if !comma {
			return o.expect(']')
		}
	}
}

// readPage gives a string to the page function, through a decoder, and reads what
// it left.
func (o *object) readPage(decode func(r io.Reader, number int) io.Reader) error {
	if err := o.expect('"'); err != nil {
		return err
	}
	o.pages++
	content := &chars{in: o.in}
	if err := o.page(o.pages, decode(content, o.pages)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, content)
	return err
}

// value reads a string that is an option's value.
func (o *object) value(name string) (string, error) {
	if c, err := o.peek(); err != nil || c != '"' {
		return "", wrong(err, name)
	}
	text, err := o.text(maxValue)
	if errors.Is(err, errLong) {
		return "", &Error{Fault: BadValue, Field: name}
	}
	return text, err
}

var errLong = errors.New("too long")

// text reads a string of at most limit bytes; of a longer one it returns the
// beginning and errLong.
func (o *object) text(limit int) (string, error) {
	if err := o.expect('"'); err != nil {
		return "", err
	}
	content, err := io.ReadAll(io.LimitReader(&chars{in: o.in}, int64(limit)+1))
	if err == nil && len(content) > limit {
		return string(content[:limit]), errLong
	}
	return string(content), err
}

// word reads a whole number, true or false, as it is written. It returns "" when
// something else begins there.
func (o *object) word() (string, error) {
	c, err := o.peek()
	switch {
	case err != nil:
		return "", err
	case c == 't':
		return "true", o.literal("true")
	case c == 'f':
		return "false", o.literal("false")
	case c == '"' || c == '[' || c == '{':
		return "", nil
	}
	var digits []byte
	for len(digits) <= maxDigits {
		c, err := o.in.ReadByte()
		switch {
		case err != nil:
			return "", malformed(err, "")
		case c == '-' || c >= '0' && c <= '9':
			digits = append(digits, c)
			continue
		case c == '.' || c == 'e' || c == 'E':
			return "", nil
		}
		if err := o.in.UnreadByte(); err != nil {
			return "", err
		}
		break
	}
	if !isInteger(string(digits)) {
		return "", malformed(nil, "no number")
	}
	return string(digits), nil
}

const maxDigits = 16

// isInteger reports whether JSON would take it: no leading zero, no lone minus.
func isInteger(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && (s == "0" || s[0] != '0') && !strings.Contains(s, "-")
}

func (o *object) literal(word string) error {
	for i := range word {
		c, err := o.in.ReadByte()
		if err != nil || c != word[i] {
			return malformed(err, "no %s", word)
		}
	}
	return nil
}

// expect reads a character behind spaces.
func (o *object) expect(want byte) error {
	c, err := o.skipSpace()
	if err != nil || c != want {
		return malformed(err, "%q where %q is due", c, want)
	}
	return nil
}

// next reads a character behind spaces if it is the one that is asked for.
func (o *object) next(want byte) (bool, error) {
	c, err := o.peek()
	if err != nil || c != want {
		return false, err
	}
	_, err = o.in.ReadByte()
	return err == nil, err
}

// peek returns the next character behind spaces without reading it.
func (o *object) peek() (byte, error) {
	c, err := o.skipSpace()
	if err != nil {
		return 0, malformed(err, "")
	}
	return c, o.in.UnreadByte()
}

// skipSpace reads the next character that is no space.
func (o *object) skipSpace() (byte, error) {
	for {
		c, err := o.in.ReadByte()
		if err != nil || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c, err
		}
	}
}

// malformed says that the object is none.
func malformed(err error, format string, args ...any) error {
	switch {
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	case err == nil:
		err = fmt.Errorf(format, args...)
	}
	return &Error{Fault: Malformed, Err: err}
}

// wrong says that a member has another type than it should.
func wrong(err error, name string) error {
	if err != nil {
		return err
	}
	return &Error{Fault: BadValue, Field: name}
}
