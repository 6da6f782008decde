package payments

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strings"
)

// MaxWebhook bounds the body of a webhook, in bytes.
const MaxWebhook = 64 << 10

// SignatureHeader carries the HMAC-SHA256 of a webhook's raw body, in hex, where one is
// configured.
const SignatureHeader = "X-Paylink-Signature"

// Why a webhook is not taken.
var (
	ErrForged        = errors.New("webhook: not authentic")                                 // 401
	ErrTooLarge      = fmt.Errorf("webhook: more than %d bytes", MaxWebhook)                // 413
	ErrMalformed     = errors.New("webhook: not a JSON object with names that can be read") // 400
	ErrNoPayment     = errors.New("webhook: about no payment")                              // acknowledge it, else it comes again
	ErrUnprotected   = errors.New("webhooks can't be told from forged ones: production needs a static header or an HMAC secret (PAYLINK_WEBHOOK_HEADER or PAYLINK_WEBHOOK_SECRET)")
	errHeaderForm    = errors.New("webhook header: want a name and a value, as in \"Authorization: Bearer …\"")
	errSecretTooWeak = fmt.Errorf("webhook secret: production needs at least %d characters that nobody can guess", minSecret)
)

// minSecret is how long a secret must be where money is real, in bytes.
const minSecret = 16

// A Webhook names what a gateway's message is about. It is a hint to ask the gateway
// and no more; so it holds no amount.
type Webhook struct {
	TransactionNo string // may be "" when OrderNumber is not
	OrderNumber   string // may be "" when TransactionNo is not
	Status        Status
}

// An AuthenticatorConfig configures an [Authenticator].
type AuthenticatorConfig struct {
	// Header is a static header that the gateway sends with every webhook, as the
	// merchant has set it up there: "Authorization: Bearer …". Empty means none.
	Header Secret

	// HMAC is the key of an HMAC-SHA256 over the raw body, sent in hex in
	// [SignatureHeader]. Empty means none. Paylink itself signs nothing: set it only
	// where something before us does.
	HMAC Secret

	// Production says that money is real: one of the two must be set, and with at
	// least 16 characters. Without it and without either, everything is authentic.
	Production bool
}

// An Authenticator tells a gateway's webhooks from forged ones. With both a header and
// an HMAC configured, both must be right. Make it with [NewAuthenticator]; the zero
// value takes nothing for authentic. It is safe for concurrent use.
type Authenticator struct {
	open  bool              // neither is configured, and none has to be
	name  string            // canonical; "" means no static header
	value [sha256.Size]byte // hashed, so that a comparison shows no length either
	key   []byte            // nil means no HMAC
}

// NewAuthenticator returns an authenticator. In production it returns [ErrUnprotected]
// when neither a header nor an HMAC is configured.
func NewAuthenticator(c AuthenticatorConfig) (*Authenticator, error) {
	if c.Production && c.Header == "" && c.HMAC == "" {
		return nil, ErrUnprotected
	}
	a := &Authenticator{open: c.Header == "" && c.HMAC == ""}
	if c.Header != "" {
		name, value, ok := strings.Cut(string(c.Header), ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !isToken(name) || value == "" {
			return nil, errHeaderForm
		}
		if c.Production && len(value) < minSecret {
			return nil, errSecretTooWeak
		}
		a.name, a.value = textproto.CanonicalMIMEHeaderKey(name), sha256.Sum256([]byte(value))
	}
	if c.HMAC != "" {
		if c.Production && len(c.HMAC) < minSecret {
			return nil, errSecretTooWeak
		}
		a.key = []byte(c.HMAC)
	}
	return a, nil
}

// isToken reports whether a text can be a header's name (RFC 9110).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// Accept reads one webhook, at most [MaxWebhook] bytes of it, and returns what it is
// about. Its errors are [ErrForged], [ErrTooLarge], [ErrMalformed] and [ErrNoPayment],
// or that of reading. A message with the wrong header is refused unread.
func (a *Authenticator) Accept(h http.Header, body io.Reader) (Webhook, error) {
	if !a.headerFits(h) {
		return Webhook{}, ErrForged
	}
	raw, err := io.ReadAll(io.LimitReader(body, MaxWebhook+1))
	switch {
	case err != nil:
		return Webhook{}, fmt.Errorf("read webhook: %w", err)
	case len(raw) > MaxWebhook:
		return Webhook{}, ErrTooLarge
	case !a.signatureFits(h, raw):
		return Webhook{}, ErrForged
	}
	return DecodeWebhook(raw)
}

// headerFits compares the static header in a time that does not depend on where it
// differs. A header that comes twice is refused: who reads which of them is anybody's
// guess.
func (a *Authenticator) headerFits(h http.Header) bool {
	if a.name == "" {
		return a.open || a.key != nil
	}
	values := h[a.name]
	if len(values) != 1 {
		return false
	}
	got := sha256.Sum256([]byte(strings.TrimSpace(values[0])))
	return subtle.ConstantTimeCompare(got[:], a.value[:]) == 1
}

func (a *Authenticator) signatureFits(h http.Header, body []byte) bool {
	if a.key == nil {
		return true
	}
	values := h[SignatureHeader]
	if len(values) != 1 {
		return false
	}
	got, err := hex.DecodeString(strings.TrimSpace(values[0]))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, a.key)
	mac.Write(body)
	return hmac.Equal(got, mac.Sum(nil))
}

// DecodeWebhook reads the body of a webhook that is known to be authentic. It knows
// Paylink's versions 1 and 2, takes names in any case and numbers for strings, and
// ignores what it does not know. An object that names neither a transaction nor an
// order, such as a settlement, is [ErrNoPayment].
func DecodeWebhook(body []byte) (Webhook, error) {
	if len(body) > MaxWebhook {
		return Webhook{}, ErrTooLarge
	}
	var m struct {
		TransactionNo       json.RawMessage `json:"transactionNo"`
		MerchantOrderNumber json.RawMessage `json:"merchantOrderNumber"`
		OrderNumber         json.RawMessage `json:"orderNumber"`
		OrderStatus         json.RawMessage `json:"orderStatus"`
	}
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if !bytes.HasPrefix(body, []byte("{")) || json.Unmarshal(body, &m) != nil {
		return Webhook{}, ErrMalformed
	}
	w := Webhook{
		TransactionNo: DecodeText(m.TransactionNo),
		OrderNumber:   DecodeText(m.MerchantOrderNumber),
		Status:        ParseStatus(DecodeText(m.OrderStatus)),
	}
	if w.OrderNumber == "" {
		w.OrderNumber = DecodeText(m.OrderNumber)
	}
	if w.TransactionNo == "" && w.OrderNumber == "" {
		return Webhook{}, ErrNoPayment
	}
	if !IsNumber(w.OrderNumber) {
		w.OrderNumber = "" // of another shop of the merchant: none of ours looks like it
	}
	if w.TransactionNo == "" && w.OrderNumber == "" || w.TransactionNo != "" && !IsNumber(w.TransactionNo) {
		return Webhook{}, ErrMalformed
	}
	return w, nil
}

// IsNumber reports whether a text can be the number of a transaction or an order: up to
// 64 ASCII letters, digits, "-" and "_", with a letter or a digit first. Such a text can
// stand in a path, a log and a query.
func IsNumber(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && (i == 0 || c != '-' && c != '_') {
			return false
		}
	}
	return true
}
