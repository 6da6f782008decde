package storage

import (
	"context"
	"errors"
	"io"
	"time"
)

// The facts that a caller branches on. Methods wrap them; test with errors.Is.
var (
	ErrNotFound     = errors.New("not found")
	ErrExists       = errors.New("exists already")
	ErrConflict     = errors.New("not in the state that this needs")
	ErrInsufficient = errors.New("balance too low")
	ErrStale        = errors.New("claim was taken over")
)

// A Store is every role at once. A function takes the roles that it needs, not
// the Store. Roles may gain methods before version 1; an implementer runs
// storagetest.
//
// Promises of all methods: a nil error of a write means that it is durable. A
// write that fails, or whose ctx ends first, has either happened whole or not at
// all. Methods are safe for concurrent use. Times are kept to the microsecond
// and come back in UTC.
//
// A store that has no connection to spare, or whose database is away, answers
// within seconds, with an error that has a RetryAfter() [time.Duration] method.
type Store interface {
	Sessions
	Claims
	Items
	Texts
	Reports
	Credits
	Jobs
	Blobs
	Values
	Accounts
	Payments
	Webhooks
	Limits
	Flags
	SLOCounts
	Audit

	// Ping reports whether the store answers.
	Ping(ctx context.Context) error

	// Check reads everything and returns what is wrong with it: rows that refer to
	// nothing, a balance that is not the sum of its entries, a broken chain of hashes (of
	// the ledger or the audit), items with holes, a payment without its pages, pages
	// without their payment, a transfer without its other side. It is slow and stops with
	// ctx; use it after a restore, not on a request's path.
	Check(ctx context.Context) error

	// Stats never waits.
	Stats() Stats
	io.Closer
}

// Sessions keeps quiz sessions. A domain step is one method and one transaction.
type Sessions interface {
	// CreateSession takes s.Pages from the owner's balance when hold is true (an
	// [Entry] of action [Hold] with the session's id as its cause), stores s as
	// [Queued] and enqueues its job, all or nothing. A balance that is too low is
	// [ErrInsufficient]; an id that exists, or that held pages before, is
	// [ErrExists], whatever the balance.
	//
	// The id is 1 to 64 letters, digits, - or _; anything else is refused, as are an
	// empty owner and negative pages. Of s count ID, Owner, Pages, Key, Print, Due,
	// Request, Created (zero means now) and Expires (zero means never).
	//
	// A Key that the owner used for another session that is still there is [ErrExists]
	// too, before anything else is looked at; SessionByKey finds that session.
	CreateSession(ctx context.Context, s Session, hold bool) error

	// Session returns a session, or [ErrNotFound].
	Session(ctx context.Context, id string) (Session, error)

	// SessionByKey returns the session that the owner created under an idempotency key,
	// or [ErrNotFound].
	SessionByKey(ctx context.Context, owner, key string) (Session, error)

	// SubmitSession stores the learner's result and moves the session from [Ready]
	// to [Completed]. Any other state is [ErrConflict], an unknown session
	// [ErrNotFound].
	SubmitSession(ctx context.Context, id string, result []byte) error

	// ExpireSessions removes up to limit sessions that expired before t, the oldest
	// first, with their items, reports, blobs and waiting jobs, and returns how many.
	// A session that is queued or processing is failed with code first, so that its
	// pages are released; its worker's next write answers [ErrNotFound]. Entries of
	// the ledger and dead jobs stay.
	ExpireSessions(ctx context.Context, t time.Time, code string, limit int) (int, error)

	// EraseSession removes one session the same way, at once. An unknown one is
	// [ErrNotFound].
	EraseSession(ctx context.Context, id, code string) error
}

// Claims is what a worker writes. Each write carries the number of its claim.
type Claims interface {
	// ClaimSession makes the caller the session's only worker: it raises the claim's
	// number, sets [Processing] and returns the session with the new Claim. Writes
	// under an older number answer [ErrStale] from then on. A session that has
	// ended answers [ErrConflict], an unknown one [ErrNotFound].
	ClaimSession(ctx context.Context, id string) (Session, error)

	// FinishSession ends a session that the caller has claimed, with status [Ready]
	// or [Failed]. On Failed the pages that were held are released in the same
	// transaction, on Ready they are captured (an [Entry] of 0 pages): one of the two,
	// and once. Any claim but the last is [ErrStale], also when the session
	// has ended; one that has ended under the last claim is [ErrConflict]; an
	// unknown one is [ErrNotFound].
	FinishSession(ctx context.Context, id string, claim int64, o Outcome) error

	// AppendItem stores an item. Its Seq must follow the last one (from 1), else
	// [ErrConflict]. Any claim but the last is [ErrStale]; a session that has ended is
	// [ErrConflict], an unknown one [ErrNotFound].
	AppendItem(ctx context.Context, session string, claim int64, it Item) error
}

// Items reads the accepted items of sessions: append-only, in order, final.
type Items interface {
	// Items returns the items whose Seq is greater than after, in order. A session
	// without items, or an unknown one, has none.
	Items(ctx context.Context, session string, after int) ([]Item, error)

	// Progress returns where each of these sessions stands, in any order, in one
	// query. Unknown ids are left out.
	Progress(ctx context.Context, ids []string) ([]Progress, error)
}

// Reports keeps what learners say about questions.
type Reports interface {
	// AddReport stores a report; a zero Created means now. A second one of the same
	// owner about the same question replaces the first. An unknown session is
	// [ErrNotFound].
	AddReport(ctx context.Context, r Report) error

	// Reports returns the reports of a session, oldest first.
	Reports(ctx context.Context, session string) ([]Report, error)

	// RecentReports returns reports of all sessions, newest first, at most limit: those
	// that follow before in that order, of which Created, Session, Question and Owner
	// count. The zero Report is before all others. One that replaces another is as new as
	// its Created says.
	RecentReports(ctx context.Context, before Report, limit int) ([]Report, error)
}

// Credits is a ledger of pages: append-only entries, each with a cause that is
// unique for its owner and action, so that each happens once. A balance is the
// sum of an owner's entries and never below zero.
type Credits interface {
	// Balance returns the sum of the owner's entries; an unknown owner has 0.
	Balance(ctx context.Context, owner string) (int, error)

	// Grant adds pages to an owner. It reports whether it did: a cause that was
	// granted before changes nothing. Less than one page, an empty owner or cause is
	// refused.
	Grant(ctx context.Context, owner, cause string, pages int) (bool, error)

	// Adjust adds pages to an owner, or takes them where pages is negative: an
	// operator's correction. It reports whether it did: a cause that was adjusted before
	// changes nothing. Taking more than there is answers [ErrInsufficient]. Zero pages,
	// an empty owner or cause are refused.
	Adjust(ctx context.Context, owner, cause string, pages int) (bool, error)

	// Entries returns the owner's entries whose ID is less than before (0 means any),
	// newest first, at most limit.
	Entries(ctx context.Context, owner string, before int64, limit int) ([]Entry, error)

	// VerifyEntries recomputes the chain of hashes of an owner's entries (see
	// [Entry.Chain]) and their sum. Whatever was changed, removed, slipped in or reordered
	// after it was written is an error that names the first entry that does not fit.
	VerifyEntries(ctx context.Context, owner string) error
}

// Jobs is the queue of sessions to work on. Enqueueing is part of
// [Sessions].CreateSession.
type Jobs interface {
	// Work runs handle for each job that is due, at most c.Workers at a time, until
	// ctx ends; then it cancels the handlers' contexts, waits for them and returns
	// nil. A job whose handler was interrupted that way, or whose process died, is
	// worked on again without spending an attempt.
	//
	// An error of a handler that was not interrupted is tried again after a backoff
	// until c.MaxAttempts; one that
	// answers RetryAfter() (a [time.Duration] > 0) is tried again after that long and
	// spends no attempt; one that answers Permanent() true is not tried again. A
	// panic in the handler is an error. A job that has failed for good is kept as a
	// [DeadJob]; its Cause is what the last error answers to Cause() (a string), else
	// "panic" or "error".
	//
	// A worker whose process dies, or that loses its database, gives its jobs up within
	// seconds to any other worker of the same data.
	//
	// No job that was tried waits for more than half an hour, and none waits for a clock
	// that was set back to come again to where it was.
	Work(ctx context.Context, c WorkConfig, handle func(context.Context, Job) error) error

	// Depth counts jobs by state.
	Depth(ctx context.Context) (Depth, error)

	// DeadJobs returns dead jobs whose ID is less than before (0 means any), newest
	// first, at most limit.
	DeadJobs(ctx context.Context, before int64, limit int) ([]DeadJob, error)

	// RetryJob makes a dead job due now, with all its attempts, and its session, when
	// that has failed, queued again: no pages are held anew. A job that is not there or
	// not dead, or whose session is gone, is [ErrNotFound]; one whose session is ready is
	// [ErrConflict].
	RetryJob(ctx context.Context, id int64) error

	// DiscardJob removes a dead job. One that is not there or not dead is [ErrNotFound].
	DiscardJob(ctx context.Context, id int64) error
}

// Values keeps a few small facts by name, such as which key the data is encrypted
// with.
type Values interface {
	// Value returns a value, or [ErrNotFound].
	Value(ctx context.Context, name string) ([]byte, error)

	// SetValue stores a value in the place of old; nil means that there must be none yet.
	// It answers [ErrConflict] when there is another.
	SetValue(ctx context.Context, name string, old, value []byte) error
}

// Blobs keeps the pages that were sent until their texts are there.
type Blobs interface {
	// PutBlob stores what r yields under the session and the SHA-256 of what is kept:
	// of the bytes themselves, or of what a store that seals them has made of them.
	// Reading errors are returned as they are and leave nothing behind. Putting the same
	// bytes twice for one session stores them once, under one hash. The session need not
	// be there yet; its id must be a valid one.
	PutBlob(ctx context.Context, session string, r io.Reader) (Blob, error)

	// OpenBlob opens a blob, or answers [ErrNotFound], also to a session or hash that
	// cannot be one. The caller closes it.
	OpenBlob(ctx context.Context, session, hash string) (io.ReadSeekCloser, error)

	// DeleteBlobs removes all blobs of a session. None is fine.
	DeleteBlobs(ctx context.Context, session string) error

	// SweepBlobs removes blobs that no session owns, finished or not, and that are
	// older than t, and returns how many. t must lie further back than the longest
	// time between a put and the creation of its session.
	SweepBlobs(ctx context.Context, t time.Time) (int, error)
}

// A Rewriter is a store that can replace what people wrote by another form of the same:
// sealed, opened, or sealed with another key. The ledger and the blobs are not touched.
// It is optional; look for it with a type assertion.
type Rewriter interface {
	// Rewrite calls change for each [Place] that has a value, and stores what that
	// returns instead of old; nil leaves old as it is. A comment must stay valid text. An
	// error of change ends the walk and is returned. change may use the store.
	//
	// It works in small batches beside everything else that the store does. A value that
	// was written anew after change has seen it stays as it was written. What is done when
	// the walk ends early stays done; a walk always begins at the start.
	Rewrite(ctx context.Context, change func(p Place, old []byte) ([]byte, error)) error
}
