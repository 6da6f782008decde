package aitest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
)

// A subject is a model under test, with a prompt whose media are counted.
type subject struct {
	ctx   context.Context
	model ai.Model
	ask   ai.Prompt
	media []*countedMedia
}

func newSubject(ctx context.Context, m ai.Model, ask ai.Prompt) *subject {
	s := &subject{ctx: ctx, model: m, ask: ask}
	s.ask.Parts = slices.Clone(ask.Parts)
	for i, part := range s.ask.Parts {
		if part.Media == nil {
			continue
		}
		counted := &countedMedia{open: part.Media.Open}
		s.media = append(s.media, counted)
		s.ask.Parts[i].Media = &ai.Media{Type: part.Media.Type, Size: part.Media.Size, Open: counted.Open}
	}
	return s
}

// play makes a call to its end.
func (s *subject) play(ctx context.Context, p ai.Prompt) (got call) {
	for chunk, err := range s.model.Stream(ctx, p) {
		got.note(chunk, err)
	}
	return got
}

// whole makes a call that has to succeed.
func (s *subject) whole(ctx context.Context) error { return s.play(ctx, s.ask).isWhole() }

// readsMedia reports whether a call opens the media of the prompt: one that has
// their texts already may not.
func (s *subject) readsMedia() bool {
	s.play(s.ctx, s.ask)
	return slices.ContainsFunc(s.media, func(m *countedMedia) bool { return m.opened.Load() > 0 })
}

// onOpen lets something happen whenever media are opened.
func (s *subject) onOpen(hook func() error) {
	for _, m := range s.media {
		m.hook.Store(&hook)
	}
}

// closed waits until all media that were opened are closed; a transport may do so
// a moment after the call.
func (s *subject) closed() error {
	for i, m := range s.media {
		if !eventually(func() bool { return m.opened.Load() == m.shut.Load() }) {
			return fmt.Errorf("media %d was opened %d times and closed %d times", i+1, m.opened.Load(), m.shut.Load())
		}
	}
	return nil
}

// isNamed checks that an error is an [ai.Error] that names the model.
func (s *subject) isNamed(err error) error {
	var e *ai.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("want an *ai.Error, got a %T: %w", err, err)
	}
	if known := names(s.model); !slices.Contains(known, e.Model) {
		return fmt.Errorf("the error names the model %q, want one of %q", e.Model, known)
	}
	return nil
}

// names returns what a model may be called in chunks and errors: its own name, and
// those of the models that it stands for.
func names(m ai.Model) (known []string) {
	for m != nil {
		known = append(known, m.Name())
		for name := range ai.Models(m) {
			known = append(known, name)
		}
		w, ok := m.(interface{ Unwrap() ai.Model })
		if !ok {
			break
		}
		m = w.Unwrap()
	}
	return known
}

// A call is what one call has yielded.
type call struct {
	chunks []ai.Chunk
	err    error
	late   int // yielded after the error
}

func (c *call) note(chunk ai.Chunk, err error) {
	switch {
	case c.err != nil:
		c.late++
	case err != nil:
		c.err = err
	default:
		c.chunks = append(c.chunks, chunk)
	}
}

func (c *call) finishes() (n int) {
	for _, chunk := range c.chunks {
		if chunk.Finish != ai.FinishNone {
			n++
		}
	}
	return n
}

// isWhole checks that the call has brought a whole reply.
func (c call) isWhole() error {
	text := 0
	for _, chunk := range c.chunks {
		text += len(chunk.Text)
	}
	switch {
	case c.err != nil:
		return fmt.Errorf("the call ends in an error: %w", c.err)
	case c.finishes() != 1:
		return fmt.Errorf("%d chunks have a finish, want 1", c.finishes())
	case text == 0:
		return errors.New("the reply has no text")
	}
	return nil
}

// isEndOf checks that the call has ended in the error of its context, which is no
// fault of the model's.
func (c call) isEndOf(ctx context.Context) error {
	var e *ai.Error
	switch {
	case !errors.Is(c.err, ctx.Err()) || c.err == nil:
		return fmt.Errorf("the call ends in %v, want %w", c.err, ctx.Err())
	case errors.As(c.err, &e):
		return fmt.Errorf("the context's end is told as a fault of the model's: %w", c.err)
	case c.late > 0:
		return errors.New("something came after the error")
	}
	return nil
}

// A countedMedia counts how often it is opened and closed.
type countedMedia struct {
	open         func() (io.ReadCloser, error)
	hook         atomic.Pointer[func() error]
	opened, shut atomic.Int64
}

func (m *countedMedia) Open() (io.ReadCloser, error) {
	if hook := m.hook.Load(); hook != nil {
		if err := (*hook)(); err != nil {
			return nil, err
		}
	}
	file, err := m.open()
	if err != nil {
		return nil, err
	}
	m.opened.Add(1)
	return &countedFile{ReadCloser: file, closed: sync.OnceFunc(func() { m.shut.Add(1) })}, nil
}

type countedFile struct {
	io.ReadCloser
	closed func()
}

func (f *countedFile) Close() error {
	f.closed()
	return f.ReadCloser.Close()
}

// eventually waits for what may take a moment, and gives up on what does not come.
func eventually(is func() bool) bool {
	for range 1500 {
		if is() {
			return true
		}
		time.Sleep(2 * time.Millisecond)
	}
	return is()
}
