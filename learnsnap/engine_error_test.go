package learnsnap_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/aitest"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

func TestErrorsOfAGenerationHaveTheirCode(t *testing.T) {
	fewer := func(n int) aitest.Attempt {
		return saying(func(a quiz.Ask) reply {
			r := answerTo(a)
			r.Questions = r.Questions[:max(n-len(a.Have), 0)]
			return r
		})
	}
	failing := func(err error) ai.Model { return aitest.NewScripted("test/failing", aitest.Broken("", err)) }
	later := &ai.Error{Kind: ai.RateLimited, After: 40 * time.Second}
	for _, c := range []struct {
		name  string
		model ai.Model
		code  learnsnap.Code
	}{
		{"four questions", aitest.NewScripted("test/m", fewer(4)), learnsnap.TooFewQuestions},
		{"four questions, in a failover", ai.Failover(aitest.NewScripted("test/m", fewer(4)), failing(later)), learnsnap.TooFewQuestions},
		{"all models fail", ai.Failover(failing(&ai.Error{Kind: ai.Auth}), failing(later)), learnsnap.GenerationFailed},
		{"a reply of another kind", aitest.NewScripted("test/m", aitest.Complete("I'd rather not.")), learnsnap.GenerationFailed},
		{"nothing can read photos", failing(&ai.Error{Kind: ai.Unavailable, Err: coded("OCR_UNAVAILABLE")}), learnsnap.OCRUnavailable},
		{"the last of the chain can't read photos", ai.Failover(failing(later), failing(coded("OCR_UNAVAILABLE"))), learnsnap.GenerationFailed},
		{"all of the chain can't", ai.Failover(failing(coded("OCR_UNAVAILABLE")), failing(coded("OCR_UNAVAILABLE"))), learnsnap.OCRUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newEngine(t, learnsnap.Config{Model: c.model}).Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
			var e *learnsnap.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.code, e.Code, "%v", err)
		})
	}
}

func TestAnErrorSaysWhenToAskAgain(t *testing.T) {
	model := ai.Failover(
		aitest.NewScripted("test/a", aitest.Broken("", &ai.Error{Kind: ai.RateLimited, After: time.Minute})),
		aitest.NewScripted("test/b", aitest.Broken("", &ai.Error{Kind: ai.Overloaded, After: time.Second})))
	_, err := newEngine(t, learnsnap.Config{Model: model}).Generate(t.Context(), learnsnap.Request{Pages: photos(1)})
	var later interface{ RetryAfter() time.Duration }
	require.ErrorAs(t, err, &later)
	require.Equal(t, time.Second, later.RetryAfter())
}

func TestUnreadablePagesAreNamedOnceAllWereLookedAt(t *testing.T) {
	blurred := func(bad ...int) aitest.Attempt {
		return saying(func(a quiz.Ask) reply {
			r := answerTo(a)
			for i := range r.Pages {
				if slices.Contains(bad, r.Pages[i].Page) {
					r.Pages[i] = quiz.Page{Page: r.Pages[i].Page, Unreadable: "blurred"}
				}
			}
			return r
		})
	}
	for _, c := range []struct {
		name    string
		pages   []ai.Media
		bad     []int
		skip    bool
		require []int // to be taken again
	}{
		{"two of four", photos(4), []int{2, 4}, false, []int{2, 4}},
		{"two of four are skipped", photos(4), []int{2, 4}, true, nil},
		{"all, though they may be skipped", photos(2), []int{1, 2}, true, []int{1, 2}},
		{"a text without letters", append(photos(1), media("text/plain", " 12. \n -- ")), []int{}, false, []int{2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine(t, learnsnap.Config{Model: aitest.NewScripted("test/m", blurred(c.bad...))})
			parts, err := collect(t.Context(), e, learnsnap.Request{Pages: c.pages, SkipUnreadable: c.skip})
			if c.require == nil {
				require.NoError(t, err)
				require.Equal(t, learnsnap.DefaultQuestions, count(itemsOf(parts), learnsnap.QuestionItem))
				return
			}
			var e2 *learnsnap.Error
			require.ErrorAs(t, err, &e2)
			require.Equal(t, learnsnap.RecaptureRequired, e2.Code)
			require.Equal(t, c.require, e2.Pages)
			require.Len(t, parts, len(c.pages), "pages only")

			_, err = collect(t.Context(), e, learnsnap.Request{Pages: c.pages, SkipUnreadable: c.skip, Have: itemsOf(parts)})
			require.Equal(t, learnsnap.RecaptureRequired, learnsnap.CodeOf(err), "the same when it goes on")
		})
	}
}

func TestAGenerationHasItsTime(t *testing.T) {
	for _, c := range []struct {
		name string
		have int
		code learnsnap.Code
	}{
		{"with too little", 4, learnsnap.GenerationTimeout},
		{"with enough for a quiz", 5, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stalls := aitest.Attempt{Answer: func(p ai.Prompt) aitest.Attempt {
					r := answerTo(askOf(p))
					r.Questions = r.Questions[:c.have]
					text := r.String()
					return aitest.Attempt{Text: text, Stall: true}
				}}
				e := newEngine(t, learnsnap.Config{Model: aitest.NewScripted("test/m", stalls)})
				start := time.Now()
				parts, err := collect(t.Context(), e, learnsnap.Request{Pages: photos(1)})
				require.Equal(t, c.code, learnsnap.CodeOf(err), "%v", err)
				require.Equal(t, c.have, count(itemsOf(parts), learnsnap.QuestionItem))
				require.Equal(t, learnsnap.DefaultTimeout, time.Since(start))
			})
		})
	}
}

func TestRequestsAreCheckedBeforeAnythingIsOpened(t *testing.T) {
	page := learnsnap.Item{Seq: 1, Kind: learnsnap.PageItem, Page: &quiz.Page{Page: 1, Text: "A text."}}
	question := learnsnap.Item{Seq: 2, Kind: learnsnap.QuestionItem, Question: &quiz.Question{ID: "q1", Type: quiz.TrueFalse}}
	at := func(seq int, it learnsnap.Item) learnsnap.Item { it.Seq = seq; return it }
	for _, c := range []struct {
		name    string
		request learnsnap.Request
		code    learnsnap.Code
	}{
		{"no pages", learnsnap.Request{}, learnsnap.NoPages},
		{"21 pages", learnsnap.Request{Pages: photos(21)}, learnsnap.TooManyPages},
		{"4 questions", learnsnap.Request{Pages: photos(1), Questions: 4}, learnsnap.InvalidRequest},
		{"51 questions", learnsnap.Request{Pages: photos(1), Questions: 51}, learnsnap.InvalidRequest},
		{"an unknown language", learnsnap.Request{Pages: photos(1), Language: "xx"}, learnsnap.InvalidRequest},
		{"an unknown type", learnsnap.Request{Pages: photos(1), Types: []quiz.Type{"essay"}}, learnsnap.InvalidRequest},
		{"a page that can't be opened", learnsnap.Request{Pages: []ai.Media{{Type: "image/png"}}}, learnsnap.InvalidRequest},
		{"a page of 6 MiB and a byte", learnsnap.Request{Pages: []ai.Media{{Type: "image/png", Size: 6<<20 + 1, Open: photos(1)[0].Open}}}, learnsnap.PageTooLarge},
		{"a text that is a book", learnsnap.Request{Pages: []ai.Media{media("text/plain", strings.Repeat("word ", 60_000))}}, learnsnap.PageTooLarge},
		{"a text that is longer than it says", learnsnap.Request{Pages: []ai.Media{{Type: "text/plain", Open: media("", strings.Repeat("word ", 60_000)).Open}}}, learnsnap.PageTooLarge},
		{"a text in another encoding", learnsnap.Request{Pages: []ai.Media{media("text/plain", "\xC8\xC9\xCA")}}, learnsnap.UnsupportedPage},
		{"a text that says so", learnsnap.Request{Pages: []ai.Media{media("text/plain; charset=windows-1256", "abc")}}, learnsnap.UnsupportedPage},
		{"items without numbers", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{at(0, page)}}, learnsnap.InvalidRequest},
		{"items out of order", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{at(2, page), at(2, question)}}, learnsnap.InvalidRequest},
		{"a page twice", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{page, at(2, page)}}, learnsnap.InvalidRequest},
		{"a page beyond the last", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{{Seq: 1, Kind: learnsnap.PageItem, Page: &quiz.Page{Page: 2, Text: "x"}}}}, learnsnap.InvalidRequest},
		{"a page without a text", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{{Seq: 1, Kind: learnsnap.PageItem, Page: &quiz.Page{Page: 1}}}}, learnsnap.InvalidRequest},
		{"two questions of one id", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{page, question, at(3, question)}}, learnsnap.InvalidRequest},
		{"a question that is none", learnsnap.Request{Pages: photos(1), Have: []learnsnap.Item{{Seq: 1, Kind: learnsnap.QuestionItem}}}, learnsnap.InvalidRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			model := goodModel()
			_, err := newEngine(t, learnsnap.Config{Model: model}).Generate(t.Context(), c.request)
			require.Equal(t, c.code, learnsnap.CodeOf(err), "%v", err)
			require.Empty(t, model.Prompts())
		})
	}
	_, err := learnsnap.New(learnsnap.Config{})
	require.Error(t, err)
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	require.EqualError(t, &learnsnap.Error{Code: learnsnap.RecaptureRequired, Pages: []int{1, 3}}, "recapture required: pages 1, 3")
	require.EqualError(t, &learnsnap.Error{Code: learnsnap.CorruptPage, Pages: []int{2}, Err: errors.New("cut")}, "corrupt page: page 2: cut")
	require.Equal(t, learnsnap.Internal, learnsnap.CodeOf(fmt.Errorf("any")))
	require.Empty(t, learnsnap.CodeOf(nil))
}
