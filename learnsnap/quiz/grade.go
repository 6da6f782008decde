package quiz

import (
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// Why an answer can't be graded.
const (
	AnswerShape     Reason = "answer_shape"     // a text for a truth value, and the like
	LetterUnknown   Reason = "letter_unknown"   // no letter from A to D
	PairUnknown     Reason = "pair_unknown"     // a left or a right that the question does not have
	QuestionUnknown Reason = "question_unknown" // an answer to a question that the quiz does not have
)

// Key returns the right answer of q: its Correct, or the pairs of a [Matching]
// question.
func (q Question) Key() Answer {
	if q.Type != Matching {
		return q.Correct
	}
	key := Answer{Pairs: make(map[string]string, len(q.Pairs))}
	for _, p := range q.Pairs {
		key.Pairs[p.Left] = p.Right
	}
	return key
}

// Grade reports whether a is right. No answer is wrong, and no error. An answer
// of another type's shape, a letter beyond D or a pair that q does not have is an
// [*Error], whose Where is q's id.
//
//   - [MultipleChoice] wants the letter, in either case.
//   - [TrueFalse] wants the truth value.
//   - [FillBlank] wants the key's words. Case, diacritics, letter variants,
//     punctuation and articles (ال, a, an, the) do not matter; numbers are
//     compared by value (1,000 is ١٠٠٠; "two" is 2; a percent sign may be left out);
//     of a key like "carbon dioxide (CO₂)" each half will do. A misspelt word is wrong.
//   - [Matching] wants every pair right: there is no half mark.
func (q Question) Grade(a Answer) (right bool, err error) {
	if a.IsZero() {
		return false, nil
	}
	if shapes(a) != 1 {
		return false, &Error{AnswerShape, q.ID}
	}
	switch {
	case q.Type == TrueFalse && a.Bool != nil:
		return q.Correct.Bool != nil && *a.Bool == *q.Correct.Bool, nil
	case q.Type == MultipleChoice && a.Text != "":
		letter := strings.ToUpper(strings.TrimSpace(a.Text))
		if letterIndex(letter) < 0 {
			return false, &Error{LetterUnknown, q.ID}
		}
		return letter == q.Correct.Text, nil
	case q.Type == FillBlank && a.Text != "":
		return sameAnswer(a.Text, q.Correct.Text), nil
	case q.Type == Matching && a.Pairs != nil:
		return q.gradePairs(a.Pairs)
	}
	return false, &Error{AnswerShape, q.ID}
}

// shapes counts how many of an answer's members are set.
func shapes(a Answer) int {
	n := 0
	for _, set := range []bool{a.Text != "", a.Bool != nil, a.Pairs != nil} {
		if set {
			n++
		}
	}
	return n
}

func (q Question) gradePairs(given map[string]string) (bool, error) {
	right := 0
	for left, answer := range given {
		l := slices.IndexFunc(q.Pairs, func(p Pair) bool { return sameText(p.Left, left) })
		r := slices.IndexFunc(q.Pairs, func(p Pair) bool { return sameText(p.Right, answer) })
		switch {
		case l < 0 || r < 0 && answer != "":
			return false, &Error{PairUnknown, q.ID}
		case l == r:
			right++
		}
	}
	return right == len(q.Pairs), nil
}

// sameAnswer reports whether given says what the key of a gap says.
func sameAnswer(given, key string) bool {
	if len(given) > 4*MaxOption {
		return false // no key is that long
	}
	want := gradeTokens(given)
	return slices.ContainsFunc(spellings(key), func(k string) bool {
		return slices.EqualFunc(want, gradeTokens(k), sameToken)
	})
}

// spellings returns what is accepted for a key: the key, and of "carbon dioxide
// (CO₂)" each half.
func spellings(key string) []string {
	all := []string{key}
	before, rest, ok := strings.Cut(key, "(")
	inside, behind, closed := strings.Cut(rest, ")")
	if ok && closed && strings.TrimSpace(behind) == "" && len(gradeTokens(before)) > 0 && len(gradeTokens(inside)) > 0 {
		all = append(all, before, inside)
	}
	return all
}

// gradeTokens returns the words, numbers and signs of an answer that matter.
// Articles and a percent sign at the end go, unless nothing else is there.
func gradeTokens(s string) []string {
	s = strings.ReplaceAll(Normalise(s), "'", "")
	var tokens []string
	end := 0
	for at, w := range Words(s) {
		tokens = appendSigns(tokens, s[end:at], w)
		tokens = append(tokens, w)
		end = at + len(w)
	}
	tokens = appendSigns(tokens, s[end:], "")
	bare := make([]string, 0, len(tokens))
	for _, t := range tokens {
		if t = withoutArticle(t); t != "" && t != "%" {
			bare = append(bare, t)
		}
	}
	if len(bare) == 0 {
		return tokens
	}
	return bare
}

// appendSigns appends the signs of what stands before a word that change a
// meaning: those of formulas, and a minus unless it is a hyphen.
func appendSigns(tokens []string, between, next string) []string {
	for i, r := range between {
		switch {
		case strings.ContainsRune("+=<>^/*×÷√%≤≥≠±→", r):
			tokens = append(tokens, string(r))
		case r == '-' && (next == "" || len(tokens) == 0 || i > 0 && isNumeral(next)):
			tokens = append(tokens, "-")
		}
	}
	return tokens
}

// withoutArticle drops an English article, and ال from the front of a word with at
// least two more letters.
func withoutArticle(word string) string {
	switch word {
	case "a", "an", "the":
		return ""
	}
	if rest, ok := strings.CutPrefix(word, "ال"); ok && utf8.RuneCountInString(rest) >= 2 {
		return rest
	}
	return word
}

// sameToken reports whether two tokens are the same word or the same number.
func sameToken(a, b string) bool {
	if a == b {
		return true
	}
	x, y := number(a), number(b)
	return x != nil && y != nil && x.Cmp(y) == 0
}

func isNumeral(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// number returns the value of a token in normal form, nil when it is no number.
func number(token string) *big.Rat {
	if n, ok := numberWord(token); ok {
		return big.NewRat(n, 1)
	}
	const longest = 40
	if !isNumeral(token) || len(token) > longest || strings.Trim(token, "0123456789.,") != "" {
		return nil
	}
	n, ok := new(big.Rat).SetString(withoutCommas(token))
	if !ok {
		return nil
	}
	return n
}

// withoutCommas takes the commas between thousands out ("1,000"); a single other
// one is a decimal comma ("3,14").
func withoutCommas(token string) string {
	groups := strings.Split(token, ",")
	if len(groups) == 1 {
		return token
	}
	thousands := len(groups[0]) <= 3
	for i, g := range groups[1:] {
		whole, _, _ := strings.Cut(g, ".")
		if len(whole) != 3 || whole != g && i != len(groups)-2 {
			thousands = false
		}
	}
	if thousands {
		return strings.Join(groups, "")
	}
	return strings.Replace(token, ",", ".", 1)
}

// numberWord returns the value of a small number's word, in normal form and
// without article.
func numberWord(word string) (int64, bool) {
	switch word {
	case "zero", "صفر":
		return 0, true
	case "one", "واحد", "واحده":
		return 1, true
	case "two", "اثنان", "اثنين", "اثنتان", "اثنتين":
		return 2, true
	case "three", "ثلاثه", "ثلاث":
		return 3, true
	case "four", "اربعه", "اربع":
		return 4, true
	case "five", "خمسه", "خمس":
		return 5, true
	case "six", "سته", "ست":
		return 6, true
	case "seven", "سبعه", "سبع":
		return 7, true
	case "eight", "ثمانيه", "ثماني", "ثمان":
		return 8, true
	case "nine", "تسعه", "تسع":
		return 9, true
	case "ten", "عشره", "عشر":
		return 10, true
	case "eleven":
		return 11, true
	case "twelve":
		return 12, true
	}
	return 0, false
}
