package ai

// A Task is what a run of attempts works on: a list of items that grows until it
// is done. It says how to ask for what is missing, and judges what comes. Prompt
// and Accept are required.
//
// The functions are called by [Run] one at a time, in the goroutine that ranges
// over it. The slices they get belong to the run: they may be kept, for their items
// never change, but not written to.
type Task[T any] struct {
	// Prompt says what to ask, given the items that are already there. It is called
	// before each attempt. What it puts into Avoid is avoided for the whole attempt.
	Prompt func(done []T) Prompt

	// Accept decodes and judges one element. An accepted item is final: it is
	// yielded and never asked for again. An error drops the element; so does a
	// repetition of what is done, which Accept has to find.
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

// An Element is one JSON object of a reply that is whole. The reply is an object,
// too; the element is the value of one of its members, or stands in an array that
// is. Other values at these places are no elements and are passed over.
type Element struct {
	Key   string // the member it stands in: "pages", "lesson", "questions"
	JSON  []byte // the object's own bytes; valid only during the call that gets it
	Model string // [Model].Name of the model that wrote it
}
