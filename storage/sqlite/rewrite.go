package sqlite

import (
	"context"
	"fmt"

	"github.com/learnsnap/learnsnap-go/storage"
)

var _ storage.Rewriter = (*Store)(nil)

// A column is one that Rewrite walks, in the order of its table's key.
type column struct {
	field  storage.Field
	next   string                      // the values after a key: session, owner, seq, kind, question, value
	update string                      // the value to a new one, where it is still the old one of a key
	key    func(p storage.Place) []any // which both end in
}

func columns() []column {
	ofSession := func(p storage.Place) []any { return []any{p.Session} }
	ofItem := func(p storage.Place) []any { return []any{p.Session, p.Seq} }
	ofReport := func(p storage.Place) []any { return []any{p.Session, p.Question, p.Owner} }
	return []column{
		{storage.SessionRequest, `SELECT id, owner, 0, '', '', request FROM sessions WHERE request IS NOT NULL AND id > ? ORDER BY id LIMIT 64`,
			`UPDATE sessions SET request = ? WHERE request = ? AND id = ?`, ofSession},
		{storage.SessionDetail, `SELECT id, owner, 0, '', '', detail FROM sessions WHERE detail IS NOT NULL AND id > ? ORDER BY id LIMIT 64`,
			`UPDATE sessions SET detail = ? WHERE detail = ? AND id = ?`, ofSession},
		{storage.SessionResult, `SELECT id, owner, 0, '', '', result FROM sessions WHERE result IS NOT NULL AND id > ? ORDER BY id LIMIT 64`,
			`UPDATE sessions SET result = ? WHERE result = ? AND id = ?`, ofSession},
		{storage.ItemJSON, `SELECT session, '', seq, kind, '', json FROM items WHERE (session, seq) > (?, ?) ORDER BY session, seq LIMIT 64`,
			`UPDATE items SET json = ? WHERE json = ? AND session = ? AND seq = ?`, ofItem},
		{storage.ReportComment, `SELECT session, owner, 0, '', question, CAST(comment AS BLOB) FROM reports
				WHERE (session, question, owner) > (?, ?, ?) ORDER BY session, question, owner LIMIT 64`,
			`UPDATE reports SET comment = CAST(? AS TEXT) WHERE comment = CAST(? AS TEXT) AND session = ? AND question = ? AND owner = ?`, ofReport},
	}
}

// A kept value is one that Rewrite has found.
type kept struct {
	place      storage.Place
	value, new []byte // new is nil where the value stays
}

// Rewrite implements [storage.Rewriter]. What it replaces is overwritten in the
// database's file; older copies may be left in its log and its free pages until a
// VACUUM.
func (s *Store) Rewrite(ctx context.Context, change func(p storage.Place, old []byte) ([]byte, error)) error {
	for _, c := range columns() {
		if err := s.rewrite(ctx, c, change); err != nil {
			return fmt.Errorf("rewrite every %s: %w", c.field, err)
		}
	}
	return nil
}

func (s *Store) rewrite(ctx context.Context, c column, change func(storage.Place, []byte) ([]byte, error)) error {
	last := storage.Place{}
	for {
		found, err := collect(ctx, s.reader, func(scan func(...any) error) (k kept, err error) {
			k.place.Field = c.field
			err = scan(&k.place.Session, &k.place.Owner, &k.place.Seq, &k.place.Kind, &k.place.Question, &k.value)
			if k.value == nil {
				k.value = []byte{} // nil would be compared as null
			}
			return k, err
		}, c.next, c.key(last)...)
		if err != nil || len(found) == 0 {
			return err
		}
		last = found[len(found)-1].place
		changed := found[:0]
		for _, k := range found {
			if k.new, err = change(k.place, k.value); err != nil {
				return err
			}
			if k.new != nil {
				changed = append(changed, k)
			}
		}
		if err := s.replace(ctx, c, changed); err != nil {
			return err
		}
	}
}

// replace stores the new values of a batch.
func (s *Store) replace(ctx context.Context, c column, batch []kept) error {
	if len(batch) == 0 {
		return ctx.Err()
	}
	return s.writer.write(ctx, func(t tx) error {
		if _, err := t.exec(`PRAGMA secure_delete = ON`); err != nil {
			return err
		}
		for _, k := range batch {
			if _, err := t.exec(c.update, append([]any{k.new, k.value}, c.key(k.place)...)...); err != nil {
				return err
			}
		}
		_, err := t.exec(`PRAGMA secure_delete = OFF`)
		return err
	})
}
