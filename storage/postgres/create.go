package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/internal/jobs"
	"github.com/learnsnap/learnsnap-go/storage/internal/valid"
)

// A create is a session that somebody wants to be stored.
type create struct {
	session storage.Session
	hold    bool
}

const (
	findIDs  = `SELECT id FROM sessions WHERE id = ANY($1)`
	findKeys = `SELECT s.owner, s.key FROM unnest($1::text[], $2::text[]) AS k (owner, key) JOIN sessions s USING (owner, key) WHERE s.key <> ''`

	insertSessions = `INSERT INTO sessions (id, owner, status, pages, job, key, print, created, updated, expires, request)
		SELECT id, owner, 'queued', pages, job, key, print, created, $10, expires, request
		FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::bytea[])
		AS n (id, owner, pages, job, key, print, created, expires, request)`
)

// CreateSession implements [storage.Sessions].
func (s *Store) CreateSession(ctx context.Context, n storage.Session, hold bool) error {
	if err := valid.Session(n); err != nil {
		return fmt.Errorf("create session: %w", err)
	}
	if n.Created.IsZero() {
		n.Created = s.now()
	}
	if _, err := s.creates.run(ctx, create{n, hold}); err != nil {
		return fmt.Errorf("create session %s: %w", n.ID, err)
	}
	s.queue.Wake()
	return nil
}

// createAll stores the sessions of many callers: their holds, their jobs and
// themselves, in a few statements for all of them.
func (s *Store) createAll(ctx context.Context, tx pgx.Tx, calls []*call[create]) error {
	taken, err := findTaken(ctx, tx, calls)
	if err != nil {
		return err
	}
	books, err := openHolds(ctx, tx, calls)
	if err != nil {
		return err
	}
	now := s.now()
	var kept []storage.Session
	for _, c := range calls {
		if c.err = taken.take(c.want.session); c.err == nil && c.want.hold {
			if c.err = books.hold(c.want.session.Owner, c.want.session.ID, c.want.session.Pages, now); c.err != nil {
				taken.giveBack(c.want.session)
			}
		}
		if c.err == nil {
			kept = append(kept, c.want.session)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	if err := books.write(ctx, tx); err != nil {
		return err
	}
	return s.insertSessions(ctx, tx, kept, now)
}

// openHolds opens the books for those of the calls that hold pages.
func openHolds(ctx context.Context, tx pgx.Tx, calls []*call[create]) (*ledger, error) {
	var wanted []posting
	var opens []string
	for _, c := range calls {
		if !c.want.hold {
			continue
		}
		wanted = append(wanted, posting{c.want.session.Owner, storage.Hold, c.want.session.ID})
		if c.want.session.Pages == 0 {
			opens = append(opens, c.want.session.Owner)
		}
	}
	if len(wanted) == 0 {
		return &ledger{}, nil
	}
	return openLedger(ctx, tx, wanted, opens)
}

func (s *Store) insertSessions(ctx context.Context, tx pgx.Tx, sessions []storage.Session, now time.Time) error {
	n := len(sessions)
	due := make([]jobs.Due, n)
	for i, one := range sessions {
		due[i] = jobs.Due{Session: one.ID, Due: one.Due}
	}
	ids, err := s.queue.InsertMany(ctx, tx, due)
	if err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	id, owner, key, print := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	pages, created, expires, request := make([]int, n), make([]time.Time, n), make([]*time.Time, n), make([][]byte, n)
	for i, one := range sessions {
		id[i], owner[i], pages[i], key[i], print[i] = one.ID, one.Owner, one.Pages, one.Key, one.Print
		created[i], request[i] = one.Created, one.Request
		if !one.Expires.IsZero() {
			expires[i] = &sessions[i].Expires
		}
	}
	_, err = tx.Exec(ctx, insertSessions, id, owner, pages, ids, key, print, created, expires, request, now)
	return existsAlready(err)
}

// existsAlready puts what two processes see that store the same at once into our
// words.
func existsAlready(err error) error {
	if code(err) == codeUnique {
		return fmt.Errorf("%w: %w", storage.ErrExists, err)
	}
	return err
}

// A takenNames are the ids and keys that are used already.
type takenNames struct {
	ids  map[string]bool
	keys map[ownersKey]bool
}

type ownersKey struct{ owner, key string }

func findTaken(ctx context.Context, tx pgx.Tx, calls []*call[create]) (takenNames, error) {
	taken := takenNames{ids: map[string]bool{}, keys: map[ownersKey]bool{}}
	var ids, owners, keys []string
	for _, c := range calls {
		ids = append(ids, c.want.session.ID)
		if c.want.session.Key != "" {
			owners, keys = append(owners, c.want.session.Owner), append(keys, c.want.session.Key)
		}
	}
	batch := &pgx.Batch{}
	batch.Queue(findIDs, ids).Query(func(rows pgx.Rows) error {
		var id string
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error { taken.ids[id] = true; return nil })
		return err
	})
	if len(keys) > 0 {
		batch.Queue(findKeys, owners, keys).Query(func(rows pgx.Rows) error {
			var k ownersKey
			_, err := pgx.ForEachRow(rows, []any{&k.owner, &k.key}, func() error { taken.keys[k] = true; return nil })
			return err
		})
	}
	return taken, tx.SendBatch(ctx, batch).Close()
}

// take takes the names of a session, or answers [storage.ErrExists].
func (t takenNames) take(s storage.Session) error {
	key := ownersKey{s.Owner, s.Key}
	if t.ids[s.ID] || s.Key != "" && t.keys[key] {
		return storage.ErrExists
	}
	t.ids[s.ID], t.keys[key] = true, true
	return nil
}

func (t takenNames) giveBack(s storage.Session) {
	delete(t.ids, s.ID)
	delete(t.keys, ownersKey{s.Owner, s.Key})
}
