package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/learnsnap/learnsnap-go/storage"
)

// A posting names an entry of the ledger: what makes it count once.
type posting struct {
	owner  string
	action storage.Action
	cause  string
}

// A ledger is the part of the books that a transaction works on. The balances of its
// owners are locked until that ends, so what it says of them stays true.
type ledger struct {
	accounts map[string]*account
	entries  map[posting]int // pages of the entries that were asked for and are there
	added    []storage.Entry
	hashes   [][]byte
}

type account struct {
	pages int
	hash  []byte
	dirty bool
}

const (
	openBalances = `INSERT INTO balances (owner, pages) SELECT o, 0 FROM unnest($1::text[]) AS o ON CONFLICT DO NOTHING`
	lockBalances = `SELECT owner, pages, hash FROM balances WHERE owner = ANY($1) ORDER BY owner FOR UPDATE`
	findEntries  = `SELECT e.owner, e.action, e.cause, e.pages FROM unnest($1::text[], $2::text[], $3::text[]) AS p (owner, action, cause)
		JOIN credit_entries e USING (owner, action, cause)`
	addEntries = `INSERT INTO credit_entries (owner, action, pages, cause, created, hash)
		SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::timestamptz[], $6::bytea[])`
	setBalances = `UPDATE balances b SET pages = n.pages, hash = n.hash
		FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS n (owner, pages, hash) WHERE b.owner = n.owner`
)

// openLedger locks the balances of the owners of wanted, always in the same order,
// and reads which of the wanted entries are there. opens are owners
// that get an account where they have none.
func openLedger(ctx context.Context, tx pgx.Tx, wanted []posting, opens []string) (*ledger, error) {
	l := &ledger{accounts: map[string]*account{}, entries: map[posting]int{}}
	var owners, entryOwners, actions, causes []string
	for _, p := range wanted {
		owners = append(owners, p.owner)
		entryOwners, actions, causes = append(entryOwners, p.owner), append(actions, string(p.action)), append(causes, p.cause)
	}
	slices.Sort(owners)
	owners = slices.Compact(owners)

	batch := &pgx.Batch{}
	if len(opens) > 0 {
		slices.Sort(opens)
		batch.Queue(openBalances, slices.Compact(opens))
	}
	batch.Queue(lockBalances, owners).Query(func(rows pgx.Rows) error {
		var owner string
		var a account
		_, err := pgx.ForEachRow(rows, []any{&owner, &a.pages, &a.hash}, func() error {
			locked := a
			l.accounts[owner] = &locked
			return nil
		})
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	// In a statement of its own: it must see what those have added whom the locks
	// have waited for.
	rows, err := tx.Query(ctx, findEntries, entryOwners, actions, causes)
	if err != nil {
		return nil, err
	}
	var p posting
	var pages int
	_, err = pgx.ForEachRow(rows, []any{&p.owner, &p.action, &p.cause, &pages}, func() error {
		l.entries[p] = pages
		return nil
	})
	return l, err
}

// has returns the pages of an entry, if that is there.
func (l *ledger) has(owner string, action storage.Action, cause string) (int, bool) {
	pages, ok := l.entries[posting{owner, action, cause}]
	return pages, ok
}

// add adds an entry, unless its cause has had it before or it would overdraw the
// balance.
func (l *ledger) add(p posting, pages int, now time.Time) (bool, error) {
	if _, there := l.entries[p]; there {
		return false, nil
	}
	a := l.accounts[p.owner]
	if a == nil || a.pages+pages < 0 { // without an account, it was never given anything
		return false, storage.ErrInsufficient
	}
	e := storage.Entry{Owner: p.owner, Action: p.action, Pages: pages, Cause: p.cause, Created: now}
	a.pages += pages
	a.hash = e.Chain(a.hash)
	a.dirty = true
	l.entries[p] = pages
	l.added = append(l.added, e)
	l.hashes = append(l.hashes, a.hash)
	return true, nil
}

// hold takes pages from a balance for a session.
func (l *ledger) hold(owner, session string, pages int, now time.Time) error {
	added, err := l.add(posting{owner, storage.Hold, session}, -pages, now)
	if err == nil && !added {
		return storage.ErrExists // a session of that id held pages before
	}
	return err
}

// settle ends what a session holds, once: spent when it is ready, given back when it
// has failed, and nothing where it held nothing.
func (l *ledger) settle(owner, session string, outcome storage.Status, now time.Time) error {
	held, ok := l.has(owner, storage.Hold, session)
	_, captured := l.has(owner, storage.Capture, session)
	_, released := l.has(owner, storage.Release, session)
	if !ok || captured || released {
		return nil
	}
	action, pages := storage.Capture, 0
	if outcome == storage.Failed {
		action, pages = storage.Release, -held
	}
	_, err := l.add(posting{owner, action, session}, pages, now)
	return err
}

// settling names the entries that settle looks at.
func settling(owner, session string) []posting {
	return []posting{{owner, storage.Hold, session}, {owner, storage.Capture, session}, {owner, storage.Release, session}}
}

// write writes what was added.
func (l *ledger) write(ctx context.Context, tx pgx.Tx) error {
	if len(l.added) == 0 {
		return nil
	}
	n := len(l.added)
	owners, actions, causes := make([]string, n), make([]string, n), make([]string, n)
	pages, created := make([]int, n), make([]time.Time, n)
	for i, e := range l.added {
		owners[i], actions[i], pages[i], causes[i], created[i] = e.Owner, string(e.Action), e.Pages, e.Cause, e.Created
	}
	var dirty []string
	var sums []int
	var heads [][]byte
	for owner, a := range l.accounts {
		if a.dirty {
			dirty = append(dirty, owner)
		}
	}
	slices.SortFunc(dirty, cmp.Compare[string])
	for _, owner := range dirty {
		a := l.accounts[owner]
		sums, heads = append(sums, a.pages), append(heads, a.hash)
	}
	batch := &pgx.Batch{}
	batch.Queue(addEntries, owners, actions, pages, causes, created, l.hashes)
	batch.Queue(setBalances, dirty, sums, heads)
	return tx.SendBatch(ctx, batch).Close()
}
