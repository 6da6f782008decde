package sealed_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
)

// Who knows a page and its hash must not find in the database whether it was sent.
func TestTheHashOfAPageIsNotInTheFiles(t *testing.T) {
	const hash = "SECRET-hash-of-a-page"
	dir := t.TempDir()
	engine := under(t, dir)
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey)})
	write(t, store, "a")
	require.NoError(t, store.KeepText(t.Context(), "amal", hash, "a", 2))
	session, it, err := store.Text(t.Context(), "amal", hash)
	require.NoError(t, err)
	require.Equal(t, "a", session)
	require.Equal(t, secret+" item 2", string(it.JSON))
	_, _, err = engine.Text(t.Context(), "amal", hash)
	require.ErrorIs(t, err, storage.ErrNotFound)

	other := seal(t, engine, sealed.Config{Keys: keys(t, oldKey, newKey)})
	_, _, err = other.Text(t.Context(), "amal", hash)
	require.ErrorIs(t, err, storage.ErrNotFound, "under another key the page is read anew")
	require.NoError(t, other.KeepText(t.Context(), "amal", hash, "a", 3))
	_, it, err = other.Text(t.Context(), "amal", hash)
	require.NoError(t, err)
	require.Equal(t, secret+" item 3", string(it.JSON))

	place := storage.Place{Field: storage.ItemJSON, Session: "a", Seq: 2, Kind: "question"}
	put(t, engine, place, flip(values(t, engine)[place], 40))
	_, _, err = store.Text(t.Context(), "amal", hash)
	require.ErrorIs(t, err, sealed.ErrTampered)
	require.NoError(t, store.Close())
	requireNoSecret(t, dir)
}

func TestTextsOfTwoOwnersOfOnePageLookDifferent(t *testing.T) {
	engine := under(t, t.TempDir())
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey)})
	names := map[string]bool{}
	for _, owner := range []string{"amal", "basma"} {
		require.NoError(t, store.CreateSession(t.Context(), storage.Session{ID: owner, Owner: owner}, false))
		s, err := store.ClaimSession(t.Context(), owner)
		require.NoError(t, err)
		require.NoError(t, store.AppendItem(t.Context(), owner, s.Claim, storage.Item{Seq: 1, Kind: "page", JSON: []byte(secret)}))
		require.NoError(t, store.KeepText(t.Context(), owner, "hash", owner, 1))
	}
	d, err := engine.Dump(t.Context())
	require.NoError(t, err)
	at := slices.IndexFunc(storage.Tables(), func(t storage.Table) bool { return t.Name == "page_texts" })
	for row, err := range d.Rows(t.Context(), storage.Tables()[at]) {
		require.NoError(t, err)
		require.Regexp(t, `^[0-9a-f]{64}$`, row[1])
		names[row[1].(string)] = true
	}
	require.NoError(t, d.Close())
	require.Len(t, names, 2)
}
