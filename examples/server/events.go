package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
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
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.draining, cancel)()

	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	out := stream{w: w, control: http.NewResponseController(w)}
	if err := out.send(fmt.Sprintf("retry: %d\n\n", reconnect.Milliseconds())); err != nil {
		return nil // the client has gone
	}
	s.follow(ctx, &out, owner, id, after, languageOf(r))
	return nil
}

// follow sends what a watcher sees until the quiz has ended, the client or the
// server goes. Between events it shows that it is alive.
func (s *server) follow(ctx context.Context, out *stream, owner, id string, after int, language string) {
	ctx, cancel := context.WithCancel(ctx)
	seen := make(chan learnsnap.Event)
	ended := make(chan error, 1)
	go func() {
		defer close(seen)
		for event, err := range s.service.Watch(ctx, owner, id, after) {
			if err != nil {
				ended <- err
				return
			}
			select {
			case seen <- event:
			case <-ctx.Done():
				return
			}
		}
	}()
	defer func() { // the watcher ends before the handler does
		cancel()
		for range seen {
		}
	}()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var text string
		select {
		case event, more := <-seen:
			if !more {
				s.lost(ctx, ended)
				return
			}
			text = s.render(event, id, language)
		case <-beat.C:
			text = ": alive\n\n"
		}
		if err := out.send(text); err != nil {
			return
		}
	}
}

// lost notes why a watch has ended before its quiz.
func (s *server) lost(ctx context.Context, ended <-chan error) {
	select {
	case err := <-ended:
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "a watch ended early", "error", err)
		}
	default:
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
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s *stream) send(text string) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
