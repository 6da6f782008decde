package aitest

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
)

// A broken is a model that keeps the contract but for what a test changes. It is
// tested from inside: through Run its failures would fail the test itself.
type broken struct {
	name   func() string
	stream stream
	check  func(ctx context.Context) error
}

// A stream is how a model answers.
type stream = func(ctx context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool)

func (b *broken) Name() string { return b.name() }

func (b *broken) Check(ctx context.Context) error { return b.check(ctx) }

func (b *broken) Stream(ctx context.Context, p ai.Prompt) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) { b.stream(ctx, p, yield) }
}

func right() *broken {
	b := &broken{
		name:  func() string { return "m" },
		check: func(context.Context) error { return nil },
	}
	b.stream = func(ctx context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool) {
		say(ctx, p, yield, ai.Chunk{Text: "a", Model: "m"}, ai.Chunk{Text: "b", Finish: ai.FinishStop, Model: "m", Usage: &ai.Usage{Input: 2, Output: 1}})
	}
	return b
}

func say(ctx context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool, chunks ...ai.Chunk) {
	if err := ctx.Err(); err != nil {
		yield(ai.Chunk{}, err)
		return
	}
	if err := upload(p, true); err != nil {
		yield(ai.Chunk{}, err)
		return
	}
	for _, c := range chunks {
		if err := ctx.Err(); err != nil {
			yield(ai.Chunk{}, err)
			return
		}
		if !yield(c, nil) {
			return
		}
	}
}

// upload reads the media of a prompt, or says what is wrong with it.
func upload(p ai.Prompt, closing bool) error {
	for _, part := range p.Parts {
		if part.Media == nil && part.Text == "" || part.Media != nil && part.Media.Open == nil {
			return &ai.Error{Kind: ai.BadRequest, Model: "m"}
		}
		if part.Media == nil {
			continue
		}
		file, err := part.Media.Open()
		if err != nil {
			return &ai.Error{Kind: ai.BadRequest, Model: "m", Err: err}
		}
		if closing {
			file.Close()
		}
	}
	if len(p.Parts) == 0 {
		return &ai.Error{Kind: ai.BadRequest, Model: "m"}
	}
	return nil
}

func picture() ai.Prompt {
	return ai.Prompt{Parts: []ai.Part{
		{Media: &ai.Media{Type: "image/png", Size: 1, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }}},
		{Text: "what is this?"},
	}}
}

func TestAModelThatKeepsTheContractPasses(t *testing.T) {
	for _, c := range contract() {
		require.NoError(t, c.check(newSubject(t.Context(), right(), picture())), c.says)
	}
}

func TestABrokenModelIsFound(t *testing.T) {
	last := ai.Chunk{Text: "b", Finish: ai.FinishStop, Model: "m"}
	saying := func(chunks ...ai.Chunk) stream {
		return func(ctx context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool) {
			say(ctx, p, yield, chunks...)
		}
	}
	var once sync.Once
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	for name, c := range map[string]struct {
		clause func(*subject) error
		stream stream
	}{
		"no finish":          {isWhole, saying(ai.Chunk{Text: "a", Model: "m"})},
		"two finishes":       {isWhole, saying(last, last)},
		"no text":            {isWhole, saying(ai.Chunk{Finish: ai.FinishStop, Model: "m"})},
		"nothing":            {isWhole, saying()},
		"an error":           {isWhole, func(_ context.Context, _ ai.Prompt, yield func(ai.Chunk, error) bool) { yield(ai.Chunk{}, ai.Timeout) }},
		"no model's name":    {namesModel, saying(ai.Chunk{Text: "a", Finish: ai.FinishStop})},
		"a wrong name":       {namesModel, saying(ai.Chunk{Text: "a", Model: "n"}, last)},
		"a negative count":   {addsUp, saying(ai.Chunk{Usage: &ai.Usage{Output: -1}}, last)},
		"parts beyond whole": {addsUp, saying(ai.Chunk{Usage: &ai.Usage{Input: 1, CacheRead: 2}}, last)},
		"changes the prompt": {sparesPrompt, func(_ context.Context, p ai.Prompt, _ func(ai.Chunk, error) bool) { p.Parts[1].Text = "" }},
		"opens once": {reopensMedia, func(ctx context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool) {
			once.Do(func() { _ = upload(p, true) })
			say(ctx, ai.Prompt{Parts: p.Parts[1:]}, yield, last)
		}},
		"ignores lost media": {meetsLostMedia, func(ctx context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool) {
			_ = upload(p, true)
			say(ctx, ai.Prompt{Parts: p.Parts[1:]}, yield, last)
		}},
		"takes an empty prompt": {refusesNonsense, func(ctx context.Context, _ ai.Prompt, yield func(ai.Chunk, error) bool) {
			say(ctx, ai.Prompt{Parts: []ai.Part{{Text: "x"}}}, yield, last)
		}},
		"a refusal without a name": {refusesNonsense, func(_ context.Context, _ ai.Prompt, yield func(ai.Chunk, error) bool) {
			yield(ai.Chunk{}, ai.BadRequest)
		}},
		"begins all the same": {beginsNothing, func(_ context.Context, _ ai.Prompt, yield func(ai.Chunk, error) bool) { yield(last, nil) }},
		"opens all the same": {beginsNothing, func(ctx context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool) {
			_ = upload(p, true)
			say(ctx, p, yield, last)
		}},
		"calls the end a fault": {beginsNothing, func(ctx context.Context, _ ai.Prompt, yield func(ai.Chunk, error) bool) {
			yield(ai.Chunk{}, &ai.Error{Kind: ai.Timeout, Model: "m", Err: ctx.Err()})
		}},
		"goes on after the error": {beginsNothing, func(ctx context.Context, _ ai.Prompt, yield func(ai.Chunk, error) bool) {
			for range 2 {
				if !yield(ai.Chunk{}, ctx.Err()) {
					return
				}
			}
		}},
		"goes on after the cancel": {endsCancelled, func(_ context.Context, _ ai.Prompt, yield func(ai.Chunk, error) bool) {
			_ = yield(ai.Chunk{Text: "a"}, nil) && yield(last, nil)
		}},
		"uploads after the cancel": {endsCancelledUpload, func(_ context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool) {
			_ = upload(p, true)
			yield(last, nil)
		}},
		"leaves goroutines": {leavesNothing, func(ctx context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool) {
			go func() { <-stop }()
			say(ctx, p, yield, last)
		}},
		"breaks when it is left": {endsLeft, func() stream {
			left := false
			return func(ctx context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool) {
				if left {
					yield(ai.Chunk{}, errors.New("closed"))
					return
				}
				say(ctx, p, func(c ai.Chunk, err error) bool { left = !yield(c, err); return !left }, last)
			}
		}()},
		"one state for all calls": {keepsCallsApart, func() stream {
			mu := make(chan struct{}, 1)
			return func(ctx context.Context, p ai.Prompt, yield func(ai.Chunk, error) bool) {
				select {
				case mu <- struct{}{}:
					defer func() { <-mu }()
				case <-time.After(time.Millisecond):
					yield(ai.Chunk{}, errors.New("busy"))
					return
				}
				say(ctx, p, yield, ai.Chunk{Text: "a"}, last)
			}
		}()},
	} {
		t.Run(name, func(t *testing.T) {
			b := right()
			b.stream = c.stream
			if name == "leaves goroutines" {
				t.Parallel() // it waits in vain: let the others go first
			}
			require.Error(t, c.clause(newSubject(t.Context(), b, picture())))
		})
	}
}

func TestANameOrACheckThatIsBrokenIsFound(t *testing.T) {
	asked := 0
	for what, spoil := range map[string]func(*broken){
		"no name":        func(b *broken) { b.name = func() string { return "" } },
		"another name":   func(b *broken) { b.name = func() string { asked++; return strings.Repeat("m", asked) } },
		"a failed check": func(b *broken) { b.check = func(context.Context) error { return ai.Unavailable } },
		"a check that takes a cancel for a failure": func(b *broken) {
			failed := false
			b.check = func(ctx context.Context) error {
				if failed = failed || ctx.Err() != nil; failed {
					return context.Canceled
				}
				return nil
			}
		},
	} {
		b := right()
		spoil(b)
		s := newSubject(t.Context(), b, picture())
		require.Error(t, errors.Join(keepsName(s), checks(s)), what)
	}
}
