package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

func TestReplace(t *testing.T) {
	fill := func(s *sqlite.Store) error {
		_, err := s.Grant(t.Context(), "amal", "new", 7)
		return err
	}
	balance := func(dir string) int {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
		require.NoError(t, err)
		defer s.Close()
		pages, err := s.Balance(t.Context(), "amal")
		require.NoError(t, err)
		return pages
	}
	dir := t.TempDir()
	c := sqlite.Config{Dir: dir}

	old, err := sqlite.Replace(t.Context(), c, false, fill)
	require.NoError(t, err, "into an empty folder")
	require.Empty(t, old)
	require.Equal(t, 7, balance(dir))

	_, err = sqlite.Replace(t.Context(), c, false, fill)
	require.ErrorIs(t, err, storage.ErrExists)

	broken := errors.New("the archive is damaged")
	_, err = sqlite.Replace(t.Context(), c, true, func(s *sqlite.Store) error { return errors.Join(fill(s), broken) })
	require.ErrorIs(t, err, broken)
	require.Equal(t, 7, balance(dir), "what failed has changed nothing")

	server, err := sqlite.Open(t.Context(), c)
	require.NoError(t, err)
	_, err = server.PutBlob(t.Context(), "s", strings.NewReader("page"))
	require.NoError(t, err)
	_, err = sqlite.Replace(t.Context(), c, true, fill)
	require.ErrorContains(t, err, "another process has it open")
	require.NoError(t, server.Close())

	database := filepath.Join(dir, "learnsnap.db")
	require.NoError(t, os.WriteFile(database, []byte(strings.Repeat("damaged", 1000)), 0o600))
	old, err = sqlite.Replace(t.Context(), c, true, fill)
	require.NoError(t, err)
	require.Equal(t, 7, balance(dir))
	require.FileExists(t, filepath.Join(old, "learnsnap.db"), "the damaged one is kept")
	require.DirExists(t, filepath.Join(old, "blobs", "s"))
	require.NoDirExists(t, filepath.Join(dir, "blobs", "s"))

	require.NoError(t, os.Remove(database))
	_, err = sqlite.Replace(t.Context(), c, false, fill)
	require.ErrorIs(t, err, storage.ErrExists, "a lost one is not replaced unasked")
	_, err = sqlite.Replace(t.Context(), c, true, fill)
	require.NoError(t, err)
	left, err := filepath.Glob(filepath.Join(dir, ".incoming-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
