package ai

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// A Kind is a family of failures. It is itself an error, so that
// errors.Is(err, ai.RateLimited) asks the question that most callers have. Its
// methods answer the others: [Kind.Next] what helps, [Kind.Fault] whether it counts
// against the model, [Kind.Busy] whether the model asks for less.
type Kind uint8

const (
	Unknown        Kind = iota // none of the others
	RateLimited                // asked too often: later
	QuotaExhausted             // the account has nothing left: another model
	Overloaded                 // the provider is too busy: later or another model
	Unavailable                // the provider can't be reached or is broken
	Timeout                    // it did not answer, or stopped answering, in time
	Auth                       // the key is missing, wrong or not allowed
	BadRequest                 // the request can't be understood; asking again is no use
	TooLarge                   // the request is larger than the model takes
	Refused                    // the model or a safety filter declined
	Truncated                  // the reply ended without its end
	Malformed                  // the reply is not what the protocol or the schema promises
)

var kindNames = [...]string{
	"unknown", "rate limited", "quota exhausted", "overloaded", "unavailable", "timeout",
	"auth", "bad request", "too large", "refused", "truncated", "malformed",
}

// Error returns the kind in words.
func (k Kind) Error() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// An Action is what helps against a failure.
type Action uint8

const (
	// AskNext says that the next model may do what this one does not.
	AskNext Action = iota

	// AskAgain says that asking the same model again, after a pause, is worth it. It
	// is the adapter that does so, and only before the first byte of a reply and
	// where the pause is short; after that the next model is asked here, too.
	AskAgain
)

// Next returns what helps against a failure of this kind.
func (k Kind) Next() Action {
	switch k {
	case RateLimited, Overloaded, Unavailable, Timeout:
		return AskAgain
	}
	return AskNext
}

// Fault reports whether the kind counts against the model that was asked: a
// request that is wrong, too large or refused does not.
func (k Kind) Fault() bool {
	switch k {
	case BadRequest, TooLarge, Refused:
		return false
	}
	return true
}

// Busy reports whether the kind says that the model has too much to do just now,
// which is what a [resilience.Limiter] adapts to.
func (k Kind) Busy() bool { return k == RateLimited || k == Overloaded }

// Busy reports whether an error says that a model has too much to do just now. It
// fits [resilience.LimiterConfig].Refused.
func Busy(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind.Busy()
}

// KindOf returns the kind of an error: that of the [*Error] or of the bare Kind in
// its tree, or what a gate's refusal comes to: a circuit that is open stands for
// [Unavailable], a full queue for [Overloaded], a spent quota for [RateLimited].
func KindOf(err error) Kind {
	var e *Error
	var k Kind
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.As(err, &k):
		return k
	case errors.Is(err, resilience.ErrOpen):
		return Unavailable
	case errors.Is(err, resilience.ErrFull):
		return Overloaded
	case errors.Is(err, resilience.ErrQuota):
		return RateLimited
	}
	return Unknown
}

// An Error is what a call to a model ends in. It never holds a request's body,
// a key or page text.
type Error struct {
	Kind      Kind
	Provider  string             // "gemini"
	Model     string             // [Model].Name of the model that failed
	Status    int                // HTTP status; 0 where there was none
	After     time.Duration      // the provider's own hint when to ask again; 0 means none
	RequestID string             // the provider's name for the call
	Limits    *resilience.Signal // what the reply's headers said about rate limits
	Err       error              // the cause; may be nil
}

func (e *Error) Error() string {
	var b strings.Builder
	switch {
	case e.Model != "":
		b.WriteString(e.Model + ": ")
	case e.Provider != "":
		b.WriteString(e.Provider + ": ")
	}
	b.WriteString(e.Kind.Error())
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.RequestID != "" {
		b.WriteString(" [request " + e.RequestID + "]")
	}
	return b.String()
}

// Is reports whether target is the error's [Kind].
func (e *Error) Is(target error) bool { return target == e.Kind }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// RetryAfter returns After.
func (e *Error) RetryAfter() time.Duration { return e.After }
