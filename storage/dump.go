package storage

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"time"
)

// A Dumper is a [Store] that can be read whole, while it is in use.
type Dumper interface {
	// Dump opens a view of everything that the store holds at one moment. Close it
	// soon: a database keeps what has changed since for as long as somebody looks at
	// how it was.
	Dump(ctx context.Context) (Dump, error)
}

// A Loader is a [Store] that can be filled.
type Loader interface {
	// Load fills an empty store with everything that from holds, all or nothing. A
	// store that is not empty is [ErrExists], one that workers are connected to
	// [ErrConflict]. Ids, times, keys and the ledger's hashes stay what they were.
	Load(ctx context.Context, from Dump) error
}

// A Dump is everything that a store held at one moment, in a form that no engine
// owns: rows of [Tables], and blobs. What dumps of two stores have in common, the
// stores have. It is for one goroutine.
type Dump interface {
	// Schema is the version of the schema that the rows were read with.
	Schema() int64

	// Rows yields the rows of a table in the order of its key. An error ends it.
	Rows(ctx context.Context, t Table) iter.Seq2[Row, error]

	// Blobs yields the blobs, ordered by session and hash. An error ends it.
	Blobs(ctx context.Context) iter.Seq2[DumpedBlob, error]

	io.Closer
}

// A DumpedBlob is a blob of a [Dump]. What Open returns is read and closed before
// the next blob is asked for.
type DumpedBlob struct {
	Session string
	Hash    string // SHA-256, lower-case hex
	Size    int64
	Open    func() (io.ReadCloser, error)
}

// A Row has a value for each column of its table; see [Type].
type Row []any

// A Table is one kind of rows of a [Dump].
type Table struct {
	Name    string
	Columns []Column
	Key     int // the first columns, which order the rows and tell them apart
}

// A Column is one value of each row.
type Column struct {
	Name string
	Type Type
	Null bool // may be nothing: a nil slice, a zero time
}

// A Type is what Go type the values of a column have.
type Type int

// The types of columns.
const (
	AsText  Type = iota // string
	AsInt               // int64
	AsBytes             // []byte
	AsTime              // [time.Time], to the microsecond, in UTC
	AsJSON              // []byte: JSON, whose spaces and order of names do not count
)

// The tables whose rows are chained by hashes.
const (
	Ledger  = "credit_entries" // a chain for each owner
	Audited = "audit_entries"  // one chain
)

// Tables returns the tables of a dump, in the order in which they are loaded. Later
// versions add columns and tables at the end.
//
// A job that was being worked on is due again, without having spent an attempt; jobs
// that are done are left out, and so is what can be computed: a balance is the sum of
// its entries.
func Tables() []Table {
	text := func(name string) Column { return Column{Name: name, Type: AsText} }
	number := func(name string) Column { return Column{Name: name, Type: AsInt} }
	at := func(name string) Column { return Column{Name: name, Type: AsTime} }
	data := func(name string) Column { return Column{Name: name, Type: AsBytes} }
	perhaps := func(c Column) Column { c.Null = true; return c }
	return []Table{
		{"settings", []Column{text("name"), data("value")}, 1},
		{"sessions", []Column{
			text("id"), text("owner"), text("status"), number("pages"), number("claim"), number("items"), number("job"), text("code"),
			text("key"), text("print"), at("created"), at("updated"), perhaps(at("expires")),
			perhaps(data("request")), perhaps(data("detail")), perhaps(data("result")),
		}, 1},
		{"items", []Column{text("session"), number("seq"), text("kind"), data("json")}, 2},
		{"reports", []Column{text("session"), text("question"), text("owner"), text("reason"), text("comment"), at("created")}, 3},
		{Ledger, []Column{text("owner"), number("id"), text("action"), number("pages"), text("cause"), at("created"), perhaps(data("hash"))}, 2},
		{"jobs", []Column{
			number("id"), text("session"), text("state"), number("attempt"), number("max_attempts"),
			at("created"), at("due"), perhaps(at("died")), perhaps(Column{Name: "errors", Type: AsJSON}), {Name: "metadata", Type: AsJSON},
		}, 1},
		{"flag_overrides", []Column{text("flag"), data("override")}, 1},
		{"slo_counts", []Column{at("hour"), text("objective"), text("replica"), data("counts")}, 3},
		{Audited, []Column{
			number("id"), text("who"), text("what"), text("target"), text("why"), perhaps(data("detail")), at("created"), data("hash"),
		}, 1},
		{"accounts", []Column{
			text("id"), text("kind"), text("subject"), number("early"), text("moved_to"), at("created"), perhaps(at("erased")),
		}, 1},
		{"pending_payments", []Column{
			text("number"), text("owner"), text("state"), text("pack"), number("pages"), number("amount"), text("currency"), text("gateway"),
			text("transaction_no"), text("url"), text("note"), text("key"), text("print"), perhaps(data("detail")), at("created"), at("updated"),
		}, 1},
		{"webhook_events", []Column{
			number("id"), text("gateway"), text("transaction_no"), text("order_number"), text("status"), text("hash"),
			at("created_at"), perhaps(at("done")), text("outcome"),
		}, 1},
		{"page_texts", []Column{text("owner"), text("hash"), text("session"), number("seq")}, 2},
	}
}

// Fits reports whether a row can be one of the table.
func (t Table) Fits(row Row) error {
	if len(row) != len(t.Columns) {
		return fmt.Errorf("a row of %s has %d values, want %d", t.Name, len(row), len(t.Columns))
	}
	for i, c := range t.Columns {
		fits, none := false, false
		switch v := row[i].(type) {
		case string:
			fits = c.Type == AsText
		case int64:
			fits = c.Type == AsInt
		case []byte:
			fits, none = c.Type == AsBytes || c.Type == AsJSON, v == nil
		case time.Time:
			fits, none = c.Type == AsTime, v.IsZero()
		}
		if !fits || none && !c.Null {
			return fmt.Errorf("a row of %s has no good %s", t.Name, c.Name)
		}
	}
	return nil
}

// Chained passes the rows of a table on. Where they are chained by hashes, one that does
// not follow from those before it ends them with an error, and an entry of the ledger
// that was written by a program which knows no chains gets its hash. See [Entry.Chain]
// and [AuditEntry.Chain].
func Chained(t Table, rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	switch t.Name {
	case Ledger:
		return chained(rows, ledgerLink)
	case Audited:
		return chained(rows, auditLink)
	}
	return rows
}

// A link returns the chain that a row belongs to, the hash that must follow before in
// it, and the column of the row's own.
type link func(row Row, before func(chain string) []byte) (chain string, hash []byte, column int)

func ledgerLink(row Row, before func(string) []byte) (string, []byte, int) {
	e := Entry{Owner: row[0].(string), Action: Action(row[2].(string)), Pages: int(row[3].(int64)), Cause: row[4].(string), Created: row[5].(time.Time)}
	return e.Owner, e.Chain(before(e.Owner)), 6
}

func auditLink(row Row, before func(string) []byte) (string, []byte, int) {
	detail, _ := row[5].([]byte)
	e := AuditEntry{Who: row[1].(string), What: row[2].(string), Target: row[3].(string), Why: row[4].(string), Detail: detail, At: row[6].(time.Time)}
	return "", e.Chain(before("")), 7
}

// chained follows chains whose rows come one chain after the other.
func chained(rows iter.Seq2[Row, error], next link) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var current string
		var last []byte
		before := func(chain string) []byte {
			if chain != current {
				current, last = chain, nil
			}
			return last
		}
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			chain, hash, column := next(row, before)
			switch has, _ := row[column].([]byte); {
			case has == nil:
				row[column] = hash
			case !bytes.Equal(has, hash):
				yield(nil, fmt.Errorf("a chain of hashes is broken: %q, row %v does not follow from those before it", chain, row[:2]))
				return
			}
			last = hash
			if !yield(row, nil) {
				return
			}
		}
	}
}
