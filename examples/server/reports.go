package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

// A reportView is a report as an operator sees it. Question is nil when it is gone.
type reportView struct {
	Session    string         `json:"session"`
	QuestionID string         `json:"questionId"`
	Reason     string         `json:"reason"`
	Comment    string         `json:"comment"`
	Owner      string         `json:"owner"`
	Created    time.Time      `json:"created"`
	Question   *quiz.Question `json:"question"` // with its key
}

// listReports answers with what learners say about questions, newest first; "next"
// leads on.
func (s *server) listReports(w http.ResponseWriter, r *http.Request, _ httprouter.Params, _ string) error {
	limit, err := limitOf(r)
	if err != nil {
		return err
	}
	before, ok := reportOf(r.URL.Query().Get("cursor"))
	if !ok {
		return fault(learnsnap.InvalidRequest, `cursor: want what "next" said`)
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeWithin)
	defer cancel()
	reports, err := s.store.RecentReports(ctx, before, limit)
	if err != nil {
		return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	views := make([]reportView, len(reports))
	bySession := map[string]map[string]*quiz.Question{}
	for i, said := range reports {
		if bySession[said.Session] == nil {
			if bySession[said.Session], err = s.questionsOf(ctx, said.Session); err != nil {
				return err
			}
		}
		views[i] = reportView{
			said.Session, said.Question, said.Reason, said.Comment, said.Owner, said.Created, bySession[said.Session][said.Question],
		}
	}
	answer := map[string]any{"reports": views}
	if len(reports) == limit {
		answer["next"] = reportCursor(reports[len(reports)-1])
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// questionsOf returns the questions of a session by their ids; one that has just gone
// has none.
func (s *server) questionsOf(ctx context.Context, session string) (map[string]*quiz.Question, error) {
	items, err := s.store.Items(ctx, session, 0)
	if err != nil {
		return nil, &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	questions := map[string]*quiz.Question{}
	for _, kept := range items {
		it, err := learnsnap.UnmarshalItem(kept)
		if err != nil {
			return nil, &learnsnap.Error{Code: learnsnap.Internal, Err: err}
		}
		if it.Question != nil {
			questions[it.Question.ID] = it.Question
		}
	}
	return questions, nil
}

// A reportPlace is where a list of reports goes on.
type reportPlace struct {
	Created  int64  `json:"t"` // in microseconds
	Session  string `json:"s"`
	Question string `json:"q"`
	Owner    string `json:"o"`
}

// Bounds of a cursor.
const (
	maxCursor = 2048           // bytes
	endOfTime = 253402300799e6 // in microseconds: a database has years of four digits
)

func reportCursor(r storage.Report) string {
	place, _ := json.Marshal(reportPlace{r.Created.UnixMicro(), r.Session, r.Question, r.Owner}) // texts and a number
	return base64.RawURLEncoding.EncodeToString(place)
}

// reportOf returns the report that a cursor stands for; an empty one is at the
// beginning.
func reportOf(cursor string) (storage.Report, bool) {
	if cursor == "" {
		return storage.Report{}, true
	}
	if len(cursor) > maxCursor {
		return storage.Report{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	var p reportPlace
	if err != nil || json.Unmarshal(raw, &p) != nil {
		return storage.Report{}, false
	}
	if p.Session == "" || p.Created < 0 || p.Created > endOfTime || strings.Contains(p.Session+p.Question+p.Owner, "\x00") {
		return storage.Report{}, false
	}
	return storage.Report{Created: time.UnixMicro(p.Created).UTC(), Session: p.Session, Question: p.Question, Owner: p.Owner}, true
}
