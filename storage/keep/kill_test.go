//go:build unix

package keep_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage/keep"
	"github.com/learnsnap/learnsnap-go/storage/postgres"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
)

// childArchive makes the test binary a process that restores this archive, into the
// folder or the database of childTarget, and is killed meanwhile.
const (
	childArchive = "LEARNSNAP_KEEP_ARCHIVE"
	childTarget  = "LEARNSNAP_KEEP_TARGET"
)

func child(ctx context.Context, archive, target string) error {
	a, err := keep.Open(archive)
	if err != nil {
		return err
	}
	if strings.HasPrefix(target, "postgres://") {
		s, err := postgres.Open(ctx, postgres.Config{URL: target})
		if err == nil {
			_, err = keep.Copy(ctx, s, a, keep.Config{})
			err = errors.Join(err, s.Close())
		}
		return err
	}
	_, err = sqlite.Replace(ctx, sqlite.Config{Dir: target}, true, func(s *sqlite.Store) error {
		_, err := keep.Copy(ctx, s, a, keep.Config{})
		return err
	})
	return err
}

// killed runs the child and kills it after a random part of the time that it would take.
func killed(t *testing.T, archive, target string, whole time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childArchive+"="+archive, childTarget+"="+target)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	time.Sleep(rand.N(whole))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
}

func sessions(t *testing.T, s store) int64 {
	t.Helper()
	require.NoError(t, s.Check(t.Context()))
	d, err := s.Dump(t.Context())
	require.NoError(t, err)
	m, err := keep.Summarize(t.Context(), d, keep.Config{})
	require.NoError(t, errors.Join(err, d.Close()))
	return m.Tables[1].Rows
}

func TestARestoreThatIsKilledLeavesTheOldStoreOrTheNew(t *testing.T) {
	source := openSQLite(t, t.TempDir())
	furnish(t, source, 60)
	archive := filepath.Join(t.TempDir(), "archive")
	write(t, source, archive)
	dir := t.TempDir()
	old := openSQLite(t, dir)
	furnish(t, old, 3)
	require.NoError(t, old.Close())

	start := time.Now()
	scratch := t.TempDir()
	require.NoError(t, child(t.Context(), archive, scratch))
	whole := time.Since(start) * 3 / 2 // a process needs time to start
	for range 12 {
		killed(t, archive, dir, whole)
		s, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
		if err != nil { // between the old and the new: it says so, and is not taken for an empty one
			require.ErrorContains(t, err, "restore it from a backup")
			require.NoError(t, child(t.Context(), archive, dir))
			s, err = sqlite.Open(t.Context(), sqlite.Config{Dir: dir})
			require.NoError(t, err)
		}
		n := sessions(t, s)
		require.True(t, n == 3 || n == 60, "%d sessions", n)
		require.NoError(t, s.Close())
	}
	require.NoError(t, child(t.Context(), archive, dir))
	left, err := filepath.Glob(filepath.Join(dir, ".incoming-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAMoveThatIsKilledIsBegunAgain(t *testing.T) {
	source := openSQLite(t, t.TempDir())
	furnish(t, source, 60)
	archive := filepath.Join(t.TempDir(), "archive")
	write(t, source, archive)
	start := time.Now()
	require.NoError(t, child(t.Context(), archive, server.Database(t)))
	whole := time.Since(start)
	u := server.Database(t)
	for range 6 {
		killed(t, archive, u, whole)
		s := openPostgres(t, u)
		if n := sessions(t, s); n != 0 { // it was done before it was killed
			require.EqualValues(t, 60, n)
			u = server.Database(t)
		}
		require.NoError(t, s.Close())
	}
	require.NoError(t, child(t.Context(), archive, server.Database(t)))
}

// childMain runs the child, if this process is one, and reports whether it was.
func childMain() (code int, is bool) {
	archive := os.Getenv(childArchive)
	if archive == "" {
		return 0, false
	}
	if err := child(context.Background(), archive, os.Getenv(childTarget)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}
