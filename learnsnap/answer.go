package learnsnap

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

// A Result is a graded quiz.
type Result = quiz.Result

// A QuestionResult is one graded answer.
type QuestionResult = quiz.Graded

// Submit grades the answers, by question id, and keeps the result. Questions
// without an answer count as wrong. It is possible once: [AlreadySubmitted] after
// that, [NotReady] before the quiz is ready and when it has failed. An answer of
// another shape than its question, or to a question that is not there, is
// [InvalidAnswers], and nothing is kept.
func (s *Service) Submit(ctx context.Context, owner, id string, answers map[string]quiz.Answer) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	kept, _, err := s.load(ctx, owner, id)
	switch {
	case err != nil:
		return Result{}, err
	case s.enabled(FlagReadOnly):
		return Result{}, &Error{Code: Unavailable, Err: errReadOnly}
	case kept.Status == storage.Completed:
		return Result{}, &Error{Code: AlreadySubmitted}
	case kept.Status != storage.Ready:
		return Result{}, &Error{Code: NotReady}
	}
	questions, err := s.questions(ctx, id)
	if err != nil {
		return Result{}, err
	}
	result, err := quiz.Score(questions, answers)
	if err != nil {
		return Result{}, &Error{Code: InvalidAnswers, Err: err}
	}
	body, err := json.Marshal(result)
	if err != nil {
		return Result{}, &Error{Code: Internal, Err: err}
	}
	switch err := s.store.SubmitSession(ctx, id, body); {
	case errors.Is(err, storage.ErrConflict):
		return Result{}, &Error{Code: AlreadySubmitted} // it was ready a moment ago: somebody was faster
	case err != nil:
		return Result{}, storeError(err)
	}
	return result, nil
}

// Erase removes a session of the owner's and all that is in it, at once. Work on it
// stops, and pages that it holds are given back.
func (s *Service) Erase(ctx context.Context, owner, id string) error {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	kept, err := s.store.Session(ctx, id)
	switch {
	case err != nil:
		return storeError(err)
	case kept.Owner != owner:
		return &Error{Code: NotFound}
	case s.enabled(FlagReadOnly):
		return &Error{Code: Unavailable, Err: errReadOnly}
	}
	if err := s.store.EraseSession(ctx, id, string(Erased)); err != nil {
		return storeError(err)
	}
	s.hub.over(id)
	if !kept.Status.Ended() && s.counted() {
		s.moved(ctx, id, storage.Release, kept.Pages)
	}
	return nil
}

// EraseOwner removes all that is an owner's, but for the amounts in the ledger. Work
// on the owner's quizzes stops.
func (s *Service) EraseOwner(ctx context.Context, owner string) error {
	if s.enabled(FlagReadOnly) {
		return &Error{Code: Unavailable, Err: errReadOnly}
	}
	ctx, cancel := context.WithTimeout(ctx, eraseWait)
	defer cancel()
	if err := s.store.EraseOwner(ctx, owner, string(Erased)); err != nil {
		return storeError(err)
	}
	return nil
}

// eraseWait is how long it may take to erase an owner, who may have many quizzes.
const eraseWait = 30 * time.Second

var errReadOnly = errors.New("the service is read-only")

// Result returns the graded answers, or [NotReady] when none were submitted.
func (s *Service) Result(ctx context.Context, owner, id string) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	kept, _, err := s.load(ctx, owner, id)
	switch {
	case err != nil:
		return Result{}, err
	case kept.Status != storage.Completed:
		return Result{}, &Error{Code: NotReady}
	}
	var result Result
	if err := json.Unmarshal(kept.Result, &result); err != nil {
		return Result{}, &Error{Code: Internal, Err: err}
	}
	return result, nil
}

// A Report is what a learner says about a question.
type Report struct {
	Question string // its id
	Reason   string // a word; at most 64 bytes
	Comment  string // at most 2,000 bytes; may be empty
}

// The bounds of a report, in bytes.
const (
	maxReportReason  = 64
	maxReportComment = 2000
)

// Report keeps a report about a question of the owner's. A second one about the
// same question replaces the first. A question that the session does not have,
// and a report past its bounds, are [InvalidRequest].
func (s *Service) Report(ctx context.Context, owner, id string, r Report) error {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	r.Reason = strings.TrimSpace(r.Reason)
	_, _, err := s.load(ctx, owner, id)
	switch {
	case err != nil:
		return err
	case r.Reason == "" || len(r.Reason) > maxReportReason:
		return invalid("a report has a reason of at most %d bytes", maxReportReason)
	case len(r.Comment) > maxReportComment:
		return invalid("a report's comment has at most %d bytes", maxReportComment)
	case s.enabled(FlagReadOnly):
		return &Error{Code: Unavailable, Err: errReadOnly}
	}
	questions, err := s.questions(ctx, id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(questions, func(q quiz.Question) bool { return q.ID == r.Question }) {
		return invalid("the session has no such question")
	}
	err = s.store.AddReport(ctx, storage.Report{
		Session: id, Question: r.Question, Owner: owner,
		Reason: strings.ToValidUTF8(r.Reason, ""), Comment: strings.ToValidUTF8(strings.TrimSpace(r.Comment), ""),
		Created: s.now().UTC(),
	})
	if err != nil {
		return storeError(err)
	}
	return nil
}

// questions returns the questions of a session so far.
func (s *Service) questions(ctx context.Context, id string) ([]quiz.Question, error) {
	items, err := readItems(ctx, s.store, id, 0)
	if err != nil {
		return nil, err
	}
	return assemble(items, quiz.Mixed).Questions, nil
}
