package sqlite_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
)

// FuzzBlobNames holds that a blob lies where its session's id says or nowhere, and
// that no name leads to another file.
func FuzzBlobNames(f *testing.F) {
	for _, id := range []string{"a", "A-z_0", "", ".", "..", "../a", "a/b", "a\x00b", ".unfinished", "ص", strings.Repeat("a", 65)} {
		f.Add(id, "learnsnap.db")
		f.Add(id, "../learnsnap.db")
	}
	valid := regexp.MustCompile(`\A[A-Za-z0-9_-]{1,64}\z`)
	dir := f.TempDir()
	store := open(f, dir)
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // the hash of nothing
	f.Fuzz(func(t *testing.T, id, hash string) {
		_, err := store.PutBlob(t.Context(), id, strings.NewReader(""))
		require.Equal(t, valid.MatchString(id), err == nil, "session %q: %v", id, err)
		if err == nil {
			require.FileExists(t, filepath.Join(dir, "blobs", id, empty))
		}
		if hash != empty {
			_, err = store.OpenBlob(t.Context(), id, hash)
			require.ErrorIs(t, err, storage.ErrNotFound)
		}
		require.NoError(t, store.DeleteBlobs(t.Context(), id))
		left, err := os.ReadDir(filepath.Join(dir, "blobs"))
		require.NoError(t, err)
		require.Len(t, left, 1, "only the folder of what is unfinished")
	})
}
