package learnsnap

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
)

// How questions are verified.
const (
	verifiedAtOnce = 4                // questions
	voteWithin     = 30 * time.Second // for one vote
	votesLost      = 3                // in a row, until nobody is asked any more
)

// What came of verifying a question: the [Observation].Reason of [Verified].
const (
	Agreed     = "agreed"     // the second model answers as the key says
	Upheld     = "upheld"     // it does not, but the third vote does
	Outvoted   = "outvoted"   // neither does: the question is dropped
	Unverified = "unverified" // a vote could not be had: the question is kept
)

// A candidate is a question that was accepted and waits for its verdict, or for
// those before it.
type candidate struct {
	item    Item
	decided bool
}

// A verdict is what came of verifying a candidate.
type verdict struct {
	of     *candidate
	reason string
	model  string // that voted last
	err    error  // why a vote could not be had
}

// A verifier has questions answered by a second model that does not see the key,
// several at a time. It hands out verdicts; what to do with them is the
// generation's business. A verifier belongs to one generation.
type verifier struct {
	second, third ai.Model
	slots         chan struct{}
	verdicts      chan verdict
	working       sync.WaitGroup
	lost          atomic.Int32 // votes in a row
	begun         int
}

// newVerifier returns the verifier of a generation, or nil where there is to be
// none.
func newVerifier(c Config, p *purse) *verifier {
	if c.Verify == nil {
		return nil
	}
	v := &verifier{second: p.of(c.Verify), slots: make(chan struct{}, verifiedAtOnce), verdicts: make(chan verdict)}
	v.third = v.second
	if c.Arbiter != nil {
		v.third = p.of(c.Arbiter)
	}
	return v
}

// takes reports whether a question is to be verified: one of several options, by a
// language model.
func (v *verifier) takes(q *quiz.Question) bool {
	return v != nil && q.Type == quiz.MultipleChoice && q.Source == ""
}

// heard is where verdicts come from; of no verifier come none.
func (v *verifier) heard() <-chan verdict {
	if v == nil {
		return nil
	}
	return v.verdicts
}

// wait waits until no question is being verified; their context must have ended.
func (v *verifier) wait() {
	if v != nil {
		v.working.Wait()
	}
}

// begin verifies a candidate, beside the caller. The verdict comes from heard,
// unless ctx ends before it is fetched.
func (v *verifier) begin(ctx context.Context, c *candidate, text string) {
	b := newBallot(*c.item.Question, text, v.begun)
	v.begun++
	v.working.Go(func() {
		select {
		case v.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		defer func() { <-v.slots }()
		found := v.judge(ctx, b)
		found.of = c
		select {
		case v.verdicts <- found:
		case <-ctx.Done():
		}
	})
}

// judge has two of three decide: the key, the second model, and the third.
func (v *verifier) judge(ctx context.Context, b ballot) (found verdict) {
	defer func() {
		if r := recover(); r != nil {
			found = verdict{reason: Unverified, err: fmt.Errorf("panic: %v", r)}
		}
		if found.reason == Unverified {
			v.lost.Add(1)
		} else {
			v.lost.Store(0)
		}
	}()
	if v.lost.Load() >= votesLost {
		return verdict{reason: Unverified, err: fmt.Errorf("the last %d votes could not be had", votesLost)}
	}
	answer, model, err := vote(ctx, v.second, b)
	switch {
	case err != nil:
		return verdict{reason: Unverified, model: model, err: err}
	case answer == b.key:
		return verdict{reason: Agreed, model: model}
	}
	answer, model, err = vote(ctx, v.third, b.reversed())
	switch {
	case err != nil:
		return verdict{reason: Unverified, model: model, err: err}
	case answer == b.key:
		return verdict{reason: Upheld, model: model}
	}
	return verdict{reason: Outvoted, model: model}
}

// vote asks a model for its answer, an option's own number.
func vote(ctx context.Context, m ai.Model, b ballot) (answer int, model string, err error) {
	ctx, cancel := context.WithTimeout(ctx, voteWithin)
	defer cancel()
	model = m.Name()
	task := ai.Task[int]{
		Prompt: func([]int) ai.Prompt { return b.prompt() },
		Accept: func(e ai.Element, _ []int) (int, error) {
			model = e.Model
			return b.read(e.JSON)
		},
		Done: func(done []int) bool { return len(done) > 0 },
	}
	answer = none
	for given, failed := range ai.Run(ctx, m, task, nil) {
		if failed != nil {
			return none, model, failed
		}
		answer = given
	}
	return answer, model, nil
}

// none is the answer that no option is right, or more than one.
const none = -1

const noneWord = "none"

// A ballot is a question as it is put to a model that is to answer it.
type ballot struct {
	question quiz.Question
	passage  string
	key      int   // the number of the right option
	order    []int // in which the options are shown, by their numbers
}

// newBallot returns the nth ballot. Each shows its options in another order, for
// models have places that they like.
func newBallot(q quiz.Question, text string, n int) ballot {
	b := ballot{question: q, passage: around(text, q.Evidence.Text), key: strings.Index(quiz.Letters, q.Correct.Text)}
	for i := range q.Options {
		b.order = append(b.order, (i+n)%len(q.Options))
	}
	return b
}

// reversed shows every option at another place.
func (b ballot) reversed() ballot {
	b.order = slices.Clone(b.order)
	slices.Reverse(b.order)
	return b
}

// read reads an answer: an option's own number, or none.
func (b ballot) read(reply []byte) (int, error) {
	var w struct {
		Answer string `json:"answer"`
	}
	if err := json.Unmarshal(reply, &w); err != nil {
		return none, fmt.Errorf("read an answer: %w", err)
	}
	given := strings.TrimSpace(w.Answer)
	if strings.EqualFold(given, noneWord) {
		return none, nil
	}
	at := strings.Index(quiz.Letters, strings.ToUpper(given))
	if len(given) != 1 || at < 0 || at >= len(b.order) {
		return none, fmt.Errorf("no letter of an option: %.20q", given)
	}
	return b.order[at], nil
}

// prompt asks for the answer. Nothing in it tells the key: neither explanation nor
// evidence, which is but a part of the passage.
func (b ballot) prompt() ai.Prompt {
	shown := quiz.Hidden{Type: b.question.Type, Question: b.question.Question}
	for _, i := range b.order {
		shown.Options = append(shown.Options, b.question.Options[i])
	}
	options := make(map[string]string, len(shown.Options))
	for i, option := range shown.Options {
		options[quiz.Letters[i:i+1]] = option
	}
	var text strings.Builder
	writeJSON(&text, map[string]any{"passage": b.passage, "question": shown.Question, "options": options})

	answer := objectSchema()
	property(answer, "answer", &ai.Schema{Type: "string", Enum: append(strings.Split(quiz.Letters, ""), noneWord)})
	root := objectSchema()
	root.Name = "answers"
	property(root, "answers", listSchema(answer))
	return ai.Prompt{System: promptVote + outline(root), Parts: []ai.Part{{Text: text.String()}}, Schema: root, Data: shown}
}

// around returns the part of a text that a sentence stands in, with what is near.
func around(text, sentence string) string {
	const near = 1500 // bytes on either side
	at := strings.Index(text, sentence)
	if at < 0 {
		return sentence
	}
	from, to := max(at-near, 0), min(at+len(sentence)+near, len(text))
	return strings.ToValidUTF8(text[from:to], "")
}
