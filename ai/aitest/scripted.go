package aitest

import (
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/learnsnap/learnsnap-go/ai"
)

// A Scripted is a model in this process that plays attempts, for tests of what
// stands on models. It is safe for concurrent use: each call takes the next attempt.
type Scripted struct {
	name string

	mu       sync.Mutex
	attempts []Attempt
	prompts  []ai.Prompt
}

// An Attempt is what one call to a [Scripted] model does: it yields Chunks, then
// Text, then one chunk with Finish and Usage if there are any, and then ends as it
// says. When ctx ends it stops with ctx's error; a call whose ctx has ended takes no
// attempt. The zero value is an empty stream.
type Attempt struct {
	Text   string                  // the reply
	Cut    int                     // bytes of a chunk of Text, cut inside of runes as well; 0 means all in one
	Chunks []ai.Chunk              // yielded before Text, as they are: pieces of any size, limits, request ids
	Finish ai.Finish               // of the last chunk; FinishNone means that there is none
	Usage  *ai.Usage               // of the last chunk
	Err    error                   // what the stream ends in
	Stall  bool                    // wait for the end of ctx before ending
	Loop   bool                    // repeat Text until somebody stops it
	Answer func(ai.Prompt) Attempt // makes the attempt out of the prompt, instead of all the above
}

// NewScripted returns a model that plays these attempts in order; the last one
// answers all further calls.
func NewScripted(name string, attempts ...Attempt) *Scripted {
	return &Scripted{name: name, attempts: attempts}
}

// Complete is an attempt that says a text and finishes.
func Complete(text string) Attempt { return Attempt{Text: text, Finish: ai.FinishStop} }

// Broken is an attempt that says a text and then fails.
func Broken(text string, err error) Attempt { return Attempt{Text: text, Err: err} }

// Name returns the name.
func (s *Scripted) Name() string { return s.name }

// Prompts returns the prompts of the calls so far.
func (s *Scripted) Prompts() []ai.Prompt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.prompts)
}

// Stream plays the next attempt.
func (s *Scripted) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(ai.Chunk{}, err)
			return
		}
		a := s.next(p)
		if a.Answer != nil {
			a = a.Answer(p)
		}
		if !a.play(ctx, s.name, yield) {
			return
		}
		if a.Stall {
			<-ctx.Done()
		}
		switch {
		case ctx.Err() != nil:
			yield(ai.Chunk{}, ctx.Err())
		case a.Err != nil:
			yield(ai.Chunk{}, a.Err)
		}
	}
}

func (s *Scripted) next(p ai.Prompt) (a Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prompts = append(s.prompts, p)
	if len(s.attempts) > 0 {
		a = s.attempts[0]
	}
	if len(s.attempts) > 1 {
		s.attempts = s.attempts[1:]
	}
	return a
}

// play yields the chunks of an attempt and reports whether the consumer took all.
func (a Attempt) play(ctx context.Context, name string, yield func(ai.Chunk, error) bool) bool {
	for _, chunk := range a.Chunks {
		if ctx.Err() != nil {
			return true
		}
		if !yield(chunk, nil) {
			return false
		}
	}
	for {
		for rest := a.Text; rest != ""; {
			n := len(rest)
			if a.Cut > 0 {
				n = min(n, a.Cut)
			}
			if ctx.Err() != nil {
				return true
			}
			if !yield(ai.Chunk{Text: rest[:n], Model: name}, nil) {
				return false
			}
			rest = rest[n:]
		}
		if !a.Loop || a.Text == "" {
			break
		}
	}
	if ctx.Err() == nil && (a.Finish != ai.FinishNone || a.Usage != nil) {
		return yield(ai.Chunk{Finish: a.Finish, Usage: a.Usage, Model: name}, nil)
	}
	return true
}
