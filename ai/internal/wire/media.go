package wire

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/body"
)

// Rules are what a provider takes of images. A bound of 0 is none.
type Rules struct {
	Types    []string // MIME types
	MaxCount int
	MaxEach  int64 // bytes of one image in base64
	MaxTotal int64 // bytes of a request
}

// Check says what is wrong with a prompt before any of it is sent.
func (r Rules) Check(p ai.Prompt) error {
	images := 0
	for i, part := range p.Parts {
		if (part.Media == nil) == (part.Text == "") {
			return bad(ai.BadRequest, "part %d: want either text or media", i+1)
		}
		m := part.Media
		if m == nil {
			continue
		}
		images++
		size := body.EncodedLen(m.Size)
		switch {
		case m.Open == nil || m.Size <= 0:
			return bad(ai.BadRequest, "part %d: media without content", i+1)
		case !slices.Contains(r.Types, m.Type):
			return bad(ai.BadRequest, "part %d: media type %q is not taken (want %s)", i+1, m.Type, strings.Join(r.Types, ", "))
		case r.MaxEach > 0 && size > r.MaxEach:
			return bad(ai.TooLarge, "part %d: an image of %d bytes in base64, at most %d are taken: scale it down", i+1, size, r.MaxEach)
		}
	}
	if len(p.Parts) == 0 {
		return bad(ai.BadRequest, "a prompt without parts")
	}
	if r.MaxCount > 0 && images > r.MaxCount {
		return bad(ai.TooLarge, "%d images, at most %d are taken", images, r.MaxCount)
	}
	return nil
}

// CheckTotal says whether a request is too large for the provider.
func (r Rules) CheckTotal(b *body.Body) error {
	if r.MaxTotal > 0 && b.Len() > r.MaxTotal {
		return bad(ai.TooLarge, "a request of %d bytes, at most %d are taken: send fewer or smaller images", b.Len(), r.MaxTotal)
	}
	return nil
}

func bad(kind ai.Kind, format string, args ...any) error {
	return &ai.Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// ErrNoKey says that an adapter was made without a key.
var ErrNoKey = errors.New("no key")

// Refused is the error of a reply that the model or a filter has stopped.
func Refused(what, reason string) error {
	return &ai.Error{Kind: ai.Refused, Err: errors.New(what + ": " + clip(reason, maxMessage))}
}

// Refuse yields the error of a call that can't be made.
func (c *Client) Refuse(err error) iter.Seq2[ai.Chunk, error] {
	return func(yield func(ai.Chunk, error) bool) {
		var e *ai.Error
		if errors.As(err, &e) {
			e.Provider, e.Model = c.config.Provider, c.config.Name
		}
		yield(ai.Chunk{}, err)
	}
}

// Header returns the headers of one call: those that from makes, or the key under
// its name.
func Header(ctx context.Context, from func(context.Context) (http.Header, error), name, key string) (http.Header, error) {
	if from == nil {
		return http.Header{name: {key}}, nil
	}
	h, err := from(ctx)
	if err != nil {
		return nil, &ai.Error{Kind: ai.Auth, Err: fmt.Errorf("make the headers: %w", err)}
	}
	return h.Clone(), nil
}

// Whole takes a reply in one piece through a decoder whose events have the shape
// of whole replies.
func Whole(d Decoder, v []byte) (ai.Chunk, error) {
	c, ended, err := d.Event(v)
	if err != nil || ended {
		return c, err
	}
	return Finished(c, d)
}

// Finished adds the finish to a reply in one piece, or says that it has none.
func Finished(c ai.Chunk, d Decoder) (ai.Chunk, error) {
	end, err := d.End()
	if err == nil && end.Finish == ai.FinishNone {
		err = &ai.Error{Kind: ai.Truncated, Err: errors.New("a reply without its finish")}
	}
	c.Finish, c.Reason = end.Finish, end.Reason
	return c, err
}
