package learnsnap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/learnsnap/quiz"
	"github.com/learnsnap/learnsnap-go/storage"
)

// Options say what is wanted of a quiz. The zero value is
// [DefaultQuestions] questions of all types in the language of the pages.
type Options struct {
	Questions      int
	Language       quiz.Language
	Types          []quiz.Type
	SkipUnreadable bool // see [Request]

	// Key is an idempotency key of the caller's choice, of 1 to [MaxKey] printable ASCII
	// characters: whoever repeats a creation that got no answer sends the same one, and
	// gets the session that the first time made. It lives as long as that session.
	// Empty means that each creation is a new one.
	Key string

	// Trace is kept with the session and handed to [ServiceConfig].Tracer at each
	// attempt, wherever that is made: a traceparent, say. Nothing else reads it. Of more
	// than [MaxTrace] bytes it is left out.
	Trace string
}

// MaxKey is how long an idempotency key may be.
const MaxKey = 255

// An Upload takes the pages of a quiz that is to be created. Each page goes into
// the store as it arrives; none is held in memory. Close it in any case. It is not
// for concurrent use.
type Upload struct {
	service *Service
	owner   string
	id      string // of the session that it may become
	pages   []storedPage
	print   hash.Hash // of the pages' bytes, for the fingerprint of an idempotent creation
	touched bool      // the store may hold something of it
	created bool
}

// Upload begins an upload for an owner.
func (s *Service) Upload(owner string) *Upload {
	return &Upload{service: s, owner: owner, id: newID(), print: sha256.New()}
}

// Add takes the next page: it streams r into the store, at most [MaxPageBytes],
// and inspects it there. The error is an [*Error] with the page's number in Pages;
// the page then does not count, and one may go on without it. An error of r keeps
// its own code if it has one, else it is [InvalidRequest].
func (u *Upload) Add(ctx context.Context, r io.Reader) error {
	number := len(u.pages) + 1
	if len(u.pages) == MaxPages {
		return &Error{Code: TooManyPages}
	}
	u.touched = true
	sum := sha256.New()
	source := &bounded{r: io.TeeReader(r, sum), left: MaxPageBytes}
	blob, err := u.service.store.PutBlob(ctx, u.id, source)
	switch {
	case source.err != nil:
		return pageError(number, InvalidRequest, source.err)
	case err != nil:
		return pageError(number, Unavailable, err)
	case blob.Size == 0:
		return pageError(number, EmptyPage, nil)
	}
	mediaType, err := u.inspect(ctx, blob)
	switch {
	case ctx.Err() != nil:
		return pageError(number, Unavailable, ctx.Err())
	case err != nil:
		return pageError(number, Internal, err)
	case isText(mediaType) && blob.Size > MaxTextBytes:
		return pageError(number, PageTooLarge, errors.New("a text of that size is no page"))
	}
	page := storedPage{Hash: blob.Hash, Type: mediaType, Size: blob.Size}
	if !isText(mediaType) {
		page.Sum = hex.EncodeToString(sum.Sum(nil))
	}
	u.pages = append(u.pages, page)
	u.print.Write(sum.Sum(nil))
	return nil
}

// inspect looks at a page where it is stored.
func (u *Upload) inspect(ctx context.Context, blob storage.Blob) (mediaType string, err error) {
	page, err := u.service.store.OpenBlob(ctx, u.id, blob.Hash)
	if err != nil {
		return "", &Error{Code: Unavailable, Err: err}
	}
	defer page.Close()
	return u.service.inspect(ctx, page)
}

// Create makes a session of the pages that were added, takes them from the owner's
// balance, and puts the quiz in line, all or nothing.
func (u *Upload) Create(ctx context.Context, o Options) (Session, error) {
	s := u.service
	if o.Questions == 0 {
		o.Questions = DefaultQuestions
	}
	switch err := checkWanted(o.Questions, o.Language, o.Types); {
	case u.owner == "":
		return Session{}, invalid("a session needs an owner")
	case u.created:
		return Session{}, invalid("this upload was created already")
	case err != nil:
		return Session{}, err
	case !validKey(o.Key):
		return Session{}, invalid("an idempotency key has up to %d printable ASCII characters", MaxKey)
	case len(u.pages) == 0:
		return Session{}, &Error{Code: NoPages}
	case s.enabled(FlagReadOnly) || s.enabled(FlagGenerationStopped):
		return Session{}, &Error{Code: Unavailable, Err: errors.New("creating quizzes is switched off")}
	}
	asked := sessionRequest{
		Pages: u.pages, Questions: o.Questions, Language: o.Language,
		Types: wantedTypes(o.Types), SkipUnreadable: o.SkipUnreadable, Trace: keptTrace(o.Trace), Seed: newID(),
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return Session{}, &Error{Code: Internal, Err: err}
	}
	now := s.now().UTC()
	kept := storage.Session{
		ID: u.id, Owner: u.owner, Status: storage.Queued, Pages: len(u.pages), Key: o.Key, Print: u.fingerprint(o),
		Request: body, Created: now, Updated: now, Expires: now.Add(s.ttl),
	}
	atOnce := s.inline.reserve(s.notQueued())
	if atOnce {
		kept.Due = now.Add(inlineHeadStart)
	}
	if err := u.create(ctx, kept); err != nil {
		s.inline.giveUp(atOnce)
		if o.Key != "" && errors.Is(err, storage.ErrExists) {
			return u.earlier(ctx, kept)
		}
		return Session{}, err
	}
	s.inline.start(atOnce, kept.ID, s.work)
	u.created = true
	observe(ctx, s.observer, Observation{Occasion: Created, Session: kept.ID, Pages: kept.Pages})
	if s.counted() {
		s.moved(ctx, kept.ID, storage.Hold, kept.Pages)
	}
	var none tally
	return Session{
		ID: kept.ID, Status: kept.Status, Pages: kept.Pages, Created: kept.Created, Expires: kept.Expires,
		Language: o.Language, Progress: none.progress(kept.Pages, o.Questions),
	}, nil
}

// create stores the session. An owner whose balance is too low gets the free pages
// first, if they were not given yet.
func (u *Upload) create(ctx context.Context, kept storage.Session) error {
	s := u.service
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	err := s.store.CreateSession(ctx, kept, s.counted())
	if errors.Is(err, storage.ErrInsufficient) {
		// Whether they are given here or by another request meanwhile: they are there now.
		if _, grantErr := s.giveFree(ctx, u.owner); grantErr != nil {
			return storeError(grantErr)
		}
		err = s.store.CreateSession(ctx, kept, true)
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, storage.ErrInsufficient) || !s.exists(ctx, u.id) {
		return storeError(err)
	}
	return nil // it went well after all: only the answer came too late
}

// earlier returns the session that the owner created before under the same key, as
// it was created.
func (u *Upload) earlier(ctx context.Context, again storage.Session) (Session, error) {
	ctx, cancel := context.WithTimeout(ctx, requestWait)
	defer cancel()
	kept, err := u.service.store.SessionByKey(ctx, u.owner, again.Key)
	if err != nil {
		return Session{}, &Error{Code: Unavailable, Err: err} // it has just gone: the next try is a new one
	}
	if kept.Print != again.Print {
		return Session{}, &Error{Code: KeyReused, Err: fmt.Errorf("session %s was created under that key, of another request", kept.ID)}
	}
	asked, err := readRequest(kept)
	if err != nil {
		return Session{}, err
	}
	var none tally
	return Session{
		ID: kept.ID, Status: storage.Queued, Pages: kept.Pages, Created: kept.Created, Expires: kept.Expires, Repeated: true,
		Language: asked.Language, Progress: none.progress(kept.Pages, asked.Questions),
	}, nil
}

// fingerprint tells two requests under one idempotency key apart: by the bytes of
// their pages, in order, and by what is asked of them, however it was sent.
func (u *Upload) fingerprint(o Options) string {
	if o.Key == "" {
		return ""
	}
	print := sha256.New()
	print.Write(u.print.Sum(nil))
	fmt.Fprintf(print, "%d %q %q %t", o.Questions, o.Language, wantedTypes(o.Types), o.SkipUnreadable)
	return hex.EncodeToString(print.Sum(nil))
}

func validKey(key string) bool {
	if len(key) > MaxKey {
		return false
	}
	for _, c := range []byte(key) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

// exists reports whether a session is there after its creation has failed.
func (s *Service) exists(ctx context.Context, id string) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestWait)
	defer cancel()
	_, err := s.store.Session(ctx, id)
	return err == nil
}

// Close gives up an upload that was not created: its pages are deleted, also when
// the context of the request has ended. After Create, and a second time, it does
// nothing. Pages that a failing store keeps are swept within some hours.
func (u *Upload) Close() error {
	if u.created || !u.touched {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestWait)
	defer cancel()
	if err := u.service.store.DeleteBlobs(ctx, u.id); err != nil {
		return storeError(err)
	}
	u.touched, u.pages = false, nil
	return nil
}

// Create makes a session of pages that are at hand; see [Service.Upload].
func (s *Service) Create(ctx context.Context, owner string, pages []ai.Media, o Options) (Session, error) {
	if len(pages) > MaxPages {
		return Session{}, &Error{Code: TooManyPages}
	}
	u := s.Upload(owner)
	for i, m := range pages {
		if err := addMedia(ctx, u, m); err != nil {
			return Session{}, u.giveUp(ctx, pageError(i+1, Internal, err))
		}
	}
	created, err := u.Create(ctx, o)
	return created, u.giveUp(ctx, err) // of a repetition too: its pages are there already
}

// giveUp closes an upload, which may have failed for a reason, and returns the reason.
func (u *Upload) giveUp(ctx context.Context, reason error) error {
	if err := u.Close(); err != nil {
		observe(ctx, u.service.observer, Observation{Occasion: UpkeepFailed, Session: u.id, Err: err})
	}
	return reason
}

func addMedia(ctx context.Context, u *Upload, m ai.Media) error {
	if m.Open == nil {
		return invalid("it can't be opened")
	}
	r, err := m.Open()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer r.Close()
	return u.Add(ctx, r)
}

// A bounded reader fails when there is more than it may read, and keeps the error
// that it gave, so that it can be told from an error of whoever reads.
type bounded struct {
	r    io.Reader
	left int64
	err  error
}

// Read implements [io.Reader].
func (b *bounded) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if int64(n) > b.left {
		n, err = int(b.left), &Error{Code: PageTooLarge}
	}
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// sniff is the least that one can say of a page: its type by its first bytes.
func sniff(_ context.Context, r io.Reader) (string, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return "", err
	}
	head = head[:n]
	for _, known := range []struct {
		mediaType, magic string
		at               int
	}{
		{"image/jpeg", "\xFF\xD8\xFF", 0},
		{"image/png", "\x89PNG\r\n\x1A\n", 0},
		{"image/webp", "WEBP", 8},
		{"image/heic", "ftyphei", 4},
		{"image/heic", "ftypmif1", 4},
	} {
		if len(head) > known.at && bytes.HasPrefix(head[known.at:], []byte(known.magic)) {
			return known.mediaType, nil
		}
	}
	for cut := 0; cut < utf8.UTFMax && cut < n; cut++ { // the last character may be cut
		if text := head[:n-cut]; utf8.Valid(text) && !slices.Contains(text, 0) {
			return "text/plain; charset=utf-8", nil
		}
	}
	return "", &Error{Code: UnsupportedPage}
}

// uploadsLast is how long an upload may take before what it has stored counts as
// left behind. It is far longer than a request lasts, so that a clock that is set an
// hour forward takes nobody's pages.
const uploadsLast = 3 * time.Hour
