package wire

import (
	"context"
	"sync"
	"time"
)

// A Probe remembers for a while what a cheap check has found, so that a health
// page that is asked often asks a provider seldom. The zero value is ready.
type Probe struct {
	mu      sync.Mutex
	at      time.Time
	err     error
	ongoing chan struct{} // closed when the check under way has ended
}

const (
	probeKept  = 30 * time.Second
	probeBound = 10 * time.Second
)

// Check returns what check found within the last 30 seconds, or lets it look
// again: once for all who ask meanwhile, within 10 seconds.
func (p *Probe) Check(ctx context.Context, check func(context.Context) error) error {
	for {
		p.mu.Lock()
		if !p.at.IsZero() && time.Since(p.at) < probeKept {
			defer p.mu.Unlock()
			return p.err
		}
		if wait := p.ongoing; wait != nil {
			p.mu.Unlock()
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		p.ongoing = make(chan struct{})
		p.mu.Unlock()
		return p.look(ctx, check)
	}
}

func (p *Probe) look(ctx context.Context, check func(context.Context) error) (err error) {
	bounded, cancel := context.WithTimeout(ctx, probeBound)
	defer cancel()
	err = check(bounded)
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() == nil { // what a caller broke off says nothing
		p.at, p.err = time.Now(), err
	}
	close(p.ongoing)
	p.ongoing = nil
	return err
}
