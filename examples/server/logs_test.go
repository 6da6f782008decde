package main_test

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

// What no log line may hold, whatever a test sends.
var confidential = map[string]*regexp.Regexp{
	"a device token":      regexp.MustCompile(`d1\.[\w-]{22}\.[\w-]{20,}`),
	"a JWT":               regexp.MustCompile(`eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]{5,}`),
	"an e-mail address":   regexp.MustCompile(`[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}`),
	"a phone number":      regexp.MustCompile(`(?:^|[^\w.])(?:05\d{8}|(?:\+|00)?966[ -]?5\d{8})\b`),
	"a key of a provider": regexp.MustCompile(`\bsk-[\w-]{8,}|\bAIza[\w-]{8,}`),
	"Arabic text":         regexp.MustCompile(`\p{Arabic}{2,}`), // the program itself logs in English
}

// inARow is how many words of a page in a row are taken for its text.
const inARow = 5

// leaks looks through all that a server has written, and tells what is not for a log.
func leaks(written string, environ, pages []string) (found []string) {
	for what, pattern := range confidential {
		if at := pattern.FindStringIndex(written); at != nil {
			found = append(found, what+" in: "+lineAround(written, at[0]))
		}
	}
	for _, secret := range secretsOf(environ) {
		if at := strings.Index(written, secret); at >= 0 {
			found = append(found, "a secret of the environment in: "+lineAround(written, at))
		}
	}
	for _, page := range append(pages, heart) {
		if at := quotes(written, page); at >= 0 {
			found = append(found, "text of a page in: "+lineAround(written, at))
		}
	}
	return found
}

// quotes returns where a text repeats some words of a page, or −1.
func quotes(text, page string) int {
	for line := range strings.Lines(page) {
		words := strings.Fields(line)
		for i := 0; i+inARow <= len(words); i++ {
			if at := strings.Index(text, strings.Join(words[i:i+inARow], " ")); at >= 0 {
				return at
			}
		}
	}
	return -1
}

// secretsOf are the values of secret names in an environment, and passwords in its
// addresses; those that are too short to be found by chance alone.
func secretsOf(environ []string) (secrets []string) {
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if u, err := url.Parse(value); err == nil && u.User != nil {
			if password, ok := u.User.Password(); ok {
				secrets = append(secrets, password)
			}
			continue
		}
		if telemetry.SecretName(name) || strings.HasSuffix(name, "_HEADER") {
			_, value, _ = cutLast(value, " ") // Authorization: Bearer …
			secrets = append(secrets, strings.Split(value, ",")...)
		}
	}
	kept := secrets[:0]
	for _, s := range secrets {
		if len(s) >= 8 {
			kept = append(kept, s)
		}
	}
	return kept
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

func lineAround(text string, at int) string {
	from, to := strings.LastIndexByte(text[:at], '\n')+1, strings.IndexByte(text[at:], '\n')
	if to < 0 {
		to = len(text) - at
	}
	return text[from : at+to]
}

// sent remembers texts that a test sends as pages.
func (s *running) sent(pages [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range pages {
		if utf8.Valid(p) && len(p) > 0 && !bytes.ContainsRune(p, 0) {
			s.pages[string(p)] = true
		}
	}
}

// keepsQuiet fails the test whose server has written what is not for a log. The
// server has ended.
func (s *running) keepsQuiet(environ []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pages []string
	for p := range s.pages {
		pages = append(pages, p)
	}
	for _, leak := range leaks(s.log.String()+s.stderr.String(), environ, pages) {
		s.t.Errorf("the server's log holds %s", leak)
	}
}

func TestALeakIsFound(t *testing.T) {
	environ := []string{"OPENAI_API_KEY=a-key-of-openai", "DATABASE_URL=postgres://u:sesame-opens@h/d", "PAYLINK_WEBHOOK_HEADER=Authorization: Bearer only-we-know"}
	for _, line := range []string{
		`{"msg":"x","t":"d1.AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"}`,
		"eyJhbGciOi.eyJzdWIiOi.abcdefgh", "from amal@example.com", `"to":"0512345678"`, "call +966512345678", "966512345678",
		"a-key-of-openai", "sesame-opens", "only-we-know", "القلب", "said: The heart is a muscle that", "on a page about rivers and hills",
	} {
		require.Len(t, leaks("fine\n"+line+"\nfine", environ, []string{"It was a page about rivers and hills."}), 1, line)
	}
	require.Empty(t, leaks(`{"share":0.0512345678,"took":512345678,"id":"05ab12345678","at":"2026-01-01T00:00:05.123456789Z"}`, environ, nil))
}
