package openai

import (
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/walk"
	"github.com/learnsnap/learnsnap-go/ai/internal/wire"
)

// chatDecoder reads chat completion chunks, or a whole chat completion. Neither
// the usage chunk nor [DONE] may be required: compatible servers leave them out.
type chatDecoder struct {
	client  *wire.Client
	reason  string
	refusal strings.Builder
}

// Event takes one chunk.
func (d *chatDecoder) Event(v []byte) (c ai.Chunk, ended bool, err error) {
	walk.Members(v, func(key, value []byte) bool {
		switch string(key) {
		case "error":
			if !walk.Null(value) {
				err = d.client.Fault(200, nil, v)
			}
		case "choices":
			walk.Elements(value, func(choice []byte) bool {
				c.Text = d.choice(choice)
				return false // the first is all that was asked for
			})
		case "usage":
			c.Usage = chatUsage(value)
		}
		return true
	})
	return c, false, err
}

// choice returns the text of a choice and notes its refusal and finish.
func (d *chatDecoder) choice(choice []byte) (text string) {
	walk.Members(choice, func(key, value []byte) bool {
		switch string(key) {
		case "delta", "message":
			walk.Members(value, func(key, value []byte) bool {
				switch string(key) {
				case "content":
					text = content(value)
				case "refusal":
					d.refusal.WriteString(walk.Text(value))
				}
				return true
			})
		case "finish_reason":
			if reason := walk.Text(value); reason != "" {
				d.reason = reason
			}
		}
		return true
	})
	return text
}

// content returns the text of a content: a string, or parts of which some are
// text (Mistral).
func content(v []byte) string {
	if len(v) > 0 && v[0] == '"' {
		return walk.Text(v)
	}
	var b strings.Builder
	walk.Elements(v, func(part []byte) bool {
		if walk.Is(walk.Find(part, "type"), "text") {
			b.WriteString(walk.Text(walk.Find(part, "text")))
		}
		return true
	})
	return b.String()
}

// chatUsage reads counts; cached tokens and reasoning are parts of them already.
func chatUsage(v []byte) *ai.Usage {
	if walk.Null(v) {
		return nil
	}
	return usage(v, "prompt_tokens", "completion_tokens")
}

func usage(v []byte, input, output string) *ai.Usage {
	in, out := walk.Find(v, input+"_details"), walk.Find(v, output+"_details")
	return &ai.Usage{
		Input:      walk.Int(walk.Find(v, input)),
		CacheRead:  walk.Int(walk.Find(in, "cached_tokens")),
		CacheWrite: walk.Int(walk.Find(in, "cache_write_tokens")),
		Output:     walk.Int(walk.Find(v, output)),
		Reasoning:  walk.Int(walk.Find(out, "reasoning_tokens")),
	}
}

// Whole takes a chat completion that was not streamed.
func (d *chatDecoder) Whole(v []byte) (ai.Chunk, error) { return wire.Whole(d, v) }

// End tells the finish, if a reason was seen.
func (d *chatDecoder) End() (ai.Chunk, error) {
	finish := ai.FinishStop
	switch {
	case d.refusal.Len() > 0:
		return ai.Chunk{}, wire.Refused("the model declined", d.refusal.String())
	case d.reason == "content_filter":
		return ai.Chunk{}, wire.Refused("the reply was stopped", d.reason)
	case d.reason == "":
		finish = ai.FinishNone
	case d.reason == "length" || d.reason == "max_tokens" || d.reason == "model_length":
		finish = ai.FinishLength
	}
	return ai.Chunk{Finish: finish, Reason: d.reason}, nil
}
