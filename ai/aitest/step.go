package aitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Step is how a [Server] answers one request. Steps are values: the methods
// return a changed copy.
type Step struct {
	text   string
	status int
	header http.Header
	raw    []byte
	answer func(Request) Step

	piece   int           // bytes of text in an event
	every   time.Duration // between two pieces
	cutAt   int           // bytes of the stream that are sent; 0 means all
	end     ending
	length  bool // the reply was cut by a token limit
	fail    bool // an error event ends the stream
	gzip    bool
	endless bool
}

type ending uint8

const (
	endWell ending = iota
	endCut
	endStall
)

// Say answers with a text, in small events, and the format's own end.
func Say(text string) Step { return Step{text: text, piece: 24} }

// Answer makes the step out of the request.
func Answer(answer func(Request) Step) Step { return Step{answer: answer} }

// Play answers with recorded bytes.
func Play(status int, header http.Header, body []byte) Step {
	return Step{status: status, header: header, raw: body}
}

// Fail answers with an error status and a body in the format's own shape.
func Fail(status int, message string) Step {
	body := fmt.Sprintf(`{"error":{"code":%d,"type":%q,"message":%q}}`, status, errorType(status), message)
	return Step{status: status, header: http.Header{"Content-Type": {"application/json"}}, raw: []byte(body)}
}

// RateLimit answers 429 with each provider's own hint when to come back.
func RateLimit(p Provider, after time.Duration) Step {
	s := Fail(http.StatusTooManyRequests, "slow down")
	switch p {
	case Gemini:
		s.raw = fmt.Appendf(nil, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"slow down","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"%gs"}]}}`, after.Seconds())
	case Anthropic:
		s.header.Set("Retry-After", strconv.FormatFloat(after.Seconds(), 'f', -1, 64))
	default:
		s.raw = fmt.Appendf(nil, `{"error":{"code":"rate_limit_exceeded","type":"tokens","message":"Rate limit reached. Please try again in %v."}}`, after)
	}
	return s
}

// Overload answers 529, as Anthropic does when it is busy.
func Overload() Step { return Fail(529, "Overloaded") }

func errorType(status int) string {
	switch status {
	case 401:
		return "authentication_error"
	case 429:
		return "rate_limit_error"
	case 529:
		return "overloaded_error"
	}
	if status >= 500 {
		return "api_error"
	}
	return "invalid_request_error"
}

// CutAt resets the connection after n bytes of the stream.
func (s Step) CutAt(n int) Step { s.cutAt, s.end = max(n, 1), endCut; return s }

// EndAt ends the reply after n bytes of the stream, in good order: what a proxy
// makes of a provider that died.
func (s Step) EndAt(n int) Step { s.cutAt, s.end = max(n, 1), endWell; return s }

// StallAt sends n bytes of the stream and then nothing, with the connection open.
func (s Step) StallAt(n int) Step { s.cutAt, s.end = max(n, 1), endStall; return s }

// Every waits before each few bytes of the stream.
func (s Step) Every(d time.Duration) Step { s.every = d; return s }

// Pieces puts n bytes of the text into each event.
func (s Step) Pieces(n int) Step { s.piece = n; return s }

// Length ends the reply as one that a token limit has cut.
func (s Step) Length() Step { s.length = true; return s }

// ErrorEvent ends the stream with the format's error event instead of its end.
func (s Step) ErrorEvent() Step { s.fail = true; return s }

// Gzip compresses the reply.
func (s Step) Gzip() Step { s.gzip = true; return s }

// Header adds a header to the reply; a wrong Content-Type for example.
func (s Step) Header(name, value string) Step {
	h := s.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set(name, value)
	s.header = h
	return s
}

// Endless goes on without end instead of ending.
func (s Step) Endless() Step { s.endless = true; return s }

// Len returns how many bytes the stream of a step has in a format, so that a test
// can cut it at each of them.
func (s Step) Len(p Provider) int {
	if s.raw != nil {
		return len(s.raw)
	}
	return len(encode(p, s))
}

// encode writes a step's stream in a format.
func encode(p Provider, s Step) []byte {
	e := encoders[p](s)
	var b strings.Builder
	b.WriteString(e.begin)
	for rest := s.text; rest != ""; {
		n := len(rest)
		if s.piece > 0 {
			n = min(n, s.piece)
		}
		for n < len(rest) && rest[n]&0xc0 == 0x80 { // not inside a rune: JSON can't say half of one
			n++
		}
		text, _ := json.Marshal(rest[:n]) // a string always has a form
		fmt.Fprintf(&b, e.delta, text)
		rest = rest[n:]
	}
	switch {
	case s.fail:
		b.WriteString(e.failure)
	case !s.endless:
		b.WriteString(e.end)
	}
	return []byte(b.String())
}

// An encoding is how a format writes a stream: delta has one verb for the text as
// a JSON string.
type encoding struct{ begin, delta, end, failure string }

var encoders = map[Provider]func(Step) encoding{
	Gemini: func(s Step) encoding {
		return encoding{
			delta:   `data: {"candidates":[{"content":{"parts":[{"text":%s}],"role":"model"},"index":0}],"modelVersion":"fake"}` + "\r\n\r\n",
			end:     `data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"` + pick(s.length, "MAX_TOKENS", "STOP") + `","index":0}],"usageMetadata":{"promptTokenCount":1000,"candidatesTokenCount":` + tokens(s) + `},"responseId":"fake"}` + "\r\n\r\n",
			failure: `data: {"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}` + "\r\n\r\n",
		}
	},
	Anthropic: func(s Step) encoding {
		return encoding{
			begin: "event: message_start\n" + `data: {"type":"message_start","message":{"id":"msg_fake","type":"message","role":"assistant","content":[],"usage":{"input_tokens":1000,"output_tokens":1}}}` + "\n\n" +
				"event: content_block_start\n" + `data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}` + "\n\n" +
				"event: ping\n" + `data: {"type": "ping"}` + "\n\n",
			delta: "event: content_block_delta\n" + `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%s}}` + "\n\n",
			end: "event: content_block_stop\n" + `data: {"type":"content_block_stop","index":0}` + "\n\n" +
				"event: message_delta\n" + `data: {"type":"message_delta","delta":{"stop_reason":"` + pick(s.length, "max_tokens", "end_turn") + `"},"usage":{"output_tokens":` + tokens(s) + `}}` + "\n\n" +
				"event: message_stop\n" + `data: {"type":"message_stop"}` + "\n\n",
			failure: "event: error\n" + `data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}` + "\n\n",
		}
	},
	Responses: func(s Step) encoding {
		return encoding{
			begin: "event: response.created\n" + `data: {"type":"response.created","response":{"id":"resp_fake","status":"in_progress"}}` + "\n\n",
			delta: "event: response.output_text.delta\n" + `data: {"type":"response.output_text.delta","item_id":"msg","output_index":0,"content_index":0,"delta":%s}` + "\n\n",
			end: pick(s.length,
				"event: response.incomplete\n"+`data: {"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},`,
				"event: response.completed\n"+`data: {"type":"response.completed","response":{"status":"completed","incomplete_details":null,`) +
				`"error":null,"usage":{"input_tokens":1000,"output_tokens":` + tokens(s) + `}}}` + "\n\n",
			failure: "event: error\n" + `data: {"type":"error","code":"server_error","message":"The server had an error","param":null}` + "\n\n",
		}
	},
	Chat: func(s Step) encoding {
		return encoding{
			begin: `data: {"id":"fake","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}` + "\n\n",
			delta: `data: {"id":"fake","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":%s},"finish_reason":null}]}` + "\n\n",
			end: `data: {"id":"fake","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"` + pick(s.length, "length", "stop") + `"}]}` + "\n\n" +
				`data: {"id":"fake","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":` + tokens(s) + `}}` + "\n\n" +
				"data: [DONE]\n\n",
			failure: `data: {"error":{"code":"server_error","message":"Provider disconnected"}}` + "\n\n",
		}
	},
}

func pick(first bool, yes, no string) string {
	if first {
		return yes
	}
	return no
}

// tokens is a count that grows with the text.
func tokens(s Step) string { return strconv.Itoa(1 + len(s.text)/4) }
