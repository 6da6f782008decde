package storage

import (
	"context"
	"strconv"
	"time"
)

// Flags keeps the overrides of switches, for the flags package and those who do as it
// does: it speaks standard types only. Who has set an override, why and until when
// stands in its bytes.
type Flags interface {
	// FlagOverrides returns all overrides by flag.
	FlagOverrides(ctx context.Context) (map[string][]byte, error)

	// PutFlagOverride stores a flag's override in the place of the one before, and
	// wakes those who listen, in this process and in others. An empty name is refused.
	PutFlagOverride(ctx context.Context, flag string, override []byte) error

	// DeleteFlagOverride removes a flag's override and wakes those who listen. One that
	// is not there is no error.
	DeleteFlagOverride(ctx context.Context, flag string) error

	// ListenFlags calls wake once when it has begun to listen, and after each change
	// from then on; wakes may be merged, or come without a change. It blocks until ctx
	// ends, the store is closed or the link is lost, and returns why: then the caller
	// reads again and listens anew. wake must not block.
	ListenFlags(ctx context.Context, wake func()) error
}

// SLOCounts keeps how many events of an objective were good in each minute, for the
// slo package and those who do as it does: it speaks standard types only.
//
// A row is one replica's count of one objective in one minute, which is whole.
type SLOCounts interface {
	// PutSLOCounts stores rows of one replica, all or nothing: row i is objectives[i],
	// minutes[i], good[i] and total[i]. Each takes the place of what stood there, so a
	// write whose answer was lost is repeated without harm. No two rows are of one
	// objective and minute. Lists of different lengths, an empty name and a time that is
	// no whole minute are refused.
	PutSLOCounts(ctx context.Context, replica string, objectives []string, minutes []time.Time, good, total []int64) error

	// SLOCounts calls each with the sums over all replicas but one, for every objective
	// and minute from since on in which something was counted, in any order. An empty
	// replica leaves none out. each must not use the store.
	SLOCounts(ctx context.Context, exceptReplica string, since time.Time, each func(objective string, minute time.Time, good, total int64)) error

	// DropSLOCounts removes the rows that are older than before, but for those of the
	// hour in which that lies.
	DropSLOCounts(ctx context.Context, before time.Time) error
}

// Audit keeps what operators did: append-only, in one chain of hashes. The database
// itself refuses to change or remove an entry.
type Audit interface {
	// AddAudit appends an entry; a zero At means now, and its ID is ignored. Who and What
	// must not be empty.
	AddAudit(ctx context.Context, e AuditEntry) error

	// AuditEntries returns the entries whose ID is less than before (0 means any), newest
	// first, at most limit.
	AuditEntries(ctx context.Context, before int64, limit int) ([]AuditEntry, error)

	// VerifyAudit recomputes the chain of hashes (see [AuditEntry.Chain]). Whatever was
	// changed, removed, slipped in or reordered after it was written, at the end too, is
	// an error that names the first entry that does not fit.
	VerifyAudit(ctx context.Context) error
}

// An AuditEntry is one thing that an operator did.
type AuditEntry struct {
	ID     int64  // grows with time
	Who    string // did it: an operator's name, or a program's
	What   string // was done: "flag.put"
	Target string // it was done to; may be empty
	Why    string // as whoever did it says; may be empty
	Detail []byte // JSON: what else is to be known; may be nil
	At     time.Time
}

// Chain returns the hash that follows before in the chain of the audit, made as that of
// [Entry.Chain]. The ID is left out. No Detail and an empty one are the same.
func (e AuditEntry) Chain(before []byte) []byte {
	return chain(before, []byte(e.Who), []byte(e.What), []byte(e.Target), []byte(e.Why), e.Detail,
		strconv.AppendInt(nil, e.At.UnixMicro(), 10))
}
