package wire

import (
	"strings"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/internal/walk"
)

// A Fault is what an error reply says, in whichever of the providers' shapes.
type Fault struct {
	Code    string // error.code, error.status or error.type, the most telling one
	Type    string // error.type or error.status
	Message string
	Reasons []string // error.details[].reason
	Number  int      // error.code where it is a number: an HTTP status
}

// ReadFault reads the error out of a reply or an event: {"error":{…}},
// {"error":"…"}, {"type":"error","error":{…}}, the flat {"code","message"}, and
// {"detail":"…"}. A payload that is no JSON is the message itself.
func ReadFault(payload []byte) (f Fault) {
	v, err := walk.Value(payload)
	if err != nil {
		f.Message = string(payload)
		return f
	}
	if first := firstElement(v); first != nil {
		v = first
	}
	e := walk.Find(v, "error")
	switch {
	case walk.Null(e):
		e = v
	case e[0] == '"':
		f.Message = walk.Text(e)
		e = v
	}
	if m := walk.Text(walk.Find(e, "message")); m != "" {
		f.Message = m
	}
	for _, name := range []string{"detail", "title"} {
		if f.Message == "" {
			f.Message = walk.Text(walk.Find(e, name))
		}
	}
	f.Code = walk.Text(walk.Find(e, "code"))
	f.Number = walk.Int(walk.Find(e, "code"))
	if f.Type = walk.Text(walk.Find(e, "type")); f.Type == "" || f.Type == "error" {
		f.Type = walk.Text(walk.Find(e, "status"))
	}
	walk.Elements(walk.Find(e, "details"), func(d []byte) bool {
		if reason := walk.Text(walk.Find(d, "reason")); reason != "" {
			f.Reasons = append(f.Reasons, reason)
		}
		return true
	})
	return f
}

func firstElement(v []byte) (first []byte) {
	walk.Elements(v, func(e []byte) bool { first = e; return false })
	return first
}

// words maps what providers write into code, type, status, reason or message to a
// kind. The first that is found decides, so the telling ones stand first.
var words = []struct {
	word string
	kind ai.Kind
}{
	{"insufficient_quota", ai.QuotaExhausted},
	{"billing_error", ai.QuotaExhausted},
	{"credit balance is too low", ai.QuotaExhausted},
	{"api_key_invalid", ai.Auth},
	{"invalid_api_key", ai.Auth},
	{"api key not valid", ai.Auth},
	{"incorrect api key", ai.Auth},
	{"authentication_error", ai.Auth},
	{"permission_error", ai.Auth},
	{"permission_denied", ai.Auth},
	{"unauthenticated", ai.Auth},
	{"context_length_exceeded", ai.TooLarge},
	{"exceed_context_size", ai.TooLarge},
	{"request_too_large", ai.TooLarge},
	{"request too large", ai.TooLarge},
	{"prompt is too long", ai.TooLarge},
	{"maximum context length", ai.TooLarge},
	{"image exceeds", ai.TooLarge},
	{"token limit reached", ai.TooLarge},
	{"content_filter", ai.Refused},
	{"content management policy", ai.Refused},
	{"content_policy_violation", ai.Refused},
	{"responsibleaipolicyviolation", ai.Refused},
	{"overloaded", ai.Overloaded},
	{"rate_limit", ai.RateLimited},
	{"ratelimitreached", ai.RateLimited},
	{"too_many_requests", ai.RateLimited},
	{"resource_exhausted", ai.RateLimited},
	{"timeout_error", ai.Timeout},
	{"deadline_exceeded", ai.Timeout},
	{"invalid_request", ai.BadRequest},
	{"not_found_error", ai.BadRequest},
	{"server_error", ai.Unavailable},
	{"api_error", ai.Unavailable},
}

// Kind tells what a fault is: the words decide, and the status where they say
// nothing. A status of 200 stands for an error inside a stream.
func (f Fault) Kind(status int) ai.Kind {
	text := strings.ToLower(strings.Join(append([]string{f.Code, f.Type}, f.Reasons...), " ") + " " + clip(f.Message, 1000))
	byStatus := statusKind(status)
	if status == 200 {
		byStatus = statusKind(f.Number)
	}
	for _, w := range words {
		if !strings.Contains(text, w.word) {
			continue
		}
		// The generic words at the end of the table say less than a status does.
		if generic := w.kind == ai.BadRequest || w.kind == ai.Unavailable; generic && byStatus != ai.Unknown {
			return byStatus
		}
		return w.kind
	}
	if byStatus == ai.Unknown {
		return ai.Unavailable
	}
	return byStatus
}

func statusKind(status int) ai.Kind {
	switch {
	case status == 401 || status == 403:
		return ai.Auth
	case status == 402:
		return ai.QuotaExhausted
	case status == 408 || status == 504:
		return ai.Timeout
	case status == 413:
		return ai.TooLarge
	case status == 429:
		return ai.RateLimited
	case status == 503 || status == 529:
		return ai.Overloaded
	case status == 409 || status == 499 || status >= 500 || status >= 300 && status < 400:
		return ai.Unavailable
	case status >= 400:
		return ai.BadRequest
	}
	return ai.Unknown
}

// clip cuts a text to at most n bytes, at a rune's border.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
