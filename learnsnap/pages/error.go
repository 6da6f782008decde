package pages

import (
	"errors"
	"fmt"
)

// A Code says what is wrong with a page.
type Code string

// What can be wrong with a page.
const (
	Empty           Code = "EMPTY_PAGE"       // no bytes, or nothing but blanks
	TooLarge        Code = "PAGE_TOO_LARGE"   // more bytes than are taken
	ImageTooLarge   Code = "IMAGE_TOO_LARGE"  // more pixels, or more memory to decode them, than is allowed
	Unsupported     Code = "UNSUPPORTED_PAGE" // neither a picture nor a text of the kinds that are taken
	Corrupt         Code = "CORRUPT_PAGE"     // begins as a page and does not go on as one, or is cut off
	HEICUnavailable Code = "HEIC_UNAVAILABLE" // a HEIC photo, which can't be decoded here
)

// An Error says what is wrong with a page, in a sentence that tells its sender what
// to do. Any other error of this package comes from the source that was read, the
// context or the machine. It never holds what is on the page.
type Error struct {
	Code Code
	Err  error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return string(e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// PageCode returns the code as a string. It is the question that callers ask
// without importing this package: errors.As on interface{ PageCode() string }.
func (e *Error) PageCode() string { return string(e.Code) }

// refuse returns an [*Error]; its text may wrap a cause with %w.
func refuse(code Code, format string, args ...any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

var errCut = errors.New("the page is cut off: send it again")

func cutOff() error { return &Error{Code: Corrupt, Err: errCut} }

func damaged(what string) error {
	return refuse(Corrupt, "the photo is damaged (%s): send it again, or take it anew", what)
}

// undecodable is what a decoder's own error means to the sender.
func undecodable(err error) error {
	return refuse(Corrupt, "the photo is damaged (%w): send it again, or take it anew", err)
}

func unsupported(what string) error {
	return refuse(Unsupported, "%s: send a photo as JPEG, PNG, WebP or HEIC, or a plain text", what)
}
