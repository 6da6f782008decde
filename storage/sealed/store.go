package sealed

import (
	"context"
	"errors"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

// Config configures [Open]. The zero value seals nothing, and refuses data that is
// sealed.
type Config struct {
	Keys []Key // the first one seals, all of them open; see [ParseKeys]

	// Enabled reports whether to seal what is written now; it is asked each time. What
	// is sealed stays readable. Nil means always.
	Enabled func() bool

	// Strict refuses to read what is not sealed, so that somebody who can write to the
	// database can't put plain values in the place of sealed ones. It is for data that was
	// sealed from its beginning, or by [Store.Reseal].
	Strict bool
}

// plain is the store underneath.
type plain = storage.Store

// A Store is a [storage.Store] that seals what people wrote before it reaches the store
// underneath. It is safe for concurrent use; make one with [Open].
type Store struct {
	plain   // a method that takes or returns what people wrote must not come from here
	keys    []Key
	enabled func() bool
	strict  bool
}

var _ storage.Store = (*Store)(nil)

// Open puts a Store before another one, which it closes with itself.
//
// It refuses data that was sealed with a key that is not given, and remembers in the
// data that the first key is in use: an error here, not one for each quiz. Other errors
// are those of the store underneath, which stays open then.
func Open(ctx context.Context, under storage.Store, c Config) (*Store, error) {
	s := &Store{plain: under, keys: c.Keys, enabled: c.Enabled, strict: c.Strict}
	if err := s.enroll(ctx); err != nil {
		return nil, fmt.Errorf("open the sealed store: %w", err)
	}
	return s, nil
}

// Unwrap returns the store underneath, which shows everything as it is kept.
func (s *Store) Unwrap() storage.Store { return s.plain }

// sealing reports whether values are sealed now.
func (s *Store) sealing() bool { return len(s.keys) > 0 && (s.enabled == nil || s.enabled()) }

// CreateSession implements [storage.Sessions].
func (s *Store) CreateSession(ctx context.Context, n storage.Session, hold bool) error {
	var err error
	if n.Request, err = s.box(n.ID).keep(requestOf(n), n.Request); err != nil {
		return fmt.Errorf("create session: %w", err)
	}
	return s.plain.CreateSession(ctx, n, hold)
}

// Session implements [storage.Sessions].
func (s *Store) Session(ctx context.Context, id string) (storage.Session, error) {
	return s.opened(s.plain.Session(ctx, id))
}

// SessionByKey implements [storage.Sessions].
func (s *Store) SessionByKey(ctx context.Context, owner, key string) (storage.Session, error) {
	return s.opened(s.plain.SessionByKey(ctx, owner, key))
}

// ClaimSession implements [storage.Claims].
func (s *Store) ClaimSession(ctx context.Context, id string) (storage.Session, error) {
	return s.opened(s.plain.ClaimSession(ctx, id))
}

// SubmitSession implements [storage.Sessions].
func (s *Store) SubmitSession(ctx context.Context, id string, result []byte) error {
	kept, err := s.box(id).keep(storage.Place{Field: storage.SessionResult, Session: id}, result)
	if err != nil {
		return fmt.Errorf("submit session: %w", err)
	}
	return s.plain.SubmitSession(ctx, id, kept)
}

// FinishSession implements [storage.Claims].
func (s *Store) FinishSession(ctx context.Context, id string, claim int64, o storage.Outcome) error {
	var err error
	if o.Detail, err = s.box(id).keep(storage.Place{Field: storage.SessionDetail, Session: id}, o.Detail); err != nil {
		return fmt.Errorf("finish session: %w", err)
	}
	return s.plain.FinishSession(ctx, id, claim, o)
}

// AppendItem implements [storage.Claims].
func (s *Store) AppendItem(ctx context.Context, session string, claim int64, it storage.Item) error {
	var err error
	if it.JSON, err = s.box(session).keep(placeOf(session, it), it.JSON); err != nil {
		return fmt.Errorf("append item: %w", err)
	}
	return s.plain.AppendItem(ctx, session, claim, it)
}

// Items implements [storage.Items].
func (s *Store) Items(ctx context.Context, session string, after int) ([]storage.Item, error) {
	items, err := s.plain.Items(ctx, session, after)
	if err != nil {
		return nil, err
	}
	b := s.box(session)
	for i, it := range items {
		if items[i].JSON, err = b.open(placeOf(session, it), it.JSON); err != nil {
			return nil, fmt.Errorf("item %d of session %s: %w", it.Seq, session, err)
		}
	}
	return items, nil
}

// AddReport implements [storage.Reports].
func (s *Store) AddReport(ctx context.Context, r storage.Report) error {
	kept, err := s.box(r.Session).keep(commentOf(r), []byte(r.Comment))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	r.Comment = string(kept)
	return s.plain.AddReport(ctx, r)
}

// Reports implements [storage.Reports].
func (s *Store) Reports(ctx context.Context, session string) ([]storage.Report, error) {
	reports, err := s.plain.Reports(ctx, session)
	if err != nil {
		return nil, err
	}
	b := s.box(session)
	for i, r := range reports {
		comment, err := b.open(commentOf(r), []byte(r.Comment))
		if err != nil {
			return nil, fmt.Errorf("report on session %s: %w", session, err)
		}
		reports[i].Comment = string(comment)
	}
	return reports, nil
}

// RecentReports implements [storage.Reports].
func (s *Store) RecentReports(ctx context.Context, before storage.Report, limit int) ([]storage.Report, error) {
	reports, err := s.plain.RecentReports(ctx, before, limit)
	if err != nil {
		return nil, err
	}
	for i, r := range reports {
		comment, err := s.box(r.Session).open(commentOf(r), []byte(r.Comment))
		if err != nil {
			return nil, fmt.Errorf("report on session %s: %w", r.Session, err)
		}
		reports[i].Comment = string(comment)
	}
	return reports, nil
}

// Check implements [storage.Store]. Beside what the store underneath finds, it names
// values that can't be opened, where that store is a [storage.Rewriter].
func (s *Store) Check(ctx context.Context) error {
	const maxFaults = 10
	all := s.plain.Check(ctx)
	walker, ok := s.plain.(storage.Rewriter)
	if !ok {
		return all
	}
	faults := 0
	err := walker.Rewrite(ctx, func(p storage.Place, kept []byte) ([]byte, error) {
		if _, err := s.box(p.Session).open(p, kept); err != nil && faults < maxFaults {
			all = errors.Join(all, fmt.Errorf("check: session %s: %w", p.Session, err))
			faults++
		}
		return nil, nil
	})
	return errors.Join(all, err)
}

// opened opens a session's fields.
func (s *Store) opened(found storage.Session, err error) (storage.Session, error) {
	if err != nil {
		return storage.Session{}, err
	}
	b := s.box(found.ID)
	for p, field := range map[storage.Place]*[]byte{
		requestOf(found): &found.Request,
		{Field: storage.SessionDetail, Session: found.ID}: &found.Detail,
		{Field: storage.SessionResult, Session: found.ID}: &found.Result,
	} {
		if *field, err = b.open(p, *field); err != nil {
			return storage.Session{}, fmt.Errorf("session %s: %w", found.ID, err)
		}
	}
	return found, nil
}

func requestOf(n storage.Session) storage.Place {
	return storage.Place{Field: storage.SessionRequest, Session: n.ID, Owner: n.Owner}
}

func placeOf(session string, it storage.Item) storage.Place {
	return storage.Place{Field: storage.ItemJSON, Session: session, Seq: it.Seq, Kind: it.Kind}
}

func commentOf(r storage.Report) storage.Place {
	return storage.Place{Field: storage.ReportComment, Session: r.Session, Question: r.Question, Owner: r.Owner}
}
