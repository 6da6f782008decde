package offline_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/learnsnap/pages"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

type pagePhoto struct {
	File, Kind, Language, Expect string
	PageID                       string `json:"page_id"`
	Truth                        string `json:"ground_truth"`
}

// pagePhotos reads the folder of development photos, or skips where it is missing.
func pagePhotos(t testing.TB) (dir string, all []pagePhoto) {
	t.Helper()
	dir = os.Getenv("LEARNSNAP_PAGES")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "pages")
	}
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Skipf("no photos of pages: %v (set LEARNSNAP_PAGES to their folder)", err)
	}
	var manifest struct{ Files []pagePhoto }
	require.NoError(t, json.Unmarshal(data, &manifest))
	return dir, manifest.Files
}

// realReader returns the real reader, or skips where its program is missing.
func realReader(t testing.TB) *offline.Tesseract {
	t.Helper()
	r := offline.NewTesseract(offline.TesseractConfig{})
	if err := r.Check(t.Context()); err != nil {
		t.Skip(err)
	}
	return r
}

// wordsOf splits a text into words as the error rate counts them: without
// punctuation, marks and tatweel.
func wordsOf(s string) []string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == 'ـ' || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, s)
	return strings.Fields(s)
}

// wordErrors returns the least insertions, deletions and exchanges of words that
// make one text of the other.
func wordErrors(got, want []string) int {
	row := make([]int, len(got)+1)
	for i := range row {
		row[i] = i
	}
	for i, w := range want {
		before := row[0]
		row[0] = i + 1
		for j, g := range got {
			cost := before
			if g != w {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return row[len(got)]
}

func TestReaderReadsEveryPhoto(t *testing.T) {
	dir, all := pagePhotos(t)
	r, intake := realReader(t), pages.New(pages.Config{})
	errors, words := map[string]int{}, map[string]int{}
	for _, p := range all {
		switch p.Expect {
		case "ok", "ok_or_low_quality", "unreadable", "no_text":
		default:
			continue
		}
		if p.Expect == "ok" && (testing.Short() || raceEnabled) && p.Kind == "format_variant" {
			continue
		}
		t.Run(p.File, func(t *testing.T) {
			f, err := os.Open(filepath.Join(dir, p.File))
			require.NoError(t, err)
			defer f.Close()
			m, err := intake.Read(t.Context(), f)
			require.NoError(t, err)
			page, err := r.Read(t.Context(), m, quiz.Language(p.Language))
			require.NoError(t, err)
			if p.Expect == "unreadable" || p.Expect == "no_text" {
				require.NotEmpty(t, page.Unreadable)
				require.Empty(t, page.Text)
				return
			}
			require.Empty(t, page.Unreadable)
			want := wordsOf(p.Truth)
			n := wordErrors(wordsOf(page.Text), want)
			kind := p.Language
			if p.PageID == "ar_ibn_alhaytham" {
				kind = "ar naskh"
			}
			if p.Expect == "ok" {
				errors[kind] += n
				words[kind] += len(want)
			}
			t.Logf("%-34s %5.1f %% wrong (%d of %d), confidence %.2f, %d weak", p.File, 100*float64(n)/float64(len(want)), n, len(want), page.Confidence, len(page.Weak))
			if os.Getenv("SHOW") != "" {
				t.Log("\n" + page.Text)
			}
		})
	}
	// What the development photos must give; other photos are only reported.
	most := map[string]float64{"en": 0.5, "ar": 2}
	for kind, n := range errors {
		percent := 100 * float64(n) / float64(words[kind])
		t.Logf("%s: %.2f %% of the words wrong", kind, percent)
		if limit, bounded := most[kind]; bounded && os.Getenv("LEARNSNAP_PAGES") == "" {
			require.LessOrEqual(t, percent, limit, kind)
		}
	}
}
