package payments

import (
	"fmt"
	"io"
	"log/slog"
)

// A Secret is a text that no log, no error and no JSON shows: however it is printed, it
// reads "[secret]", or "" when it is empty. string(s) is the text itself.
type Secret string

// String returns "[secret]".
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// Format implements [fmt.Formatter], for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) } // a Formatter can't report

// LogValue implements [slog.LogValuer].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements [encoding.TextMarshaler], and so JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
