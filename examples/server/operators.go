package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/learnsnap/learnsnap-go/examples/server/internal/identity"
	"github.com/learnsnap/learnsnap-go/flags"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/storage"
)

// operatorRole is what a token must have.
const operatorRole = "admin"

// ourIssuer is that of tokens which JWT_SECRET signs.
const ourIssuer = "learnsnap"

// An operatorsHandler answers a request of an operator's.
type operatorsHandler func(w http.ResponseWriter, r *http.Request, p httprouter.Params, who string) error

// operators lets operators alone pass.
func (s *server) operators(next operatorsHandler) handler {
	return func(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
		if s.tokens == nil {
			return fault(noOperators, "neither JWT_SECRET nor OIDC_ISSUER is set")
		}
		token, ok := identity.Bearer(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="operators"`)
			return fault(invalidToken, "no bearer token")
		}
		claims, err := s.claims(r, token)
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer realm="operators", error="invalid_token"`)
			return err
		}
		if !claims.Has(operatorRole) {
			return fault(forbidden, "%s lacks the role %s", claims.Subject, operatorRole)
		}
		who := claims.Owner()
		if claims.Issuer == ourIssuer {
			who = claims.Subject
		}
		if err := s.limits.take(r.Context(), w.Header(), s.limits.policies.Admin, who); err != nil {
			return err
		}
		return next(w, r, p, who)
	}
}

// asked reads the body of an operator's request, which may be empty where nothing
// is required. Who changes something says why.
func asked(r *http.Request, into interface{ reason() string }) error {
	if err := decodeJSON(r, into); err != nil {
		return &learnsnap.Error{Code: codeOr(err, learnsnap.InvalidRequest), Err: err}
	}
	if strings.TrimSpace(into.reason()) == "" {
		return fault(learnsnap.InvalidRequest, `"why" is required`)
	}
	return nil
}

// A because is the part of a body that says why.
type because struct {
	Why string `json:"why"`
}

func (b because) reason() string { return b.Why }

func (s *server) listFlags(w http.ResponseWriter, _ *http.Request, _ httprouter.Params, _ string) error {
	writeJSON(w, http.StatusOK, map[string]any{"flags": s.flags.Report().Flags, "overrides": s.flags.Overrides()})
	return nil
}

// putFlag turns a flag for all replicas, until a time, for a while, or for good.
func (s *server) putFlag(w http.ResponseWriter, r *http.Request, p httprouter.Params, who string) error {
	var body struct {
		because
		On    *bool     `json:"on"`
		Until time.Time `json:"until"`
		For   string    `json:"for"`
	}
	if err := asked(r, &body); err != nil {
		return err
	}
	if body.On == nil {
		return fault(learnsnap.InvalidRequest, `"on" is required: true or false`)
	}
	until, err := endOf(body.Until, body.For)
	if err != nil {
		return err
	}
	err = s.flags.Override(r.Context(), flags.Override{Flag: p.ByName("name"), On: *body.On, Who: who, Why: body.Why, Until: until})
	if err != nil {
		return flagError(err)
	}
	return s.listFlags(w, r, p, who)
}

// endOf returns when something ends; the zero time means never.
func endOf(until time.Time, length string) (time.Time, error) {
	if length == "" {
		return until, nil
	}
	d, err := time.ParseDuration(length)
	if err != nil || d <= 0 || !until.IsZero() {
		return time.Time{}, fault(learnsnap.InvalidRequest, `"for" is a time such as 30m, and stands without "until"`)
	}
	return time.Now().Add(d), nil
}

func flagError(err error) error {
	if errors.Is(err, flags.ErrUnknown) {
		return &learnsnap.Error{Code: unknownFlag, Err: err}
	}
	return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
}

// endFlag takes an override back.
func (s *server) endFlag(w http.ResponseWriter, r *http.Request, p httprouter.Params, who string) error {
	why := r.URL.Query().Get("why")
	if strings.TrimSpace(why) == "" {
		return fault(learnsnap.InvalidRequest, `"why" is required, in the query`)
	}
	if err := s.flags.End(r.Context(), p.ByName("name"), who, why); err != nil {
		return flagError(err)
	}
	return s.listFlags(w, r, p, who)
}

func (s *server) listBreakers(w http.ResponseWriter, _ *http.Request, _ httprouter.Params, _ string) error {
	breakers := []map[string]string{}
	for name, b := range s.chain.breakers {
		breakers = append(breakers, map[string]string{"model": name, "state": b.State().String()})
	}
	slices.SortFunc(breakers, func(a, b map[string]string) int { return strings.Compare(a["model"], b["model"]) })
	writeJSON(w, http.StatusOK, map[string]any{"breakers": breakers})
	return nil
}

// listDead answers with dead jobs, newest first, and how many of those have each
// cause.
func (s *server) listDead(w http.ResponseWriter, r *http.Request, _ httprouter.Params, _ string) error {
	wanted, err := partOf(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkWithin)
	defer cancel()
	dead, err := s.store.DeadJobs(ctx, wanted.before, wanted.limit)
	if err != nil {
		return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	causes := map[string]int{}
	jobs := []map[string]any{}
	for _, d := range dead {
		causes[d.Cause]++
		jobs = append(jobs, map[string]any{
			"id": d.ID, "session": d.Session, "owner": d.Owner, "cause": d.Cause, "created": d.Created, "died": d.Died, "errors": d.Errors,
		})
	}
	answer := map[string]any{"jobs": jobs, "causes": causes}
	wanted.next(answer, len(dead), func() int64 { return dead[len(dead)-1].ID })
	writeJSON(w, http.StatusOK, answer)
	return nil
}

func (s *server) retryDead(w http.ResponseWriter, r *http.Request, p httprouter.Params, who string) error {
	return s.changeDead(w, r, p, who, "job.retry", s.store.RetryJob)
}

func (s *server) discardDead(w http.ResponseWriter, r *http.Request, p httprouter.Params, who string) error {
	return s.changeDead(w, r, p, who, "job.discard", s.store.DiscardJob)
}

func (s *server) changeDead(
	w http.ResponseWriter, r *http.Request, p httprouter.Params, who, what string, change func(context.Context, int64) error,
) error {
	var body because
	if err := asked(r, &body); err != nil {
		return err
	}
	id, err := strconv.ParseInt(p.ByName("id"), 10, 64)
	if err != nil {
		return fault(learnsnap.NotFound, "job %q", p.ByName("id"))
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkWithin)
	defer cancel()
	switch err := change(ctx, id); {
	case errors.Is(err, storage.ErrNotFound):
		return &learnsnap.Error{Code: learnsnap.NotFound, Err: err}
	case errors.Is(err, storage.ErrConflict):
		return &learnsnap.Error{Code: learnsnap.InvalidRequest, Err: err}
	case err != nil:
		return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	audited(r.Context(), s.store, s.log, storage.AuditEntry{Who: who, What: what, Target: strconv.FormatInt(id, 10), Why: body.Why}, nil)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) getLogLevel(w http.ResponseWriter, _ *http.Request, _ httprouter.Params, _ string) error {
	level, until := s.logs.level.Holds()
	answer := map[string]any{"level": level.String()}
	if !until.IsZero() {
		answer["until"] = until
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// putLogLevel changes what this process logs, for a quarter of an hour where nothing
// else is said: nobody should find a disk full of it.
func (s *server) putLogLevel(w http.ResponseWriter, r *http.Request, p httprouter.Params, who string) error {
	var body struct {
		because
		Level *slog.Level `json:"level"`
		For   string      `json:"for"`
	}
	if err := asked(r, &body); err != nil {
		return err
	}
	if body.Level == nil {
		return fault(learnsnap.InvalidRequest, `"level" is required: debug, info, warn or error`)
	}
	if body.For == "" {
		body.For = "15m"
	}
	until, err := endOf(time.Time{}, body.For)
	if err != nil {
		return err
	}
	s.logs.level.Set(*body.Level, until)
	audited(r.Context(), s.store, s.log, storage.AuditEntry{Who: who, What: "log.level", Target: body.Level.String(), Why: body.Why}, map[string]any{"until": until})
	return s.getLogLevel(w, r, p, who)
}

func (s *server) listAudit(w http.ResponseWriter, r *http.Request, _ httprouter.Params, _ string) error {
	wanted, err := partOf(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkWithin)
	defer cancel()
	entries, err := s.store.AuditEntries(ctx, wanted.before, wanted.limit)
	if err != nil {
		return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
	}
	views := []map[string]any{}
	for _, e := range entries {
		views = append(views, map[string]any{
			"id": e.ID, "at": e.At, "who": e.Who, "what": e.What, "target": e.Target, "why": e.Why, "detail": json.RawMessage(orNull(e.Detail)),
		})
	}
	answer := map[string]any{"entries": views}
	wanted.next(answer, len(entries), func() int64 { return entries[len(entries)-1].ID })
	writeJSON(w, http.StatusOK, answer)
	return nil
}

func orNull(body []byte) []byte {
	if len(body) == 0 {
		return []byte("null")
	}
	return body
}

// verifyAudit recomputes the chain of the audit.
func (s *server) verifyAudit(w http.ResponseWriter, r *http.Request, _ httprouter.Params, _ string) error {
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	answer := map[string]any{"intact": true}
	if err := s.store.VerifyAudit(ctx); err != nil {
		if ctx.Err() != nil {
			return &learnsnap.Error{Code: learnsnap.Unavailable, Err: err}
		}
		answer = map[string]any{"intact": false, "fault": err.Error()}
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// profile serves net/http/pprof, while ENABLE_DEBUG_ENDPOINTS is on.
func (s *server) profile(w http.ResponseWriter, r *http.Request, p httprouter.Params, who string) error {
	if !s.flags.Enabled(flags.EnableDebugEndpoints) {
		return fault(routeNotFound, "debug endpoints are off")
	}
	name := strings.TrimPrefix(p.ByName("profile"), "/")
	s.log.InfoContext(r.Context(), "operator", "who", who, "what", "debug.profile", "target", name)
	switch name {
	case "":
		r.URL.Path = "/debug/pprof/" // what the index goes by
		pprof.Index(w, r)
	case "cmdline":
		return fault(routeNotFound, "the command line is nobody's business")
	case "profile":
		pprof.Profile(w, r)
	case "symbol":
		pprof.Symbol(w, r)
	case "trace":
		pprof.Trace(w, r)
	default:
		pprof.Handler(name).ServeHTTP(w, r)
	}
	return nil
}

// listMetrics answers with the metrics as JSON, for who has no Prometheus at hand.
func (s *server) listMetrics(w http.ResponseWriter, r *http.Request, _ httprouter.Params, _ string) error {
	samples, err := s.metrics.Snapshot()
	if err != nil {
		s.log.WarnContext(r.Context(), "some metrics could not be gathered", "error", err)
	}
	writeJSON(w, http.StatusOK, map[string]any{"metrics": samples})
	return nil
}
