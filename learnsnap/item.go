package learnsnap

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

// A Kind says what an [Item] is.
type Kind string

// The kinds of items.
const (
	PageItem     Kind = "page"     // a page as it was read
	LessonItem   Kind = "lesson"   // the lesson
	QuestionItem Kind = "question" // a question
)

// An Item is an accepted piece of a quiz. It is final: nothing changes it, asks
// for it or pays for it again. Exactly one of Page, Lesson and Question is set, as
// Kind says; an item of a kind that a later version has made has none.
//
// Its JSON may be kept anywhere and given to [Request].Have later.
type Item struct {
	Seq      int            `json:"seq,omitzero"` // from 1
	Kind     Kind           `json:"kind,omitzero"`
	Page     *quiz.Page     `json:"page,omitempty"`
	Lesson   *quiz.Lesson   `json:"lesson,omitempty"`
	Question *quiz.Question `json:"question,omitempty"`
	Model    string         `json:"model,omitempty"` // the model that wrote it; empty for a page that was sent as text

	// SpentUSD is what the quiz had cost when the item was accepted, in US dollars, as
	// far as is known. It is kept where [Config].MaxCostUSD bounds the cost.
	SpentUSD float64 `json:"spentUSD,omitempty"`
}

// MarshalItem returns an item as a store keeps it.
func MarshalItem(it Item) (storage.Item, error) {
	if err := it.check(); err != nil {
		return storage.Item{}, err
	}
	kept := storage.Item{Seq: it.Seq, Kind: string(it.Kind)}
	it.Seq, it.Kind = 0, "" // the store has them beside the JSON
	var err error
	if kept.JSON, err = json.Marshal(it); err != nil {
		return storage.Item{}, fmt.Errorf("marshal item %d: %w", kept.Seq, err)
	}
	return kept, nil
}

// UnmarshalItem reads an item as a store keeps it. What a later version added is
// ignored: fields that are not known, and kinds, whose items have neither page nor
// lesson nor question.
func UnmarshalItem(kept storage.Item) (Item, error) {
	it := Item{Seq: kept.Seq, Kind: Kind(kept.Kind)}
	if !it.Kind.known() {
		return it, nil
	}
	if err := json.Unmarshal(kept.JSON, &it); err != nil {
		return Item{}, fmt.Errorf("unmarshal item %d: %w", kept.Seq, err)
	}
	it.Seq, it.Kind = kept.Seq, Kind(kept.Kind)
	if err := it.check(); err != nil {
		return Item{}, err
	}
	return it, nil
}

func (k Kind) known() bool { return k == PageItem || k == LessonItem || k == QuestionItem }

// check reports an item of a known kind that is not what it says.
func (it Item) check() error {
	set := map[Kind]bool{PageItem: it.Page != nil, LessonItem: it.Lesson != nil, QuestionItem: it.Question != nil}
	if it.Seq < 1 {
		return fmt.Errorf("item %d: items are numbered from 1", it.Seq)
	}
	for kind, is := range set {
		if it.Kind.known() && is != (kind == it.Kind) {
			return fmt.Errorf("item %d: it is said to be a %q", it.Seq, string(it.Kind))
		}
	}
	return nil
}

// A Progress says how far a quiz is.
type Progress struct {
	Pages          int `json:"pages"` // that were read
	PagesTotal     int `json:"pagesTotal"`
	Questions      int `json:"questions"`
	QuestionsTotal int `json:"questionsTotal"` // that were asked for
	Percent        int `json:"percent"`        // 100 only when the quiz is ready
}

// The shares of the work, in percent: reading takes about as long as asking.
const (
	pagesShare     = 40
	lessonShare    = 10
	questionsShare = 50
)

// A tally counts items.
type tally struct {
	pages, questions int
	lesson           bool
}

func (t *tally) add(k Kind) {
	switch k {
	case PageItem:
		t.pages++
	case LessonItem:
		t.lesson = true
	case QuestionItem:
		t.questions++
	}
}

// progress returns how far a quiz with these totals is.
func (t *tally) progress(pages, questions int) Progress {
	percent := 0
	if pages > 0 {
		percent += pagesShare * t.pages / pages
	}
	if questions > 0 {
		percent += questionsShare * t.questions / questions
	}
	if t.lesson {
		percent += lessonShare
	}
	return Progress{
		Pages: t.pages, PagesTotal: pages,
		Questions: t.questions, QuestionsTotal: questions,
		Percent: min(percent, 99),
	}
}

// assemble makes a quiz out of its items.
func assemble(items []Item, language quiz.Language) *quiz.Quiz {
	q := &quiz.Quiz{Language: language}
	for _, it := range items {
		switch {
		case it.Page != nil:
			q.Pages = append(q.Pages, *it.Page)
		case it.Lesson != nil:
			q.Lesson = it.Lesson
		case it.Question != nil:
			q.Questions = append(q.Questions, *it.Question)
		}
	}
	slices.SortFunc(q.Pages, func(a, b quiz.Page) int { return a.Page - b.Page })
	if q.Language == "" {
		q.Language = languageOf(q.Pages)
	}
	return q
}

// languageOf returns the language of all pages together.
func languageOf(pages []quiz.Page) quiz.Language {
	var all strings.Builder
	for _, p := range pages {
		all.WriteString(p.Text)
		all.WriteByte('\n')
	}
	return quiz.LanguageOf(all.String())
}
