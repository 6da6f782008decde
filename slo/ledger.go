package slo

import (
	"context"
	"time"
)

// A Ledger keeps counts so that budgets survive a restart and add up over replicas.
// It speaks standard types only, so that a storage engine is one without importing
// this package. Its methods are safe for concurrent use.
//
// A row is one replica's count of one objective's events in one minute. Minutes are
// whole, in UTC.
type Ledger interface {
	// PutSLOCounts stores rows of one replica, all or nothing, in one statement where
	// the engine can. Row i is objectives[i], minutes[i], good[i], total[i]; the four
	// have one length, and no two rows are of the same objective and minute. The
	// numbers are what the replica has counted in that minute so far: they replace
	// what stood there, so a write whose answer was lost is repeated without harm.
	PutSLOCounts(ctx context.Context, replica string, objectives []string, minutes []time.Time, good, total []int64) error

	// SLOCounts calls each with the sums over all replicas but one, for each
	// objective and minute from since on, in any order. An empty replica leaves none
	// out. It stops at ctx's end.
	SLOCounts(ctx context.Context, exceptReplica string, since time.Time, each func(objective string, minute time.Time, good, total int64)) error

	// DropSLOCounts removes the rows of all replicas that are older than before.
	DropSLOCounts(ctx context.Context, before time.Time) error
}
