package learnsnap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
)

// A Code says what went wrong in a word that programs and translators can rely
// on. The strings are stable.
type Code string

// What is wrong with a request or its pages.
const (
	InvalidRequest    Code = "INVALID_REQUEST"        // it can't be understood, or asks for what there isn't
	NoPages           Code = "NO_PAGES"               // a quiz needs at least one page
	TooManyPages      Code = "TOO_MANY_PAGES"         // more than [MaxPages]
	PageTooLarge      Code = "PAGE_TOO_LARGE"         // a page of more than [MaxPageBytes], or a text of more than [MaxTextBytes]
	BodyTooLarge      Code = "BODY_TOO_LARGE"         // all pages together are more than the server takes
	UnsupportedPage   Code = "UNSUPPORTED_PAGE"       // neither an image nor a text that can be read
	CorruptPage       Code = "CORRUPT_PAGE"           // an image that is cut short or damaged
	EmptyPage         Code = "EMPTY_PAGE"             // 0 bytes
	ImageTooLarge     Code = "IMAGE_TOO_LARGE"        // too many pixels
	HEICUnavailable   Code = "HEIC_UNAVAILABLE"       // this machine has no room to decode HEIC
	InvalidAnswers    Code = "INVALID_ANSWERS"        // an answer has another shape than its question
	NotFound          Code = "NOT_FOUND"              // no such session, or somebody else's
	Erased            Code = "ERASED"                 // the owner has removed the session
	Expired           Code = "EXPIRED"                // the session's time is over
	NotReady          Code = "NOT_READY"              // the quiz is not ready, or never will be
	KeyReused         Code = "IDEMPOTENCY_KEY_REUSED" // another request was made under that idempotency key
	PaymentInProgress Code = "PAYMENT_IN_PROGRESS"    // the first of two requests under one idempotency key is still under way
	AlreadySubmitted  Code = "ALREADY_SUBMITTED"      // the answers were handed in before
)

// Why there is no quiz.
const (
	RecaptureRequired   Code = "RECAPTURE_REQUIRED"   // pages can't be read: take them again
	TooFewQuestions     Code = "TOO_FEW_QUESTIONS"    // the pages hold too little for [MinQuestions]
	InsufficientCredits Code = "INSUFFICIENT_CREDITS" // the owner has too few pages left
	CostLimit           Code = "COST_LIMIT"           // more would cost more than [Config].MaxCostUSD
	OCRUnavailable      Code = "OCR_UNAVAILABLE"      // nothing here can read a photo
	GenerationFailed    Code = "GENERATION_FAILED"    // the models failed
	GenerationTimeout   Code = "GENERATION_TIMEOUT"   // it took too long
	Overloaded          Code = "OVERLOADED"           // too much to do: later
	Unavailable         Code = "UNAVAILABLE"          // something that is needed is away, or was interrupted: later
	Internal            Code = "INTERNAL"             // our fault
)

// An Error is the only error that this package returns, and the only one that a
// layer above has to translate. errors.As finds it. When to try again, where that
// is known, is a RetryAfter() [time.Duration] method further down the chain.
type Error struct {
	Code  Code
	Pages []int // the pages that it is about, from 1, in order; nil when it is about none
	Err   error // the cause; may be nil
}

// Error says the code in words, the pages, and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(strings.ToLower(strings.ReplaceAll(string(e.Code), "_", " ")))
	switch len(e.Pages) {
	case 0:
	case 1:
		fmt.Fprintf(&b, ": page %d", e.Pages[0])
	default:
		fmt.Fprintf(&b, ": pages %s", strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Pages), " ", ", "), "[]"))
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the code of the first [*Error] in err's chain, [Internal] for
// any other error, and "" for nil.
func CodeOf(err error) Code {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return Internal
}

// pageCode returns the code that an error from outside brings along: what reads
// pages need not know this package to say which of our codes it means.
func pageCode(err error) (Code, bool) {
	var e *Error
	if errors.As(err, &e) {
		return e.Code, true
	}
	var coded interface{ PageCode() string }
	if !errors.As(err, &coded) {
		return "", false
	}
	return Code(coded.PageCode()), true
}

// modelCode returns the code of what a model's run ended in. Several models that
// failed for different reasons are no case for one reason's remedy.
func modelCode(err error) Code {
	var exhausted *ai.ExhaustedError
	if errors.As(err, &exhausted) && len(exhausted.Causes) > 0 {
		codes := make([]Code, 0, len(exhausted.Causes))
		for _, cause := range exhausted.Causes {
			codes = append(codes, modelCode(cause))
		}
		if len(slices.Compact(codes)) > 1 {
			return GenerationFailed
		}
		return codes[0]
	}
	if code, ok := pageCode(err); ok {
		return code
	}
	return GenerationFailed
}

// interrupted is the error of work whose context has ended.
func interrupted(err error) *Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{Code: GenerationTimeout, Err: err}
	}
	return &Error{Code: Unavailable, Err: err}
}

func invalid(format string, args ...any) *Error {
	return &Error{Code: InvalidRequest, Err: fmt.Errorf(format, args...)}
}
