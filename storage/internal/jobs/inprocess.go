package jobs

import (
	"context"
	"fmt"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
)

// InProcess wraps the driver of an engine that serves one process only. Wake
// reaches its workers through memory, at once, in place of a table that each of
// them would have to poll.
func InProcess[TTx any](driver riverdriver.Driver[TTx]) Driver[TTx] {
	return &inProcess[TTx]{Driver: driver, bell: &bell{listeners: map[*listener]bool{}}}
}

type inProcess[TTx any] struct {
	riverdriver.Driver[TTx]
	*bell
}

// SupportsListenNotify implements [riverdriver.Driver]: nothing is written for
// other processes to read.
func (d *inProcess[TTx]) SupportsListenNotify() bool { return false }

// GetListener implements [riverdriver.Driver].
func (d *inProcess[TTx]) GetListener(p *riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{bell: d.bell, schema: p.Schema, rung: make(chan struct{}, 1)}
}

// A bell wakes listeners.
type bell struct {
	mu        sync.Mutex
	listeners map[*listener]bool
}

// Wake implements [Driver].
func (b *bell) Wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for l := range b.listeners {
		select {
		case l.rung <- struct{}{}:
		default: // it has not come to the last one yet; that will do
		}
	}
}

// A listener hears the bell as River's notification of an insert. Its other
// topics concern other processes and stay silent.
type listener struct {
	bell   *bell
	schema string
	rung   chan struct{}
}

var _ riverdriver.Listener = (*listener)(nil)

func (l *listener) Connect(context.Context) error {
	l.bell.mu.Lock()
	defer l.bell.mu.Unlock()
	l.bell.listeners[l] = true
	return nil
}

func (l *listener) Close(context.Context) error {
	l.bell.mu.Lock()
	defer l.bell.mu.Unlock()
	delete(l.bell.listeners, l)
	return nil
}

func (l *listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case <-l.rung:
		return &riverdriver.Notification{Topic: "river_insert", Payload: fmt.Sprintf(`{"queue":%q}`, river.QueueDefault)}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *listener) Listen(context.Context, string) error   { return nil }
func (l *listener) Unlisten(context.Context, string) error { return nil }
func (l *listener) Ping(context.Context) error             { return nil }
func (l *listener) Schema() string                         { return l.schema }
func (l *listener) SetAfterConnectExec(string)             {}
