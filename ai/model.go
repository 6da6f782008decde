package ai

import (
	"context"
	"io"
	"iter"

	"github.com/learnsnap/learnsnap-go/resilience"
)

// A Model answers a prompt with a stream of text. It is the one thing that a
// provider implements and that everything else here takes or wraps.
type Model interface {
	// Name is "provider/model", for example "gemini/gemini-3.5-flash-lite". It is
	// unique among the models of one [Failover].
	Name() string

	// Stream asks for a reply. An error is the last thing yielded; a reply is
	// complete only when a chunk with a [Finish] came before the end. Once ctx has
	// ended its error, as it is, is all that still comes; a call whose ctx has ended
	// is not begun. Breaking off the loop ends the call and frees what it held. Stream
	// may be called from many goroutines at once; one sequence is ranged over once.
	// Package aitest has a suite that checks all this.
	Stream(ctx context.Context, p Prompt) iter.Seq2[Chunk, error]
}

// A Checker is a Model that can tell, cheaply and without a paid generation,
// whether it would answer. [Check] finds it through wrappers.
type Checker interface {
	Check(ctx context.Context) error
}

// Check asks the first [Checker] in m's chain of Unwrap() [Model] methods. A
// model without one passes: not knowing is not a failure.
func Check(ctx context.Context, m Model) error {
	for m != nil {
		if c, ok := m.(Checker); ok {
			return c.Check(ctx)
		}
		w, ok := m.(interface{ Unwrap() Model })
		if !ok {
			return nil
		}
		m = w.Unwrap()
	}
	return nil
}

// A Prompt is one request to a model. The zero value of every field but Parts
// means "the provider's default".
type Prompt struct {
	System    string  // instructions
	Parts     []Part  // what is shown to the model, in order
	Schema    *Schema // the reply is one JSON value of this shape; nil means free text
	MaxTokens int     // bound of the reply; 0 means the adapter's default

	// Temperature is sent only when it is set: newer models refuse it.
	Temperature *float64

	// Avoid names the models that broke in this run. [Failover] leaves them out.
	Avoid []string

	// Data carries the request as a value, for a model that is not a language
	// model. Language models ignore it.
	Data any
}

// A Part is a piece of a prompt: exactly one of Text and Media is set.
type Part struct {
	Text  string
	Media *Media
}

// A Media is an image that is opened again for each attempt, so that no request
// needs to hold it in memory.
type Media struct {
	Type string // MIME type, for example "image/jpeg"
	Size int64  // bytes that Open will yield; a promise
	Open func() (io.ReadCloser, error)
}

// A Chunk is a piece of a reply. A chunk may carry text, news, or both.
type Chunk struct {
	Text   string
	Usage  *Usage             // running totals of the reply so far; the last one counts
	Finish Finish             // set once, when the provider's own end was seen
	Reason string             // the provider's own word for Finish
	Model  string             // [Model].Name of the model that answered
	Limits *resilience.Signal // what the reply's headers said about rate limits; on the first chunk

	// RequestID is the provider's name for the call, on the first chunk.
	RequestID string
}

// A Finish says why a reply has ended.
type Finish uint8

const (
	FinishNone   Finish = iota // the reply has not ended
	FinishStop                 // the model had nothing more to say
	FinishLength               // a token limit cut it: what came is good, more is missing
)

// String returns "", "stop" or "length".
func (f Finish) String() string {
	switch f {
	case FinishStop:
		return "stop"
	case FinishLength:
		return "length"
	}
	return ""
}

// Usage counts the tokens of a reply in one meaning for all providers: Input
// includes what came from or went to a cache, Output includes reasoning.
type Usage struct {
	Input      int // tokens of the prompt, cached ones included
	CacheRead  int // of Input: read from a cache
	CacheWrite int // of Input: written to a cache
	Output     int // tokens of the reply, reasoning included
	Reasoning  int // of Output: not shown
}
