package sqlite

// An inner test: what a connection remembers shows in nothing but speed, unless
// it is wrong.

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func remembering(t *testing.T) *sql.DB {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.db")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	db, err := connect(writerDSN(file), 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestMoreStatementsThanAreRemembered(t *testing.T) {
	db := remembering(t)
	for range 2 {
		for i := range 3 * remembered {
			var got int
			require.NoError(t, db.QueryRow(fmt.Sprintf("SELECT %d + ?", i), 1).Scan(&got))
			require.Equal(t, i+1, got)
		}
	}
}

func TestAQueryInsideTheRowsOfItself(t *testing.T) {
	db := remembering(t)
	tx, err := db.Begin()
	require.NoError(t, err)
	const query = `SELECT value FROM json_each(?)`
	var got []string
	outer, err := tx.Query(query, `["a","b"]`)
	require.NoError(t, err)
	for outer.Next() {
		var a, b string
		require.NoError(t, outer.Scan(&a))
		inner, err := tx.Query(query, `["c","d"]`)
		require.NoError(t, err)
		for inner.Next() {
			require.NoError(t, inner.Scan(&b))
			got = append(got, a+b)
		}
		require.NoError(t, inner.Err())
	}
	require.NoError(t, outer.Err())
	require.Equal(t, []string{"ac", "ad", "bc", "bd"}, got)
	require.NoError(t, tx.Commit())
}

func TestARememberedStatementSeesANewSchema(t *testing.T) {
	db := remembering(t)
	exec := func(query string, args ...any) {
		t.Helper()
		_, err := db.Exec(query, args...)
		require.NoError(t, err)
	}
	exec(`CREATE TABLE t (a INTEGER PRIMARY KEY)`)
	exec(`INSERT INTO t VALUES (1)`)
	rows, err := db.Query(`SELECT * FROM t`)
	require.NoError(t, err)
	columns, err := rows.Columns()
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, columns)
	require.NoError(t, rows.Close())
	exec(`ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'new'`)
	var a int
	var b string
	require.NoError(t, db.QueryRow(`SELECT * FROM t`).Scan(&a, &b))
	require.Equal(t, "new", b)
	exec(`DROP TABLE t`)
	_, err = db.Exec(`INSERT INTO t VALUES (1)`)
	require.ErrorContains(t, err, "no such table")
}

func TestAStatementThatFailedWorksAgain(t *testing.T) {
	db := remembering(t)
	_, err := db.Exec(`CREATE TABLE t (a INTEGER PRIMARY KEY CHECK (a > 0))`)
	require.NoError(t, err)
	for i, value := range []int{1, 1, -1, 2} {
		_, err := db.Exec(`INSERT INTO t VALUES (?)`, value)
		require.Equal(t, i == 1 || i == 2, err != nil, "insert %d: %v", value, err)
	}
	var n int
	require.NoError(t, db.QueryRow(`SELECT count(*) FROM t`).Scan(&n))
	require.Equal(t, 2, n)
}
