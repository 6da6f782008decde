package intake

import (
	"bufio"
	"errors"
	"io"
	"mime/multipart"
)

// maxFields bounds the parts of a form that are no pages.
const maxFields = 64

// Multipart reads a multipart/form-data body: parts named "pages" are pages,
// whether they are files or texts, all others are options. A type of question may
// be given several times or with commas.
//
// An [*Error] says what is wrong with the body; errors of r and of page come back
// as they are.
func Multipart(r io.Reader, boundary string, page Page) (Options, error) {
	src := &source{r: r}
	f := &form{parts: multipart.NewReader(&closing{r: src}, boundary), page: page}
	err := f.read()
	return f.options, src.blame(err)
}

type form struct {
	parts   *multipart.Reader
	page    Page
	options Options
	pages   int
	fields  int
}

func (f *form) read() error {
	for {
		part, err := f.parts.NextRawPart()
		if err == io.EOF { // the form's own end: see closing
			return nil
		}
		if err != nil {
			return &Error{Fault: Malformed, Err: err}
		}
		if part.FormName() == pagesField {
			err = f.readPage(part)
		} else {
			err = f.readOption(part)
		}
		if err != nil {
			return err
		}
	}
}

func (f *form) readPage(part *multipart.Part) error {
	content := bufio.NewReaderSize(partReader{part}, 512)
	if _, err := content.Peek(1); err == io.EOF && part.FileName() == "" {
		return nil // a browser's field for files, left empty
	}
	f.pages++
	return f.page(f.pages, content)
}

func (f *form) readOption(part *multipart.Part) error {
	name := clip(part.FormName())
	if f.fields++; f.fields > maxFields {
		return &Error{Fault: Malformed, Err: errors.New("too many fields")}
	}
	if part.FileName() != "" {
		return &Error{Fault: UnknownField, Field: name} // a photo under a wrong name
	}
	value, err := io.ReadAll(io.LimitReader(partReader{part}, maxValue+1))
	switch {
	case err != nil:
		return err
	case len(value) > maxValue:
		return &Error{Fault: BadValue, Field: name}
	}
	return f.options.set(name, string(value))
}

// A partReader says that a part which breaks off is malformed.
type partReader struct {
	part *multipart.Part
}

func (p partReader) Read(b []byte) (int, error) {
	n, err := p.part.Read(b)
	if err != nil && err != io.EOF {
		err = &Error{Fault: Malformed, Err: err}
	}
	return n, err
}

// closing ends a body in a line break and errEarly instead of io.EOF. The package
// multipart answers io.EOF behind the last boundary, but also to a body that is cut
// behind any other: now only to the first.
type closing struct {
	r    io.Reader
	rest string
	over bool
}

var errEarly = errors.New("the form ends early")

func (c *closing) Read(p []byte) (int, error) {
	if !c.over {
		n, err := c.r.Read(p)
		if err != io.EOF {
			return n, err
		}
		c.over, c.rest = true, "\r\n"
		if n > 0 {
			return n, nil
		}
	}
	if c.rest == "" {
		return 0, errEarly
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
