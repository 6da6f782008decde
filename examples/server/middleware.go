package main

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/telemetry"
)

// requestIDHeader is X-Request-ID in the form in which net/http keeps names.
const requestIDHeader = "X-Request-Id"

// identified gives every request an id, the client's own where it is a sane one,
// and every answer the headers that keep browsers careful.
func (s *server) identified(next http.Handler) http.Handler {
	// The lists are made once, and shared by all answers: nobody adds to them.
	careful := http.Header{
		"X-Content-Type-Options":  {"nosniff"},
		"Referrer-Policy":         {"no-referrer"},
		"X-Frame-Options":         {"DENY"},
		"Content-Security-Policy": {"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if !saneID(id) {
			id = hex.EncodeToString(random(8))
		}
		h := w.Header()
		h.Set(requestIDHeader, id)
		maps.Copy(h, careful)
		next.ServeHTTP(w, r.WithContext(telemetry.WithRequestID(r.Context(), id)))
	})
}

func saneID(id string) bool {
	if len(id) < 8 || len(id) > 64 {
		return false
	}
	return strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// observed runs a route: bounds its body, logs and counts it, and answers its
// error or panic as a problem.
func (s *server) observed(rt route) httprouter.Handle {
	name := rt.name()
	recorder := s.metrics.Route(rt.method, name)
	return func(w http.ResponseWriter, r *http.Request, p httprouter.Params) {
		began := time.Now()
		answered := &answer{ResponseWriter: w}
		ctx, end := s.tracing.Request(r, name)
		if ctx != r.Context() {
			r = r.WithContext(ctx)
		}
		body := r.Body
		if rt.bytes > 0 {
			r.Body = &unhurried{http.MaxBytesReader(answered, body, rt.bytes), http.NewResponseController(w)}
		}
		s.run(answered, r, p, rt)
		if rt.bytes > 0 && answered.failed {
			drain(body)
		}
		took := time.Since(began)
		if rt.traits.has(streams) {
			took = -1
		}
		recorder.Done(answered.code(), took)
		end(answered.code())
		s.objectives.answered(name, answered.code())
		s.log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", r.Method), slog.String("route", name),
			slog.Int("status", answered.code()), slog.Duration("took", time.Since(began)))
	}
}

// plain is a route of its own name, without parameters.
func (s *server) plain(name string, h handler) http.Handler {
	handle := s.observed(route{method: "any", pattern: name, traits: always, handle: h})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, nil) })
}

// run lets a request in, runs its handler, and tells the client of an error.
func (s *server) run(w *answer, r *http.Request, p httprouter.Params, rt route) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler {
			panic(v)
		}
		s.panicked(r.Context(), "a request panicked", v)
		s.tell(w, r, fault(learnsnap.Internal, "panic"))
	}()
	done, err := s.admit(r, rt.traits)
	if err == nil {
		err = s.within(w.Header(), r, rt.policy)
	}
	if err == nil {
		err = rt.handle(w, r, p)
	}
	if done != nil {
		done(err)
	}
	if err != nil {
		s.tell(w, r, err)
	}
}

// contain is deferred where nobody else stands in the way of a panic.
func (s *server) contain(ctx context.Context, what string) {
	if v := recover(); v != nil {
		s.panicked(ctx, what, v)
	}
}

func (s *server) panicked(ctx context.Context, what string, v any) {
	s.log.ErrorContext(ctx, what, "panic", v, "stack", string(debug.Stack()))
	s.logs.reporter.Panic(ctx, v)
}

// tell answers with an error, unless the answer has begun.
func (s *server) tell(w *answer, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the client has gone
	}
	level := slog.LevelInfo
	if code := learnsnap.CodeOf(err); code == learnsnap.Internal || code == learnsnap.Unavailable {
		level = slog.LevelError
	}
	s.log.Log(r.Context(), level, "refused", "code", learnsnap.CodeOf(err), "error", err)
	w.failed = true
	switch {
	case w.status != 0:
	case learnsnap.CodeOf(err) == maintenance && wantsPage(r):
		writeMaintenance(w, r)
	default:
		writeProblem(w, r, err)
	}
}

// An answer remembers the status that was sent.
type answer struct {
	http.ResponseWriter
	status int
	failed bool
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap lets [http.ResponseController] find what is below.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

// silence is how long a client may send nothing in the middle of a body.
const silence = 30 * time.Second

// unhurried is a body that may take as long as it likes while it goes on.
type unhurried struct {
	io.ReadCloser
	control *http.ResponseController
}

func (u *unhurried) Read(p []byte) (int, error) {
	if err := u.control.SetReadDeadline(time.Now().Add(silence)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := u.ReadCloser.Read(p)
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		err = &learnsnap.Error{Code: learnsnap.BodyTooLarge, Err: err}
	}
	return n, err
}

// drain reads on after a refusal, for a client that is still sending would not see
// the answer if the connection were closed under it.
func drain(body io.Reader) {
	_, _ = io.CopyN(io.Discard, body, 2*createLimit) // what it says does not matter
}
