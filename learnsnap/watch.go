package learnsnap

import (
	"context"
	"iter"

	"github.com/learnsnap/learnsnap-go/storage"
)

// An EventKind says what an [Event] is.
type EventKind string

// The kinds of events.
const (
	PageEvent     EventKind = "page"     // Item is a page
	LessonEvent   EventKind = "lesson"   // Item is the lesson
	QuestionEvent EventKind = "question" // Item is a question, with its key
	ProgressEvent EventKind = "progress" // after the items that came together
	DoneEvent     EventKind = "done"     // the quiz is ready; the last one
	FailedEvent   EventKind = "failed"   // there will be no quiz; the last one
)

// An Event is what happened in a session.
type Event struct {
	Seq      int // of the item; 0 where there is none
	Kind     EventKind
	Item     *Item // shared with other watchers: not to be changed
	Progress Progress
	Session  *Session // on done and failed
}

// Watch yields the items of a session whose Seq is greater than after, those that
// are there first, then each as soon as it is durable: in order, each once. It
// ends after a done or failed event; to go on after anything else, watch again
// with the last Seq that was seen. The quiz may be worked on in this process or in
// any other that shares the store.
//
// A watcher that takes its time holds up nobody. An [*Error] is the last thing
// yielded, also when ctx ends.
func (s *Service) Watch(ctx context.Context, owner, id string, after int) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		w := &watcher{Service: s, owner: owner, id: id, after: after, yield: yield}
		if err := w.watch(ctx); err != nil && !w.stopped {
			yield(Event{}, err)
		}
	}
}

// A watcher is one call of Watch.
type watcher struct {
	*Service
	owner, id        string
	after            int // Seq of the last item that it has seen
	pages, questions int // totals
	count            tally
	yield            func(Event, error) bool
	stopped          bool // the consumer broke off
}

func (w *watcher) watch(ctx context.Context) error {
	kept, err := w.begin(ctx)
	if err != nil {
		return err
	}
	if kept.Status.Ended() {
		if _, err := w.catchUp(ctx); err != nil || w.stopped {
			return err
		}
		return w.end(ctx)
	}
	at := w.hub.join(w.id, kept.Items)
	defer w.hub.leave(w.id)
	// After join: what becomes durable from now on is in the chain, or in here.
	items, err := w.catchUp(ctx)
	w.hub.offer(w.id, items...)
	for err == nil && !w.stopped {
		if err := w.hub.wait(ctx, at); err != nil {
			return &Error{Code: Unavailable, Err: err}
		}
		for at.done() {
			switch {
			case at.err != nil:
				return at.err
			case at.over:
				return w.end(ctx)
			}
			if !w.show(&at.item) {
				return nil
			}
			at = at.next
		}
		w.send(Event{Kind: ProgressEvent, Progress: w.progress()})
	}
	return err
}

// begin reads the session.
func (w *watcher) begin(ctx context.Context) (storage.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	kept, asked, err := w.load(ctx, w.owner, w.id)
	w.pages, w.questions = len(asked.Pages), asked.Questions
	return kept, err
}

// catchUp shows the items that are there, and how far the quiz is with them.
func (w *watcher) catchUp(ctx context.Context) ([]Item, error) {
	reading, cancel := context.WithTimeout(ctx, requestWait)
	items, err := readItems(reading, w.store, w.id, 0)
	cancel()
	if err != nil {
		return nil, err
	}
	for i := range items {
		if items[i].Seq <= w.after {
			w.count.add(items[i].Kind)
		} else if !w.show(&items[i]) {
			return nil, nil
		}
	}
	w.send(Event{Kind: ProgressEvent, Progress: w.progress()})
	return items, nil
}

// show yields an item that was not seen yet. It reports false when the consumer
// wants no more.
func (w *watcher) show(it *Item) bool {
	if it.Seq <= w.after {
		return true
	}
	w.after = it.Seq
	w.count.add(it.Kind)
	if !it.Kind.known() {
		return true // a later version's
	}
	return w.send(Event{Seq: it.Seq, Kind: EventKind(it.Kind), Item: it, Progress: w.progress()})
}

func (w *watcher) send(e Event) bool {
	w.stopped = w.stopped || !w.yield(e, nil)
	return !w.stopped
}

func (w *watcher) progress() Progress { return w.count.progress(w.pages, w.questions) }

// end yields how it ended.
func (w *watcher) end(ctx context.Context) error {
	ended, err := w.Session(ctx, w.owner, w.id)
	if err != nil {
		return err
	}
	kind := DoneEvent
	if ended.Failure != nil {
		kind = FailedEvent
	}
	w.send(Event{Kind: kind, Progress: ended.Progress, Session: &ended})
	return nil
}
