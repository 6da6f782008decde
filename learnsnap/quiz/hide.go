package quiz

import (
	"cmp"
	"slices"
	"strconv"
)

// A Hidden question is what a learner sees before the answers are handed in: no
// key, no explanation, no evidence.
type Hidden struct {
	ID       string   `json:"id"`
	Type     Type     `json:"type"`
	Question string   `json:"question"`
	Options  []string `json:"options,omitempty"`
	Hint     string   `json:"hint,omitempty"`
	Left     []string `json:"left,omitempty"`  // of a [Matching] question
	Right    []string `json:"right,omitempty"` // the same number, in another order
	Source   string   `json:"source,omitempty"`
}

// Hide returns q as a learner sees it. The rights of a [Matching] question are
// ordered by a hash of seed and their own text: the order is the same each time,
// and says nothing about which left each belongs to, even to one who knows the
// seed.
func (q Question) Hide(seed string) Hidden {
	h := Hidden{ID: q.ID, Type: q.Type, Question: q.Question, Options: slices.Clone(q.Options), Hint: q.Hint, Source: q.Source}
	if q.Type != Matching {
		return h
	}
	h.Options = nil
	for _, p := range q.Pairs {
		h.Left = append(h.Left, p.Left)
		h.Right = append(h.Right, p.Right)
	}
	slices.SortFunc(h.Right, func(a, b string) int {
		return cmp.Or(cmp.Compare(hash(seed, a), hash(seed, b)), cmp.Compare(a, b))
	})
	return h
}

// QuestionID returns the id of the question with the given number from 1: "q1".
func QuestionID(number int) string { return "q" + strconv.Itoa(number) }
