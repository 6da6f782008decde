package storage

import "context"

// Texts finds what was read from a page before, for the owner who had it read. Nothing is
// kept twice: it notes which item of which session that is, and forgets it with the
// session, however that goes.
type Texts interface {
	// KeepText notes that an item is what was read from a page of its session's owner; hash
	// is that of the page. The last one noted for an owner and a hash counts. An item that
	// is not there, or not the owner's, is [ErrNotFound]. An empty owner or hash is refused.
	KeepText(ctx context.Context, owner, hash, session string, seq int) error

	// Text returns what was noted for an owner and a hash: the item, and the id of its
	// session, which may have expired. None is [ErrNotFound].
	Text(ctx context.Context, owner, hash string) (session string, it Item, err error)
}
