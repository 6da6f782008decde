package intake

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
)

// maxDataURL bounds what stands in a data URL before its content.
const maxDataURL = 256

// newBase64 decodes the base64 that r yields. What is wrong with it is an [*Error]
// about the page; an error of r comes back as it is.
func newBase64(r io.Reader, page int) io.Reader {
	letters := &letters{r: r}
	return &decoded{letters: letters, decoder: base64.NewDecoder(base64.RawStdEncoding, letters), page: page}
}

type decoded struct {
	letters *letters
	decoder io.Reader
	page    int
}

func (d *decoded) Read(p []byte) (int, error) {
	n, err := d.decoder.Read(p)
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case d.letters.err != nil:
		return n, d.letters.err
	}
	return n, &Error{Fault: BadBase64, Page: d.page, Err: err}
}

// letters passes on the letters of a base64 text in the standard alphabet, without
// the head of a data URL, line breaks and padding.
type letters struct {
	r      io.Reader
	begun  bool
	head   []byte // read while looking for a data URL, not passed on yet
	padded bool   // padding was seen: nothing may follow
	err    error  // of r
}

var errBase64 = errors.New("a character that is none of base64")

func (l *letters) Read(p []byte) (int, error) {
	if !l.begun {
		l.begun = true
		if err := l.skipHead(); err != nil {
			return 0, err
		}
	}
	for {
		n, err := l.read(p)
		if err != nil && err != io.EOF {
			l.err = err
			return 0, err
		}
		kept, bad := l.filter(p[:n])
		if bad != nil {
			return 0, bad
		}
		if kept > 0 || err != nil || len(p) == 0 {
			return kept, err
		}
	}
}

func (l *letters) read(p []byte) (int, error) {
	if len(l.head) > 0 {
		n := copy(p, l.head)
		l.head = l.head[n:]
		return n, nil
	}
	return l.r.Read(p)
}

// skipHead reads past "data:image/jpeg;base64,".
func (l *letters) skipHead() error {
	head := make([]byte, maxDataURL)
	n, err := io.ReadFull(l.r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		l.err = err
		return err
	}
	l.head = head[:n]
	if !bytes.HasPrefix(l.head, []byte("data:")) {
		return nil
	}
	before, content, ok := bytes.Cut(l.head, []byte(","))
	if !ok || !bytes.HasSuffix(before, []byte(";base64")) {
		return errors.New("a data URL that is not in base64")
	}
	l.head = content
	return nil
}

// filter brings letters to the standard alphabet in place and returns how many
// there are.
func (l *letters) filter(p []byte) (int, error) {
	kept := 0
	for _, c := range p {
		switch {
		case c == '\r' || c == '\n' || c == ' ' || c == '\t':
			continue
		case c == '=':
			l.padded = true
			continue
		case l.padded:
			return 0, errBase64
		case c == '-':
			c = '+'
		case c == '_':
			c = '/'
		case !(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/'):
			return 0, errBase64
		}
		p[kept] = c
		kept++
	}
	return kept, nil
}
