package telemetry

// Redacted stands where a secret would, or what tells who somebody is.
const Redacted = "[redacted]"

// SecretName reports whether a name, as it stands in code, in the environment or
// in a header, is that of a secret: one of its words is token, secret, key and
// the like. "X-Api-Key", "deviceTokenSecret" and "DATABASE_URL" are, "keyPoints"
// and "monkey" are not.
func SecretName(name string) bool { return sortOf(name) == secret }

// A sort says what may be told of the value of a name.
type sort uint8

const (
	plain    sort = iota
	secret        // nothing
	personal      // nothing: an e-mail address, a phone number, a person's name
	learners      // nothing but numbers: what stands on a page, or a learner wrote
)

// sortOf looks at the words of a name.
func sortOf(name string) sort {
	found := plain
	var word, before [wordMost]byte
	wordLen, beforeLen := 0, 0
	for at := 0; at < len(name); {
		wordLen, at = nextWord(name, at, &word)
		one := sortOfWord(string(word[:wordLen]), string(before[:beforeLen]), at == len(name))
		if found == plain || one == secret {
			found = one
		}
		before, beforeLen = word, wordLen
	}
	return found
}

func sortOfWord(word, before string, last bool) sort {
	switch word {
	case "token", "tokens", "secret", "secrets", "password", "passwd", "passphrase", "pwd", "credential", "credentials",
		"authorization", "auth", "cookie", "cookies", "bearer", "jwt", "apikey", "apikeys", "private", "dsn":
		return secret
	case "email", "emails", "mail", "mobile", "phone", "phones", "msisdn", "iban":
		return personal
	}
	// A key or a signature opens something only as the last word: keyPoints and
	// signatureAlgorithm are no secrets.
	if !last {
		return plain
	}
	switch word {
	case "key", "keys", "signature", "hmac", "mac", "pin", "otp":
		return secret
	case "url":
		if before == "database" || before == "redis" || before == "direct" {
			return secret // it holds a password
		}
	case "name":
		switch before {
		case "client", "customer", "learner", "student", "teacher", "full", "first", "last", "user":
			return personal
		}
	case "text", "texts", "question", "questions", "answer", "answers", "evidence", "explanation", "hint", "lesson", "summary",
		"passage", "quote", "options", "pairs", "prompt", "body", "content", "given", "correct":
		return learners
	}
	return plain
}

// wordMost is longer than any word that is looked for; of a longer one the beginning
// counts.
const wordMost = 32

// nextWord writes the word of a name that begins at or after a place into word, in
// lower case, and returns its length and where the next one begins. A name is cut at
// every sign that is no letter or digit, and where a small letter meets a capital one.
func nextWord(name string, at int, word *[wordMost]byte) (n, next int) {
	begun := false
	for ; at < len(name); at++ {
		c := name[at]
		letter := isAlnum(c) || c >= 0x80
		switch {
		case !letter && !begun:
			continue
		case !letter:
			for at < len(name) && !isAlnum(name[at]) && name[at] < 0x80 {
				at++ // so that the last word is known to be that
			}
			return n, at
		case begun && isUpper(c) && (!isUpper(name[at-1]) || at+1 < len(name) && isLower(name[at+1])): // deviceToken, HTTPToken
			return n, at
		}
		begun = true
		if isUpper(c) {
			c += 'a' - 'A'
		}
		if n < wordMost {
			word[n] = c
			n++
		}
	}
	return n, at
}
