package quiz

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A Fingerprint is what a question asks, prepared for comparing. Making one takes
// time linear in the question; comparing two, in their words. It is immutable.
type Fingerprint struct {
	kind     Type
	stem     []uint64 // hashes of the words that carry meaning, sorted, each once
	key      uint64   // what is right: the option's text, the text of the gap
	truth    bool     // the key of a true_false question
	evidence []uint64 // words, as in stem
	pairs    []uint64 // lefts of a matching question
}

// FingerprintOf returns the fingerprint of q.
func FingerprintOf(q Question) Fingerprint {
	f := Fingerprint{kind: q.Type, stem: wordHashes(strings.Replace(q.Question, Gap, " ", 1)), evidence: wordHashes(q.Evidence.Text)}
	switch q.Type {
	case MultipleChoice:
		if i := letterIndex(q.Correct.Text); i >= 0 && i < len(q.Options) {
			f.key = keyHash(q.Options[i])
		}
	case FillBlank:
		f.key = keyHash(q.Correct.Text)
	case TrueFalse:
		f.truth = q.Correct.Bool != nil && *q.Correct.Bool
	case Matching:
		for _, p := range q.Pairs {
			f.pairs = append(f.pairs, keyHash(p.Left))
		}
		slices.Sort(f.pairs)
	}
	return f
}

// Repeats reports whether a question asks what an earlier one does. Only questions
// of one type repeat each other: that a statement to judge and a gap rest on one
// sentence is practice. Within a type
//
//   - the same words in the question are a repetition, whatever the key;
//   - so is the same key with mostly the same words, or out of the same evidence;
//   - a statement to judge repeats another that differs in a word (its denial would
//     give it away);
//   - pairs repeat pairs when half of the lefts are the same.
//
// "What is the capital of France?" and "… of Spain?" are two questions, for their
// keys differ.
func (f Fingerprint) Repeats(earlier Fingerprint) bool {
	if f.kind != earlier.kind {
		return false
	}
	same := overlap(f.stem, earlier.stem)
	switch f.kind {
	case Matching:
		return overlap(f.pairs, earlier.pairs) >= 0.5
	case TrueFalse:
		return same >= 0.7
	}
	sameEvidence := overlap(f.evidence, earlier.evidence) >= 0.8
	return same >= 0.95 || f.key == earlier.key && (same >= 0.6 || sameEvidence)
}

// overlap returns the share of two sorted sets that is in both (Jaccard).
func overlap(a, b []uint64) float64 {
	if len(a) == 0 && len(b) == 0 {
		return 0
	}
	both := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			both, i, j = both+1, i+1, j+1
		case a[i] < b[j]:
			i++
		default:
			j++
		}
	}
	return share(both, len(a)+len(b)-both)
}

// wordHashes returns the hashes of the words and signs of s that carry meaning,
// sorted, each once.
func wordHashes(s string) []uint64 {
	hashes := make([]uint64, 0, 16)
	for _, w := range signedWords(s) {
		if w = withoutArticle(w); w != "" && !isFunctionWord(w) {
			hashes = append(hashes, hash(w))
		}
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

func keyHash(s string) uint64 { return hash(gradeTokens(s)...) }

// isFunctionWord reports whether a word in normal form says how a question is
// asked, not what about.
func isFunctionWord(w string) bool {
	if c := w[0]; c >= '0' && c <= '9' {
		return false
	}
	if utf8.RuneCountInString(w) > 7 {
		return w == "following"
	}
	switch w {
	case "is", "are", "was", "were", "be", "been", "do", "does", "did", "of", "in", "on", "at", "to", "by", "for", "from",
		"with", "as", "and", "or", "that", "this", "these", "those", "it", "its", "what", "which", "who", "whom", "when", "where",
		"how", "why", "called", "name", "named", "known", "term", "word":
		return true
	case "ما", "ماذا", "من", "متي", "اين", "كيف", "لماذا", "كم", "اي", "هل", "هو", "هي", "هم", "في", "علي", "عن", "الي", "مع",
		"ان", "او", "ثم", "و", "ذي", "تي", "هذا", "هذه", "ذلك", "تلك", "اسم", "تسمي", "يسمي", "تدعي", "يدعي", "مصطلح", "كلمه":
		return true
	}
	return false
}
