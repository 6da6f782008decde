package keep

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/learnsnap/learnsnap-go/storage"
)

// format is the number of the archive's form. It goes up when an older program would
// misread a newer archive; new tables and columns are no such change, for unknown ones
// are refused anyway.
const format = 1

var errNewer = errors.New("the archive was made by a newer program; use that one")

// A Manifest says what a dump holds. Two of equal content are of equal data, whatever
// engines they were made on.
type Manifest struct {
	Format  int       `json:"format"`
	Created time.Time `json:"created"`
	Schema  int64     `json:"schema"` // version of the engine's schema; each engine counts its own
	Tables  []Sum     `json:"tables"`
	Blobs   Sum       `json:"blobs"`
	Ledger  Heads     `json:"ledger"`
}

// A Sum is of the rows of a table, or of the blobs.
type Sum struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // of a table's file; of the list of the blobs' names and sizes
}

// Heads sums up the ledger.
type Heads struct {
	Owners int64  `json:"owners"`
	Pages  int64  `json:"pages"`  // of all balances together
	SHA256 string `json:"sha256"` // of each owner and the last hash of its chain
}

// Same returns how two manifests differ in what they are of: nil when it is the same
// data.
func (m Manifest) Same(other Manifest) error {
	var all error
	differ := func(what string, a, b any) {
		if a != b {
			all = errors.Join(all, fmt.Errorf("%s differ: %+v and %+v", what, a, b))
		}
	}
	differ("numbers of tables", len(m.Tables), len(other.Tables))
	for i := range min(len(m.Tables), len(other.Tables)) {
		differ("rows of "+m.Tables[i].Name, m.Tables[i], other.Tables[i])
	}
	differ("blobs", m.Blobs, other.Blobs)
	differ("ledgers", m.Ledger, other.Ledger)
	return all
}

// Summarize reads a dump and returns what it holds. Of blobs it reads the names.
func Summarize(ctx context.Context, d storage.Dump, c Config) (Manifest, error) {
	c = c.withDefaults()
	m := Manifest{Format: format, Created: c.Now().UTC(), Schema: d.Schema()}
	heads := newHeads()
	for _, t := range storage.Tables() {
		sum, err := writeTable(ctx, io.Discard, d, t, exact, heads, c)
		if err != nil {
			return Manifest{}, fmt.Errorf("sum up: %w", err)
		}
		m.Tables = append(m.Tables, sum)
	}
	m.Ledger = heads.sum()
	list := newListing()
	for b, err := range d.Blobs(ctx) {
		if err != nil {
			return Manifest{}, fmt.Errorf("sum up: %w", err)
		}
		list.add(b)
	}
	m.Blobs = list.sum()
	return m, nil
}

// writeTable writes the rows of a table, a line each. heads may be nil.
func writeTable(ctx context.Context, w io.Writer, d storage.Dump, t storage.Table, f form, h *heads, c Config) (Sum, error) {
	sum := Sum{Name: t.Name}
	digest := sha256.New()
	var line []byte
	for row, err := range d.Rows(ctx, t) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			line, err = appendRow(line[:0], t, row, f)
		}
		if err == nil {
			digest.Write(line)
			_, err = w.Write(line)
		}
		if err != nil {
			return sum, fmt.Errorf("table %s: %w", t.Name, err)
		}
		if h != nil && t.Name == storage.Ledger {
			h.add(row)
		}
		sum.Bytes += int64(len(line))
		if sum.Rows++; sum.Rows%c.every() == 0 {
			c.Progress(sum)
		}
	}
	sum.SHA256 = hex.EncodeToString(digest.Sum(nil))
	c.Progress(sum)
	return sum, nil
}

// heads sums up the ledger from its rows, which come owner by owner.
type heads struct {
	digest hash.Hash
	total  Heads
	owner  string
	last   []byte
}

func newHeads() *heads { return &heads{digest: sha256.New()} }

func (h *heads) add(row storage.Row) {
	if owner := row[0].(string); owner != h.owner {
		h.end()
		h.owner = owner
		h.total.Owners++
	}
	h.total.Pages += row[3].(int64)
	h.last = row[6].([]byte)
}

func (h *heads) end() {
	if h.last != nil {
		fmt.Fprintf(h.digest, "%q %x\n", h.owner, h.last)
	}
}

func (h *heads) sum() Heads {
	h.end()
	h.total.SHA256 = hex.EncodeToString(h.digest.Sum(nil))
	return h.total
}

// A listing sums up blobs: their names are the hashes of what is in them.
type listing struct {
	digest hash.Hash
	total  Sum
}

func newListing() *listing { return &listing{digest: sha256.New(), total: Sum{Name: "blobs"}} }

func (l *listing) add(b storage.DumpedBlob) {
	fmt.Fprintf(l.digest, "%s %s %d\n", b.Session, b.Hash, b.Size)
	l.total.Rows++
	l.total.Bytes += b.Size
}

func (l *listing) sum() Sum {
	l.total.SHA256 = hex.EncodeToString(l.digest.Sum(nil))
	return l.total
}
