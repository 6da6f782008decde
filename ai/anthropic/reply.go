package anthropic

import (
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/walk"
	"github.com/learnsnap/learnsnap-go/ai/internal/wire"
)

// decoder reads the events of a message stream, or a whole message.
type decoder struct {
	client *wire.Client
	usage  ai.Usage
	reason string
	detail string // of a refusal
}

// Event takes one event. Which one it is stands in the payload, for relays drop
// the event line.
func (d *decoder) Event(v []byte) (c ai.Chunk, ended bool, err error) {
	switch kind := walk.Find(v, "type"); {
	case walk.Is(kind, "content_block_delta"):
		c.Text = deltaText(walk.Find(v, "delta"))
	case walk.Is(kind, "content_block_start"):
		c.Text = blockText(walk.Find(v, "content_block"))
	case walk.Is(kind, "message_start"):
		message := walk.Find(v, "message")
		c.RequestID = walk.Text(walk.Find(message, "id"))
		c.Usage = d.count(walk.Find(message, "usage"))
	case walk.Is(kind, "message_delta"):
		d.stopped(walk.Find(v, "delta"))
		c.Usage = d.count(walk.Find(v, "usage"))
	case walk.Is(kind, "message_stop"):
		c, err = d.End()
		return c, err == nil, err
	case walk.Is(kind, "error"), walk.Null(kind) && !walk.Null(walk.Find(v, "error")):
		err = d.client.Fault(200, nil, v)
	}
	return c, false, err
}

// deltaText returns what a delta adds to the text: nothing, unless it is text.
func deltaText(delta []byte) (text string) {
	isText := false
	walk.Members(delta, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			isText = walk.Is(value, "text_delta")
		case "text":
			text = walk.Text(value)
		}
		return true
	})
	if !isText {
		return ""
	}
	return text
}

func blockText(block []byte) string {
	if !walk.Is(walk.Find(block, "type"), "text") {
		return ""
	}
	return walk.Text(walk.Find(block, "text"))
}

// stopped notes why the reply has ended. It takes a message or its delta.
func (d *decoder) stopped(v []byte) {
	if reason := walk.Text(walk.Find(v, "stop_reason")); reason != "" {
		d.reason = reason
		d.detail = walk.Text(walk.Find(walk.Find(v, "stop_details"), "category"))
	}
}

// count takes the counts that stand in v; those that do not keep their last value,
// for input comes at the start and output, as a running total, at the end. Cached
// tokens are not part of Anthropic's input count.
func (d *decoder) count(v []byte) *ai.Usage {
	if walk.Null(v) {
		return nil
	}
	input := d.usage.Input - d.usage.CacheRead - d.usage.CacheWrite
	walk.Members(v, func(key, value []byte) bool {
		switch n := walk.Int(value); string(key) {
		case "input_tokens":
			if !walk.Null(value) {
				input = n
			}
		case "cache_read_input_tokens":
			if !walk.Null(value) {
				d.usage.CacheRead = n
			}
		case "cache_creation_input_tokens":
			if !walk.Null(value) {
				d.usage.CacheWrite = n
			}
		case "output_tokens":
			d.usage.Output = n
		case "output_tokens_details":
			d.usage.Reasoning = walk.Int(walk.Find(value, "thinking_tokens"))
		}
		return true
	})
	d.usage.Input = input + d.usage.CacheRead + d.usage.CacheWrite
	u := d.usage
	return &u
}

// Whole takes a message that was not streamed.
func (d *decoder) Whole(v []byte) (c ai.Chunk, err error) {
	if !walk.Is(walk.Find(v, "type"), "message") {
		return c, d.client.Fault(200, nil, v)
	}
	var text strings.Builder
	walk.Elements(walk.Find(v, "content"), func(block []byte) bool {
		text.WriteString(blockText(block))
		return true
	})
	d.stopped(v)
	c = ai.Chunk{Text: text.String(), RequestID: walk.Text(walk.Find(v, "id")), Usage: d.count(walk.Find(v, "usage"))}
	return wire.Finished(c, d)
}

// End tells the finish, if a stop reason was seen. The message_stop event behind
// it may be lost.
func (d *decoder) End() (ai.Chunk, error) {
	finish := ai.FinishStop
	switch d.reason {
	case "":
		finish = ai.FinishNone
	case "refusal":
		return ai.Chunk{}, wire.Refused("the model declined", d.detail)
	case "max_tokens", "model_context_window_exceeded":
		finish = ai.FinishLength
	}
	return ai.Chunk{Finish: finish, Reason: d.reason}, nil
}
