package sealed_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/learnsnap/learnsnap-go/storage"
	"github.com/learnsnap/learnsnap-go/storage/sealed"
	"github.com/learnsnap/learnsnap-go/storage/sqlite"
	"github.com/learnsnap/learnsnap-go/storage/storagetest"
)

// Keys for tests.
var (
	oldKey = strings.Repeat("11", 32)
	newKey = strings.Repeat("22", 32)
)

func TestSealedSQLiteKeepsTheContracts(t *testing.T) {
	storagetest.Run(t, storagetest.Copied(t, func(t *testing.T, dir string) storage.Store {
		return seal(t, under(t, dir), sealed.Config{Keys: keys(t, newKey, oldKey), Strict: true})
	}))
}

func keys(t testing.TB, texts ...string) []sealed.Key {
	t.Helper()
	all, err := sealed.ParseKeys(strings.Join(texts, ","))
	require.NoError(t, err)
	return all
}

// under opens the store underneath for as long as the test lasts, or less.
func under(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{Dir: dir, Wait: time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func seal(t testing.TB, store storage.Store, c sealed.Config) *sealed.Store {
	t.Helper()
	s, err := sealed.Open(t.Context(), store, c)
	require.NoError(t, err)
	return s
}

// secret is in everything that write writes.
const secret = "سر الصفحة and a SECRET"

// write puts something into every field, and returns the blob of session id.
func write(t testing.TB, store storage.Store, id string) storage.Blob {
	t.Helper()
	ctx := t.Context()
	blob, err := store.PutBlob(ctx, id, strings.NewReader(secret+" page"))
	require.NoError(t, err)
	require.NoError(t, store.CreateSession(ctx, storage.Session{ID: id, Owner: "amal", Key: id, Request: []byte(secret + " request")}, false))
	s, err := store.ClaimSession(ctx, id)
	require.NoError(t, err)
	require.Equal(t, secret+" request", string(s.Request))
	for seq := range 3 {
		it := storage.Item{Seq: seq + 1, Kind: "question", JSON: fmt.Appendf(nil, "%s item %d", secret, seq+1)}
		require.NoError(t, store.AppendItem(ctx, id, s.Claim, it))
	}
	require.NoError(t, store.FinishSession(ctx, id, s.Claim, storage.Outcome{Status: storage.Ready, Detail: []byte(secret + " detail")}))
	require.NoError(t, store.SubmitSession(ctx, id, []byte(secret+" result")))
	require.NoError(t, store.AddReport(ctx, storage.Report{Session: id, Question: "q1", Owner: "amal", Reason: "wrong", Comment: secret + " comment"}))
	return blob
}

// requireWritten reads back what write has written.
func requireWritten(t testing.TB, store storage.Store, id string, blob storage.Blob) {
	t.Helper()
	ctx := t.Context()
	s, err := store.Session(ctx, id)
	require.NoError(t, err)
	byKey, err := store.SessionByKey(ctx, "amal", id)
	require.NoError(t, err)
	require.Equal(t, s, byKey)
	got := []string{string(s.Request), string(s.Detail), string(s.Result)}
	items, err := store.Items(ctx, id, 0)
	require.NoError(t, err)
	for _, it := range items {
		got = append(got, string(it.JSON))
	}
	reports, err := store.Reports(ctx, id)
	require.NoError(t, err)
	require.Len(t, reports, 1)
	got = append(got, reports[0].Comment)
	want := []string{"request", "detail", "result", "item 1", "item 2", "item 3", "comment"}
	for i := range want {
		want[i] = secret + " " + want[i]
	}
	require.Equal(t, want, got)
	require.Equal(t, secret+" page", content(t, store, id, blob))
}

func content(t testing.TB, store storage.Store, id string, blob storage.Blob) string {
	t.Helper()
	r, err := store.OpenBlob(t.Context(), id, blob.Hash)
	require.NoError(t, err)
	data, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.EqualValues(t, len(data), blob.Size)
	return string(data)
}

// values returns what a store keeps, by its place.
func values(t testing.TB, store storage.Rewriter) map[storage.Place][]byte {
	t.Helper()
	all := map[storage.Place][]byte{}
	require.NoError(t, store.Rewrite(t.Context(), func(p storage.Place, kept []byte) ([]byte, error) {
		all[p] = kept
		return nil, nil
	}))
	return all
}

// requireNoSecret looks for what people wrote in every file of a closed store.
func requireNoSecret(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, word := range []string{"SECRET", "سر"} {
			require.NotContains(t, string(data), word, "in %s", path)
		}
		return nil
	}))
}

func TestNothingThatPeopleWroteIsInTheFiles(t *testing.T) {
	dir := t.TempDir()
	engine := under(t, dir)
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey)})
	blob := write(t, store, "a")
	requireWritten(t, store, "a", blob)
	require.NoError(t, store.Check(t.Context()))
	require.NoError(t, store.Close())
	requireNoSecret(t, dir)
}

func TestPlainDataIsReadAndThenSealed(t *testing.T) {
	dir := t.TempDir()
	engine := under(t, dir)
	blob := write(t, engine, "before")
	var off atomic.Bool
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey), Enabled: func() bool { return !off.Load() }})
	requireWritten(t, store, "before", blob)
	after := write(t, store, "after")
	strict := seal(t, engine, sealed.Config{Keys: keys(t, newKey), Strict: true})
	_, err := strict.Session(t.Context(), "before")
	require.ErrorIs(t, err, sealed.ErrTampered)
	require.ErrorIs(t, strict.Check(t.Context()), sealed.ErrTampered)

	var seen, changed int
	progress := func(s, c int) { seen, changed = s, c }
	require.NoError(t, strict.Reseal(t.Context(), progress))
	require.Equal(t, [2]int{14, 7}, [2]int{seen, changed})
	require.NoError(t, store.Reseal(t.Context(), progress))
	require.Equal(t, [2]int{14, 0}, [2]int{seen, changed})
	requireWritten(t, store, "before", blob)
	require.NoError(t, strict.Check(t.Context()))
	for p, kept := range values(t, engine) {
		require.NotContains(t, string(kept), "SECRET", "%+v", p)
	}

	off.Store(true)
	requireWritten(t, store, "after", after)
	write(t, store, "off")
	require.NoError(t, store.Reseal(t.Context(), progress))
	require.Equal(t, [2]int{21, 14}, [2]int{seen, changed})
	require.NoError(t, engine.DeleteBlobs(t.Context(), "after"))
	without := seal(t, engine, sealed.Config{}) // the keys may go
	requireWritten(t, without, "before", blob)
	require.NoError(t, without.Reseal(t.Context(), nil))
}

func TestASealedFileIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	engine := under(t, dir)
	write(t, engine, "a")
	require.NoError(t, engine.DeleteBlobs(t.Context(), "a"))
	store := seal(t, engine, sealed.Config{Keys: keys(t, newKey)})
	require.NoError(t, store.Reseal(t.Context(), nil))
	require.NoError(t, store.Close()) // moves the log into the file
	requireNoSecret(t, dir)
}

func TestAWrongKeyIsRefused(t *testing.T) {
	engine := under(t, t.TempDir())
	blob := write(t, seal(t, engine, sealed.Config{Keys: keys(t, oldKey)}), "a")
	for name, given := range map[string][]sealed.Key{"another": keys(t, newKey), "none": nil} {
		t.Run(name, func(t *testing.T) {
			_, err := sealed.Open(t.Context(), engine, sealed.Config{Keys: given})
			require.ErrorIs(t, err, sealed.ErrUnknownKey)
			require.ErrorContains(t, err, "set ENCRYPTION_KEY to it")
			require.NotContains(t, err.Error(), "1111")
			require.NotContains(t, err.Error(), "2222")
		})
	}
	requireWritten(t, seal(t, engine, sealed.Config{Keys: keys(t, newKey, oldKey)}), "a", blob)
	_, err := sealed.Open(t.Context(), engine, sealed.Config{Keys: keys(t, oldKey)})
	require.ErrorIs(t, err, sealed.ErrUnknownKey, "the new one may have sealed something by now")
	_, err = sealed.Open(t.Context(), engine, sealed.Config{Keys: make([]sealed.Key, 1)})
	require.Error(t, err)
}

func TestADamagedCheckIsRefused(t *testing.T) {
	engine := under(t, t.TempDir())
	seal(t, engine, sealed.Config{Keys: keys(t, oldKey)})
	good, err := engine.Value(t.Context(), "sealed.keys")
	require.NoError(t, err)
	before := good
	for _, bad := range [][]byte{good[:5], good[:len(good)-1], append(bytes.Clone(good), 'x'), append([]byte{'x'}, good[1:]...), flip(good, len(good)-1)} {
		require.NoError(t, engine.SetValue(t.Context(), "sealed.keys", before, bad))
		before = bad
		_, err := sealed.Open(t.Context(), engine, sealed.Config{Keys: keys(t, oldKey)})
		require.ErrorIs(t, err, sealed.ErrTampered)
	}
}

func TestManyProcessesEnrollTheirKeys(t *testing.T) {
	engine := under(t, t.TempDir())
	errs := make(chan error)
	for i := range 8 {
		go func() {
			order := []string{oldKey, newKey}
			all, err := sealed.ParseKeys(order[i%2] + "," + order[1-i%2])
			if err == nil {
				_, err = sealed.Open(context.Background(), engine, sealed.Config{Keys: all})
			}
			errs <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-errs)
	}
	kept, err := engine.Value(t.Context(), "sealed.keys")
	require.NoError(t, err)
	require.Len(t, kept, 2*45)
}

func TestAnErrorOfTheStoreUnderneathIsThatOfOpen(t *testing.T) {
	engine := under(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := sealed.Open(ctx, engine, sealed.Config{Keys: keys(t, oldKey)})
	require.ErrorIs(t, err, context.Canceled)
	store := seal(t, struct{ storage.Store }{engine}, sealed.Config{Keys: keys(t, oldKey)})
	require.ErrorIs(t, store.Reseal(t.Context(), nil), errors.ErrUnsupported)
	require.NoError(t, store.Check(t.Context()))
}

func TestKeysAreReadFromTheirText(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0xff}, 16)
	first := keys(t, hex.EncodeToString(raw))
	for _, text := range []string{
		base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw), base64.URLEncoding.EncodeToString(raw),
		strings.ToUpper(hex.EncodeToString(raw)), " " + base64.StdEncoding.EncodeToString(raw) + "\n",
	} {
		require.Equal(t, fmt.Sprint(first), fmt.Sprint(keys(t, text)), text)
	}
	require.Empty(t, keys(t, ""))
	require.Empty(t, keys(t, " "))
	for _, text := range []string{
		"short", oldKey[:62], oldKey + "00", oldKey + ",", "," + oldKey, strings.Repeat("z", 64), base64.StdEncoding.EncodeToString(raw[:31]), oldKey + ";" + newKey,
	} {
		_, err := sealed.ParseKeys(text)
		require.ErrorContains(t, err, "openssl rand -base64 32", text)
		require.NotContains(t, err.Error(), text)
		require.NotContains(t, err.Error(), "1111")
	}
	_, err := sealed.ParseKeys(oldKey + "," + newKey + "," + oldKey)
	require.EqualError(t, err, "encryption key 3 is the same as key 1")
}

func TestAKeyPrintsAsItsID(t *testing.T) {
	k := keys(t, oldKey)[0]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		require.Equal(t, fmt.Sprint(k), fmt.Sprintf(verb, k))
	}
	require.Regexp(t, `\Akey [0-9a-f]{8}\z`, fmt.Sprint(k))
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", k, "config", sealed.Config{Keys: []sealed.Key{k}})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "key", k)
	require.NotContains(t, out.String(), "1111")
	text, err := json.Marshal([]any{k})
	require.NoError(t, err)
	require.Equal(t, "[{}]", string(text))
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}
