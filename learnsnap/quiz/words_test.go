package quiz_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

func words(text string) []string {
	var all []string
	for _, w := range quiz.Words(text) {
		all = append(all, w)
	}
	return all
}

func TestWords(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
	}{
		{"nothing", "", nil},
		{"punctuation only", " … ! ـــ _____", nil},
		{"English", "The heart, a pump.", []string{"The", "heart", "a", "pump"}},
		{"an apostrophe inside", "the plant's 'leaf' don’t", []string{"the", "plant's", "leaf", "don’t"}},
		{"a hyphen parts", "sea-level", []string{"sea", "level"}},
		{"numbers", "3.14, 1,000 and ٣٫٥. 2/6", []string{"3.14", "1,000", "and", "٣٫٥", "2", "6"}},
		{"formulas", "CO₂ + H2O", []string{"CO₂", "H2O"}},
		{"Arabic", "وتمتص الجذورُ الماءَ،", []string{"وتمتص", "الجذورُ", "الماءَ"}},
		{"tatweel inside", "التبخــر ــ", []string{"التبخــر", "ــ"}[:1]},
		{"digits beside Arabic letters", "25م و965هـ", []string{"25", "م", "و", "965", "هـ"}},
		{"two scripts", "الـDNA", []string{"الـ", "DNA"}},
		{"bidi marks around", "\u200fالماء\u200f", []string{"الماء"}},
		{"joiners inside", "مي\u200cخواهم", []string{"مي\u200cخواهم"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, words(tt.in))
		})
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range seedTexts() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for at, w := range quiz.Words(s) {
			require.GreaterOrEqual(t, at, end, "words do not overlap")
			require.NotEmpty(t, w)
			require.Equal(t, s[at:at+len(w)], w)
			requireNoLetter(t, s[end:at])
			r, _ := utf8.DecodeRuneInString(w)
			require.True(t, unicode.IsLetter(r) || unicode.IsNumber(r), "%q begins a word", r)
			end = at + len(w)
		}
		requireNoLetter(t, s[end:])
	})
}

// requireNoLetter fails where a letter or a number stands outside all words.
func requireNoLetter(t *testing.T, between string) {
	require.Equal(t, -1, strings.IndexFunc(between, func(r rune) bool {
		return r != 'ـ' && (unicode.IsLetter(r) || unicode.IsNumber(r))
	}))
}
