package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/learnsnap/learnsnap-go/learnsnap"
)

// Times of an event stream.
const (
	heartbeat   = 15 * time.Second
	writeWithin = 20 * time.Second // a client that reads nothing for so long is gone
	reconnect   = time.Second
)

// events shows a quiz as it grows, as server-sent events. The id of an event is
// the number of its item, so that a client that reconnects with Last-Event-ID gets
// each item once.
func (s *server) events(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	owner, err := s.owner(r)
	if err != nil {
		return err
	}
	after, err := lastEvent(r)
	if err != nil {
		return err
	}
	id := p.ByName("id")
	if _, err := s.service.Session(r.Context(), owner, id); err != nil {
		return err
	}
	ctx, language, h := context.WithoutCancel(r.Context()), languageOf(r), w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	head, err := streamHead(h)
	if err != nil {
		return err
	}
	// There are thousands of watchers, and net/http keeps 30 KB for each request that is
	// being answered: buffers, two goroutines and a deep stack. A stream needs none of it.
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return fmt.Errorf("take the connection over: %w", err)
	}
	s.streams.Go(func() {
		defer conn.Close() // nothing is left that could be lost
		defer s.contain(ctx, "a stream panicked")
		out := stream{conn: conn}
		if err := out.send(head); err != nil {
			return // the client has gone
		}
		s.follow(ctx, &out, owner, id, after, language)
	})
	return nil
}

// streamHead is how an answer begins that ends with its connection.
func streamHead(h http.Header) (string, error) {
	h.Set("Connection", "close")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	var head strings.Builder
	head.WriteString("HTTP/1.1 200 OK\r\n")
	if err := h.Write(&head); err != nil {
		return "", fmt.Errorf("write the headers of a stream: %w", err)
	}
	fmt.Fprintf(&head, "\r\nretry: %d\n\n", reconnect.Milliseconds())
	return head.String(), nil
}

// follow sends what a watcher sees until the quiz has ended, the client or the
// server goes. Between events it shows that it is alive, which also tells whether the
// client is.
func (s *server) follow(ctx context.Context, out *stream, owner, id string, after int, language string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.draining, cancel)()
	out.beat(cancel)
	defer out.rest()
	for event, err := range s.service.Watch(ctx, owner, id, after) {
		if err != nil {
			if ctx.Err() == nil {
				s.log.WarnContext(ctx, "a watch ended early", "error", err)
			}
			return
		}
		if err := out.send(s.render(event, id, language)); err != nil {
			return
		}
	}
}

// lastEvent returns the number of the last item that a client has seen.
func lastEvent(r *http.Request) (int, error) {
	v := r.Header.Get("Last-Event-ID")
	if v == "" {
		v = r.URL.Query().Get("lastEventId")
	}
	if v == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 1_000_000 {
		return 0, fault(learnsnap.InvalidRequest, "Last-Event-ID: want the id of an event")
	}
	return n, nil
}

// render writes an event. Questions come without their keys.
func (s *server) render(event learnsnap.Event, id, language string) string {
	var data any
	switch event.Kind {
	case learnsnap.PageEvent:
		data = event.Item.Page
	case learnsnap.LessonEvent:
		data = event.Item.Lesson
	case learnsnap.QuestionEvent:
		data = event.Item.Question.Hide(id)
	case learnsnap.FailedEvent:
		data = viewFailure(event.Session.Failure, language)
	case learnsnap.DoneEvent:
		data = map[string]any{"sessionId": id, "status": event.Session.Status, "language": event.Session.Language}
	default:
		data = event.Progress
	}
	text, err := json.Marshal(data)
	if err != nil {
		s.log.Error("an event has no JSON form", "kind", event.Kind, "error", err)
		return ""
	}
	if event.Seq > 0 {
		return fmt.Sprintf("event: %s\nid: %d\ndata: %s\n\n", event.Kind, event.Seq, text)
	}
	return fmt.Sprintf("event: %s\ndata: %s\n\n", event.Kind, text)
}

// A stream sends pieces at once, each within a time.
type stream struct {
	conn net.Conn

	mu   sync.Mutex  // guards the rest, and is held while a piece is written
	next *time.Timer // of a sign of life; nil: there is to be none
}

func (s *stream) send(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(text)
}

func (s *stream) write(text string) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	_, err := io.WriteString(s.conn, text)
	return err
}

// beat sends a sign of life now and then, until rest. It tells gone when the client is.
func (s *stream) beat(gone func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = time.AfterFunc(heartbeat, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.next == nil {
			return
		}
		if err := s.write(": alive\n\n"); err != nil {
			gone()
			return
		}
		s.next.Reset(heartbeat)
	})
}

// rest ends the signs of life. None is being written when it returns.
func (s *stream) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next.Stop()
	s.next = nil
}
