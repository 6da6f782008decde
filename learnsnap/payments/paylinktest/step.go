package paylinktest

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"time"
)

// A Step is how one call is answered. The zero value does as Paylink does.
type Step struct {
	wait   time.Duration
	hang   bool // no reply until the client or the server is gone
	undone bool // nothing is done for the call
	lost   bool // the connection is cut instead of a reply
	half   bool // or in the middle of it
	status int
	header http.Header
	raw    []byte
	body   any            // sent as JSON, where raw is nil
	change map[string]any // fields of a good reply that are other than they should be
}

// Well does the call as Paylink does.
func Well() Step { return Step{} }

// Lost does the call and cuts the connection before the reply: an invoice is made and
// nobody hears of it.
func Lost() Step { return Step{lost: true} }

// Half does the call and cuts the connection in the middle of the reply.
func Half() Step { return Step{lost: true, half: true} }

// Cut ends the connection with nothing done.
func Cut() Step { return Step{lost: true, undone: true} }

// Hang does the call and never answers.
func Hang() Step { return Step{hang: true} }

// Expired refuses the token with a 401, as when it has run out; nothing is done.
func Expired() Step {
	return Step{undone: true, status: http.StatusUnauthorized, raw: []byte(`{"status":401,"title":"Unauthorized","detail":"token expired"}`)}
}

// Status answers with a status and nothing done; an error status of a gateway that is
// down comes with a web page.
func Status(code int) Step {
	return Step{undone: true, status: code, raw: []byte("<html><body>" + http.StatusText(code) + "</body></html>"), header: http.Header{"Content-Type": {"text/html"}}}
}

// Refuse answers with an error status and a message in JSON, and nothing done.
func Refuse(code int, detail string) Step {
	refused := refusal(code, detail)
	return Step{undone: true, status: code, body: refused.body}
}

// DoneBut does the call and answers with an error status all the same.
func DoneBut(code int) Step {
	s := Status(code)
	s.undone = false
	return s
}

// Reply answers 200 with these bytes and nothing done.
func Reply(body string) Step { return Step{undone: true, status: http.StatusOK, raw: []byte(body)} }

// Other does the call, and in its reply a field is other than it should be. Fields of
// gatewayOrderRequest are changed with it.
func Other(field string, value any) Step { return Step{change: map[string]any{field: value}} }

// After makes a step wait before it does anything.
func (s Step) After(d time.Duration) Step {
	s.wait = d
	return s
}

// RetryAfter adds the header of this name.
func (s Step) RetryAfter(value string) Step {
	s.header = s.header.Clone()
	if s.header == nil {
		s.header = http.Header{}
	}
	s.header.Set("Retry-After", value)
	return s
}

// maxRequest bounds what the server reads of a request, in bytes.
const maxRequest = 1 << 20

// play counts a call, does it as its step says, and answers.
func (s *Server) play(op Op, do func(*http.Request, []byte) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
		if err != nil {
			return // the client has left
		}
		step := s.next(op, r)
		if step.wait > 0 && !s.pause(r, step.wait) {
			cut(w) // else net/http would answer 200
			return
		}
		status, reply := s.perform(step, r, body, do)
		if step.hang {
			s.pause(r, time.Hour)
			cut(w)
			return
		}
		if step.lost && !step.half {
			cut(w)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		for name, values := range step.header {
			w.Header()[name] = values
		}
		w.WriteHeader(status)
		if step.half {
			reply = reply[:len(reply)/2]
		}
		if _, err := w.Write(reply); err != nil {
			return
		}
		if step.half {
			w.(http.Flusher).Flush()
			cut(w)
		}
	}
}

// next counts a call and returns its step.
func (s *Server) next(op Op, r *http.Request) Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[op]++
	s.seen = append(s.seen, r.Method+" "+r.URL.RequestURI())
	if script := s.scripts[op]; len(script) > 0 {
		s.scripts[op] = script[1:]
		return script[0]
	}
	if s.decide != nil {
		return s.decide(op, s.calls[op])
	}
	return Step{}
}

// perform does a call and returns its reply.
func (s *Server) perform(step Step, r *http.Request, body []byte, do func(*http.Request, []byte) answer) (int, []byte) {
	done := answer{max(step.status, http.StatusOK), step.body}
	if !step.undone {
		s.mu.Lock()
		defer s.mu.Unlock()
		done = do(r, body)
	}
	if step.raw != nil || step.undone && step.body == nil {
		return max(step.status, http.StatusOK), step.raw
	}
	if shape, ok := done.body.(map[string]any); ok {
		for field, value := range step.change {
			shape[field] = value
			if asked, ok := shape["gatewayOrderRequest"].(map[string]any); ok && asked[field] != nil {
				asked[field] = value
			}
		}
	}
	reply, err := json.Marshal(done.body)
	if err != nil {
		return http.StatusInternalServerError, []byte(err.Error())
	}
	return done.status, reply
}

// pause waits; it returns false when the client or the server is gone.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.stop:
	}
	return false
}

// cut closes the connection under a reply, without its end.
func cut(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return // gone already
	}
	_ = conn.(*net.TCPConn).SetLinger(0) // a reset, not an orderly end; the close below counts
	_ = conn.Close()
}
