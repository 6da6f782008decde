package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"
)

// A Session is one quiz from its creation to its result. Its JSON fields belong
// to the domain; a store keeps their bytes.
type Session struct {
	ID      string
	Owner   string
	Status  Status
	Pages   int       // pages of the owner's balance that it holds or took
	Claim   int64     // number of the last claim; 0 before the first
	Items   int       // Seq of its last item; 0 means none
	Code    string    // why it failed
	Key     string    // idempotency key of its creation, unique for its owner; empty means none
	Print   string    // fingerprint of what was asked for under Key
	Due     time.Time // before which its job is not worked; zero means at once
	Request []byte    // JSON: what was asked for
	Detail  []byte    // JSON: what a failure wants to say; may be nil
	Result  []byte    // JSON: the graded answers; nil until they were submitted
	Created time.Time
	Updated time.Time
	Expires time.Time
}

// A Status is where a session stands.
type Status string

// The states of a session: queued → processing → ready → completed, or failed
// from the first two.
const (
	Queued     Status = "queued"
	Processing Status = "processing"
	Ready      Status = "ready"
	Completed  Status = "completed"
	Failed     Status = "failed"
)

// Ended reports whether generation is over, well or not.
func (s Status) Ended() bool { return s == Ready || s == Completed || s == Failed }

// An Outcome is how a generation ended.
type Outcome struct {
	Status Status // [Ready] or [Failed]
	Code   string
	Detail []byte
}

// An Item is one accepted piece of a session.
type Item struct {
	Seq  int    // from 1, without holes
	Kind string // the domain's word for it: "page", "lesson", "question"
	JSON []byte
}

// A Progress is where a session stands, for those who watch it.
type Progress struct {
	ID     string
	Status Status
	Items  int // Seq of the last item
}

// A Report is a learner's complaint about a question.
type Report struct {
	Session  string
	Question string // its id
	Owner    string
	Reason   string
	Comment  string
	Created  time.Time
}

// An Action is what an entry of the ledger does.
type Action string

// The actions of the ledger.
const (
	Grant   Action = "grant"   // pages given: +n
	Hold    Action = "hold"    // pages set aside for a session: −n
	Capture Action = "capture" // a hold that was spent: 0
	Release Action = "release" // a hold given back: +n
	Adjust  Action = "adjust"  // a correction by an operator: +n or −n

	Purchase Action = "purchase" // pages that were paid for: +n; its cause is the order's number

	// Transfer moves pages to another owner's balance: −n here and +n there. Each of the
	// two entries has the other owner as its cause.
	Transfer Action = "transfer"
)

// An Entry is one line of the ledger.
type Entry struct {
	ID      int64 // grows with time
	Owner   string
	Action  Action
	Pages   int    // positive or negative
	Cause   string // unique for owner and action: a session's id, a grant's name
	Created time.Time
}

// Chain returns the hash that follows before in the chain of an owner's ledger:
// SHA-256 of before (nil for the owner's first entry) and of the entry's fields, each
// by its length and its bytes. The ID is left out: it is the database's, and another
// one gives others.
func (e Entry) Chain(before []byte) []byte {
	return chain(before, []byte(e.Owner), []byte(e.Action), strconv.AppendInt(nil, int64(e.Pages), 10),
		[]byte(e.Cause), strconv.AppendInt(nil, e.Created.UnixMicro(), 10))
}

// chain hashes fields, each by its length and its bytes.
func chain(fields ...[]byte) []byte {
	h := sha256.New()
	for _, field := range fields {
		_ = binary.Write(h, binary.BigEndian, uint64(len(field))) // a hash never fails
		h.Write(field)
	}
	return h.Sum(nil)
}

// A WorkConfig configures [Jobs].Work.
type WorkConfig struct {
	Workers     int           // jobs at a time; 0 means 2
	Timeout     time.Duration // of one attempt; 0 means 10 minutes, −1 none
	MaxAttempts int           // 0 means 3
}

// A Job is one session to work on.
type Job struct {
	Session     string
	Attempt     int // from 1
	MaxAttempts int
	Crashes     int // workers that died with it so far; they spent no attempt
}

// A DeadJob is a job that has failed for good: a dead letter. It is kept until an
// operator retries or discards it.
type DeadJob struct {
	ID      int64 // grows with time
	Session string
	Owner   string         // of the session; empty when that is gone
	Cause   string         // what groups it with its like; see [Jobs].Work
	Errors  []AttemptError // oldest first; the first and last ones of many
	Created time.Time
	Died    time.Time
}

// An AttemptError is how one attempt at a job has failed.
type AttemptError struct {
	Attempt int
	At      time.Time
	Text    string
	Stack   string // of a panic, else empty
}

// Depth counts the jobs of a queue.
type Depth struct {
	Waiting int       // due or due later
	Running int       // being worked on
	Dead    int       // failed for good
	Oldest  time.Time // when the oldest waiting job was enqueued; zero means none waits
}

// A Blob names stored bytes.
type Blob struct {
	Hash string // SHA-256 of what is kept, lower-case hex; see [Blobs]
	Size int64  // of the bytes that were put
}

// A Place is where a store keeps something that people wrote, or that was made of it.
type Place struct {
	Field    Field
	Session  string
	Owner    string // of the session, or of the report
	Seq      int    // of the item
	Kind     string // of the item
	Question string // of the report
}

// A Field is a field of a record that holds what people wrote.
type Field string

// The fields that a [Rewriter] walks.
const (
	SessionRequest Field = "request" // [Session].Request
	SessionDetail  Field = "detail"  // [Session].Detail
	SessionResult  Field = "result"  // [Session].Result
	ItemJSON       Field = "item"    // [Item].JSON
	ReportComment  Field = "comment" // [Report].Comment
)

// Stats are the connections of a store to its database, for metrics. Counts since
// Open grow only.
type Stats struct {
	Max     int // connections at most
	Open    int
	InUse   int
	Waiting int           // callers that wait for one now
	Waits   int64         // callers that had to wait
	Waited  time.Duration // by all of them together
	Refused int64         // callers that were turned away
}
