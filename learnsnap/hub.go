package learnsnap

import (
	"context"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// lookEvery is the time between two looks at the store for what other processes
// have done.
const lookEvery = 250 * time.Millisecond

// A hub tells the watchers of sessions what is new in them. The workers of this
// process tell it themselves; for what others do it looks at the store, with one
// query for all sessions.
//
// It has no goroutine of its own. One of the watchers that wait does the looking:
// whoever takes the turn, until that watcher has something better to do. So
// nothing runs where nobody watches, and nothing has to be stopped.
type hub struct {
	store storage.Items
	turn  chan struct{} // holds one token; who has it looks
	due   time.Time     // of the next look; only for who has the turn

	mu      sync.Mutex
	watched map[string]*watched
}

// A watched session has at least one watcher.
type watched struct {
	watchers int
	last     int   // Seq of the last item in the chain
	tail     *link // where the next item will be
}

// A link is a place in the chain of a session's news. Each watcher holds the link
// that it waits for, so what all have seen is garbage, and a slow watcher holds
// up nobody.
type link struct {
	ready chan struct{} // closed once the fields below are set
	item  Item
	over  bool  // nothing comes any more; there is no item
	err   error // what the watchers end in; there is no item
	next  *link
}

func newHub(store storage.Items) *hub {
	h := &hub{store: store, turn: make(chan struct{}, 1), watched: map[string]*watched{}}
	h.turn <- struct{}{}
	return h
}

// join adds a watcher to a session of which it knows that it had so many items.
// It returns the watcher's first link. What is durable before join returns and is
// not in the chain is for the watcher to read from the store; leave takes it off.
func (h *hub) join(id string, items int) *link {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.watched[id]
	if w == nil {
		w = &watched{last: items, tail: &link{ready: make(chan struct{})}}
		h.watched[id] = w
	}
	w.watchers++
	return w.tail
}

func (h *hub) leave(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.watched[id]
	if w.watchers--; w.watchers == 0 {
		delete(h.watched, id)
	}
}

// offer puts durable items that follow the last one into the chain. One that comes
// too early (its predecessor is not known here yet) is left to the next look.
func (h *hub) offer(id string, items ...Item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.watched[id]
	if w == nil {
		return
	}
	for _, it := range items {
		if it.Seq != w.last+1 || w.tail.done() {
			continue
		}
		l := w.tail
		l.item, l.next = it, &link{ready: make(chan struct{})}
		w.last, w.tail = it.Seq, l.next
		close(l.ready)
	}
}

// over ends the chain of a session that is gone: it has no items any more.
func (h *hub) over(id string) { h.end(id, nil) }

func (h *hub) end(id string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.watched[id]
	if w == nil || w.tail.done() {
		return
	}
	w.tail.over, w.tail.err = err == nil, err
	close(w.tail.ready)
}

func (l *link) done() bool {
	select {
	case <-l.ready:
		return true
	default:
		return false
	}
}

// wait waits until a link is set, and looks for all watchers when it is this one's
// turn.
func (h *hub) wait(ctx context.Context, l *link) error {
	for {
		select {
		case <-l.ready:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-h.turn:
			h.takeTurn(ctx, l)
		}
	}
}

// takeTurn looks when a look is due, and passes the turn on.
func (h *hub) takeTurn(ctx context.Context, l *link) {
	defer func() { h.turn <- struct{}{} }()
	timer := time.NewTimer(time.Until(h.due))
	defer timer.Stop()
	select {
	case <-l.ready:
	case <-ctx.Done():
	case <-timer.C:
		h.due = time.Now().Add(lookEvery)
		h.look(ctx)
	}
}

// look asks the store where all watched sessions stand, and reads what is new. A
// store that does not answer is asked again the next time.
func (h *hub) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	known := h.known()
	ids := make([]string, 0, len(known))
	for id := range known {
		ids = append(ids, id)
	}
	all, err := h.store.Progress(ctx, ids)
	if err != nil {
		return
	}
	for _, p := range all {
		if p.Items > known[p.ID] {
			h.fetch(ctx, p.ID, known[p.ID])
		}
		if p.Status.Ended() {
			h.overAfter(p.ID, p.Items)
		}
		delete(known, p.ID)
	}
	for id := range known {
		h.over(id) // it is gone; the watchers will see
	}
}

// known returns the Seq of the last item that is in each chain.
func (h *hub) known() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	known := make(map[string]int, len(h.watched))
	for id, w := range h.watched {
		known[id] = w.last
	}
	return known
}

// fetch reads the items of a session after a Seq into its chain.
func (h *hub) fetch(ctx context.Context, id string, after int) {
	items, err := readItems(ctx, h.store, id, after)
	if CodeOf(err) == Internal {
		h.end(id, err)
	}
	h.offer(id, items...)
}

// overAfter ends the chain of a session if the item that is its last one is in it. One
// that began while items were made may lack some; the next look fetches them.
func (h *hub) overAfter(id string, items int) {
	h.mu.Lock()
	w := h.watched[id]
	complete := w != nil && w.last >= items
	h.mu.Unlock()
	if complete {
		h.over(id)
	}
}
