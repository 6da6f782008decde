package learnsnap

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

// DefaultFreePages are given to each owner once where [ServiceConfig] says nothing
// else.
const DefaultFreePages = 2

// The flags that a [Service] asks [ServiceConfig].Enabled for.
const (
	FlagReadOnly          = "READ_ONLY_MODE"        // nothing new: no session, answers or report
	FlagGenerationStopped = "DISABLE_AI_GENERATION" // no new session, and those that wait go on waiting
)

// How long a call of the store may take: one that somebody waits for, and one of a
// worker.
const (
	requestWait = 3 * time.Second
	workerWait  = 10 * time.Second
)

// A ServiceConfig configures a [Service]. Every zero value but Engine and Store is
// a default.
type ServiceConfig struct {
	Engine *Engine       // required
	Store  storage.Store // required

	// Enabled reports whether a flag is switched on. Nil means that none is.
	Enabled func(flag string) bool

	// Observer is told of sessions and of moved pages; [Config].Observer is told of
	// items. It may be nil.
	Observer Observer

	// Tracer watches the attempts at quizzes. It may be nil.
	Tracer Tracer

	// Inspect looks at a page as it was sent, before it is accepted, and returns its
	// media type; pages.Reader does. What an error of it that has a
	// PageCode() string method says becomes the [Error]'s code. Nil only looks at the
	// first bytes, for an image type that is known or for text.
	Inspect func(ctx context.Context, r io.Reader) (mediaType string, err error)

	// Inline reports whether a new quiz is worked on at once, in the process that takes
	// it and beside the queue. The queue comes back to it when the process dies. Nil
	// means that all goes through the queue.
	Inline func() bool

	// Cache reports whether a photo that its owner had read before, in a session that is
	// still there, takes the text that was read then; it is asked each time. Byte for byte
	// it must be the same photo, and nobody gets the text of another owner's. Nil means
	// that every photo is read anew.
	Cache func() bool

	FreePages int              // given once to each owner; 0 means [DefaultFreePages], −1 that pages are not counted at all
	Workers   int              // quizzes at a time; 0 means 2
	TTL       time.Duration    // of a session; 0 means 24 hours
	Now       func() time.Time // nil means [time.Now]
}

// A Service keeps quizzes as sessions in a store: it takes the pages, works on the
// quiz in the background, shows it as it grows, and grades the answers. Many
// services in many processes may share a store. It is safe for concurrent use.
type Service struct {
	engine    *Engine
	store     storage.Store
	enabled   func(flag string) bool
	observer  Observer
	tracer    Tracer
	inspect   func(ctx context.Context, r io.Reader) (string, error)
	freePages int
	workers   int
	ttl       time.Duration
	now       func() time.Time
	hub       *hub
	notQueued func() bool
	caching   func() bool
	inline    *inline
}

// NewService returns a service. Nothing happens until [Service.Run].
func NewService(c ServiceConfig) (*Service, error) {
	switch {
	case c.Engine == nil:
		return nil, errors.New("learnsnap: ServiceConfig.Engine is missing")
	case c.Store == nil:
		return nil, errors.New("learnsnap: ServiceConfig.Store is missing")
	}
	s := &Service{
		engine: c.Engine, store: c.Store, enabled: c.Enabled, observer: c.Observer, tracer: c.Tracer, inspect: c.Inspect,
		freePages: cmp.Or(c.FreePages, DefaultFreePages),
		workers:   cmp.Or(max(c.Workers, 0), 2),
		ttl:       cmp.Or(max(c.TTL, 0), 24*time.Hour),
		now:       c.Now,
		hub:       newHub(c.Store),
		notQueued: c.Inline,
		caching:   c.Cache,
		inline:    newInline(),
	}
	if s.notQueued == nil {
		s.notQueued = func() bool { return false }
	}
	if s.caching == nil {
		s.caching = func() bool { return false }
	}
	if s.enabled == nil {
		s.enabled = func(string) bool { return false }
	}
	if s.inspect == nil {
		s.inspect = sniff
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// Run works on the quizzes that wait, those that another process left unfinished
// first of all, and removes what is old, until ctx ends. A quiz that is under way
// then is left to the next process, which goes on from its accepted items. Run
// returns nil at the end of ctx, and an error when the queue can't be worked at all.
func (s *Service) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var upkeep sync.WaitGroup
	upkeep.Go(func() { s.upkeep(ctx) })
	upkeep.Go(func() { s.inline.run(ctx) })
	defer upkeep.Wait()
	defer cancel()

	// The engine bounds a generation: a bound of the queue's beside it would cut off
	// the word about how it ended.
	err := s.store.Work(ctx, storage.WorkConfig{Workers: s.workers, Timeout: -1}, s.work)
	if err != nil {
		return fmt.Errorf("work on quizzes: %w", err)
	}
	return nil
}

// A Session is a quiz from its creation to its result.
type Session struct {
	ID       string
	Status   storage.Status // queued, processing, ready, completed or failed
	Pages    int            // that were sent
	Progress Progress
	Created  time.Time
	Expires  time.Time
	Failure  *Failure // set when it has failed
	Repeated bool     // its creation was a repetition, under the same idempotency key

	Language  quiz.Language // empty while it is not known
	PageItems []quiz.Page   // that were read so far, by number
	Lesson    *quiz.Lesson
	Questions []quiz.Question // so far, with their keys; see [quiz.Question.Hide]
	Result    *Result         // set once answers were submitted
}

// A Failure says why a session failed.
type Failure struct {
	Code  Code
	Pages []int // that it is about, if any
}

// Session returns a session of the owner's. One that is somebody else's is
// [NotFound], one whose time is over [Expired].
func (s *Service) Session(ctx context.Context, owner, id string) (Session, error) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	kept, asked, err := s.load(ctx, owner, id)
	if err != nil {
		return Session{}, err
	}
	return s.assemble(ctx, kept, asked)
}

// assemble reads a session's items.
func (s *Service) assemble(ctx context.Context, kept storage.Session, asked sessionRequest) (Session, error) {
	items, err := readItems(ctx, s.store, kept.ID, 0)
	if err != nil {
		return Session{}, err
	}
	var count tally
	for _, it := range items {
		count.add(it.Kind)
	}
	made := assemble(items, asked.Language)
	full := Session{
		ID: kept.ID, Status: kept.Status, Pages: len(asked.Pages), Created: kept.Created, Expires: kept.Expires,
		Progress: count.progress(len(asked.Pages), asked.Questions),
		Language: made.Language, PageItems: made.Pages, Lesson: made.Lesson, Questions: made.Questions,
	}
	switch kept.Status {
	case storage.Ready, storage.Completed:
		full.Progress.Percent = 100
	case storage.Failed:
		full.Failure = &Failure{Code: Code(kept.Code), Pages: failedPages(kept.Detail)}
	}
	if kept.Result != nil {
		full.Result = new(Result)
		if err := json.Unmarshal(kept.Result, full.Result); err != nil {
			return Session{}, &Error{Code: Internal, Err: fmt.Errorf("result of session %s: %w", kept.ID, err)}
		}
	}
	return full, nil
}

// load returns a session of the owner's and what was asked for in it.
func (s *Service) load(ctx context.Context, owner, id string) (storage.Session, sessionRequest, error) {
	kept, err := s.store.Session(ctx, id)
	switch {
	case err != nil:
		return kept, sessionRequest{}, storeError(err)
	case kept.Owner != owner:
		return kept, sessionRequest{}, &Error{Code: NotFound}
	case s.expired(kept):
		return kept, sessionRequest{}, &Error{Code: Expired}
	}
	asked, err := readRequest(kept)
	return kept, asked, err
}

func (s *Service) expired(kept storage.Session) bool {
	return !kept.Expires.IsZero() && !s.now().Before(kept.Expires)
}

// A sessionRequest is what was asked for, as the store keeps it.
type sessionRequest struct {
	Pages          []storedPage  `json:"pages"`
	Questions      int           `json:"questions"`
	Language       quiz.Language `json:"language,omitempty"`
	Types          []quiz.Type   `json:"types,omitempty"`
	SkipUnreadable bool          `json:"skipUnreadable,omitempty"`
	Trace          string        `json:"trace,omitempty"`

	// Seed is mixed into the positions of right answers. It is not the session's id,
	// for learners see that.
	Seed string `json:"seed"`
}

// A storedPage is a page as it was sent.
type storedPage struct {
	Hash string `json:"hash"`
	Type string `json:"type"`
	Size int64  `json:"size"`

	// Sum is that of a photo as it was sent. Hash is that of what the store made of it,
	// which is another one for each session where blobs are sealed.
	Sum string `json:"sum,omitempty"`
}

func readRequest(kept storage.Session) (sessionRequest, error) {
	var asked sessionRequest
	if err := json.Unmarshal(kept.Request, &asked); err != nil {
		return asked, &Error{Code: Internal, Err: fmt.Errorf("request of session %s: %w", kept.ID, err)}
	}
	return asked, nil
}

// readItems returns the items after a Seq, in order.
func readItems(ctx context.Context, store storage.Items, id string, after int) ([]Item, error) {
	kept, err := store.Items(ctx, id, after)
	if err != nil {
		return nil, storeError(err)
	}
	items := make([]Item, len(kept))
	for i, it := range kept {
		if items[i], err = UnmarshalItem(it); err != nil {
			return nil, &Error{Code: Internal, Err: fmt.Errorf("session %s: %w", id, err)}
		}
	}
	return items, nil
}

// A failureDetail is what the store keeps of a failure beside its code.
type failureDetail struct {
	Pages []int `json:"pages,omitempty"`
}

func failedPages(detail []byte) []int {
	var d failureDetail
	if json.Unmarshal(detail, &d) != nil {
		return nil // none was kept
	}
	return d.Pages
}

// storeError puts what a store says into our words.
func storeError(err error) *Error {
	code := Unavailable
	switch {
	case errors.Is(err, storage.ErrNotFound):
		code = NotFound
	case errors.Is(err, storage.ErrInsufficient):
		code = InsufficientCredits
	}
	return &Error{Code: code, Err: err}
}

// newID returns 128 random bits and more, in letters and digits.
func newID() string { return rand.Text() }
