package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"modernc.org/sqlite"
)

// A tx is the transaction that a step runs in. It lives as long as the step, and
// so may hold the context.
type tx struct {
	*sql.Tx
	ctx    context.Context
	ledger map[string]bool // owners whose entries are sealed before the commit
}

// exec runs a statement and returns how many rows it changed.
func (t tx) exec(query string, args ...any) (int64, error) {
	result, err := t.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row runs a query for one row.
func (t tx) row(query string, args ...any) *sql.Row {
	return t.QueryRowContext(t.ctx, query, args...)
}

const (
	savepoint = `SAVEPOINT step`
	release   = `RELEASE step`
	rollback  = `ROLLBACK TO step`
)

// savepoint runs a step so that its failure undoes only its own work. The error
// it returns is the transaction's, which is lost then; the step's own is in s.err.
func (t tx) savepoint(s *step) error {
	if _, err := t.exec(savepoint); err != nil {
		return err
	}
	if s.err = s.do(t); s.err != nil {
		if _, err := t.exec(rollback); err != nil {
			return s.err // SQLite has rolled back the whole transaction (disk full, I/O error)
		}
	}
	_, err := t.exec(release)
	return err
}

// Result codes of SQLite (sqlite.org/rescode.html). The low byte is the family.
const (
	codeBusy       = 5
	codeReadOnly   = 8
	codeCorrupt    = 11
	codeCantOpen   = 14
	codeNotADB     = 26
	codeForeignKey = 787
)

// code returns SQLite's extended result code, or 0 when err is something else.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

// isDamaged reports whether err says that the file is no intact database.
func isDamaged(err error) bool {
	family := code(err) & 0xff
	return family == codeCorrupt || family == codeNotADB
}
