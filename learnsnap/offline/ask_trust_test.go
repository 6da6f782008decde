package offline_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// doubted returns a page of an OCR reading in which the given words are weak, at
// their last place.
func doubted(text string, confidence float64, words ...string) quiz.Page {
	p := quiz.Page{Page: 1, Text: text, Confidence: 0.93}
	for _, w := range words {
		at := strings.LastIndex(text, w)
		p.Weak = append(p.Weak, quiz.Span{Start: at, End: at + len(w), Confidence: confidence})
	}
	return p
}

// evidence returns what the questions of a page rest on.
func evidence(t *testing.T, p quiz.Page) string {
	t.Helper()
	var all []string
	for _, q := range ask(t, quiz.Ask{Texts: []quiz.Page{p}, Questions: 30}).Questions {
		all = append(all, q.Evidence.Text)
	}
	return strings.Join(all, "\n")
}

const waterPage = `التبخر: تحول الماء السائل إلى بخار ماء بفعل حرارة الشمس.
النتح: خروج بخار الماء من أوراق النباتات.
التكاثف: تحول بخار الماء إلى قطرات صغيرة من الماء السائل عندما يبرد.
الهطول: سقوط الماء من السحب على شكل مطر أو ثلج أو برد.
الترشيح: تسرب الماء من سطح الأرض إلى التربة والصخور.`

func TestNoQuestionRestsOnAWordThatMayBeMisread(t *testing.T) {
	for _, c := range []struct {
		name       string
		text       string
		word       string
		confidence float64
		asked      bool
	}{
		{"Arabic below 80", waterPage, "تسرب", 0.79, false},
		{"Arabic from 80 on", waterPage, "تسرب", 0.8, true},
		{"English below 60", magnets, "needle", 0.59, false},
		{"English from 60 on", magnets, "needle", 0.6, true},
		{"confirmed by another place on the page", waterPage, "السائل", 0.3, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := evidence(t, doubted(c.text, c.confidence, c.word))
			lines := strings.Split(c.text, "\n")
			for _, l := range lines {
				for at, s := range quiz.Sentences(l) {
					if strings.LastIndex(c.text, c.word) == strings.Index(c.text, s)+strings.LastIndex(s, c.word) && at >= 0 {
						require.Equal(t, c.asked, strings.Contains(all, s), s)
					}
				}
			}
		})
	}
}

func TestOfTwoWordsThatDifferInDotsTheRarerIsNotTrusted(t *testing.T) {
	text := waterPage + "\nتحتاج النباتات الخضراء إلى ضوء الشمس دائما.\nينتقل الماء إلى التباتات عبر الجذور في كل يوم."
	page := doubted(text, 0.85, "كل")
	all := evidence(t, page)
	require.NotContains(t, all, "التباتات")
	require.Contains(t, all, "أوراق النباتات")
}

func TestAPageThatIsDoubtedThroughoutGivesNothingToAsk(t *testing.T) {
	words := strings.Fields(strings.ReplaceAll(waterPage, ":", " "))
	page := doubted(waterPage, 0.85)
	for i := 0; i < len(words); i += 3 {
		at := strings.Index(waterPage, words[i])
		page.Weak = append(page.Weak, quiz.Span{Start: at, End: at + len(words[i]), Confidence: 0.7})
	}
	require.Empty(t, evidence(t, page))
}

func TestWhereSureWordsGiveTooFewLessSureOnesAreAskedOpenlyAndWithoutGaps(t *testing.T) {
	page := doubted(waterPage, 0.6, "بفعل", "خروج", "قطرات", "ثلج", "تسرب")
	m := ask(t, quiz.Ask{Texts: []quiz.Page{page}, Questions: 20})
	require.GreaterOrEqual(t, len(m.Questions), 5)
	for _, q := range m.Questions {
		require.NotEqual(t, quiz.FillBlank, q.Type, "its key itself may be misread")
		require.InDelta(t, 0.6, q.Evidence.Confidence, 1e-9, "how sure it is is said")
	}
}
