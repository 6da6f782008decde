package learnsnap_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap"
	"github.com/learnsnap/learnsnap-go/learnsnap/offline"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// A watcher is a tracer that keeps what it was told.
type watcher struct {
	mu       sync.Mutex
	attempts []learnsnap.Attempt
	ended    []error
}

type watchedKey struct{}

func (w *watcher) Start(ctx context.Context, a learnsnap.Attempt) (context.Context, func(error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts = append(w.attempts, a)
	return context.WithValue(ctx, watchedKey{}, true), func(err error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ended = append(w.ended, err)
	}
}

// Observe implements learnsnap.Observer: what happens in an attempt is told under its
// context.
func (w *watcher) Observe(ctx context.Context, o learnsnap.Observation) {
	if o.Occasion == learnsnap.Ready && ctx.Value(watchedKey{}) != true {
		panic("ready outside of an attempt")
	}
}

func TestTraceTravelsWithTheSession(t *testing.T) {
	for name, c := range map[string]struct{ sent, kept string }{
		"kept":     {"00-4bf9-00f0-01", "00-4bf9-00f0-01"},
		"none":     {"", ""},
		"too long": {strings.Repeat("x", learnsnap.MaxTrace+1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: t.TempDir()})
			require.NoError(t, err)
			defer store.Close()
			engine, err := learnsnap.New(learnsnap.Config{Model: offline.New(offline.Config{})})
			require.NoError(t, err)
			seen := &watcher{}
			service, err := learnsnap.NewService(learnsnap.ServiceConfig{Engine: engine, Store: store, Tracer: seen, Observer: seen})
			require.NoError(t, err)
			session, err := service.Create(t.Context(), "owner", []ai.Media{page(water)}, learnsnap.Options{Questions: 5, Trace: c.sent})
			require.NoError(t, err)

			ctx, cancel := context.WithCancel(t.Context())
			ran := make(chan error)
			go func() { ran <- service.Run(ctx) }()
			for _, err := range service.Watch(ctx, "owner", session.ID, 0) {
				require.NoError(t, err)
			}
			cancel()
			require.NoError(t, <-ran)
			require.Equal(t, []learnsnap.Attempt{{Session: session.ID, Trace: c.kept, Claim: 1}}, seen.attempts)
			require.Equal(t, []error{nil}, seen.ended)
		})
	}
}
