package aitest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/learnsnap/learnsnap-go/ai"
)

// Run checks that a model keeps the contract of [ai.Model], a case at a time: an
// adapter, something that wraps models, or one that is no language model.
//
// open is called for each case; what it needs it closes by t.Cleanup. The model
// has to answer ask with a whole reply each time it is asked, two calls at a time
// too. What to ask comes from the caller, who alone knows what the model
// understands; with media in it Run checks as well how these are opened and
// closed. A prompt without Data and parts, or with broken ones, has to be an
// [ai.BadRequest]. A reply in several chunks is worth more than one in one piece.
//
// Run counts goroutines: nothing else may run beside it.
func Run(t *testing.T, open func(t *testing.T) ai.Model, ask ai.Prompt) {
	t.Helper()
	for _, c := range contract() {
		t.Run(c.says, func(t *testing.T) {
			if err := c.check(newSubject(t.Context(), open(t), ask)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A clause is a sentence of the contract, and how to check it.
type clause struct {
	says  string
	check func(*subject) error
}

func contract() []clause {
	return []clause{
		{"a model keeps its name", keepsName},
		{"a whole reply has one finish and no error", isWhole},
		{"chunks name the model that answered", namesModel},
		{"usage adds up", addsUp},
		{"the prompt belongs to the caller", sparesPrompt},
		{"media are opened for each call, and closed", reopensMedia},
		{"media that can't be opened end the call", meetsLostMedia},
		{"a prompt that can't be asked is a bad request", refusesNonsense},
		{"a call whose context has ended is not begun", beginsNothing},
		{"a cancel ends the call in its error", endsCancelled},
		{"a cancel while media are read ends the call", endsCancelledUpload},
		{"breaking off ends the call", endsLeft},
		{"calls that were left leave nothing behind", leavesNothing},
		{"calls at a time do not touch each other", keepsCallsApart},
		{"a check passes, and a cancelled one says nothing", checks},
	}
}

func keepsName(s *subject) error {
	name := s.model.Name()
	if name == "" {
		return errors.New("the name is empty")
	}
	if err := s.whole(s.ctx); err != nil {
		return err
	}
	if got := s.model.Name(); got != name {
		return fmt.Errorf("the name was %q and is %q after a call", name, got)
	}
	return nil
}

func isWhole(s *subject) error {
	for range 2 {
		if err := s.whole(s.ctx); err != nil {
			return err
		}
	}
	return nil
}

func namesModel(s *subject) error {
	known := names(s.model)
	for i, chunk := range s.play(s.ctx, s.ask).chunks {
		if !slices.Contains(known, chunk.Model) {
			return fmt.Errorf("chunk %d names the model %q, want one of %q", i+1, chunk.Model, known)
		}
	}
	return nil
}

func addsUp(s *subject) error {
	for _, chunk := range s.play(s.ctx, s.ask).chunks {
		u := chunk.Usage
		switch {
		case u == nil:
		case min(u.Input, u.CacheRead, u.CacheWrite, u.Output, u.Reasoning) < 0:
			return fmt.Errorf("a negative count: %+v", *u)
		case u.CacheRead+u.CacheWrite > u.Input, u.Reasoning > u.Output:
			return fmt.Errorf("a part is more than the whole: %+v", *u)
		}
	}
	return nil
}

func sparesPrompt(s *subject) error {
	before := slices.Clone(s.ask.Parts)
	avoid := slices.Clone(s.ask.Avoid)
	s.play(s.ctx, s.ask)
	if !slices.Equal(before, s.ask.Parts) || !slices.Equal(avoid, s.ask.Avoid) {
		return errors.New("the call has changed the prompt")
	}
	return nil
}

func reopensMedia(s *subject) error {
	var opened []int
	for call := range 2 {
		if err := s.whole(s.ctx); err != nil {
			return err
		}
		if err := s.closed(); err != nil {
			return err
		}
		for i, m := range s.media {
			now := int(m.opened.Load())
			if call == 1 && opened[i] > 0 && now == opened[i] {
				return fmt.Errorf("media %d was not opened again for the second call", i+1)
			}
			opened = append(opened, now)
		}
	}
	return nil
}

func meetsLostMedia(s *subject) error {
	if !s.readsMedia() {
		return nil
	}
	s.onOpen(func() error { return errors.New("the file is gone") })
	got := s.play(s.ctx, s.ask)
	switch {
	case got.err == nil:
		return errors.New("the call ends without an error")
	case got.finishes() > 0 || got.late > 0:
		return errors.New("the call has a finish, or goes on after its error")
	}
	return errors.Join(s.isNamed(got.err), s.closed())
}

func refusesNonsense(s *subject) error {
	for what, parts := range map[string][]ai.Part{
		"no parts":              nil,
		"an empty part":         {{}},
		"a media without Open":  {{Media: &ai.Media{Type: "image/png", Size: 4}}},
		"a part that is broken": {{Text: "hello"}, {}},
	} {
		got := s.play(s.ctx, ai.Prompt{Parts: parts})
		if came := len(got.chunks) + got.late; !errors.Is(got.err, ai.BadRequest) || came > 0 {
			return fmt.Errorf("%s: %d chunks and the error %v, want nothing but %v", what, came, got.err, ai.BadRequest)
		}
		if err := s.isNamed(got.err); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return s.whole(s.ctx)
}

func checks(s *subject) error {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	if err := ai.Check(ctx, s.model); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("a cancelled check says %w", err)
	}
	for range 2 {
		if err := ai.Check(s.ctx, s.model); err != nil {
			return fmt.Errorf("a model that answers does not pass its check: %w", err)
		}
	}
	return nil
}
