package quiz_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

func TestSentencesEndWhereAReaderEndsThem(t *testing.T) {
	tests := []struct {
		name, in string // | marks the ends
	}{
		{"two", "One is here.| Two is there."},
		{"without a last stop", "One is here.| Two is there"},
		{"question and exclamation", "What is it?| A heart!| Yes."},
		{"a heading and lines", "Chapter 4: Plants\n|Plants are green.\n|52\n"},
		{"blank lines", "One\n\n|  Two\r\n|Three"},
		{"decimals", "It is 3.14 long.| Pi is 3.1416."},
		{"titles", "Dr. Smith met Mr. Jones and Prof. Lee.| They talked."},
		{"e.g. and i.e.", "Metals, e.g. Iron, rust, i.e. They oxidise.| Gold does not."},
		{"a figure", "See Fig. 2 and No. 3 below.| It is blue."},
		{"no as a word", "The answer is no.| Then it ends."},
		{"initials", "J. K. Rowling met Albert A. Michelson.| They talked."},
		{"a vitamin", "Oranges are rich in vitamin C.| It is good for you."},
		{"an initialism", "He lives in the U.S. Army base.| It is big."},
		{"a variable", "Find the value of x.| Then stop."},
		{"a small letter behind a stop", "It rose to approx. five and e.g. six.| Fine."},
		{"numbered list", "1. The heart pumps.| 2. The lungs breathe."},
		{"a year", "It was in 1779.| The man was Dutch."},
		{"ellipsis in the middle", "He waited... and left.| Then… silence."},
		{"ellipsis at the end", "He waited…| Then he left..."},
		{"quotation", "He said “Stop.”| Then he left.| (It was late.)| Fine"},
		{"an apostrophe closes", "He said 'stop.'| Then he left."},
		{"a question inside", "“Why?” he asked.| No one knew."},
		{"web addresses", "See example.com for more.| Thanks."},

		{"Arabic", "دورة الماء حركة مستمرة.| يغطي الماء الأرض!| أليس كذلك؟| بلى"},
		{"Arabic comma and semicolon go on", "الماء سائل، والثلج صلب؛ وهما واحد.| نعم."},
		{"Arabic without the space", "الماء سائل.والثلج صلب.| وهكذا"},
		{"Arabic title", "زارنا د. أحمد وأ.د. محمد أمس.| ثم رحلا."},
		{"Arabic years", "ولد سنة 965 م.| درس الطب.| توفي سنة 430 هـ.| رحمه الله."},
		{"Arabic before Christ", "في سنة 300 ق.م. بنى الناس.| نعم"},
		{"Arabic decimals", "طوله ٣٫٥ متر.| وعرضه 2.5 متر."},
		{"Arabic quotation", "قال: «توقف.»| ثم ذهب."},
		{"bidi mark behind the stop", "الماء سائل.\u200f| والثلج صلب."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.ReplaceAll(tt.in, "|", "")
			var want []string
			for piece := range strings.SplitSeq(tt.in, "|") {
				want = append(want, strings.TrimSpace(piece))
			}
			if tt.name == "Arabic without the space" { // the mark needs a place of its own
				want = []string{"الماء سائل.", "والثلج صلب.", "وهكذا"}
			}
			var got []string
			for at, s := range quiz.Sentences(text) {
				require.Equal(t, s, text[at:at+len(s)])
				got = append(got, s)
			}
			require.Equal(t, want, got)
		})
	}
}

func FuzzSentences(f *testing.F) {
	for _, s := range seedTexts() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for at, sentence := range quiz.Sentences(s) {
			require.GreaterOrEqual(t, at, end, "sentences do not overlap")
			require.Empty(t, strings.TrimSpace(s[end:at]), "only white space lies between them")
			require.Equal(t, strings.TrimSpace(sentence), sentence)
			require.NotEmpty(t, sentence)
			require.NotContains(t, sentence, "\n")
			require.Equal(t, s[at:at+len(sentence)], sentence)
			end = at + len(sentence)
		}
		require.Empty(t, strings.TrimSpace(s[end:]))
	})
}
