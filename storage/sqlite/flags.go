package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

const (
	selectOverrides = `SELECT flag, override FROM flag_overrides`
	putOverride     = `INSERT INTO flag_overrides (flag, override) VALUES (?, ?) ON CONFLICT (flag) DO UPDATE SET override = excluded.override`
	deleteOverride  = `DELETE FROM flag_overrides WHERE flag = ?`
)

// FlagOverrides implements [storage.Flags].
func (s *Store) FlagOverrides(ctx context.Context) (map[string][]byte, error) {
	overrides := map[string][]byte{}
	_, err := collect(ctx, s.reader, func(scan func(...any) error) (none struct{}, err error) {
		var flag string
		var override []byte
		err = scan(&flag, &override)
		overrides[flag] = override
		return none, err
	}, selectOverrides)
	if err != nil {
		return nil, fmt.Errorf("flag overrides: %w", err)
	}
	return overrides, nil
}

// PutFlagOverride implements [storage.Flags].
func (s *Store) PutFlagOverride(ctx context.Context, flag string, override []byte) error {
	if flag == "" {
		return errors.New("override a flag: it has no name")
	}
	if override == nil {
		override = []byte{} // nil would be stored as null
	}
	if err := s.changeFlag(ctx, putOverride, flag, override); err != nil {
		return fmt.Errorf("override flag %q: %w", flag, err)
	}
	return nil
}

// DeleteFlagOverride implements [storage.Flags].
func (s *Store) DeleteFlagOverride(ctx context.Context, flag string) error {
	if err := s.changeFlag(ctx, deleteOverride, flag); err != nil {
		return fmt.Errorf("delete the override of flag %q: %w", flag, err)
	}
	return nil
}

func (s *Store) changeFlag(ctx context.Context, query string, args ...any) error {
	err := s.writer.write(ctx, func(t tx) error {
		_, err := t.exec(query, args...)
		return err
	})
	// After an error too: where the outcome is unknown, it may have happened.
	s.listeners.wakeAll()
	return err
}

// ListenFlags implements [storage.Flags]. No other process can change a flag here, so
// there is no link that could be lost.
func (s *Store) ListenFlags(ctx context.Context, wake func()) error {
	if err := s.answers(ctx); err != nil {
		return fmt.Errorf("listen for flags: %w", err)
	}
	defer s.listeners.add(wake)()
	wake()
	select {
	case <-ctx.Done():
		return fmt.Errorf("listen for flags: %w", ctx.Err())
	case <-s.closing.Done():
		return fmt.Errorf("listen for flags: %w", errClosed)
	}
}

// listeners are those who want to be woken. The zero value has none.
type listeners struct {
	mu   sync.Mutex
	all  map[int]func()
	next int
}

// add adds one, until the returned function is called.
func (l *listeners) add(wake func()) (remove func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[int]func(){}
	}
	id := l.next
	l.next++
	l.all[id] = wake
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.all, id)
	}
}

func (l *listeners) wakeAll() {
	l.mu.Lock()
	all := slices.Collect(maps.Values(l.all))
	l.mu.Unlock()
	for _, wake := range all {
		wake()
	}
}
