package storage

import "time"

// A Session is one quiz from its creation to its result. Its JSON fields belong
// to the domain; a store keeps their bytes.
type Session struct {
	ID      string
	Owner   string
	Status  Status
	Pages   int    // pages of the owner's balance that it holds or took
	Claim   int64  // number of the last claim; 0 before the first
	Items   int    // Seq of its last item; 0 means none
	Code    string // why it failed
	Request []byte // JSON: what was asked for
	Detail  []byte // JSON: what a failure wants to say; may be nil
	Result  []byte // JSON: the graded answers; nil until they were submitted
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
	Release Action = "release" // a hold given back: +n
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
	Hash string // SHA-256, lower-case hex
	Size int64
}
