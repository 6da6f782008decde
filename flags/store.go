package flags

import "context"

// A Store keeps overrides where every replica sees them. It speaks standard types
// only, so that a storage engine is one without importing this package. Its methods
// are safe for concurrent use.
//
// An override is a small document of at most [MaxOverride] bytes that means nothing
// to the store; there is one a flag, under the flag's name.
type Store interface {
	// FlagOverrides returns all overrides by flag.
	FlagOverrides(ctx context.Context) (map[string][]byte, error)

	// PutFlagOverride stores a flag's override in place of the one before and wakes
	// those who listen. When it returns nil, FlagOverrides of every replica returns
	// the new one.
	PutFlagOverride(ctx context.Context, flag string, override []byte) error

	// DeleteFlagOverride removes a flag's override and wakes those who listen. One
	// that is not there is no error.
	DeleteFlagOverride(ctx context.Context, flag string) error

	// ListenFlags calls wake after overrides have changed, by whichever replica, and
	// once when it has begun to listen. It blocks until ctx ends or the link is lost,
	// and returns why; the caller reads again and listens anew. Wakes may be merged,
	// or come without a change; wake doesn't block. An engine that can't tell of
	// changes blocks until ctx ends: overrides are read every two seconds anyway.
	ListenFlags(ctx context.Context, wake func()) error
}

// MaxOverride bounds an override as it is stored, in bytes.
const MaxOverride = 4 << 10
