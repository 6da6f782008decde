package telemetry

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Redacted stands where a secret would.
const Redacted = "[redacted]"

// SecretName reports whether a name, as it stands in code, in the environment or
// in a header, is that of a secret: one of its words is token, secret, key and
// the like. "X-Api-Key", "deviceTokenSecret" and "DATABASE_URL" are, "keyPoints"
// and "monkey" are not.
func SecretName(name string) bool {
	words := split(name)
	for i, word := range words {
		if slices.Contains(secretWords, word) {
			return true
		}
		// A key or a signature opens something only as the last word: keyPoints and
		// signatureAlgorithm are no secrets.
		if i == len(words)-1 && slices.Contains(secretLastWords, word) {
			return true
		}
		if i > 0 && word == "url" && words[i-1] == "database" || word == "dsn" {
			return true // it holds a password
		}
	}
	return false
}

var (
	secretWords = []string{
		"token", "tokens", "secret", "secrets", "password", "passwd", "passphrase", "pwd", "credential", "credentials",
		"authorization", "auth", "cookie", "cookies", "bearer", "jwt", "apikey", "apikeys", "private",
	}
	secretLastWords = []string{"key", "keys", "signature", "hmac", "mac", "pin", "otp"}
)

// split cuts a name into its words in lower case: at every border that is no
// letter or digit, and where a small letter meets a capital one.
func split(name string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case unicode.IsUpper(r) && i > 0:
			afterSmall := !unicode.IsUpper(runes[i-1])
			beforeSmall := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterSmall || beforeSmall { // deviceToken, HTTPToken
				end()
			}
		}
		word.WriteRune(unicode.ToLower(r))
	}
	end()
	return words
}

// redact is a ReplaceAttr of slog: it hides the values of secret names, also deep
// inside headers and addresses.
func redact(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return a
	}
	if SecretName(a.Key) || slices.ContainsFunc(groups, SecretName) {
		return slog.String(a.Key, Redacted)
	}
	if a.Value.Kind() != slog.KindAny {
		return a
	}
	switch v := a.Value.Any().(type) {
	case http.Header:
		return slog.Any(a.Key, redactHeader(v))
	case *url.URL:
		if v == nil {
			return a
		}
		return slog.String(a.Key, redactURL(v))
	}
	return a
}

func redactHeader(h http.Header) http.Header {
	safe := h.Clone()
	for name, values := range safe {
		if SecretName(name) {
			safe[name] = slices.Repeat([]string{Redacted}, len(values))
		}
	}
	return safe
}

// redactURL hides a password and the values of secret names in the query.
func redactURL(u *url.URL) string {
	safe := *u
	if query := u.Query(); len(query) > 0 {
		for name, values := range query {
			if SecretName(name) {
				query[name] = slices.Repeat([]string{Redacted}, len(values))
			}
		}
		safe.RawQuery = query.Encode()
	}
	return safe.Redacted()
}
