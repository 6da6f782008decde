package ai

// A Task is what a run of attempts works on: a list of items that grows until it
// is done. It says how to ask for what is missing, and judges what comes.
type Task[T any] struct {
	// Prompt says what to ask, given the items that are already there. It is called
	// before each attempt.
	Prompt func(done []T) Prompt

	// Accept decodes and judges one element. An accepted item is final; an error
	// drops the element.
	Accept func(e Element, done []T) (T, error)

	// Dropped is told of each element that was dropped, and why: Accept's error, or
	// that the element is no JSON. Nil means that nobody wants to know.
	Dropped func(e Element, why error)

	// Done reports that all that was wanted is there: the run stops. Nil means
	// never.
	Done func(done []T) bool

	// Enough reports that the run may end here, without an error, when nothing more
	// comes. Nil means never.
	Enough func(done []T) bool
}

// An Element is one JSON value of a reply that is whole: a member of one of the
// arrays, or an object, at the top level of the reply's object.
type Element struct {
	Key   string // the property it stands in: "pages", "lesson", "questions"
	JSON  []byte // the value's own bytes; valid only during the call that gets it
	Model string // [Model].Name of the model that wrote it
}
