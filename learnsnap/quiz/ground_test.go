package quiz_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

const heartPage = `Chapter 2: The heart
The heart is a muscle that pumps blood through the body. It has four chambers: two atria and two ventricles.
Arteries carry blood away from the heart. Veins carry blood back to the heart, and valves keep it from flowing backwards.
F = ma
A resting heart beats about 70 times a minute.
`

const waterPage = `دورة الماء هي الحركة المستمرة للماء بين سطح الأرض والغلاف الجوي. يغطي الماء نحو ٧١ في المئة من سطح الأرض.
التَّبخُّر: تحوّل الماء السائل إلى بخار ماء بفعل حرارة الشمس.
`

func TestGroundedIsTheShareOfLongWordsOnThePage(t *testing.T) {
	tests := []struct {
		name, evidence, page string
		want                 float64
	}{
		{"a sentence of the page", "Arteries carry blood away from the heart.", heartPage, 1},
		{"case and punctuation", "ARTERIES carry, blood; away — from the heart!", heartPage, 1},
		{"half of it", "arteries lungs", heartPage, 0.5},
		{"none of it", "photosynthesis makes glucose", heartPage, 0},
		{"short words do not count", "it is of an ox: arteries", heartPage, 1},
		{"a word twice, on the page once", "arteries arteries", heartPage, 0.5},
		{"a word twice, on the page twice", "carry carry", heartPage, 1},
		{"no evidence", "", heartPage, 0},
		{"no page", "arteries", "", 0},
		{"no long word, on the page", "f = ma", heartPage, 1},
		{"no long word, not on the page", "F = mb", heartPage, 0},
		{"numbers of three digits count", "In 1628 blood", "Harvey, 1628: blood flows in a circle.", 1},

		{"Arabic letter variants and diacritics", "التبخر: تحول الماء السائل الي بخار ماء بفعل حراره الشمس", waterPage, 1},
		{"Arabic of another page", "البناء الضوئي عملية تصنع غذاء", waterPage, 0},
		{"Arabic-Indic digits", "يغطي الماء نحو 71 في المئة", waterPage, 1},
		{"a page in presentation forms", "تحول الماء", "ﺗﺤﻮﻝ ﺍﻟﻤﺎء", 1},
		{"joined on one side only", "25 درجة", "25درجة", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.InDelta(t, tt.want, quiz.Grounded(tt.evidence, tt.page), 1e-9)
			require.InDelta(t, tt.want, quiz.NewIndex(tt.page).Grounded(tt.evidence), 1e-9)
		})
	}
}

func TestFindReturnsTheSentenceAsItStands(t *testing.T) {
	tests := []struct {
		name, evidence, page string
		want                 string
		score                float64
	}{
		{"part of a sentence", "pumps blood through the body", heartPage, "The heart is a muscle that pumps blood through the body.", 1},
		{"reworded", "valves keep blood from flowing back", heartPage, "Veins carry blood back to the heart, and valves keep it from flowing backwards.", 1},
		{"two sentences", "It has four chambers. Arteries carry blood away.", heartPage,
			"It has four chambers: two atria and two ventricles.\nArteries carry blood away from the heart.", 1},
		{"a formula", "f = ma", heartPage, "F = ma", 1},
		{"one entry of a list", "budget: a plan of what a government will earn", "Key words\ninflation: a rise in prices\nbudget: a plan of what a government will earn\nmarket: a place to sell", "budget: a plan of what a government will earn", 1},
		{"nothing", "photosynthesis makes glucose", heartPage, "", 0},
		{"no evidence", " ", heartPage, "", 0},
		{"Arabic with its diacritics", "التبخر تحول الماء السائل", waterPage, "التَّبخُّر: تحوّل الماء السائل إلى بخار ماء بفعل حرارة الشمس.", 1},
		{"lines that were cut hard", "plants make their food from sunlight and water in leaves", "Green plants make their\nfood from sunlight and\nwater in the leaves.\nAnimals do not.",
			"Green plants make their\nfood from sunlight and\nwater in the leaves.", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := quiz.NewIndex(tt.page).Find(tt.evidence)
			require.Equal(t, tt.want, got.Text)
			require.Equal(t, got.Text, tt.page[got.Start:got.End])
			require.InDelta(t, tt.score, got.Score, 1e-9)
		})
	}
}

func TestFindTellsScatteredWordsFromAQuotation(t *testing.T) {
	page := quiz.NewIndex(`The sun warms the sea in summer. Many ships cross it then.
Clouds gather over high mountains. Farmers wait for rain.
Rivers bring fresh water down. Fish swim against the current.`)
	scattered := "summer clouds bring farmers ships against mountains"
	require.InDelta(t, 1, page.Grounded(scattered), 1e-9, "each word is somewhere on the page")
	require.Less(t, page.Find(scattered).Score, 0.5, "but no place holds half of them")
}

func TestFindCutsTextThatNeverEnds(t *testing.T) {
	page := strings.Repeat("words without any stop run on and ", 50) + "the sentence that we look for stands here " +
		strings.Repeat("and more words follow without any end ", 50)
	got := quiz.NewIndex(page).Find("the sentence that we look for")
	require.Contains(t, got.Text, "sentence that we look for")
	require.Less(t, len(got.Text), 600)
}

// naiveGrounded is [quiz.Grounded] by its definition, slowly.
func naiveGrounded(evidence, page string) float64 {
	long := func(text string) []string {
		var all []string
		for _, raw := range quiz.Words(text) {
			for _, w := range quiz.Words(quiz.Normalise(raw)) {
				if utf8.RuneCountInString(w) > 2 {
					all = append(all, w)
				}
			}
		}
		return all
	}
	wanted, there := long(evidence), long(page)
	found := 0
	for _, w := range wanted {
		for i, p := range there {
			if p == w {
				there[i] = "" // each word of the page counts once
				found++
				break
			}
		}
	}
	if len(wanted) == 0 {
		return -1 // the page as a whole decides
	}
	return float64(found) / float64(len(wanted))
}

func FuzzGrounded(f *testing.F) {
	for _, s := range seedTexts() {
		f.Add(s, heartPage)
		f.Add(waterPage, s)
	}
	f.Add("Arteries carry blood blood", heartPage)
	f.Fuzz(func(t *testing.T, evidence, page string) {
		x := quiz.NewIndex(page)
		got := x.Grounded(evidence)
		if want := naiveGrounded(evidence, page); want >= 0 {
			require.InDelta(t, want, got, 1e-9)
		}
		p := x.Find(evidence)
		require.LessOrEqual(t, p.Score, got+1e-9, "a passage holds no more than the page")
		require.Equal(t, got > 0, p.Score > 0)
		require.Equal(t, page[p.Start:p.End], p.Text)
		for _, s := range quiz.Sentences(page) {
			if n := naiveGrounded(s, s); n == 1 && utf8.RuneCountInString(s) < 200 {
				require.InDelta(t, 1, x.Find(s).Score, 1e-9, "every sentence of a page is found on it")
			}
			break
		}
	})
}
