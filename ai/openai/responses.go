package openai

import (
	"errors"
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/walk"
	"github.com/learnsnap/learnsnap-go/ai/internal/wire"
)

// responsesDecoder reads the events of a response, or a whole response.
type responsesDecoder struct {
	client  *wire.Client
	refusal strings.Builder
	status  string // of the response, when it has ended
	detail  string // why it is incomplete
}

// Event takes one event.
func (d *responsesDecoder) Event(v []byte) (c ai.Chunk, ended bool, err error) {
	switch kind := walk.Find(v, "type"); {
	case walk.Is(kind, "response.output_text.delta"):
		c.Text = walk.Text(walk.Find(v, "delta"))
	case walk.Is(kind, "response.refusal.delta"):
		d.refusal.WriteString(walk.Text(walk.Find(v, "delta")))
	case walk.Is(kind, "response.created"):
		c.RequestID = walk.Text(walk.Find(walk.Find(v, "response"), "id"))
	case walk.Is(kind, "response.completed"), walk.Is(kind, "response.incomplete"), walk.Is(kind, "response.failed"):
		return d.ended(walk.Find(v, "response"))
	case walk.Is(kind, "error"), !walk.Null(walk.Find(v, "error")):
		err = d.client.Fault(200, nil, v)
	}
	return c, false, err
}

// ended takes the response that the last event carries.
func (d *responsesDecoder) ended(response []byte) (c ai.Chunk, ended bool, err error) {
	if u := walk.Find(response, "usage"); !walk.Null(u) {
		c.Usage = usage(u, "input_tokens", "output_tokens")
	}
	d.status = walk.Text(walk.Find(response, "status"))
	d.detail = walk.Text(walk.Find(walk.Find(response, "incomplete_details"), "reason"))
	if failure := walk.Find(response, "error"); !walk.Null(failure) {
		return c, true, d.client.Fault(200, nil, response)
	}
	end, err := d.End()
	if err == nil && end.Finish == ai.FinishNone {
		err = &ai.Error{Kind: ai.Truncated, Err: errors.New("the response is " + d.status)}
	}
	c.Finish, c.Reason = end.Finish, end.Reason
	return c, true, err
}

// Whole takes a response that was not streamed.
func (d *responsesDecoder) Whole(v []byte) (ai.Chunk, error) {
	var text strings.Builder
	walk.Elements(walk.Find(v, "output"), func(item []byte) bool {
		walk.Elements(walk.Find(item, "content"), func(part []byte) bool {
			switch kind := walk.Find(part, "type"); {
			case walk.Is(kind, "output_text"):
				text.WriteString(walk.Text(walk.Find(part, "text")))
			case walk.Is(kind, "refusal"):
				d.refusal.WriteString(walk.Text(walk.Find(part, "refusal")))
			}
			return true
		})
		return true
	})
	c, _, err := d.ended(v)
	c.Text = text.String()
	c.RequestID = walk.Text(walk.Find(v, "id"))
	return c, err
}

// End tells the finish, if the response's own end was seen.
func (d *responsesDecoder) End() (ai.Chunk, error) {
	reason := d.status
	if d.detail != "" {
		reason = d.detail
	}
	switch {
	case d.refusal.Len() > 0 && d.status != "":
		return ai.Chunk{}, wire.Refused("the model declined", d.refusal.String())
	case d.detail == "content_filter":
		return ai.Chunk{}, wire.Refused("the reply was stopped", d.detail)
	case d.status == "completed":
		return ai.Chunk{Finish: ai.FinishStop, Reason: reason}, nil
	case d.status == "incomplete":
		return ai.Chunk{Finish: ai.FinishLength, Reason: reason}, nil
	}
	return ai.Chunk{}, nil
}
