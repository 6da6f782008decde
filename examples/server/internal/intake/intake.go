// Package intake reads the body of a request for a quiz while it arrives: pages go
// to the caller one after another as streams, the options are collected. Nothing
// is held but a few kilobytes, however large a page is.
//
// The same request has two forms, a multipart form ([Multipart]) and a JSON object
// with pages in base64 ([JSON]). Both may name the options before or after the
// pages.
package intake

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Options are what a request says beside its pages. A zero value was not said.
type Options struct {
	Questions      int    // 5 to 50
	Language       string // "ar", "en" or "mixed"
	Types          []string
	SkipUnreadable bool
}

// A Page takes one page; number counts from 1. It reads r as far as it likes. Its
// error ends the reading and is returned as it is.
type Page func(number int, r io.Reader) error

// A Fault says what is wrong with a body.
type Fault string

// What can be wrong with a body.
const (
	Malformed    Fault = "malformed"     // it is no JSON or no multipart form, or ends early
	UnknownField Fault = "unknown_field" // nothing of that name is known
	BadValue     Fault = "bad_value"     // the field can't have that value
	BadBase64    Fault = "bad_base64"    // a page's base64 is broken
)

// An Error says what is wrong with a body, and where.
type Error struct {
	Fault Fault
	Field string // the field that it is about; at most 64 bytes of what was sent
	Page  int    // the page that it is about; 0 means none
	Err   error  // the cause; may be nil
}

func (e *Error) Error() string {
	text := strings.ReplaceAll(string(e.Fault), "_", " ")
	if e.Field != "" {
		text += fmt.Sprintf(" %q", e.Field)
	}
	if e.Page > 0 {
		text += fmt.Sprintf(" in page %d", e.Page)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// The names of the fields.
const (
	pagesField     = "pages"  // of a form
	imagesField    = "images" // of an object
	textsField     = "texts"  // of an object
	questionsField = "questions"
	languageField  = "language"
	typesField     = "types"
	skipField      = "skipUnreadable"
)

// The values that are known.
var (
	languages = []string{"ar", "en", "mixed"}
	types     = []string{"multiple_choice", "true_false", "fill_blank", "matching"}
)

// The bounds of the number of questions.
const (
	minQuestions = 5
	maxQuestions = 50
)

const (
	maxName  = 64   // bytes of a field's name
	maxValue = 1024 // bytes of an option's value
)

// set sets an option out of its text. An empty text says nothing: a form sends all
// of its fields, filled in or not.
func (o *Options) set(name, text string) error {
	text = strings.TrimSpace(text)
	bad := &Error{Fault: BadValue, Field: name}
	switch name {
	case questionsField, languageField, typesField, skipField:
	default:
		return &Error{Fault: UnknownField, Field: name}
	}
	switch {
	case text == "":
	case name == questionsField:
		n, err := strconv.Atoi(text)
		if err != nil || n < minQuestions || n > maxQuestions {
			return bad
		}
		o.Questions = n
	case name == languageField:
		if !slices.Contains(languages, text) {
			return bad
		}
		o.Language = text
	case name == typesField:
		for t := range strings.SplitSeq(text, ",") {
			if err := o.addType(strings.TrimSpace(t)); err != nil {
				return err
			}
		}
	case name == skipField:
		yes, err := strconv.ParseBool(text)
		if err != nil {
			return bad
		}
		o.SkipUnreadable = yes
	}
	return nil
}

func (o *Options) addType(t string) error {
	if !slices.Contains(types, t) {
		return &Error{Fault: BadValue, Field: typesField}
	}
	if !slices.Contains(o.Types, t) {
		o.Types = append(o.Types, t)
	}
	return nil
}

// A source remembers the error that a body ended in, to tell a body that could not
// be read from one that is wrong.
type source struct {
	r   io.Reader
	err error // neither nil nor io.EOF once set
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// blame returns the error of reading when there was one, else err.
func (s *source) blame(err error) error {
	if err != nil && s.err != nil {
		return s.err
	}
	return err
}

// clip shortens what somebody sent to what may be shown again.
func clip(name string) string {
	if len(name) > maxName {
		name = name[:maxName]
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}
