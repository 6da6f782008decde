package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/learnsnap/learnsnap-go/storage"
)

var _ storage.Rewriter = (*Store)(nil)

// A column is one that Rewrite walks, in the order of its table's key.
type column struct {
	field  storage.Field
	next   string                      // the values after a key: session, owner, seq, kind, question, value
	update string                      // the value of a key to $1, where it is still $2
	key    func(p storage.Place) []any // which both take
}

func columns() []column {
	ofSession := func(p storage.Place) []any { return []any{p.Session} }
	ofItem := func(p storage.Place) []any { return []any{p.Session, p.Seq} }
	ofReport := func(p storage.Place) []any { return []any{p.Session, p.Question, p.Owner} }
	return []column{
		{storage.SessionRequest, `SELECT id, owner, 0, '', '', request FROM sessions WHERE request IS NOT NULL AND id > $1 ORDER BY id LIMIT 64`,
			`UPDATE sessions SET request = $1 WHERE request = $2 AND id = $3`, ofSession},
		{storage.SessionDetail, `SELECT id, owner, 0, '', '', detail FROM sessions WHERE detail IS NOT NULL AND id > $1 ORDER BY id LIMIT 64`,
			`UPDATE sessions SET detail = $1 WHERE detail = $2 AND id = $3`, ofSession},
		{storage.SessionResult, `SELECT id, owner, 0, '', '', result FROM sessions WHERE result IS NOT NULL AND id > $1 ORDER BY id LIMIT 64`,
			`UPDATE sessions SET result = $1 WHERE result = $2 AND id = $3`, ofSession},
		{storage.ItemJSON, `SELECT session, '', seq, kind, '', json FROM items WHERE (session, seq) > ($1, $2) ORDER BY session, seq LIMIT 64`,
			`UPDATE items SET json = $1 WHERE json = $2 AND session = $3 AND seq = $4`, ofItem},
		{storage.ReportComment, `SELECT session, owner, 0, '', question, convert_to(comment, 'UTF8') FROM reports
				WHERE (session, question, owner) > ($1, $2, $3) ORDER BY session, question, owner LIMIT 64`,
			`UPDATE reports SET comment = convert_from($1, 'UTF8')
				WHERE comment = convert_from($2, 'UTF8') AND session = $3 AND question = $4 AND owner = $5`, ofReport},
	}
}

// A kept value is one that Rewrite has found.
type kept struct {
	place      storage.Place
	value, new []byte // new is nil where the value stays
}

// Rewrite implements [storage.Rewriter]. It holds no connection while change is called.
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
		found, err := s.keptAfter(ctx, c, last)
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

// keptAfter reads the next values of a column.
func (s *Store) keptAfter(ctx context.Context, c column, last storage.Place) ([]kept, error) {
	found, err := collect(ctx, s.pool, func(row pgx.CollectableRow) (k kept, err error) {
		k.place.Field = c.field
		return k, row.Scan(&k.place.Session, &k.place.Owner, &k.place.Seq, &k.place.Kind, &k.place.Question, &k.value)
	}, c.next, c.key(last)...)
	return found, err
}

// replace stores the new values of a batch.
func (s *Store) replace(ctx context.Context, c column, changed []kept) error {
	if len(changed) == 0 {
		return ctx.Err()
	}
	return s.pool.tx(ctx, func(tx pgx.Tx) error {
		batch := &pgx.Batch{}
		for _, k := range changed {
			batch.Queue(c.update, append([]any{k.new, k.value}, c.key(k.place)...)...)
		}
		return tx.SendBatch(ctx, batch).Close()
	})
}
