package paylink

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"

	"github.com/learnsnap/learnsnap-go/learnsnap/payments"
)

// maxMessage is how much of Paylink's message is kept, in bytes.
const maxMessage = 200

// message returns what an error reply says, without what must not be told on. The shape
// of Paylink's errors is not documented; these are the usual ones.
func (a *attempts) message() error {
	var said struct{ Detail, Title, Message, Error json.RawMessage }
	if json.Unmarshal(a.answer, &said) != nil {
		return nil
	}
	for _, raw := range []json.RawMessage{said.Detail, said.Message, said.Title, said.Error} {
		text := strings.Join(strings.Fields(a.redact(payments.DecodeText(raw))), " ")
		if text != "" {
			return errors.New(strings.ToValidUTF8(text[:min(len(text), maxMessage)], ""))
		}
	}
	return nil
}

// redact takes out what a server may have sent back of our request: what hide does, and
// the end of any number long enough to be one's telephone or card.
func (a *attempts) redact(text string) string {
	var b strings.Builder
	digits := 0
	for _, r := range a.hide(text) {
		digits++
		if r < '0' || r > '9' {
			digits = 0
		}
		if digits <= 6 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hide takes out secrets and the buyer. What is shorter than four bytes would take
// pieces of words with it, and tells nothing.
func (a *attempts) hide(text string) string {
	c := a.client.config
	for _, secret := range append([]string{string(c.SecretKey), c.APIID, a.call.token}, a.call.private...) {
		if len(secret) >= 4 {
			text = strings.ReplaceAll(text, secret, "[…]")
		}
	}
	return text
}

// A journal is a log for retryablehttp that shows no secret: its lines hold errors, and
// those of net/http quote what a server has sent.
type journal struct {
	log  *slog.Logger
	hide func(string) string
}

func (j journal) Error(msg string, fields ...any) { j.log.Error(msg, j.clean(fields)...) }
func (j journal) Warn(msg string, fields ...any)  { j.log.Warn(msg, j.clean(fields)...) }
func (j journal) Info(msg string, fields ...any)  { j.log.Info(msg, j.clean(fields)...) }
func (j journal) Debug(msg string, fields ...any) { j.log.Debug(msg, j.clean(fields)...) }

func (j journal) clean(fields []any) []any {
	clean := make([]any, len(fields))
	for i, field := range fields {
		switch v := field.(type) {
		case error:
			field = j.hide(v.Error())
		case string:
			field = j.hide(v)
		}
		clean[i] = field
	}
	return clean
}
