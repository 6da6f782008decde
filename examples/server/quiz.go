package main

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/intake"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

// issueDevice makes a guest.
func (s *server) issueDevice(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	token, owner := s.devices.issue()
	balance, err := s.service.Balance(r.Context(), owner)
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: deviceCookie, Value: token, Path: "/", MaxAge: int(deviceAge.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	w.Header().Set(deviceHeader, token)
	writeJSON(w, http.StatusCreated, map[string]any{"token": token, "pagesRemaining": balance})
	return nil
}

// credits answers with the pages that are left; −1 means that they are not counted.
func (s *server) credits(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	owner, err := s.owner(r)
	if err != nil {
		return err
	}
	balance, err := s.service.Balance(r.Context(), owner)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"pagesRemaining": balance})
	return nil
}

// An entryView is an entry of the ledger as a client sees it.
type entryView struct {
	ID      int64          `json:"id"`
	Action  storage.Action `json:"action"`
	Pages   int            `json:"pages"`
	Cause   string         `json:"cause"`
	Created time.Time      `json:"created"`
}

// history answers with entries of the ledger, newest first; "next" leads on.
func (s *server) history(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	owner, err := s.owner(r)
	if err != nil {
		return err
	}
	asked, err := partOf(r)
	if err != nil {
		return err
	}
	entries, err := s.service.History(r.Context(), owner, asked.before, asked.limit)
	if err != nil {
		return err
	}
	answer := map[string]any{}
	viewEntries(answer, asked, entries)
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// erase removes a quiz of the owner's at once.
func (s *server) erase(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	owner, err := s.owner(r)
	if err != nil {
		return err
	}
	if err := s.service.Erase(r.Context(), owner, p.ByName("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// The headers of draft-ietf-httpapi-idempotency-key-header, and ours beside it.
const (
	keyHeader      = "Idempotency-Key"
	repeatedHeader = "Idempotency-Replayed"
)

// create takes the pages as they arrive and puts the quiz in line.
func (s *server) create(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	if p.ByName("id") != "create" {
		return fault(routeNotFound, "no route")
	}
	owner, err := s.owner(r)
	if err != nil {
		return err
	}
	if r.ContentLength > createLimit {
		return fault(learnsnap.BodyTooLarge, "a body of %d bytes", r.ContentLength)
	}
	upload := s.service.Upload(owner)
	defer func() {
		if err := upload.Close(); err != nil {
			s.log.WarnContext(r.Context(), "an upload was not cleaned up", "error", err)
		}
	}()
	options, err := receive(r, func(_ int, page io.Reader) error { return upload.Add(r.Context(), page) })
	if err != nil {
		return err
	}
	options.Key, options.Trace = r.Header.Get(keyHeader), s.tracing.Carry(r.Context())
	session, err := upload.Create(r.Context(), options)
	if err != nil {
		return err
	}
	if session.Repeated {
		w.Header().Set(repeatedHeader, "true")
	}
	balance, err := s.service.Balance(r.Context(), owner)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/quiz/"+session.ID)
	writeJSON(w, http.StatusAccepted, map[string]any{
		"sessionId": session.ID, "status": session.Status, "imageCount": session.Pages, "pagesRemaining": balance,
	})
	return nil
}

// receive reads the body of a create request, in either of its forms.
func receive(r *http.Request, page intake.Page) (o learnsnap.Options, err error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return o, fault(unsupportedMediaType, "content type: %w", err)
	}
	var said intake.Options
	switch {
	case media == "multipart/form-data" && params["boundary"] != "":
		said, err = intake.Multipart(r.Body, params["boundary"], page)
	case media == "application/json":
		said, err = intake.JSON(r.Body, page)
	default:
		return o, fault(unsupportedMediaType, "content type %q", media)
	}
	var wrong *intake.Error
	var coded *learnsnap.Error
	if errors.As(err, &wrong) && (!errors.As(err, &coded) || coded.Code == learnsnap.InvalidRequest) {
		return o, misread(wrong)
	}
	if err != nil {
		return o, err
	}
	o = learnsnap.Options{Questions: said.Questions, Language: quiz.Language(said.Language), SkipUnreadable: said.SkipUnreadable}
	for _, name := range said.Types {
		o.Types = append(o.Types, quiz.Type(name))
	}
	return o, nil
}

// misread gives a body that can't be read its code.
func misread(wrong *intake.Error) error {
	e := &learnsnap.Error{Code: learnsnap.InvalidRequest, Err: wrong}
	if wrong.Fault == intake.BadBase64 {
		e.Code = learnsnap.CorruptPage
	}
	if wrong.Page > 0 {
		e.Pages = []int{wrong.Page}
	}
	return e
}

// A sessionView is a session as a client sees it.
type sessionView struct {
	ID        string             `json:"sessionId"`
	Status    storage.Status     `json:"status"`
	Created   time.Time          `json:"created"`
	Expires   time.Time          `json:"expires"`
	Progress  learnsnap.Progress `json:"progress"`
	Language  quiz.Language      `json:"language,omitempty"`
	Pages     []quiz.Page        `json:"pages"`
	Lesson    *quiz.Lesson       `json:"lesson,omitempty"`
	Questions []any              `json:"questions"`
	Failure   *failureView       `json:"failure,omitempty"`
	Result    *learnsnap.Result  `json:"result,omitempty"`
}

type failureView struct {
	Code   learnsnap.Code `json:"code"`
	Detail string         `json:"detail"`
	Pages  []int          `json:"pages,omitempty"`
}

func viewFailure(f *learnsnap.Failure, language string) *failureView {
	if f == nil {
		return nil
	}
	return &failureView{Code: f.Code, Detail: detailOf(f.Code, f.Pages, language), Pages: f.Pages}
}

// get answers with a session as it stands. Keys are hidden until the answers were
// submitted, unless they are asked for.
func (s *server) get(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	owner, err := s.owner(r)
	if err != nil {
		return err
	}
	session, err := s.service.Session(r.Context(), owner, p.ByName("id"))
	if err != nil {
		return err
	}
	view := sessionView{
		ID: session.ID, Status: session.Status, Created: session.Created, Expires: session.Expires, Progress: session.Progress,
		Language: session.Language, Pages: session.PageItems, Lesson: session.Lesson, Questions: []any{},
		Failure: viewFailure(session.Failure, languageOf(r)), Result: session.Result,
	}
	if view.Pages == nil {
		view.Pages = []quiz.Page{}
	}
	open := session.Result != nil || r.URL.Query().Get("answers") == "true"
	for _, q := range session.Questions {
		if open {
			view.Questions = append(view.Questions, q)
		} else {
			view.Questions = append(view.Questions, q.Hide(session.ID))
		}
	}
	writeJSON(w, http.StatusOK, view)
	return nil
}

// submit grades the answers.
func (s *server) submit(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	owner, err := s.owner(r)
	if err != nil {
		return err
	}
	var body struct {
		Answers map[string]quiz.Answer `json:"answers"`
	}
	if err := decodeJSON(r, &body); err != nil {
		return &learnsnap.Error{Code: codeOr(err, learnsnap.InvalidAnswers), Err: err}
	}
	result, err := s.service.Submit(r.Context(), owner, p.ByName("id"), body.Answers)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, result)
	return nil
}

// result answers with the graded answers.
func (s *server) result(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	owner, err := s.owner(r)
	if err != nil {
		return err
	}
	result, err := s.service.Result(r.Context(), owner, p.ByName("id"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, result)
	return nil
}

// report keeps what a learner says about a question.
func (s *server) report(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	owner, err := s.owner(r)
	if err != nil {
		return err
	}
	var body struct {
		QuestionID string `json:"questionId"`
		Reason     string `json:"reason"`
		Comment    string `json:"comment"`
	}
	if err := decodeJSON(r, &body); err != nil {
		return &learnsnap.Error{Code: codeOr(err, learnsnap.InvalidRequest), Err: err}
	}
	err = s.service.Report(r.Context(), owner, p.ByName("id"), learnsnap.Report{Question: body.QuestionID, Reason: body.Reason, Comment: body.Comment})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusCreated, map[string]any{"questionId": body.QuestionID})
	return nil
}

// decodeJSON reads the one JSON value that a body is.
func decodeJSON(r *http.Request, v any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

// codeOr returns the code that an error has already, or another.
func codeOr(err error, otherwise learnsnap.Code) learnsnap.Code {
	var e *learnsnap.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return otherwise
}
