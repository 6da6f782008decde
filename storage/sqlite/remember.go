package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
)

// remembered is how many statements a connection keeps prepared.
const remembered = 128

// A rememberingConnector makes connections that parse each statement once. The
// few statements of this program, and of the job queue, come again and again, and
// parsing is the larger part of most of them.
type rememberingConnector struct{ driver.Connector }

func (c rememberingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := opened.(conn)
	if !ok {
		return nil, errors.Join(errors.New("the driver's connection lacks what database/sql would use"), opened.Close())
	}
	return &rememberingConn{conn: whole, stmts: map[string]*remembers{}}, nil
}

// A conn is all that database/sql looks for in a connection of the driver.
type conn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// A rememberingConn is used by one goroutine at a time, like every connection.
type rememberingConn struct {
	conn
	stmts map[string]*remembers
}

// remembers is a prepared statement. It is busy while its rows are read; the same
// query meanwhile is parsed anew.
type remembers struct {
	driver.Stmt
	busy bool
}

// ExecContext implements [driver.ExecerContext].
func (c *rememberingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	if stmt, ok := s.Stmt.(driver.StmtExecContext); ok && !s.busy {
		return stmt.ExecContext(ctx, args)
	}
	return c.conn.ExecContext(ctx, query, args)
}

// QueryContext implements [driver.QueryerContext].
func (c *rememberingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	stmt, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok || s.busy {
		return c.conn.QueryContext(ctx, query, args)
	}
	rows, err := stmt.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &rememberedRows{Rows: rows, stmt: s}, nil
}

// prepared returns the statement, which is parsed when it comes for the first
// time or has been forgotten.
func (c *rememberingConn) prepared(ctx context.Context, query string) (*remembers, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	if len(c.stmts) >= remembered {
		if err := c.forgetOne(); err != nil {
			return nil, err
		}
	}
	stmt, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &remembers{Stmt: stmt}
	c.stmts[query] = s
	return s, nil
}

// forgetOne forgets a statement at random: those that matter come back.
func (c *rememberingConn) forgetOne() error {
	for query, s := range c.stmts {
		if !s.busy {
			delete(c.stmts, query)
			return s.Close()
		}
	}
	return nil
}

// Close implements [driver.Conn].
func (c *rememberingConn) Close() error {
	var err error
	for _, s := range c.stmts {
		err = errors.Join(err, s.Close())
	}
	clear(c.stmts)
	return errors.Join(err, c.conn.Close())
}

type rememberedRows struct {
	driver.Rows
	stmt *remembers
}

// Close implements [driver.Rows].
func (r *rememberedRows) Close() error {
	r.stmt.busy = false
	return r.Rows.Close()
}
