package flags

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// An Override is somebody's word on a flag.
type Override struct {
	Flag string `json:"flag"`
	On   bool   `json:"on"`

	Who  string    `json:"who"`  // required: who turned it
	Why  string    `json:"why"`  // required: for the one who finds it turned
	When time.Time `json:"when"` // set by [Set.Override]

	// Until is when it ends by itself, within a second and without a restart; zero
	// means when somebody ends it.
	Until time.Time `json:"until,omitzero"`
}

// holds reports whether an override has not ended yet.
func (o Override) holds(now time.Time) bool { return o.Until.IsZero() || now.Before(o.Until) }

// encode writes an override as it is stored.
func (o Override) encode() ([]byte, error) {
	data, err := json.Marshal(o)
	if err == nil && len(data) > MaxOverride {
		err = fmt.Errorf("%d bytes are more than %d: say why in fewer words", len(data), MaxOverride)
	}
	return data, err
}

// decodeOverride reads a stored override. Fields that it does not know are a later
// version's.
func decodeOverride(flag string, data []byte) (o Override, err error) {
	if len(data) > MaxOverride {
		return Override{}, fmt.Errorf("override of %s: %d bytes are more than %d", flag, len(data), MaxOverride)
	}
	if err := json.Unmarshal(data, &o); err != nil {
		return Override{}, fmt.Errorf("override of %s: %w", flag, err)
	}
	if o.Flag != flag {
		return Override{}, fmt.Errorf("override of %s is of %q", flag, o.Flag)
	}
	return o, nil
}

// check reports what is missing from an override that somebody asks for.
func (o Override) check(known map[string]Flag, now time.Time) error {
	if _, ok := known[o.Flag]; !ok {
		return ErrUnknown
	}
	if o.Who == "" || o.Why == "" {
		return errors.New("who and why are required")
	}
	if !o.holds(now) {
		return fmt.Errorf("until %s is over already", o.Until.Format(time.RFC3339))
	}
	return nil
}

// memory is the store of a set that was given none: overrides of this process alone.
type memory struct {
	mu        sync.Mutex
	overrides map[string][]byte
}

var _ Store = (*memory)(nil)

func (m *memory) FlagOverrides(context.Context) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.overrides), nil
}

func (m *memory) PutFlagOverride(_ context.Context, flag string, override []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.overrides == nil {
		m.overrides = map[string][]byte{}
	}
	m.overrides[flag] = override
	return nil
}

func (m *memory) DeleteFlagOverride(_ context.Context, flag string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.overrides, flag)
	return nil
}

func (m *memory) ListenFlags(ctx context.Context, wake func()) error {
	wake() // whoever changes something here has it in effect already
	<-ctx.Done()
	return ctx.Err()
}
