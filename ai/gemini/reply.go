package gemini

import (
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/walk"
	"github.com/learnsnap/learnsnap-go/ai/internal/wire"
)

// decoder reads GenerateContentResponse values. Gemini has no end marker: chunks
// may follow the one with a finish reason, so the finish is told at the end.
type decoder struct {
	client *wire.Client
	finish ai.Finish
	reason string
}

// blocked are the finish reasons of a reply that a filter has stopped.
var blocked = []string{
	"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR",
	"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
}

// numbered are finish reasons as some gateways write them, by their number.
var numbered = []string{"", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"}

// Event takes one chunk of a reply.
func (d *decoder) Event(v []byte) (c ai.Chunk, ended bool, err error) {
	walk.Members(v, func(key, value []byte) bool {
		switch string(key) {
		case "error":
			if !walk.Null(value) {
				err = d.client.Fault(200, nil, v)
			}
		case "candidates":
			walk.Elements(value, func(candidate []byte) bool {
				c.Text = d.candidate(candidate)
				return false // the first is all that was asked for
			})
		case "promptFeedback":
			if reason := blockReason(value); reason != "" && err == nil {
				err = wire.Refused("the prompt was blocked", reason)
			}
		case "usageMetadata":
			c.Usage = usage(value)
		case "responseId":
			c.RequestID = walk.Text(value)
		}
		return err == nil
	})
	return c, false, err
}

// candidate returns the text of a candidate and notes how it has finished.
func (d *decoder) candidate(candidate []byte) (text string) {
	walk.Members(candidate, func(key, value []byte) bool {
		switch string(key) {
		case "content":
			text = partsText(walk.Find(value, "parts"))
		case "finishReason":
			d.finished(value)
		}
		return true
	})
	return text
}

func (d *decoder) finished(value []byte) {
	reason := walk.Text(value)
	if n := walk.Int(value); n > 0 && n < len(numbered) {
		reason = numbered[n]
	}
	if reason == "" || reason == "FINISH_REASON_UNSPECIFIED" {
		return
	}
	d.reason, d.finish = reason, ai.FinishStop
	if reason == "MAX_TOKENS" {
		d.finish = ai.FinishLength
	}
}

// partsText joins the text of parts, without thoughts.
func partsText(parts []byte) string {
	var first string
	var rest strings.Builder
	walk.Elements(parts, func(part []byte) bool {
		text, thought := "", false
		walk.Members(part, func(key, value []byte) bool {
			switch string(key) {
			case "text":
				text = walk.Text(value)
			case "thought":
				thought = len(value) > 0 && value[0] == 't'
			}
			return true
		})
		switch {
		case thought || text == "":
		case first == "":
			first = text
		default:
			rest.WriteString(text)
		}
		return true
	})
	return first + rest.String()
}

// usage brings Gemini's counts to one meaning: cached tokens are part of the
// prompt's, but thoughts are not part of the candidates'.
func usage(v []byte) *ai.Usage {
	n := func(name string) int { return walk.Int(walk.Find(v, name)) }
	thoughts := n("thoughtsTokenCount")
	return &ai.Usage{
		Input:     n("promptTokenCount") + n("toolUsePromptTokenCount"),
		CacheRead: n("cachedContentTokenCount"),
		Output:    n("candidatesTokenCount") + thoughts,
		Reasoning: thoughts,
	}
}

// Whole takes a reply that was not streamed.
func (d *decoder) Whole(v []byte) (ai.Chunk, error) { return wire.Whole(d, v) }

// End tells the finish, if a reason was seen.
func (d *decoder) End() (ai.Chunk, error) {
	if slices.Contains(blocked, d.reason) {
		return ai.Chunk{}, wire.Refused("the reply was stopped", d.reason)
	}
	return ai.Chunk{Finish: d.finish, Reason: d.reason}, nil
}

// blockReason returns why a prompt was blocked, or "" if it was not.
func blockReason(feedback []byte) string {
	if reason := walk.Text(walk.Find(feedback, "blockReason")); reason != "" {
		return reason
	}
	return walk.Text(walk.Find(feedback, "blockReasonMessage"))
}
