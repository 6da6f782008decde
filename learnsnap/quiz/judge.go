package quiz

import (
	"fmt"
	"math"
	"slices"
)

// A Judge decides which questions a quiz takes. It holds the pages, prepared once
// for all questions; it is immutable and safe for concurrent use.
type Judge struct {
	pages []judgedPage
	types []Type
}

type judgedPage struct {
	page  Page
	index *Index
}

// NewJudge returns a judge over the pages that could be read. It takes questions
// of the given types only; none means all.
func NewJudge(pages []Page, types ...Type) *Judge {
	j := &Judge{types: slices.Clone(types)}
	for _, p := range pages {
		if p.Text != "" {
			j.pages = append(j.pages, judgedPage{page: p, index: NewIndex(p.Text)})
		}
	}
	return j
}

// The least shares of an evidence's words.
const (
	MinGrounded = 0.5 // that stand on the page, see [Grounded]
	MinInPlace  = 0.5 // that stand in one passage of it, see [Index.Find]
)

// Accept judges a candidate after the questions of the quiz so far. It returns the
// question as the quiz takes it: repaired (see [Repair]), with the evidence as it
// stands on the page, the number of the page it really stands on, and how sure
// that is. Order of options and id are for the caller to set: [Balance],
// [QuestionID].
//
// A candidate that is turned away gives an [*Error]: a rule of form (the family
// [Malformed]), [NotWanted], [NotGrounded], [Scattered], [NoSuchPage],
// [Instruction] or [Repeated]. It counts as grounded when at least half of the
// evidence's words longer than two letters stand on the page, and half of them in
// one passage.
//
// Evidence.Confidence is the share of the words found in the passage times the
// page's confidence there (that of its weakest word, where [Page] has it); a lower
// one that the candidate brought stays.
func (j *Judge) Accept(q Question, have []Question) (Question, error) {
	q = Repair(q)
	claimed := q.Evidence.Page
	if claimed < 1 {
		q.Evidence.Page = 1 // a form is no reason to lose it: the text tells the page
	}
	if err := q.Validate(); err != nil {
		return Question{}, err
	}
	if len(j.types) > 0 && !slices.Contains(j.types, q.Type) {
		return Question{}, &Error{NotWanted, "type"}
	}
	evidence, err := j.ground(q.Evidence, claimed)
	if err != nil {
		return Question{}, err
	}
	if givesOrders(q.Evidence.Text) || givesOrders(evidence.Text) {
		return Question{}, &Error{Instruction, "evidence"}
	}
	q.Evidence = evidence
	asks := FingerprintOf(q)
	for i, h := range have {
		if asks.Repeats(FingerprintOf(h)) {
			return Question{}, &Error{Repeated, fmt.Sprintf("questions[%d]", i)}
		}
	}
	return q, nil
}

// ground finds the evidence on the page that it claims or, where that page does
// not hold it or another does so clearly better, on that one.
func (j *Judge) ground(e Evidence, claimed int) (Evidence, error) {
	const sure, better = 0.9, 0.2
	reason := NoSuchPage
	var best judgedPage
	var passage Passage
	bonus := 0.0
	for _, p := range j.claimedFirst(claimed) {
		share := p.index.Grounded(e.Text)
		if p.page.Page == claimed {
			reason = NotGrounded
		}
		if share < MinGrounded {
			continue
		}
		found := p.index.Find(e.Text)
		if found.Score < MinInPlace {
			reason = Scattered
			continue
		}
		if found.Score > passage.Score+bonus {
			best, passage, bonus = p, found, 0
			if p.page.Page == claimed {
				bonus = better
			}
		}
		if passage.Score >= sure {
			break
		}
	}
	if passage.Score == 0 {
		return Evidence{}, &Error{reason, "evidence"}
	}
	sureness := passage.Score * reading(best.page, passage)
	if e.Confidence > 0 {
		sureness = min(sureness, e.Confidence)
	}
	found := Evidence{Text: visible(passage.Text), Page: best.page.Page, Confidence: math.Round(1000*sureness) / 1000}
	return found, found.validate() // a page may hold a sentence that no evidence can be
}

// claimedFirst returns the pages, the claimed one first.
func (j *Judge) claimedFirst(claimed int) []judgedPage {
	i := slices.IndexFunc(j.pages, func(p judgedPage) bool { return p.page.Page == claimed })
	if i <= 0 {
		return j.pages
	}
	return slices.Concat(j.pages[i:i+1], j.pages[:i], j.pages[i+1:])
}

// reading returns how sure the reading of a passage is: that of its weakest word,
// else that of the page. A page that was not measured counts as sure.
func reading(p Page, at Passage) float64 {
	sure := p.Confidence
	if sure <= 0 || sure > 1 {
		sure = 1
	}
	for _, w := range p.Weak {
		if w.Start < at.End && w.End > at.Start {
			sure = min(sure, w.Confidence)
		}
	}
	return max(sure, 0)
}

// givesOrders reports whether a sentence of text does.
func givesOrders(text string) bool {
	for _, sentence := range Sentences(text) {
		if GivesOrders(sentence) {
			return true
		}
	}
	return false
}
