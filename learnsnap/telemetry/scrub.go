package telemetry

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// LearnersText stands where words of a page or of a learner would.
const LearnersText = "[text]"

// Scrub returns a text without what must not leave the process:
//
//   - keys and tokens of known forms, whatever looks drawn by lot in three alphabets,
//     and values of secret names (token=…, "apiKey":"…", Authorization: Bearer …),
//   - user and password of an address (postgres://[redacted]@host),
//   - e-mail addresses, and phone numbers that are written as such: +966…, 00966…,
//     9665…, 05…, and those of other countries with their + or 00,
//   - learners' text: words that are not in Latin letters, for all that this module
//     says itself is, and quotations of four words and more.
//
// Short quotations, names, and a password in the middle of prose can't be told from
// harmless text. Identifiers of sessions, requests and traces stay. A text that needs
// nothing is returned as it is, at no allocation; Scrub(Scrub(s)) is Scrub(s).
func Scrub(text string) string {
	s := scrubber{in: text, mail: strings.IndexByte(text, '@') >= 0 || strings.Contains(text, "%40")}
	for i := 0; i < len(text); {
		i = s.at(i)
	}
	if s.out == nil {
		return text
	}
	return string(append(s.out, text[s.from:]...))
}

// ahead is how far the scrubber looks for the end of something before it goes on: a
// text of any form takes time in proportion to its length.
const ahead = 512

// A scrubber walks over a text once, and copies it from the first replacement on.
type scrubber struct {
	in   string
	out  []byte
	from int  // what comes before it is in out
	mail bool // the text has the sign of an e-mail address somewhere
	shut int  // the quotation mark that closes, and so opens none
}

// replace puts a word in the place of a part, and returns where to go on.
func (s *scrubber) replace(start, end int, with string) int {
	if start < s.from || end <= start {
		return max(end, start+1)
	}
	s.out = append(append(s.out, s.in[s.from:start]...), with...)
	s.from = end
	return end
}

// at looks at what begins at i, and returns where to go on.
func (s *scrubber) at(i int) int {
	switch c := s.in[i]; {
	case isAlnum(c):
		return s.word(i)
	case c >= utf8.RuneSelf:
		return s.foreign(i)
	case c == '"' && i != s.shut:
		return s.quoted(i+1, `"`)
	case c == '+' || c == '(':
		if end := phone(s.in, i); end > 0 {
			return s.replace(i, end, Redacted)
		}
	case c == ':' && strings.HasPrefix(s.in[i:], "://"):
		return s.address(i + len("://"))
	}
	return i + 1
}

// word looks at what may begin with a letter or a digit: a name and its value, a
// token, an e-mail address, a phone number.
func (s *scrubber) word(i int) int {
	in := s.in
	alnum := i
	for alnum < len(in) && isAlnum(in[alnum]) {
		alnum++
	}
	name := alnum
	for name < len(in) && name-i < ahead && isName(in[name]) {
		name++
	}
	if s.mail {
		if end := email(in, i); end > 0 {
			return s.replace(i, end, Redacted)
		}
	}
	if isDigit(in[i]) {
		if end := phone(in, i); end > 0 {
			return s.replace(i, end, Redacted)
		}
	}
	if name < len(in) && (in[name] == '=' || in[name] == ':' || in[name] == '"' || in[name] == '\'' || in[name] == ' ') {
		if start, end := assigned(in, i, name); end > start {
			end = s.replace(start, end, Redacted)
			if end < len(in) && in[end] == '"' && in[start-1] == '"' {
				end++
			}
			return end
		}
	}
	if alnum-i < 16 && (alnum == len(in) || classOf(in[alnum]) == none && in[alnum] != '.') {
		return alnum // too short for a token
	}
	if end := token(in, i); end > 0 {
		return s.replace(i, end, Redacted)
	}
	return alnum
}

// quoted looks at a quotation whose words begin at start, and go on until end or the
// end of the text, which may have been cut.
func (s *scrubber) quoted(start int, end string) int {
	closing, spaces := start, 0
	for closing < len(s.in) && closing-start < 8*ahead && !strings.HasPrefix(s.in[closing:], end) {
		switch s.in[closing] {
		case '\\':
			closing++
		case ' ':
			spaces++
		}
		closing++
	}
	closing = min(closing, len(s.in))
	if spaces >= 3 {
		return min(s.replace(start, closing, LearnersText)+len(end), len(s.in))
	}
	s.shut = closing
	return start
}

// foreign looks at what begins with a letter outside of ASCII.
func (s *scrubber) foreign(i int) int {
	r, size := utf8.DecodeRuneInString(s.in[i:])
	switch {
	case r == '“':
		return s.quoted(i+size, "”")
	case r == '«':
		return s.quoted(i+size, "»")
	case !isForeign(r):
		return i + size
	}
	end := i + size
	for j := end; j < len(s.in); { // with what stands between two such words
		r, size := utf8.DecodeRuneInString(s.in[j:])
		j += size
		switch {
		case isForeign(r), r < utf8.RuneSelf && isDigit(byte(r)):
			end = j
		case r < utf8.RuneSelf && isLetter(byte(r)) || j-end > 32:
			return s.replace(i, end, LearnersText)
		}
	}
	return s.replace(i, end, LearnersText)
}

// isForeign reports whether a rune belongs to words that this module never writes
// itself.
func isForeign(r rune) bool {
	if r < utf8.RuneSelf || r == utf8.RuneError || r == 'µ' {
		return false // the sign of microseconds is a letter
	}
	return (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)) && !unicode.Is(unicode.Latin, r)
}

// address hides user and password of an address whose authority begins at i.
func (s *scrubber) address(i int) int {
	at, colon := -1, -1
	for j := i; j < len(s.in) && j-i < ahead; j++ {
		switch c := s.in[j]; c {
		case '@':
			at = j
		case ':':
			if colon < 0 {
				colon = j
			}
		case ' ', '\t', '\n', '"', '\'', '<', '>':
			return s.userinfo(i, at)
		case '/', '?', '#':
			// A password may hold these signs unescaped; what is no port is one.
			if at >= 0 || colon < 0 || colon+1 < len(s.in) && isDigit(s.in[colon+1]) {
				return s.userinfo(i, at)
			}
		}
	}
	return s.userinfo(i, at)
}

func (s *scrubber) userinfo(i, at int) int {
	if at <= i || s.in[i:at] == Redacted {
		return i
	}
	return s.replace(i, at, Redacted)
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLower(c byte) bool  { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func isLetter(c byte) bool { return isLower(c) || isUpper(c) }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }
func isName(c byte) bool   { return isAlnum(c) || c == '_' || c == '-' }
