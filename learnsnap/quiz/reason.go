package quiz

import (
	"errors"
	"fmt"
)

// A Reason says why a question or an answer was turned away. The strings are
// stable: they are values of a counter. A Reason is itself an error, so that
// errors.Is(err, quiz.NotGrounded) works on what [Judge.Accept] returns.
type Reason string

// Why a question is turned away although it is well formed.
const (
	NotWanted   Reason = "not_wanted"   // its type was not asked for
	NotGrounded Reason = "not_grounded" // fewer than half of the evidence's words are on the page
	Scattered   Reason = "scattered"    // they are on the page, but not in one place
	NoSuchPage  Reason = "no_such_page" // the evidence names a page that is not there, and is on no other
	Instruction Reason = "instruction"  // it rests on a sentence that gives orders to its reader
	Repeated    Reason = "repeated"     // it asks what an earlier question asks
)

// Malformed is the family of the rules that a question breaks on its own:
// errors.Is(err, quiz.Malformed) holds for each of them.
const Malformed Reason = "malformed"

// The rules of form.
const (
	NotAQuestion       Reason = "not_a_question"      // no JSON object, or members of the wrong kind
	UnknownType        Reason = "unknown_type"        // none of [Types]
	QuestionMissing    Reason = "question_missing"    // no question, or nothing that can be read
	OptionCount        Reason = "option_count"        // not four, or options where none belong
	OptionMissing      Reason = "option_missing"      // an empty option
	OptionsSame        Reason = "options_same"        // two options are the same in normal form
	OptionRefers       Reason = "option_refers"       // an option speaks of others by letter: "both A and B"
	KeyMissing         Reason = "key_missing"         // no key, or none that an answer could equal
	KeyShape           Reason = "key_shape"           // the key is of another type's shape
	KeyNotAnOption     Reason = "key_not_an_option"   // no letter from A to D, or one that has two readings
	GapCount           Reason = "gap_count"           // not exactly one [Gap]
	HintMissing        Reason = "hint_missing"        // a gap without a hint
	HintIsKey          Reason = "hint_is_key"         // the hint is the answer
	PairCount          Reason = "pair_count"          // not two to four, or pairs where none belong
	PairMissing        Reason = "pair_missing"        // an empty side
	PairsSame          Reason = "pairs_same"          // two lefts, or two rights, are the same in normal form
	ExplanationMissing Reason = "explanation_missing" // no explanation
	EvidenceMissing    Reason = "evidence_missing"    // fewer than two words
	PageMissing        Reason = "page_missing"        // the evidence's page is below 1
	TooLong            Reason = "too_long"            // a text is past its bound, as [MaxQuestion]
)

// Error makes a Reason an error.
func (r Reason) Error() string { return string(r) }

// malformed reports whether r is a rule of form.
func (r Reason) malformed() bool {
	switch r {
	case NotWanted, NotGrounded, Scattered, NoSuchPage, Instruction, Repeated,
		LetterUnknown, AnswerShape, PairUnknown, QuestionUnknown:
		return false
	}
	return true
}

// An Error is a question or an answer that was turned away.
type Error struct {
	Reason Reason
	Where  string // the member it is about, as "options[2]", or an id; may be empty
}

// Error names the reason and the member, never the text.
func (e *Error) Error() string {
	if e.Where == "" {
		return string(e.Reason)
	}
	return fmt.Sprintf("%s: %s", e.Where, e.Reason)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Reason }

// Is reports whether target is [Malformed] and the reason is a rule of form.
func (e *Error) Is(target error) bool {
	return target == error(Malformed) && e.Reason.malformed()
}

// ReasonOf returns the reason in err's chain, or "" when there is none.
func ReasonOf(err error) Reason {
	var r Reason
	errors.As(err, &r)
	return r
}
