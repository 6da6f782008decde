package storage

import (
	"context"
	"time"
)

// Accounts keeps who owns sessions and pages. An owner, everywhere else, is the ID of an
// account: chosen at random, it says nothing of whom it stands for. That stands in the
// account alone, so that erasing it leaves the ledger amounts under a name which leads
// nowhere, and its chain of hashes as it was.
type Accounts interface {
	// OpenAccount returns the account of a.Kind with a.Subject or, where that is empty,
	// with a.ID. Where there is none it makes one, with a.ID, and gives it its welcome in
	// the same transaction. It reports whether it did. Many who open one subject at once,
	// each with an ID of its own, get one account.
	//
	// An ID that is another account's is [ErrExists], one that was erased [ErrConflict].
	// An empty ID and an unknown kind are refused.
	OpenAccount(ctx context.Context, a Account, w Welcome) (Account, bool, error)

	// Account returns an account, or [ErrNotFound]: also of one that was erased.
	Account(ctx context.Context, id string) (Account, error)

	// TransferPages is the first login of a user on a device: it moves the pages of the
	// device's balance above keep to the user (two entries of action [Transfer], each
	// with the other as its cause), notes the user in the device's account, and returns
	// how many it has moved. It happens once for each device, whether there was anything
	// above or not: a later call, for whichever user, moves nothing. Either account
	// missing, or of the other kind, is [ErrNotFound].
	//
	// The device's sessions stay the device's, for their entries are: what they hold is
	// not moved, and comes back to the device.
	TransferPages(ctx context.Context, device, user string, keep int) (int, error)

	// EraseOwner removes all that is an owner's but the ledger and payments: its sessions
	// (as [Sessions].EraseSession does), its reports, and of its account everything but
	// the ID, which can't be opened again. Its subject can, as a new account. An owner who
	// never had an account is erased the same way; erasing again does nothing. A session
	// that is created at the same time may stay until it expires.
	EraseOwner(ctx context.Context, owner, code string) error
}

// An AccountKind is what sort of account one is.
type AccountKind string

// The kinds of accounts.
const (
	Device AccountKind = "device" // a guest's
	User   AccountKind = "user"
)

// An Account is who owns sessions and pages.
type Account struct {
	ID      string // the owner
	Kind    AccountKind
	Subject string // whom it stands for: an issuer and its name for a user; empty for a device that is known by its ID
	Early   bool   // it was one of the first users
	User    string // of a device: the account that its pages went to; empty means none yet
	Created time.Time
}

// A Welcome is the pages that a new account is given. The zero value gives none.
type Welcome struct {
	Cause      string // of the [Entry]; an owner who was given pages for it before gets none
	Pages      int
	Early      int // the first so many users, those erased since included, ...
	EarlyPages int // ... get this many instead; counted in the transaction that makes the account
}

// Limits counts what callers take, so that replicas share one limit. It forgets:
// counts need not survive the process or the database.
type Limits interface {
	// Take takes n, at least 1, of the limit that a key has within a window, or nothing
	// when less is left. A window begins with the first take after the last one has
	// ended. A key of 1 to 256 bytes has one limit and one window in all calls.
	Take(ctx context.Context, key string, n, limit int, window time.Duration) (Taken, error)

	// SweepLimits removes the keys whose windows have ended, and returns how many.
	SweepLimits(ctx context.Context) (int, error)
}

// Taken is what a [Limits].Take did.
type Taken struct {
	OK    bool
	Left  int           // that can still be taken within the window
	Reset time.Duration // until the window ends
}
